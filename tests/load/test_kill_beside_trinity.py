"""`kill -9` while agents work on the platform: each run is begun once, and its answer arrives once."""

from __future__ import annotations

import asyncio
import contextlib
import random
import signal
from collections import Counter
from pathlib import Path

import httpx
import pytest

from tests.load.databases import Database
from tests.load.host_process import HostProcess
from tests.load.siege import ADMIN, Far, Persistent, eventually, make_twilio, now, served
from tests.platform.double import TOKEN, Platform
from tests.platform.executions import Plan
from trinity_channels_whatsapp.simulator.phones import Phone

PEOPLE = 12
KILLS = 4


def planned(dice: random.Random) -> list[Plan]:
    """Runs of up to four seconds, some of which wait in the platform's queue."""
    return [Plan(seconds=dice.uniform(0.1, 4), status=dice.choice(["running", "queued"])) for _ in range(200)]


async def quiet(host: HostProcess) -> None:
    """Stop telling that an AI agent answers, which is not what this is about."""
    async with httpx.AsyncClient(base_url=host.url, headers={"Authorization": f"Bearer {ADMIN}"}) as client:
        body = {"enabled": False, "reason": "a test"}
        assert (await client.put("/api/agents/support/disclosure", json=body)).status_code == httpx.codes.OK


@pytest.mark.timeout(300)
async def test_kill_nine_begins_no_run_twice(tmp_path: Path, database: Database) -> None:
    dice = random.Random("platform")
    platform = Platform(now)
    platform.executions.plans = planned(dice)
    async with contextlib.AsyncExitStack() as stack:
        http = await stack.enter_async_context(httpx.AsyncClient(transport=Persistent(dice)))
        twilio = make_twilio(http, "http://twilio.invalid")
        url = await stack.enter_async_context(served(Far(platform.app, dice)))
        host = HostProcess(
            tmp_path,
            database,
            model="",
            twilio=await stack.enter_async_context(served(Far(twilio.app, dice))),
            settings={"TRINITY_URL": url, "TRINITY_TOKEN": TOKEN},
        )
        await host.start()
        try:
            await host.ready()
            twilio.connect(await host.connect(twilio.settings()))
            await quiet(host)
            phones = [twilio.phone(f"Person {index}") for index in range(PEOPLE)]
            for kill in range(KILLS):
                await asyncio.gather(*(phone.says(f"{phone.name}: {kill}") for phone in phones))
                await asyncio.sleep(dice.uniform(0, 1.5))
                await eventually(lambda: not host.last_attempts(), 20, lambda: "no turn is in its last attempt")
                await host.end(signal.SIGKILL)
                await host.start()
                await host.ready()
            await eventually(lambda: not host.open_work(), 60, lambda: f"nothing is open: {host.open_work()}")
            await twilio.settle()
        finally:
            await host.gone()

    asked = Counter(
        line for run in platform.executions for line in (run.response or "").removeprefix("echo ").split("\n")
    )
    assert asked == Counter(f"{phone.name}: {kill}" for phone in phones for kill in range(KILLS))
    assert heard(phones) == asked


def heard(phones: list[Phone]) -> Counter[str]:
    """Every question that an answer repeats."""
    answers = (one.text for phone in phones for one in phone.heard())
    return Counter(line for answer in answers for line in answer.removeprefix("echo ").split("\n"))
