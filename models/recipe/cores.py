"""How many threads a step may use, so that training takes what is idle and leaves the rest alone."""

import os
import time
from pathlib import Path

STAT = Path("/proc/stat")


class IdleCores:
    """Counts the cores that other programs do not use. Where the system does not say (no `/proc/stat`): all of them."""

    def __init__(self, most):
        self.most = most
        self.tick = os.sysconf("SC_CLK_TCK") if STAT.exists() else None
        self.last = self.read()

    def threads(self):
        """Threads for the next step, from what happened since the last call; at least 1."""
        if self.tick is None:
            return self.most
        now = self.read()
        seconds, busy, own = (new - old for new, old in zip(now, self.last))
        self.last = now
        others = max(0.0, busy - own) / max(seconds, 1e-3)
        # A program that shares a core with us gets half of it and wants all of it.
        return max(1, self.most - int(others + 0.65))

    def read(self):
        """Seconds on the clock, of all programs on all cores, and of this program."""
        if self.tick is None:
            return 0.0, 0.0, 0.0
        user, nice, system, _idle, _iowait, interrupts, softirq = map(int, STAT.read_text().split()[1:8])
        return time.monotonic(), (user + nice + system + interrupts + softirq) / self.tick, time.process_time()
