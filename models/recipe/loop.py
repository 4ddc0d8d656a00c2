"""The training loop: one for pre-training, decay and tuning. What differs comes in as batches and plan."""

import json
import math
import signal
import sys
import time
import warnings

import torch
from tqdm import tqdm

from recipe.files import CannotWrite
from recipe.loss import compile_loss, head_loss

# Minutes until the next try to save, after one that failed.
RETRY_MINUTES = 1.0
# The norms' weights are float32 on purpose; compiled, the blocks need no fused kernel.
warnings.filterwarnings("ignore", message="Mismatch dtype between input and weight")


def run(machine, state, batches, plan, arguments, vocabulary=None):
    """Steps until the plan is done or somebody asks to stop, then saves.

    `arguments` are those of recipe.options; `vocabulary` a recipe.loss.VocabularySample for plans that sample.

    # Errors
    `SystemExit` when the loss is no number, and when the last save fails. A save in between that fails is
    told and tried again: training goes on.
    """
    network, stop, report = state.network, StopRequest(), Report(machine, state, plan, arguments.log_steps)
    if arguments.compile:
        compile_blocks(network)
    machine.share_weights(network)
    next_save = time.monotonic() + arguments.save_minutes * 60
    while True:
        started = time.monotonic()
        state.minutes, asked = machine.agree(state.minutes, stop.asked)
        now = plan.now(state.tokens, state.minutes)
        if asked or now.done or state.tokens >= arguments.until_tokens:
            break
        set_rates(state, now.factor)
        machine.begin_step()
        first = state.sequences + machine.rank * arguments.batch
        loss, tokens = step(machine, state, batches.batch(first, arguments.batch), now, vocabulary)
        state.step += 1
        state.sequences += arguments.batch * machine.count
        state.tokens += tokens * machine.count
        state.minutes += (time.monotonic() - started) / 60
        report.add(loss, tokens * machine.count, now)
        if machine.first and time.monotonic() > next_save:
            require_numbers(state)
            try:
                state.save(arguments)
                wait = arguments.save_minutes
            except CannotWrite as error:
                print(f"{error}. Training goes on; the next try is in {RETRY_MINUTES:g} minutes", file=sys.stderr)
                wait = RETRY_MINUTES
            next_save = time.monotonic() + wait * 60
    report.close()
    if machine.first:
        require_numbers(state)
        state.save(arguments)
        print(f"saved at step {state.step}, {state.minutes:.1f} minutes", flush=True)


def step(machine, state, batch, now, vocabulary):
    """One step; its loss (a tensor) and how many tokens it read."""
    network = state.network
    inputs, targets, counted = machine.send(*batch)
    # On a GPU the full sum is cheap.
    sample = vocabulary.draw(state.step) if now.sampled and vocabulary and machine.kind == "cpu" else (None,) * 3
    with machine.autocast():
        hidden = network.model(inputs, now.depth)
    if counted is not None:
        hidden, targets = hidden[counted], targets[counted]
    loss = head_loss(hidden, network.lm_head.weight, targets, sample)
    loss.backward()
    machine.average_gradients(network)
    for optimizer in state.optimizers:
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
    return loss.detach(), inputs.numel()


def require_numbers(state):
    """A checkpoint of infinities would replace the last good one."""
    if not all(torch.isfinite(parameter).all() for parameter in state.network.parameters()):
        sys.exit(f"step {state.step}: the weights are no numbers any more. Lower the learning rates and start again: "
                 f"{state.path} is from before")


def set_rates(state, factor):
    for optimizer in state.optimizers:
        for group in optimizer.param_groups:
            group["lr"] = group["base_lr"] * factor
    # Momentum warms up: early gradients turn quickly.
    state.optimizers[0].param_groups[0]["momentum"] = 0.85 + 0.10 * min(1.0, state.step / 200)


def compile_blocks(network):
    """Each block by itself: all share one compiled graph, and depth may grow without a new one."""
    torch._inductor.config.cpp.dynamic_threads = True
    for layer in network.model.layers:
        layer.compile()
    compile_loss()


class Report:
    """A point of the curve every so many steps: as a line of JSON, or in a progress bar on a terminal."""

    def __init__(self, machine, state, plan, log_steps):
        self.machine, self.state, self.plan, self.log_steps = machine, state, plan, log_steps
        self.losses, self.tokens, self.since = [], 0, time.monotonic()
        total = sum(p.numel() for p in state.network.parameters())
        if machine.first:
            print(f"{total:,} parameters, starting at step {state.step}, minute {state.minutes:.1f}", flush=True)
        # None: off where the output is no terminal.
        self.bar = tqdm(total=plan.minutes and round(plan.minutes, 2), initial=round(state.minutes, 2), unit="min",
                        disable=None if machine.first else True, bar_format=BAR if plan.minutes else None)

    def add(self, loss, tokens, now):
        self.losses.append(loss)
        self.tokens += tokens
        if self.state.step % self.log_steps == 0:
            self.point(now)

    def point(self, now):
        state, seconds = self.state, time.monotonic() - self.since
        losses = torch.stack(self.losses).tolist()  # the one place that waits for a GPU
        mean = sum(losses) / len(losses)
        if not math.isfinite(mean):
            sys.exit(f"step {state.step}: loss {mean}. Lower the learning rates and start again: {state.path} is from "
                     "before")
        point = dict(
            step=state.step, minutes=round(state.minutes, 3), tokens=state.tokens, loss=round(mean, 4),
            factor=round(now.factor, 4), sampled=now.sampled, depth=now.depth, threads=torch.get_num_threads(),
            tokens_per_second=round(self.tokens / seconds),
        )
        state.curve.append(point)
        if self.machine.first and self.bar.disable:
            print(json.dumps(point), flush=True)
        self.bar.set_postfix_str(f"loss {mean:.3f}, {point['tokens_per_second']:,} tokens/s, {state.tokens / 1e6:.1f} M")
        self.bar.update(round(state.minutes - self.bar.n, 2))
        self.losses, self.tokens, self.since = [], 0, time.monotonic()

    def close(self):
        self.bar.close()


BAR = "{percentage:3.0f}%|{bar}| {n:.1f}/{total:.1f} min {postfix}"


class StopRequest:
    """Set by SIGTERM or Ctrl-C; the step in progress is finished first."""

    def __init__(self):
        self.asked = False
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self.ask)

    def ask(self, number, frame):
        self.asked = True
