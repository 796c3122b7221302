"""What a host costs that has nothing to do, above a process that only sleeps.

A virtual machine books the work of waking a process on that process: a bare event loop that wakes once a second may show
several per cent of a core. So such a loop runs beside the host for the same seconds, and only the difference is the host's.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator

from bench.child import Child, cpu, wakes
from bench.report import Report

_SLEEPS = (
    "import asyncio\nasync def main():\n while True: await asyncio.sleep(1)\nprint(flush=True)\nasyncio.run(main())"
)


@contextlib.asynccontextmanager
async def _sleeper() -> AsyncIterator[int]:
    """The process id of an event loop that wakes once a second."""
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", _SLEEPS, stdout=asyncio.subprocess.PIPE)
    try:
        assert process.stdout is not None
        await process.stdout.readline()  # its imports are behind it
        yield process.pid
    finally:
        process.kill()
        await process.wait()


async def watch(child: Child, seconds: float, report: Report) -> None:
    """Watch a host and a process that sleeps, side by side."""
    async with _sleeper() as sleeper:
        await asyncio.sleep(1)
        before = [(cpu(pid), wakes(pid)) for pid in (child.pid, sleeper)]
        await asyncio.sleep(seconds)
        after = [(cpu(pid), wakes(pid)) for pid in (child.pid, sleeper)]
    (host, woken), (control, woken_too) = (
        ((cpu_after - cpu_before) / seconds, (wakes_after - wakes_before) / seconds)
        for (cpu_before, wakes_before), (cpu_after, wakes_after) in zip(before, after, strict=True)
    )
    report.figure(f"idle for {seconds:.0f} s, host", f"{host:.2%} of a core, {woken:.1f} wake-ups/s of all threads")
    report.figure("a bare event loop beside it", f"{control:.2%} of a core, {woken_too:.1f} wake-ups/s")
    share = host - control
    report.require("idle, above the bare event loop", f"{share:.2%}", "≤ 0.50 %", met=share <= 0.005)
