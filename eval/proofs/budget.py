"""What a process may still use: CPU time decides, so that a busy machine fails no true proof.

CPU time is the kernel's count for the process and all below it (proc(5): `stat`, `children`).
Wall time is an outer bound: a process that meets it while it wants to run was starved by the
machine, and one that sleeps waits for what never comes. Where /proc says nothing, wall time
stands for CPU time.
"""

import os
import time
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")
LOOK_S = 0.25  # between two looks at /proc
_IDLE_S = 15.0  # a checker that has not run for so long, and could have, never will


class LimitReached(Exception):
    """A process met its limit.

    The argument is `time` (CPU), `idle`, `machine` (wall time, but not for want of trying),
    `output` or `disk`.
    """


class Budget:
    """CPU and wall seconds from now on for the process `pid` and all that it starts."""

    def __init__(self, pid: int, cpu_s: float, wall_s: float) -> None:
        self._pid, self._cpu_s, self._wall_s = pid, cpu_s, wall_s
        self._began = self._looked = self._ran = time.monotonic()
        self._before = self._last = used(pid)[0]

    def check(self) -> None:
        """Raise `LimitReached` where a limit is met; looks only so often, so call it freely."""
        now = time.monotonic()
        if now - self._looked < LOOK_S:
            return
        self._looked = now
        cpu, asleep = used(self._pid)
        if cpu is None or self._before is None:
            if now - self._began > self._cpu_s:
                raise LimitReached("time")
            return
        if cpu - self._before > self._cpu_s:
            raise LimitReached("time")
        if cpu != self._last or not asleep:
            self._last, self._ran = cpu, now
        if now - self._began > self._wall_s:
            raise LimitReached("idle" if asleep else "machine")
        if now - self._ran > _IDLE_S:
            raise LimitReached("idle")


def used(pid: int) -> tuple[float | None, bool]:
    """CPU seconds of a process and all below it, the dead included, and whether all of them sleep.

    None seconds where /proc does not say.
    """
    ticks, asleep, waiting = 0, True, [pid]
    while waiting:
        folder = Path("/proc", str(waiting.pop()))
        try:
            # The second field, the program's name, is in brackets and may hold blanks.
            state, *fields = (folder / "stat").read_text().rpartition(")")[2].split()
            for task in (folder / "task").iterdir():
                waiting += map(int, (task / "children").read_text().split())
        except (OSError, ValueError):
            if folder.name == str(pid):
                return None, False
            continue  # gone meanwhile: its parent has its time
        # Fields 14 to 17: user and system time, own and of children that have been waited for.
        ticks += sum(map(int, fields[10:14]))
        asleep = asleep and state in "SZTtXI"
    return ticks / _TICKS, asleep
