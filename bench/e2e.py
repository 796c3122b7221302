"""End to end: webhook in, echo agent, reply taken by the simulated provider, which lives in this process.

What an answered message costs the host is compared with what no implementation can do without, measured in the same
process, in turn with it: the processor time of one request to the route that only runs the official signature check, and
of one POST of the reply's form, to the same simulator, by a plain pooled `httpx.AsyncClient`. That client gets few
connections, because with more of them it becomes slower. A figure without requirement is stricter: it leaves out the
request around the check, which a host cannot.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Mapping
from pathlib import Path
from statistics import median
from time import perf_counter
from urllib.parse import urlencode

import httpx

from bench.child import Child, host
from bench.client import load
from bench.host import CALLS, CHECKS, YARDSTICK
from bench.messages import Messages, number
from bench.report import Report, milliseconds, percentile
from bench.twilio import Twilio, twilio

MANY = 1000
CONNECTIONS = 32
CALLS_AT_ONCE = 4
PAUSE = 0.02
REPLIES = "echo hello"
"""How each reply ends; the first to a person begins with the disclosure."""


async def measure(report: Report, *, quick: bool) -> None:
    """One message at a time, then a thousand people at once, then the same with delivery receipts."""
    people, alone, rounds = (300, 50, 1) if quick else (MANY, 200, 5)
    async with twilio() as provider:
        settings = provider.simulator.settings()
        with tempfile.TemporaryDirectory() as folder:
            async with host(Path(folder), twilio=provider.url, token=settings["auth_token"]) as child:
                crowd = People(child, provider, Messages(settings, await child.connect(settings)), people)
                await crowd.alone(20)
                latencies = await crowd.alone(alone)
                p50 = percentile(latencies, 0.5)
                told = f"{milliseconds(p50)}, p99 {milliseconds(percentile(latencies, 0.99))}"
                report.require("message to reply at low load, p50", told, "≤ 20 ms", met=p50 <= 0.02)
                await _transactions(report, crowd, alone)
                await _answered(report, crowd, _Yardstick(child, provider, settings, people), rounds)


class People:
    """People who write to the host and are answered."""

    def __init__(self, child: Child, provider: Twilio, messages: Messages, people: int) -> None:
        self._child = child
        self._provider = provider
        self._messages = messages
        self.people = people
        self._phones = [provider.person(number(10_000 + person)) for person in range(people)]

    async def alone(self, count: int) -> list[float]:
        """Seconds from the webhook's first byte to the reply taken, one after another, each from someone else."""
        latencies = []
        requests = [(person, self._messages.request(number(person), "hello")) for person in range(count)]
        for person, request in requests:
            self._provider.person(number(person))
            wanted, started = self._provider.taken + 1, perf_counter()
            (await load(self._child.port, [request], 1)).check()
            await self._provider.until(wanted)
            latencies.append(perf_counter() - started)
            await asyncio.sleep(PAUSE)
        return latencies

    async def at_once(self) -> tuple[float, float]:
        """Messages answered a second, and processor seconds of the host for each."""
        requests = [self._messages.request(number(10_000 + person), "hello") for person in range(self.people)]
        wanted, before, started = self._provider.taken + self.people, self._child.cpu(), perf_counter()
        (await load(self._child.port, requests, CONNECTIONS)).check()
        await self._provider.until(wanted)
        seconds = perf_counter() - started
        return self.people / seconds, (self._child.cpu() - before) / self.people

    async def with_receipts(self) -> float:
        """Messages answered a second, while the provider tells of each reply that it was sent, delivered and read."""
        self._provider.simulator.behaviour.receipts = True
        rate, _ = await self.at_once()
        return rate

    async def transactions(self, count: int, *, receipts: bool) -> tuple[float, float]:
        """Writing and reading transactions for a message, its reply and, if there are any, the three receipts of that."""
        simulator = self._provider.simulator
        simulator.behaviour.receipts = receipts
        before = await self._child.transactions()
        await self.alone(count)
        await simulator.settle()
        after = await self._child.transactions()
        simulator.behaviour.receipts = False
        return (after[0] - before[0]) / count, (after[1] - before[1]) / count

    @property
    def replies(self) -> int:
        """How many have arrived."""
        return sum(len([one for one in phone.heard() if one.text.endswith(REPLIES)]) for phone in self._phones)


