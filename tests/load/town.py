"""The processes of a host, their provider, their model, and people who write; and what kills one of them after another."""

from __future__ import annotations

import asyncio
import contextlib
import random
import signal
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path

import httpx

from tests.load import points
from tests.load.databases import Database, PostgresOnDisk, make_older
from tests.load.host_process import HostProcess
from tests.load.plan import RANDOM, STARTING
from tests.load.report import Kill, Report
from tests.load.siege import CountingModel, Far, Persistent, Server, Writer, eventually, make_twilio, served
from trinity_channels_whatsapp.simulator import TwilioSimulator

PEOPLE = 24
PAUSE = 20.0
"""Seconds for which a process is stopped that then goes on, while others have taken over what it did."""
SHORT_PAUSE = 3.0
"""The same where there are no others."""
AWAY = 2.0
"""Seconds for which the provider is away."""
OUTAGE = 13.0
"""Seconds for which the database is away, where that is not a restart."""
_REACHED = 60.0
"""Seconds in which a point must be passed under load, by a host that may just be starting on a busy machine."""
_STALLED = 30.0
"""Seconds without progress after which what is left is lost."""
_SETTLED = 2.0
"""The same, once the host has nothing left to do."""
_MOST_TIMES = {points.MIGRATING: 4, points.BETWEEN: 1}
"""How often a point may be passed before the one that counts, at most; else three times."""
ALONE = (("serve", ("serve",)),)
"""Processes, each with its name in reports and its command: one that does everything."""
TWINS = ALONE * 2
APART = (("web", ("serve", "--no-worker")), ("worker", ("worker",)), ("worker", ("worker",)))


class Town:
    """Where it happens.

    Attributes:
        processes: of the host. The first one receives, and so do those of the same name.
    """

    def __init__(
        self,
        processes: Sequence[HostProcess],
        twilio: TwilioSimulator,
        provider: Server,
        model: CountingModel,
        people: int,
    ) -> None:
        self.processes = processes
        self.database = processes[0].database
        self.twilio = twilio
        self.provider = provider
        self.model = model
        self.report = Report(self.database.name)
        self._dice = random.Random(f"killer of {self.database.name}")
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
            await self.ready()
            end.set()

    async def ready(self) -> None:
        """Wait until all processes do their work."""
        for one in self.processes:
            if one.is_stopped():  # it came to a point at which it was no longer to stop
                one.go_on()
            await one.ready()

    async def _kill(self, kill: Kill) -> None:
        named = [one for one in self.processes if one.name == kill.killed] or list(self.processes)
        if kill.point == STARTING:
            await self._at_the_start(kill, named)
            return
        await self.ready()
        if kill.point == points.MIGRATING:
            await self._migrate(named[0])
            return
        await self._do(kill, await self.at(kill.point, named))

    async def _at_the_start(self, kill: Kill, processes: Sequence[HostProcess]) -> None:
        """Kill a process, and do what was planned while it starts again."""
        await self.ready()
        chosen = await self.at(RANDOM, processes)
        if kill.how == "cut":
            await chosen.end(signal.SIGKILL)
            self._server.cut_connections()
            await chosen.start()
            return
        await self._end(chosen, signal.SIGKILL)
        await asyncio.sleep(self._dice.uniform(0.2, 1.2))
        await self._end(chosen, signal.SIGKILL)

    async def _migrate(self, first: HostProcess) -> None:
        """Kill a process while it brings up a database that an earlier version has left."""
        await self.at(RANDOM, self.processes)
        for one in self.processes:
            await one.end(signal.SIGKILL)
        make_older(self.database)
        first.order(points.MIGRATING, self._dice.randint(1, _MOST_TIMES[points.MIGRATING]))
        await first.start()
        await self._stopped([first], points.MIGRATING)
        await first.end(signal.SIGKILL)
        for one in self.processes:
            await one.start()

    async def at(self, point: str, processes: Sequence[HostProcess], times: int = 0) -> HostProcess:
        """Have one of the processes stop at a point, which it passes so many times until then; few times if that is 0.

        No turn is in its last attempt then: one more death, and it is parked, as it should be.
        """
        passing = [one for one in processes if _passes(one, point)]
        passing = passing or [one for one in self.processes if _passes(one, point)]
        while True:
            chosen = await self._come_to(point, passing, times)
            if not self.processes[0].last_attempts():
                return chosen
            chosen.go_on()
            await asyncio.sleep(0.2)

    async def _come_to(self, point: str, processes: Sequence[HostProcess], times: int) -> HostProcess:
        if point == RANDOM:
            await asyncio.sleep(self._dice.uniform(0.2, 1))
            chosen = self._dice.choice(processes)
            chosen.stop()
            return chosen
        for one in processes:
            one.order(point, times or self._dice.randint(1, _MOST_TIMES.get(point, 3)))
        return await self._stopped(processes, point)

    async def _stopped(self, processes: Sequence[HostProcess], point: str) -> HostProcess:
        """The one that has stopped itself first; the others go on."""
        await eventually(
            lambda: any(one.is_stopped() for one in processes),
            _REACHED,
            lambda: f"{point}\n{processes[0].log[-2000:]}",
        )
        chosen = next(one for one in processes if one.is_stopped())
        for one in processes:
            if one is not chosen:
                one.forget_order()
                await asyncio.sleep(0)
                one.go_on()
        return chosen

    async def _do(self, kill: Kill, process: HostProcess) -> None:
        """Do what was planned while a process has stopped, and have all run again."""
        if kill.how in ("SIGKILL", "SIGTERM"):
            await self._end(process, signal.Signals[kill.how])
            return
        if kill.how == "SIGSTOP":
            await asyncio.sleep(PAUSE if len(self.processes) > 1 else SHORT_PAUSE)
        elif kill.killed == "heartbeats":
            process.withhold_heartbeats()
            process.go_on()
            await asyncio.sleep(PAUSE)
            process.write_heartbeats()
        elif kill.killed == "transaction":
            process.fill_disk()
            process.go_on()
            await eventually(lambda: not process.disk_is_full(), _REACHED, lambda: process.log[-2000:])
        elif kill.killed == "provider":
            await self.provider.go_away()
            process.go_on()
            await asyncio.sleep(AWAY)
            await self.provider.begin()
        else:
            if kill.point == RANDOM:  # it runs, and sees it go
                process.go_on()
            await self._break_off(kill.how, process)
        process.go_on()

    async def _break_off(self, how: str, process: HostProcess) -> None:
        """Take the database away from the processes, and give it back."""
        if how == "cut":
            self._server.cut_connections()
        elif how == "away":  # for longer than what waits to be written is tried again
            await asyncio.to_thread(self._server.end)
            process.go_on()
            await asyncio.sleep(OUTAGE)
            await asyncio.to_thread(self._server.begin)
        else:
            await asyncio.to_thread(self._server.restart, "fast" if how == "fast" else "immediate")

    @property
    def _server(self) -> PostgresOnDisk:
        assert isinstance(self.database, PostgresOnDisk)
        return self.database

    async def _end(self, process: HostProcess, how: signal.Signals) -> None:
        exit_code = await process.end(how)
        assert exit_code == (0 if how is signal.SIGTERM else -how), process.log[-2000:]
        await process.start()

    async def stop(self) -> None:
        """End all processes, as an operator does."""
        for one in self.processes:
            exit_code = await one.end(signal.SIGTERM)
            assert exit_code == 0, one.log[-2000:]

    async def quiet(self) -> Report:
        """Wait until everything acknowledged is answered and the host has nothing left to do; what came of it.

        However long that takes on a busy machine, it goes on: what has made no progress for half a minute has stalled.
        """
        while left := self.left():
            idle = not self.open_work()
            try:
                await eventually(self._fewer_than(left), _SETTLED if idle else _STALLED, str)
            except TimeoutError:
                if idle and self.open_work():
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
        return unanswered + sum(self.open_work().values())

    def open_work(self) -> dict[str, int]:
        """See `HostProcess`."""
        return self.processes[0].open_work()

    def asked_anew(self) -> dict[str, set[str]]:
        """Texts that the model was asked about under several keys, by which it would take them for several questions."""
        keys: dict[str, set[str]] = defaultdict(set)
        for key, asked in self.model.calls:
            for text in asked:
                keys[text].add(key)
        return {text: found for text, found in keys.items() if len(found) > 1}


