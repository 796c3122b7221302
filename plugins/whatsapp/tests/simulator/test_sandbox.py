from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from trinity_channels_whatsapp.simulator import Phone, TwilioSimulator

if TYPE_CHECKING:
    from conftest import Api, Host


Send = Callable[..., Awaitable[int | str]]


@pytest.fixture(autouse=True)
def connected(sim: TwilioSimulator) -> None:
    sim.connect("http://host.test/api/whatsapp/webhook/sandbox", sender=sim.account.sandbox)


@pytest.fixture
async def send(sim: TwilioSimulator, api: Api) -> Send:
    """Send from the sandbox; the error code of the callback, or the last status."""

    async def send(phone: Phone, body: str = "hello", **params: str) -> int | str:
        await api.send(phone.address, body, From=sim.account.sandbox.address, **params)
        await sim.settle()
        message = phone.bubbles[-1]
        return message.error_code or message.status

    return send


def test_settings_of_the_sandbox(sim: TwilioSimulator) -> None:
    assert sim.settings(sandbox=True)["from_number"] == "whatsapp:+14155238886"


async def test_nobody_is_reached_before_joining(sim: TwilioSimulator, send: Send) -> None:
    assert await send(sim.phone("Zoe")) == 63015


async def test_joining_is_answered_by_the_sandbox_and_opens_the_window(
    sim: TwilioSimulator, host: Host, send: Send
) -> None:
    zoe = sim.phone("Zoe")
    await zoe.joins_sandbox()

    assert "all set" in zoe.heard()[0].text
    assert host.requests == []
    assert await send(zoe) == "read"


async def test_messages_of_joined_people_reach_the_host(sim: TwilioSimulator, host: Host) -> None:
    zoe = sim.phone("Zoe")
    await zoe.joins_sandbox()
    await zoe.says("hello")

    assert host.forms[0]["To"] == "whatsapp:+14155238886"


async def test_strangers_are_told_how_to_join(sim: TwilioSimulator, host: Host) -> None:
    zoe = sim.phone("Zoe", sender=sim.account.sandbox)
    await zoe.says("hello")
    await zoe.says("join no-such-name")

    assert "not connected" in zoe.heard()[0].text
    assert "Could not join" in zoe.heard()[1].text
    assert host.requests == []


async def test_one_message_in_three_seconds(sim: TwilioSimulator, send: Send) -> None:
    zoe = sim.phone("Zoe")
    await zoe.joins_sandbox()

    outcomes = [await send(zoe), await send(zoe)]
    sim.advance(timedelta(seconds=3))
    outcomes.append(await send(zoe))

    assert outcomes == ["read", 63018, "read"]


async def test_stop_leaves(sim: TwilioSimulator, host: Host, send: Send) -> None:
    zoe = sim.phone("Zoe")
    await zoe.joins_sandbox()
    await zoe.says("Stop")

    assert "left" in zoe.heard()[-1].text
    assert host.requests == []
    assert await send(zoe) == 63015


async def test_membership_ends_after_three_days(sim: TwilioSimulator, send: Send) -> None:
    zoe = sim.phone("Zoe")
    await zoe.joins_sandbox()
    sim.advance(timedelta(days=2))
    await zoe.says("still here")
    sim.advance(timedelta(days=1))

    assert await send(zoe) == 63015


async def test_outside_the_window_only_the_sandboxes_own_template_arrives(sim: TwilioSimulator, send: Send) -> None:
    zoe = sim.phone("Zoe")
    await zoe.joins_sandbox()
    sim.advance(timedelta(hours=25))

    assert await send(zoe) == 63016
    sim.advance(timedelta(seconds=3))
    reminder = {
        "ContentSid": "HXb5b62575e6e4ff6129ad7c8efe1f983e",
        "ContentVariables": json.dumps({"1": "22 July 2026", "2": "3:15pm"}),
    }
    assert await send(zoe, "", **reminder) == "read"
    assert "22 July 2026 at 3:15pm" in zoe.heard()[-1].text


async def test_joining_another_sandbox_leaves_the_first(sim: TwilioSimulator, send: Send) -> None:
    zoe = sim.phone("Zoe")
    await zoe.joins_sandbox()
    await zoe.joins_sandbox(sim.add_account("Other"))

    assert await send(zoe) == 63015
