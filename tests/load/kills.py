"""People write while what answers them is killed at named points: `python -m tests.load.kills --kills 200`.

Prints what came of the acknowledged messages: each must be answered once, in its order.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import random
import signal
import sys
import tempfile
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from itertools import cycle, islice
from pathlib import Path

import httpx

from tests.load import points
from tests.load.databases import Database, PostgresOnDisk, SqliteFile, make_older
from tests.load.host_process import HostProcess
from tests.load.report import Kill, Report, table
from tests.load.siege import CountingModel, Far, Persistent, Server, Writer, eventually, make_twilio, served
from trinity_channels_whatsapp.simulator import TwilioSimulator

PEOPLE = 24
RANDOM = "at random"
STARTING = "while starting"
PAUSE = 3.0
"""Seconds for which a host is stopped that then goes on."""
AWAY = 2.0
"""Seconds for which the provider is away."""
_REACHED = 60.0
"""Seconds in which a point must be passed under load, by a host that may just be starting on a busy machine."""
_STALLED = 30.0
"""Seconds without progress after which what is left is lost."""
SETTLED = 2.0
"""The same, once the host has nothing left to do."""
_MOST_TIMES = {points.MIGRATING: 4, points.BETWEEN: 1}
"""How often a point may be passed before the one that counts, at most; else three times."""
HOST = (
    *(Kill(point, "host", "SIGKILL") for point in (points.STORED, points.ANSWERING, points.MID_TURN, points.BETWEEN)),
    *(Kill(point, "host", "SIGKILL") for point in (points.SENT, points.CLAIMING, points.MIGRATING)),
    Kill(points.MID_TURN, "host", "SIGTERM"),
    Kill(points.SENT, "provider", "away"),
    Kill(points.CLAIMING, "host", "SIGSTOP"),
    *(Kill(point, "host", "SIGKILL") for point in (RANDOM, points.ACKNOWLEDGED, STARTING, points.STORING)),
    *(Kill(point, "host", "SIGKILL") for point in (points.ANSWERED, points.CLAIMING_TURN, points.SENDING)),
    *(Kill(point, "host", "SIGTERM") for point in (points.STORED, points.SENT, points.BETWEEN, RANDOM)),
    *(Kill(point, "provider", "away") for point in (points.CLAIMING, points.BETWEEN)),
    *(Kill(point, "host", "SIGSTOP") for point in (points.SENT, points.STORING)),
)
"""Kills of a host that runs alone, the most telling first."""
SERVER = (
    Kill(points.STORED, "PostgreSQL", "immediate"),
    Kill(points.CLAIMING, "PostgreSQL", "immediate"),
    Kill(points.SENT, "PostgreSQL", "immediate"),
    Kill(RANDOM, "PostgreSQL", "fast"),
    *(Kill(point, "PostgreSQL", "immediate") for point in (points.MID_TURN, points.STORING, points.BETWEEN, RANDOM)),
    *(Kill(point, "PostgreSQL", "fast") for point in (points.ANSWERING, points.CLAIMING_TURN, points.SENT)),
)
"""Kills of its database server."""


def plan(kills: int, database: Database) -> list[Kill]:
    """So many kills, the most telling first."""
    every = list(_mixed(HOST, SERVER)) if isinstance(database, PostgresOnDisk) else list(HOST)
    return list(islice(cycle(every), kills))


def _mixed(many: Sequence[Kill], few: Sequence[Kill]) -> Iterator[Kill]:
    rest = iter(few)
    for number, kill in enumerate(many):
        yield kill
        if number % 2:
            yield from islice(rest, 1)
    yield from rest


class Town:
    """The host, its provider, its model, and the people who write."""

    def __init__(
        self, host: HostProcess, twilio: TwilioSimulator, provider: Server, model: CountingModel, people: int
    ) -> None:
        self.host = host
        self.twilio = twilio
        self.provider = provider
        self.model = model
        self.report = Report(host.database.name)
        self._dice = random.Random(f"killer of {host.database.name}")
        self.writers = [
            Writer(index, twilio.phone(f"Person {index}"), random.Random(f"writer {index}"), self._current)
            for index in range(people)
        ]

    def _current(self) -> int:
        return len(self.report.kills)

    async def besieged(self, kills: Sequence[Kill]) -> None:
        """People write while kill follows kill; returns when all of them have stopped."""
        end = asyncio.Event()
        async with asyncio.TaskGroup() as tasks:
            for writer in self.writers:
                tasks.create_task(writer.write_until(end))
            for kill in kills:
                await self._kill(kill)
                self.report.kills.append(kill)
            await self.host.ready()
            end.set()

    async def _kill(self, kill: Kill) -> None:
        if kill.point == STARTING:
            await self._end(signal.SIGKILL)
            await asyncio.sleep(self._dice.uniform(0.2, 1.2))
            await self._end(signal.SIGKILL)
            return
        if kill.point == points.MIGRATING:
            await self.host.ready()
            await self._at(RANDOM)
            await self.host.end(signal.SIGKILL)
            make_older(self.host.database)
            self._order(kill.point)
            await self.host.start()
            await self._reached(kill.point)
        else:
            await self.host.ready()
            await self._at(kill.point)
        await self._do(kill)

    async def _at(self, point: str) -> None:
        """Come to a point at which no turn is in its last attempt: one more death, and it is parked, as it should be."""
        while True:
            if point == RANDOM:
                await asyncio.sleep(self._dice.uniform(0.2, 1))
                self.host.stop()
            else:
                self._order(point)
            await self._reached(point)
            if not self.host.last_attempts():
                return
            self.host.go_on()
            await asyncio.sleep(0.2)

    def _order(self, point: str) -> None:
        self.host.order(point, self._dice.randint(1, _MOST_TIMES.get(point, 3)))

    async def _reached(self, point: str) -> None:
        if not await self.host.stopped(_REACHED):
            raise TimeoutError(f"not within {_REACHED:.0f} s: {point}\n{self.host.log[-2000:]}")

    async def _do(self, kill: Kill) -> None:
        """Do to the host, which has stopped, what was planned, and have all of it run again."""
        if kill.killed == "host" and kill.how != "SIGSTOP":
            await self._end(signal.Signals[kill.how])
            return
        if kill.killed == "PostgreSQL":
            database = self.host.database
            assert isinstance(database, PostgresOnDisk)
            if kill.point == RANDOM:  # it runs, and sees it go
                self.host.go_on()
            await asyncio.to_thread(database.restart, "fast" if kill.how == "fast" else "immediate")
        elif kill.killed == "provider":
            await self.provider.go_away()
            self.host.go_on()
            await asyncio.sleep(AWAY)
            await self.provider.begin()
        else:
            await asyncio.sleep(PAUSE)
        self.host.go_on()

    async def _end(self, how: signal.Signals) -> None:
        exit_code = await self.host.end(how)
        assert exit_code in (0, -how), self.host.log[-2000:]
        await self.host.start()

    async def quiet(self) -> Report:
        """Wait until everything acknowledged is answered and the host has nothing left to do; what came of it.

        However long that takes on a busy machine, it goes on: what has made no progress for half a minute has stalled.
        """
        while left := self.left():
            idle = not self.host.open_work()
            try:
                await eventually(self._fewer_than(left), SETTLED if idle else _STALLED, str)
            except TimeoutError:
                if idle and self.host.open_work():
                    continue
                break
        await self.twilio.settle()
        for writer in self.writers:
            self.report.add(writer.acknowledged, writer.heard())
        return self.report

    def _fewer_than(self, left: int) -> Callable[[], bool]:
        return lambda: self.left() < left

    def left(self) -> int:
        """How much there is still to do."""
        unanswered = sum(len(writer.acknowledged.keys() - set(writer.heard())) for writer in self.writers)
        return unanswered + sum(self.host.open_work().values())

    def asked_anew(self) -> dict[str, set[str]]:
        """Texts that the model was asked about under several keys, by which it would take them for several questions."""
        keys: dict[str, set[str]] = defaultdict(set)
        for key, asked in self.model.calls:
            for text in asked:
                keys[text].add(key)
        return {text: found for text, found in keys.items() if len(found) > 1}


@contextlib.asynccontextmanager
async def town(folder: Path, database: Database, *, people: int = PEOPLE, sabotage: str = "") -> AsyncIterator[Town]:
    """A host that is ready, with an agent that everyone may talk to."""
    dice = random.Random("distance")
    async with contextlib.AsyncExitStack() as stack:
        http = await stack.enter_async_context(httpx.AsyncClient(transport=Persistent(dice)))
        model = CountingModel(dice)
        twilio = make_twilio(http, "http://twilio.invalid")
        provider = Server(Far(twilio.app, dice))
        await provider.begin()
        stack.push_async_callback(provider.end)
        url = await stack.enter_async_context(served(model.app))
        host = HostProcess(folder, database, url, provider.url, sabotage=sabotage)
        stack.push_async_callback(host.gone)
        await host.start()
        await host.ready()
        twilio.connect(await host.connect(twilio.settings()))
        yield Town(host, twilio, provider, model, people)


async def besieged(folder: Path, database: Database, kills: int) -> Report:
    """Kill so often; the report of what came of it.

    Raises:
        AssertionError: a host did not end as it should, or asked its agent about the same message under two keys.
    """
    async with town(folder, database) as besieged:
        await besieged.besieged(plan(kills, database))
        report = await besieged.quiet()
        exit_code = await besieged.host.end(signal.SIGTERM)
        assert exit_code in (0, -signal.SIGTERM), besieged.host.log[-2000:]
        assert besieged.asked_anew() == {}
    return report


async def both(folder: Path, kills: int) -> list[Report]:
    """Half of the kills with each database, side by side; `folder` holds what they leave."""
    folders = [folder / "sqlite", folder / "postgresql"]
    for one in folders:
        one.mkdir()
    # A path of its own: that of a socket has at most some hundred letters.
    with tempfile.TemporaryDirectory(prefix="pg") as place, PostgresOnDisk(Path(place) / "data") as server:
        async with asyncio.TaskGroup() as tasks:
            sqlite = tasks.create_task(besieged(folders[0], SqliteFile(folders[0]), kills // 2))
            postgresql = tasks.create_task(besieged(folders[1], server, kills - kills // 2))
        return [sqlite.result(), postgresql.result()]


def main() -> int:
    """Kill, and print the table; the exit status is 1 if anything was lost, came twice or out of order."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=200, help="over both databases")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        reports = asyncio.run(both(Path(folder), given.kills))
    found = {report.database: report.faults for report in reports if report.faults}
    print(table(reports), *([found] if found else []), sep="\n")  # noqa: T201  for the person who waits
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
