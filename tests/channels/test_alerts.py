"""What each provider tells, and what it cannot tell, about a connection that has stopped working."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from tests.channels.net import Net
from tests.world import OWNER
from trinity_channels.store import alerts


async def opened(net: Net) -> list[tuple[str, str]]:
    """The channels and codes of all open alerts."""
    return [(one.channel, one.code) for one in await net.host.store.read(alerts.opened)]


async def waits(net: Net, *, minutes: int) -> None:
    """Let time pass in steps of ten minutes."""
    for _ in range(minutes // 10):
        await net.later(minutes=10)


async def test_connections_that_work_raise_no_alert(net: Net) -> None:
    await net.policy("open")
    for channel in net.simulators:
        await net.stranger(channel, f"Zoe on {channel}").says("hello")

    await waits(net, minutes=24 * 60)

    assert await opened(net) == []
    assert not [mail for mail in net.mails.to(OWNER) if "may not be reachable" in mail.subject]


ELSEWHERE = "https://elsewhere.example.org/hook"


async def moved_whatsapp(net: Net) -> None:
    """Another address is entered at the provider."""
    net.simulators["whatsapp"].connect(ELSEWHERE)


async def moved_telegram(net: Net) -> None:
    """Another program uses the same bot."""
    await net.later(seconds=2)  # Telegram takes one address a second
    token = net.simulators["telegram"].settings()["bot_token"]
    answer = await net.http.post(f"http://telegram.simulator/bot{token}/setWebhook", json={"url": ELSEWHERE})
    assert answer.json()["ok"], answer.text


# Slack does not tell apps where its events go.
@pytest.mark.parametrize(("channel", "moved"), [("whatsapp", moved_whatsapp), ("telegram", moved_telegram)])
async def test_a_webhook_that_was_moved_is_told_and_ends_when_it_is_back(
    net: Net, channel: str, moved: Callable[[Net], Awaitable[None]]
) -> None:
    await moved(net)
    await waits(net, minutes=80)

    assert await opened(net) == [(channel, "provider_check")]
    (mail,) = [mail for mail in net.mails.to(OWNER) if "may not be reachable" in mail.subject]
    assert "elsewhere.example.org" in mail.text

    await net.connect_all()
    await waits(net, minutes=20)

    assert await opened(net) == []
