"""The process itself: how soon it is ready, what it costs to do nothing, how much memory it holds."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from functools import partial
from pathlib import Path
from statistics import median

from bench.child import Child, free_port, host
from bench.client import load
from bench.messages import Messages, number
from bench.report import Report
from bench.twilio import Twilio, twilio

SERVE = ("trinity_channels.cli", "serve", "--port")


async def measure(report: Report, *, quick: bool) -> None:
    """Start it several times over one data folder, then watch it after it has done some work."""
    starts, watched = (3, 3.0) if quick else (7, 10.0)
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
                before = child.cpu()
                await asyncio.sleep(watched)
                idle = (child.cpu() - before) / watched
                used = child.memory()
    told = f"{warm:.2f} s (first start, with an empty folder: {first:.2f} s)"
    report.require("start to ready, warm", told, "≤ 1.50 s", met=warm <= 1.5)
    report.require("idle, share of a core", f"{idle:.2%} over {watched:.0f} s", "≤ 0.50 %", met=idle <= 0.005)
    told = f"{used:.0f} MB after 100 conversations, {fresh:.0f} MB after start"
    report.require("resident memory", told, "≤ 120 MB", met=used <= 120)


async def _start(start: Callable[[], AbstractAsyncContextManager[Child]]) -> float:
    async with start() as child:
        return child.started_in


async def _work(child: Child, provider: Twilio, messages: Messages) -> None:
    """A hundred people write and are answered; then a moment for what follows."""
    people = [number(person) for person in range(100)]
    for person in people:
        provider.person(person)
    await load(child.port, [messages.request(person, "hello") for person in people], 10)
    await provider.until(len(people))
    await asyncio.sleep(1)
