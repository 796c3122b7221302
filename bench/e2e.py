"""End to end: webhook in, echo agent, reply taken by the simulated provider, which lives in this process."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path
from time import perf_counter

from bench.child import Child, host
from bench.client import load
from bench.messages import Messages, number
from bench.report import Report, milliseconds, percentile
from bench.twilio import Twilio, twilio

PEOPLE = 1000
CONNECTIONS = 32
PAUSE = 0.02
REPLIES = "echo hello"
"""How each reply ends; the first to a person begins with the disclosure."""


async def measure(report: Report, *, quick: bool) -> None:
    """One message at a time, then a thousand people at once, then the same with delivery receipts."""
    people, alone, rounds = (300, 50, 1) if quick else (PEOPLE, 200, 3)
    async with twilio() as provider:
        settings = provider.simulator.settings()
        with tempfile.TemporaryDirectory() as folder:
            async with host(Path(folder), twilio=provider.url) as child:
                messages = Messages(settings, await child.connect(settings))
                await _alone(child, provider, messages, 20)
                latencies = await _alone(child, provider, messages, alone)
                p50 = percentile(latencies, 0.5)
                told = f"{milliseconds(p50)}, p99 {milliseconds(percentile(latencies, 0.99))}"
                report.require("message to reply at low load, p50", told, "≤ 20 ms", met=p50 <= 0.02)
                await _crowd(report, child, provider, messages, people, rounds)


async def _alone(child: Child, provider: Twilio, messages: Messages, count: int) -> list[float]:
    """Seconds from the webhook's first byte to the reply taken, one message after another, each from someone else."""
    latencies = []
    requests = [(person, messages.request(number(person), "hello")) for person in range(count)]
    for person, request in requests:
        provider.person(number(person))
        wanted, started = provider.taken + 1, perf_counter()
        (await load(child.port, [request], 1)).check()
        await provider.until(wanted)
        latencies.append(perf_counter() - started)
        await asyncio.sleep(PAUSE)
    return latencies


async def _crowd(report: Report, child: Child, provider: Twilio, messages: Messages, people: int, rounds: int) -> None:
    phones = [provider.person(number(10_000 + person)) for person in range(people)]
    rates, cpus = [], []
    for _ in range(rounds):
        rate, cpu = await _round(child, provider, messages, people)
        rates.append(rate)
        cpus.append(cpu)
    replies = sum(len([one for one in phone.heard() if one.text.endswith(REPLIES)]) for phone in phones)
    told = f"{max(rates):.0f}/s best, {min(rates):.0f}/s worst of {rounds}, {min(cpus) * 1000:.1f} ms CPU each"
    report.require(f"{people} people at once, messages answered", told, "≥ 300/s", met=max(rates) >= 300)
    report.require("replies", f"{replies} of {rounds * people}", "all", met=replies == rounds * people)
    provider.simulator.behaviour.receipts = True
    rate, _ = await _round(child, provider, messages, people)
    report.figure("the same with three receipts each", f"{rate:.0f}/s")


async def _round(child: Child, provider: Twilio, messages: Messages, people: int) -> tuple[float, float]:
    """Messages answered a second, and processor seconds of the host for each."""
    requests = [messages.request(number(10_000 + person), "hello") for person in range(people)]
    wanted, before, started = provider.taken + people, child.cpu(), perf_counter()
    (await load(child.port, requests, CONNECTIONS)).check()
    await provider.until(wanted)
    seconds = perf_counter() - started
    return people / seconds, (child.cpu() - before) / people
