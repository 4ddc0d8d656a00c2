"""How a run proceeds: learning rate, blocks in use, head loss, and when it ends.

Plans are functions of where the run stands:

- `Timed`: everything fits a number of minutes that is known beforehand.
- `Open`: warm-up, then a constant rate for as long as the machine is idle, over any number of sittings. A finished
  model is made from it at any time by a separate decay, which starts from a checkpoint and leaves that checkpoint
  alone; the constant part can go on afterwards.
- `Decay`: that decay.
- `Tune`: a short warm-up, for optimizers that start anew, and a decay.

# Source
Warm-up, stable, decay: Hu et al. 2024, "MiniCPM", arXiv 2404.06395, section 4.
"""

from dataclasses import dataclass

# The rate at the very end of a decay, relative to the base rate.
LAST_RATE = 0.01


@dataclass(frozen=True)
class Now:
    """What the next step uses. `done`: there is no next step."""

    factor: float
    depth: int
    sampled: bool
    done: bool


class Timed:
    def __init__(self, minutes, warmup, decay, full_softmax, depths, layers):
        self.minutes, self.warmup, self.decay, self.full_softmax = minutes, warmup, decay, full_softmax
        self.depths, self.layers = depths, layers

    def now(self, tokens, minutes):
        progress = minutes / self.minutes
        return Now(
            factor=rate_factor(progress, self.warmup, self.decay), sampled=progress < self.full_softmax,
            depth=depth_at(progress, self.depths, self.layers), done=minutes >= self.minutes)


class Open:
    """`warmup` and the steps of `depths` are in tokens."""

    minutes = None

    def __init__(self, warmup_tokens, depths, layers):
        self.warmup_tokens, self.depths, self.layers = warmup_tokens, depths, layers

    def now(self, tokens, minutes):
        return Now(factor=min(1.0, max(tokens / self.warmup_tokens, 0.02)), sampled=True,
                   depth=depth_at(tokens, self.depths, self.layers), done=False)


class Decay:
    """From the full rate down to `LAST_RATE` in a number of minutes, all blocks in use."""

    def __init__(self, minutes, full_softmax, layers):
        self.minutes, self.full_softmax, self.layers = minutes, full_softmax, layers

    def now(self, tokens, minutes):
        progress = minutes / self.minutes
        return Now(factor=max(LAST_RATE, 1.0 - progress), sampled=progress < self.full_softmax,
                   depth=self.layers, done=progress >= 1.0)


class Tune:
    """Up to `rate` of the full rate, then down to nothing, in a number of minutes; all blocks in use, the full sum."""

    WARMUP = 0.04

    def __init__(self, minutes, rate, layers):
        self.minutes, self.rate, self.layers = minutes, rate, layers

    def now(self, tokens, minutes):
        progress = minutes / self.minutes
        return Now(factor=self.rate * rate_factor(progress, self.WARMUP, 1.0 - self.WARMUP), sampled=False,
                   depth=self.layers, done=progress >= 1.0)


def rate_factor(progress, warmup, decay):
    """Trapezoid: linear up, flat, linear down to `LAST_RATE`."""
    if progress < warmup:
        return max(progress / warmup, 0.02)
    return max(LAST_RATE, min(1.0, (1.0 - progress) / decay))


def depth_at(position, depths, layers):
    """Blocks in use, from a schedule such as "0:2,0.5:5"."""
    steps = [(float(start), int(count)) for start, count in (entry.split(":") for entry in depths.split(","))]
    return min(layers, [count for start, count in steps if start <= position][-1])
