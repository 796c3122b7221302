"""Accept: signed, deduplicated, committed webhooks a second, against a route that only runs the official check.

The load is the same on both: distinct messages from a thousand known people and one new person in ten. The turns that
accepted messages lead to are held back, as the requirement is about accepting; a line without requirement shows the
rate while they run as well and take their share of the processor.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from statistics import median

from bench.child import Child, host
from bench.client import Outcome, load
from bench.host import YARDSTICK
from bench.messages import Messages, number
from bench.report import Report, milliseconds, percentile
from bench.twilio import twilio

KNOWN = 1000
CONNECTIONS = 50
FLOOR_CONNECTIONS = 32


class Crowd:
    """Picks who writes next: mostly someone known, one time in ten someone new."""

    def __init__(self) -> None:
        self._turn = 0
        self._newest = KNOWN

    def __next__(self) -> str:
        self._turn += 1
        if self._turn % 10 == 0:
            self._newest += 1
            return number(self._newest)
        return number(self._turn % KNOWN)


class _Round:
    """One load and what it cost the host: answers, latencies, processor seconds."""

    def __init__(self, outcome: Outcome, cpu: float) -> None:
        self.rate = outcome.rate
        self.latencies = outcome.latencies
        self.cpu_each = cpu / len(outcome.latencies)


async def _round(child: Child, messages: Messages, crowd: Crowd, count: int, connections: int) -> _Round:
    requests = [messages.request(next(crowd)) for _ in range(count)]
    before = child.cpu()
    outcome = (await load(child.port, requests, connections)).check()
    return _Round(outcome, child.cpu() - before)


def _rate(rounds: list[_Round]) -> float:
    return median(one.rate for one in rounds)


def _p99(rounds: list[_Round]) -> float:
    return median(percentile(one.latencies, 0.99) for one in rounds)


def _cpu(rounds: list[_Round]) -> float:
    return median(one.cpu_each for one in rounds)


def _told(rounds: list[_Round]) -> str:
    p50 = median(percentile(one.latencies, 0.5) for one in rounds)
    cpu = _cpu(rounds) * 1e6
    return f"{_rate(rounds):.0f}/s, p50 {milliseconds(p50)}, p99 {milliseconds(_p99(rounds))}, {cpu:.0f} µs CPU each"


async def measure(report: Report, *, quick: bool) -> None:
    """Run the rounds, in turn, and report."""
    count, rounds = (1500, 3) if quick else (4000, 7)
    async with twilio() as provider:
        settings = provider.simulator.settings()
        with tempfile.TemporaryDirectory() as folder:
            async with host(Path(folder), "--hold-turns", twilio=provider.url, token=settings["auth_token"]) as child:
                url = await child.connect(settings)
                await _accept(report, child, Messages(settings, url), count, rounds)
        with tempfile.TemporaryDirectory() as folder:
            async with host(Path(folder), twilio=provider.url) as child:
                url = await child.connect(settings)
                await _with_turns(report, child, Messages(settings, url), count // 2)


async def _accept(report: Report, child: Child, ours: Messages, count: int, rounds: int) -> None:
    theirs = ours.to(child.url + YARDSTICK)
    await load(child.port, [ours.request(number(person)) for person in range(KNOWN)], CONNECTIONS)
    await load(child.port, [theirs.request(number(person)) for person in range(KNOWN)], CONNECTIONS)
    crowd = Crowd()
    accepted, validated = [], []
    for _ in range(rounds):
        validated.append(await _round(child, theirs, crowd, count, CONNECTIONS))
        accepted.append(await _round(child, ours, crowd, count, CONNECTIONS))
    floor = [await _round(child, ours, crowd, count, FLOOR_CONNECTIONS) for _ in range(max(1, rounds // 2))]
    report.figure(f"validate only, {CONNECTIONS} connections", _told(validated))
    report.figure(f"accept, {CONNECTIONS} connections, turns held back", _told(accepted))
    ratio = _rate(accepted) / _rate(validated)
    report.require("accept : validate, requests/s", f"{ratio:.2f}", "≥ 0.95", met=ratio >= 0.95)
    ratio = _cpu(validated) / _cpu(accepted)
    report.figure("accept : validate, requests per second of processor time", f"{ratio:.2f}")
    ratio = _p99(accepted) / _p99(validated)
    report.require("accept : validate, p99", f"{ratio:.2f}", "≤ 2.00", met=ratio <= 2)
    met = _rate(floor) >= 300 and _p99(floor) < 0.1
    report.require(f"accept, {FLOOR_CONNECTIONS} connections", _told(floor), "≥ 300/s, p99 < 100 ms", met=met)


async def _with_turns(report: Report, child: Child, ours: Messages, count: int) -> None:
    """The same while every message is answered, by this very process's simulator, on the same cores."""
    await load(child.port, [ours.request(number(person)) for person in range(50)], 10)
    requests = [ours.request(number(100 + person)) for person in range(count)]
    outcome = (await load(child.port, requests, CONNECTIONS)).check()
    p99 = percentile(outcome.latencies, 0.99)
    report.figure("accept while turns and sends run", f"{outcome.rate:.0f}/s, p99 {milliseconds(p99)}")