def _passes(process: HostProcess, point: str) -> bool:
    """Whether a process comes to a point: those which only receive, and those which only work, come to few."""
    kept_from = {"web": point not in points.INCOMING, "worker": point in points.INCOMING}
    return point == RANDOM or not kept_from.get(process.name, False)


@contextlib.asynccontextmanager
async def town(
    folder: Path,
    database: Database,
    names: Sequence[tuple[str, tuple[str, ...]]] = ALONE,
    *,
    people: int = PEOPLE,
    sabotage: str = "",
) -> AsyncIterator[Town]:
    """A host that is ready, with an agent that everyone may talk to; `names` as `ALONE`."""
    dice = random.Random("distance")
    async with contextlib.AsyncExitStack() as stack:
        wire = Persistent(dice)
        http = await stack.enter_async_context(httpx.AsyncClient(transport=wire))
        model = CountingModel(dice)
        twilio = make_twilio(http, "http://twilio.invalid")
        provider = Server(Far(twilio.app, dice))
        await provider.begin()
        stack.push_async_callback(provider.end)
        url = await stack.enter_async_context(served(model.app))
        first = HostProcess(
            folder, database, url, provider.url, name=names[0][0], command=names[0][1], sabotage=sabotage
        )
        others = [
            HostProcess(folder, database, url, provider.url, name=name, command=command, public=first.url)
            for name, command in names[1:]
        ]
        processes = [first, *others]
        for one in processes:
            stack.push_async_callback(one.gone)
            await one.start()
        made = Town(processes, twilio, provider, model, people)
        await made.ready()
        twilio.connect(await first.connect(twilio.settings()))
        wire.ports = [one.port for one in processes if one.name == first.name]
        yield made
