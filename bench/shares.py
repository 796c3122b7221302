"""Who uses the processor while something is measured: hosts, this process, the database server, and everything else."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.child import Child, cpu

CORES = os.cpu_count() or 1
_TICK = 1 / os.sysconf("SC_CLK_TCK")
_IDLE = 3, 4
"""Of the numbers in /proc/stat: idle, and waiting for a disk. https://man7.org/linux/man-pages/man5/proc_stat.5.html"""
_COUNTED = 8
"""Those of guests are in the others."""


class Shares:
    """Seconds of processor time since it was made, by who used them.

    Args:
        hosts: the processes that are measured.
        server: the process id of the database server, whose children do its work.
    """

    def __init__(self, hosts: Sequence[Child], server: int) -> None:
        self._hosts = hosts
        self._server = server
        self._began = time.perf_counter()
        self._before = self._used()

    def _used(self) -> dict[str, float]:
        ours = {
            "hosts": sum(child.cpu() for child in self._hosts),
            "load generator": time.process_time(),
            "PostgreSQL": sum(map(_used, [self._server, *_children(self._server)])),
        }
        return ours | {"all": _busy()}

    def end(self) -> Used:
        """What was used until now."""
        used = {name: seconds - self._before[name] for name, seconds in self._used().items()}
        everything = used.pop("all")
        # Counted in hundredths of a second.
        return Used(time.perf_counter() - self._began, used, max(0.0, everything - sum(used.values())))


@dataclass(frozen=True, slots=True)
class Used:
    """Seconds that have passed, and of processor time: of each that takes part, and of other work."""

    passed: float
    ours: Mapping[str, float]
    others: float

    def __add__(self, more: Used) -> Used:
        ours = {name: seconds + more.ours[name] for name, seconds in self.ours.items()}
        return Used(self.passed + more.passed, ours, self.others + more.others)

    def shares(self) -> str:
        """Of all cores, as it stands in the table."""
        all_cores = CORES * self.passed
        shares = {name: seconds / all_cores for name, seconds in {**self.ours, "other work": self.others}.items()}
        shares["idle"] = max(0.0, 1 - sum(shares.values()))
        return f"of {CORES} cores: " + ", ".join(f"{name} {share:.0%}" for name, share in shares.items())

    def costs(self, messages: int, hosts: int) -> str:
        """What a message takes, and how many a second that would allow if there were no other work.

        A host is one thread, nearly: at most it has a core of its own. So has the load generator.
        """
        each = {name: seconds / messages for name, seconds in self.ours.items()}
        slowest = max(each["hosts"] / hosts, each["load generator"], sum(each.values()) / CORES)
        told = ", ".join(f"{name} {seconds * 1000:.2f}" for name, seconds in each.items())
        return f"ms of processor time: {told}; without other work ≤ {1 / slowest:.0f}/s"


def _used(pid: int) -> float:
    with contextlib.suppress(OSError):  # it has ended
        return cpu(pid)
    return 0


def _children(pid: int) -> list[int]:
    return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _busy() -> float:
    numbers = Path("/proc/stat").read_text().partition("\n")[0].split()[1 : 1 + _COUNTED]
    return sum(int(one) for place, one in enumerate(numbers) if place not in _IDLE) * _TICK