class _Yardstick:
    """What the host is compared with; the methods return processor seconds of the host for each of `count` repetitions."""

    def __init__(self, child: Child, provider: Twilio, settings: Mapping[str, str], count: int) -> None:
        self._child = child
        self._count = count
        self._messages = Messages(settings, child.url + YARDSTICK)
        # One person, who hears it all and has written to us: the simulator has a reply window, too.
        provider.person(number(0))
        form = {"To": f"whatsapp:{number(0)}", "Body": REPLIES, "From": settings["from_number"]}
        self._body = urlencode(form | {"StatusCallback": f"{child.url}/api/whatsapp/webhook/bench?delivery=1"})
        self._query = {
            "url": provider.messages_url,
            "user": settings["account_sid"],
            "password": settings["auth_token"],
            "count": str(count),
            "connections": str(CALLS_AT_ONCE),
        }

    async def validated(self) -> float:
        requests = [self._messages.request(number(person)) for person in range(self._count)]
        before = self._child.cpu()
        (await load(self._child.port, requests, CONNECTIONS)).check()
        return (self._child.cpu() - before) / self._count

    async def checked(self) -> float:
        request = self._messages.request(number(0))
        path, repeated = YARDSTICK.encode(), f"{CHECKS}?count={self._count}".encode()
        before = self._child.cpu()
        (await load(self._child.port, [request.replace(path, repeated, 1)], 1)).check()
        return (self._child.cpu() - before) / self._count

    async def called(self) -> float:
        before = self._child.cpu()
        async with httpx.AsyncClient(timeout=60) as client:
            headers = {"Content-Type": "application/x-www-form-urlencoded"}
            asked = client.post(self._child.url + CALLS, params=self._query, content=self._body, headers=headers)
            (await asked).raise_for_status()
        return (self._child.cpu() - before) / self._count


async def _transactions(report: Report, crowd: People, count: int) -> None:
    for what, receipts, most in (("its reply", False, (5, 1)), ("its reply and three receipts", True, (8, 1))):
        writing, reading = await crowd.transactions(count, receipts=receipts)
        met = round(writing) <= most[0] and round(reading) <= most[1]  # there are a few of the host's chores among them
        told = f"{writing:.1f} writing, {reading:.1f} reading"
        report.require(f"transactions for a message, {what}", told, f"≤ {most[0]} + {most[1]}", met=met)


async def _answered(report: Report, crowd: People, yardstick: _Yardstick, rounds: int) -> None:
    rates, costs, validated, checked, called = [], [], [], [], []
    await yardstick.called()  # imports and connections are not counted on either side
    for _ in range(rounds):
        validated.append(await yardstick.validated())
        checked.append(await yardstick.checked())
        called.append(await yardstick.called())
        rate, cost = await crowd.at_once()
        rates.append(rate)
        costs.append(cost)
    told = f"{max(rates):.0f}/s best, {min(rates):.0f}/s worst of {rounds}"
    report.require(f"{crowd.people} people at once, messages answered", told, "≥ 600/s", met=max(rates) >= 600)
    ratio, told = _ratio(costs, validated, called)
    report.require("CPU, answered : (validate + bare POST)", told, "≤ 3.00", met=ratio <= 3)
    report.figure("CPU, answered : (the check alone + bare POST)", _ratio(costs, checked, called)[1])
    wanted = rounds * crowd.people
    report.require("replies", f"{crowd.replies} of {wanted}", "all", met=crowd.replies == wanted)
    report.figure("the same with three receipts each", f"{await crowd.with_receipts():.0f}/s")


def _ratio(costs: list[float], *yardsticks: list[float]) -> tuple[float, str]:
    """How many times the yardsticks' sum something costs, and the same in words."""
    parts = [median(each) for each in yardsticks]
    ratio = median(costs) / sum(parts)
    return ratio, f"{ratio:.2f}: {median(costs) * 1e6:.0f} : ({' + '.join(f'{part * 1e6:.0f}' for part in parts)}) µs"
