"""Kills at named points, under load: what was acknowledged is answered, once, in order. And a broken host is found out."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.load import kills, points
from tests.load.databases import SqliteFile
from tests.load.report import Kill, Report, faults, table
from tests.load.town import town

KILLS = 30
"""Over both databases; `make kill` does more."""
SABOTAGES = {
    "forget_marks": (Kill(points.SENT, "serve", "SIGKILL"), "twice"),
    "settle_first": (Kill(points.SENDING, "serve", "SIGKILL"), "lost"),
    "acknowledge_first": (Kill(points.ACKNOWLEDGED, "serve", "SIGKILL"), "lost"),
    "send_newest_first": (Kill(points.CLAIMING, "provider", "away"), "out of order"),
}


@pytest.mark.timeout(900)
async def test_kills_lose_nothing_and_say_nothing_twice(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    reports = await kills.both(tmp_path, KILLS)

    with capsys.disabled():
        print(f"\n{table(reports)}")  # noqa: T201  figures for people
    assert [(report.database, report.faults) for report in reports] == [("SQLite", {}), ("PostgreSQL", {})]
    assert sum(len(report.kills) for report in reports) == KILLS
    for report in reports:  # people were heard all the time
        assert sum(report.acknowledged.values()) > 5 * len(report.kills)


async def broken(folder: Path, way: str, kill: Kill) -> Report:
    """What is reported of a host that is broken in some way."""
    async with town(folder, SqliteFile(folder), people=8, sabotage=way) as besieged:
        # A receipt may say that a message has arrived before it is sent again.
        besieged.twilio.behaviour.receipts = False
        await besieged.besieged([kill])
        return await besieged.quiet()


@pytest.mark.timeout(300)
async def test_a_broken_outbox_is_reported(tmp_path: Path) -> None:
    for way in SABOTAGES:
        (tmp_path / way).mkdir()
    async with asyncio.TaskGroup() as tasks:
        broken_so = {way: tasks.create_task(broken(tmp_path / way, way, kill)) for way, (kill, _) in SABOTAGES.items()}

    found = {way: task.result().faults for way, task in broken_so.items()}
    assert {way: fault in found[way] for way, (_, fault) in SABOTAGES.items()} == dict.fromkeys(SABOTAGES, True), found


@pytest.mark.parametrize(
    ("heard", "lost", "twice", "out_of_order"),
    [
        (["p1n0", "p1n1", "p1n2"], [], [], []),
        (["p1n0", "p1n2"], ["p1n1"], [], []),
        (["p1n0", "p1n1", "p1n1", "p1n2"], [], ["p1n1"], []),
        (["p1n1", "p1n0", "p1n2"], [], [], ["p1n0"]),
        (["p1n0", "p1n1", "p1n1:1/3", "p1n1:2/3", "p1n1:3/3", "p1n2"], [], [], []),
        (["p1n0", "p1n1", "p1n1:1/3", "p1n1:3/3", "p1n2"], ["p1n1:2/3"], [], []),
        (["p1n0", "p1n1", "p1n1:2/3", "p1n1:1/3", "p1n1:3/3", "p1n2"], [], [], ["p1n1:1/3"]),
        (["p1n0", "p1n1", "p1n1:1/2", "p1n2", "p1n1:2/2"], [], [], ["p1n1:2/2"]),
        (["p1n0", "p1n1", "p1n2", "p1n9"], [], [], []),
        (["p1n9", "p1n0", "p1n1", "p1n2", "p1n9"], [], ["p1n9"], []),
        ([], ["p1n0", "p1n1", "p1n2"], [], []),
    ],
)
def test_faults_are_told(heard: list[str], lost: list[str], twice: list[str], out_of_order: list[str]) -> None:
    found = faults(["p1n0", "p1n1", "p1n2"], heard)

    assert (found.lost, found.twice, found.out_of_order) == (lost, twice, out_of_order)
