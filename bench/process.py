"""The process itself: how soon it is ready, what it costs to do nothing, how much memory it holds."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from functools import partial
from pathlib import Path
from statistics import median

from bench import idle
from bench.child import Child, free_port, host
from bench.client import load
from bench.messages import Messages, number
from bench.report import Report
from bench.twilio import Twilio, twilio

PEOPLE = 1000
CONNECTIONS = 32
SETTLED = 5.0
"""Seconds after the last message until the connections to the provider are closed."""
SERVE = ("trinity_channels.cli", "serve", "--port")


async def measure(report: Report, *, quick: bool) -> None:
    """Start it several times over one data folder, then watch it after it has done some work."""
    starts, watched, rounds = (3, 10.0, 3) if quick else (7, 30.0, 30)
    async with twilio() as provider:
        with tempfile.TemporaryDirectory() as folder:
            port = free_port()
            start = partial(host, Path(folder), module=SERVE, port=port, twilio=provider.url)
            async with start() as child:
                first = child.started_in
                messages = Messages(provider.simulator.settings(), await child.connect(provider.simulator.settings()))
            warm = median([await _start(start) for _ in range(starts)])
            async with start() as child:
                fresh = child.memory()
                await _work(child, provider, messages)
                early = child.memory()
                await asyncio.sleep(SETTLED)
                await idle.watch(child, watched, report)
                for _ in range(1, rounds):
                    await _work(child, provider, messages)
                used = child.memory()
    told = f"{warm:.2f} s (first start, with an empty folder: {first:.2f} s)"
    report.require("start to ready, warm", told, "≤ 1.50 s", met=warm <= 1.5)
    report.require("resident memory after start", f"{fresh:.0f} MB", "≤ 120 MB", met=fresh <= 120)
    told = f"{used:.0f} MB, {early:.0f} MB after {PEOPLE}"
    report.require(f"resident memory after {rounds * PEOPLE} messages", told, "≤ 140 MB", met=used <= 140)


async def _start(start: Callable[[], AbstractAsyncContextManager[Child]]) -> float:
    async with start() as child:
        return child.started_in


async def _work(child: Child, provider: Twilio, messages: Messages) -> None:
    """A thousand people write and are answered; then a moment for what follows."""
    people = [number(person) for person in range(PEOPLE)]
    for person in people:
        provider.person(person)
    wanted = provider.taken + PEOPLE
    (await load(child.port, [messages.request(person, "hello") for person in people], CONNECTIONS)).check()
    await provider.until(wanted)
    await asyncio.sleep(0.2)
