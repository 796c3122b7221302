"""People write while what answers them is killed at named points: `python -m tests.load.kills --kills 200`.

Prints what came of the acknowledged messages: each must be answered once, in its order.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
from pathlib import Path

from tests.load.databases import PostgresOnDisk, SqliteFile
from tests.load.plan import plan
from tests.load.report import Kill, Report, table
from tests.load.town import APART, TWINS, Town, town

FEW = 60
"""Up to so many kills, all of those with PostgreSQL are of processes that receive or work: the others begin the same way."""


async def _survived(besieged: Town, kills: list[Kill]) -> Report:
    """The report of what kills did.

    Raises:
        AssertionError: a process did not end as it should, or asked its agent about the same message under two keys.
    """
    await besieged.besieged(kills)
    report = await besieged.quiet()
    await besieged.stop()
    assert besieged.asked_anew() == {}
    return report


async def _with_sqlite(folder: Path, kills: int, point: str) -> list[Report]:
    if not (planned := plan(kills, point=point)):
        return []
    async with town(folder, SqliteFile(folder)) as besieged:
        return [await _survived(besieged, planned)]


async def _with_postgres(folder: Path, kills: int, point: str) -> list[Report]:
    reports = []
    twins = kills // 3 if kills > FEW or point else 0
    for number, (names, count) in enumerate(((APART, kills - twins), (TWINS, twins))):
        if planned := plan(count, apart=names is APART, server=True, point=point):
            place = folder / str(number)
            place.mkdir()
            # A path of its own: that of a socket has at most some hundred letters.
            with tempfile.TemporaryDirectory(prefix="pg") as data, PostgresOnDisk(Path(data) / "data") as server:
                async with town(place, server, names) as besieged:
                    reports.append(await _survived(besieged, planned))
    return reports


async def both(folder: Path, kills: int, point: str = "") -> list[Report]:
    """Kill with each database, side by side, more often with PostgreSQL, where there is more to kill.

    With `point` only there; some points no single process passes.
    """
    of_sqlite = kills * 2 // 5
    folders = folder / "sqlite", folder / "postgresql"
    for one in folders:
        one.mkdir()
    async with asyncio.TaskGroup() as tasks:
        sqlite = tasks.create_task(_with_sqlite(folders[0], of_sqlite, point))
        postgresql = tasks.create_task(_with_postgres(folders[1], kills - of_sqlite, point))
    return [*sqlite.result(), *postgresql.result()]


def main() -> int:
    """Kill, and print the table; the exit status is 1 if anything was lost, came twice or out of order."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=200, help="over both databases")
    parser.add_argument("--point", default="", help="only at this one, as the table names it")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        reports = asyncio.run(both(Path(folder), given.kills, given.point))
    found = [(report.database, report.faults) for report in reports if report.faults]
    print(table(reports), *found, sep="\n")  # noqa: T201  for the person who waits
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
