"""`python -m bench [accept|e2e|process|pages …] [--quick]`: measure, print the figures, say which requirements are met."""

from __future__ import annotations

import argparse
import asyncio
import os
import platform

import uvloop
from rich.console import Console

from bench import accept, e2e, pages, postgres, process
from bench.report import Report

WIDTH = 150
PARTS = {
    "accept": accept.measure,
    "e2e": e2e.measure,
    "process": process.measure,
    "pages": pages.measure,
    "postgres": postgres.measure,
}


async def run(parts: list[str], *, quick: bool) -> None:
    """Run the parts one after another and print what they found."""
    console = Console(width=WIDTH)
    load = os.getloadavg()[0]
    console.print(
        f"{os.cpu_count()} cores, load {load:.1f} before, Python {platform.python_version()}", highlight=False
    )
    report = Report()
    for part in parts:
        with console.status(f"measuring {part}"):
            await PARTS[part](report, quick=quick)
    console.print(report.table())


def main() -> None:
    """Read the arguments and run."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="part", help=f"any of {', '.join(PARTS)}; all of them if none")
    parser.add_argument("--quick", action="store_true", help="fewer rounds: a glance, no figure to quote")
    given = parser.parse_args()
    if unknown := set(given.parts) - set(PARTS):
        parser.error(f"there is no part called {', '.join(sorted(unknown))}")
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(run(given.parts or list(PARTS), quick=given.quick))


if __name__ == "__main__":
    main()
