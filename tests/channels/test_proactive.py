"""Agents write first: `auto` picks Telegram before Slack and never WhatsApp."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.channels.net import CHANNELS, Net, Someone
from tests.world import OWNER


async def reachable(net: Net, *channels: str) -> dict[str, Someone]:
    """The owner, signed in on these messengers."""
    people = {channel: net.stranger(channel, "Olga") for channel in channels}
    for olga in people.values():
        await olga.verifies(OWNER)
    return people


async def send(net: Net, channel: str) -> httpx.Response:
    body = {"recipient_email": OWNER, "text": "Your report is **ready**.", "channel": channel}
    answer = await net.api("POST", "/api/agents/support/messages", body)
    await net.settle()
    return answer


@pytest.mark.parametrize(
    ("linked", "chosen"),
    [(CHANNELS, "telegram"), (("whatsapp", "slack"), "slack"), (("slack", "telegram"), "telegram")],
)
async def test_auto_picks_telegram_before_slack(net: Net, linked: tuple[str, ...], chosen: str) -> None:
    people = await reachable(net, *linked)

    answer = await send(net, "auto")

    assert answer.json()["channel"] == chosen
    assert [name for name, olga in people.items() if "ready" in olga.heard()[-1]] == [chosen]


async def test_auto_never_picks_whatsapp(net: Net) -> None:
    olga = (await reachable(net, "whatsapp"))["whatsapp"]

    answer = await send(net, "auto")

    problem: dict[str, Any] = answer.json()
    assert (answer.status_code, problem["code"]) == (404, "recipient_not_linked")
    assert "No conversation on Telegram or Slack is linked" in problem["message"]
    assert "whatsapp" in problem["message"]
    assert "ready" not in olga.heard()[-1]


async def test_a_named_messenger_that_was_disconnected_is_called_that(net: Net, channel: str) -> None:
    await reachable(net, *CHANNELS)
    await net.api("DELETE", f"/api/agents/support/{channel}")

    answer = await send(net, channel)

    assert (answer.status_code, answer.json()["code"]) == (404, "not_connected")


async def test_a_named_messenger_is_used(net: Net, channel: str) -> None:
    people = await reachable(net, *CHANNELS)

    answer = await send(net, channel)

    assert (answer.status_code, answer.json()["channel"]) == (200, channel)
    assert [name for name, olga in people.items() if "ready" in olga.heard()[-1]] == [channel]


async def test_who_stopped_is_left_alone(net: Net, channel: str) -> None:
    olga = (await reachable(net, channel))[channel]
    await olga.says("STOP")

    answer = await send(net, channel)

    assert (answer.status_code, answer.json()["code"]) == (403, "not_opted_in")


async def test_consent_is_asked_for_on_every_messenger(net: Net, channel: str) -> None:
    zoe = net.stranger(channel, "Zoe")
    await net.api("POST", "/api/agents/support/share", {"email": "zoe@example.org"})
    await zoe.verifies("zoe@example.org")
    body = {"recipient_email": "zoe@example.org", "text": "hello", "channel": channel}

    refused = await net.api("POST", "/api/agents/support/messages", body)
    await net.api("PUT", "/api/agents/support/shares/proactive", {"email": "zoe@example.org", "allow_proactive": True})
    sent = await net.api("POST", "/api/agents/support/messages", body)
    await net.settle()

    assert (refused.status_code, refused.json()["code"], sent.status_code) == (403, "not_opted_in", 200)
    assert zoe.heard()[-1] == "hello"


async def opts_out(olga: Someone, channel: str) -> None:
    """Let the provider refuse what is sent to someone, as they asked for."""
    if channel == "telegram":
        await olga.phone.blocks()
    else:
        olga.phone.refuse_with = 63014
    await olga.net.settle()


@pytest.mark.parametrize("messenger", ["whatsapp", "telegram"])  # Slack has no way to block an app
async def test_an_opt_out_that_only_the_provider_knows_of_is_respected(net: Net, messenger: str) -> None:
    olga = (await reachable(net, messenger))[messenger]
    await opts_out(olga, messenger)
    await send(net, messenger)  # this one learns of it
    heard = olga.heard()

    answer = await send(net, messenger)

    assert (answer.status_code, answer.json()["reason"]) == (403, "opted_out_at_provider")
    assert olga.heard() == heard
