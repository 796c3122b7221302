"""What providers report of an account reaches the owner, once; and a webhook is taken back when an owner disconnects."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest

from tests.channels.net import Net
from tests.channels.test_alerts import opened, waits
from tests.world import OWNER
from trinity_channels.api import BindingState, ChannelError, Inbound, ProviderUnavailable
from trinity_channels.mail.port import Mail
from trinity_channels_slack.simulator import events

GONE = BindingState("closed", works=False, message="The account was closed.", fix="Open another one.")


def mails(net: Net) -> list[Mail]:
    return [mail for mail in net.mails.to(OWNER) if "may not be reachable" in mail.subject]


async def check(net: Net, channel: str, code: str) -> dict[str, Any] | None:
    shown = (await net.api("GET", f"/api/agents/support/{channel}")).json()
    return next((one for one in shown["health"]["checks"] if one["code"] == code), None)


async def slack_says(net: Net, event: dict[str, Any]) -> None:
    """Slack sends an event about the installation."""
    simulator: Any = net.simulators["slack"]
    await simulator._webhooks.deliver(events.envelope(simulator._workspace, event))  # noqa: SLF001  its pages do this
    await net.settle()


@pytest.mark.parametrize(
    ("event", "said"),
    [
        ({"type": "app_uninstalled"}, "The app was removed from the Slack workspace."),
        ({"type": "tokens_revoked", "tokens": {"oauth": [], "bot": ["*"]}}, "The app's token was revoked"),
    ],
)
async def test_slack_reports_the_end_of_an_installation(net: Net, event: dict[str, Any], said: str) -> None:
    bot = (await net.host.bindings.open(3)).binding.account.sender
    if "tokens" in event:
        event = event | {"tokens": {"bot": [bot]}}

    for _ in range(3):  # Slack sends some events again
        await slack_says(net, event)
    await waits(net, minutes=10)

    assert await opened(net) == [("slack", "account")]
    found = await check(net, "slack", "account")
    assert found is not None
    assert (found["state"], said in found["message"], "Install the app" in found["fix"]) == ("failed", True, True)
    (mail,) = mails(net)
    assert said in mail.text


async def test_removing_the_app_is_one_alert_although_slack_sends_two_events(net: Net) -> None:
    simulator: Any = net.simulators["slack"]
    await simulator.uninstall()
    await net.settle()
    await waits(net, minutes=3 * 60)

    assert await opened(net) == [("slack", "account")]
    assert len(mails(net)) == 1


@pytest.mark.parametrize(
    "tokens", [{"oauth": ["U1"]}, {"bot": ["U1"]}, {"bot": "U1"}, {"bot": None}, {}, [], "x", {"bot": [None, {}, 1]}]
)
async def test_tokens_of_others_are_no_concern(net: Net, tokens: object) -> None:
    await slack_says(net, {"type": "tokens_revoked", "tokens": tokens})

    assert await opened(net) == []


async def reports(net: Net, monkeypatch: pytest.MonkeyPatch, *states: BindingState) -> None:
    """A webhook of WhatsApp brings these."""
    with monkeypatch.context() as patch:
        patch.setattr(net.host.plugins["whatsapp"], "receive", lambda *_: Inbound(states))
        url = (await net.api("GET", "/api/agents/support/whatsapp")).json()["webhook_url"]
        assert (await net.http.post(url, content=b"x")).status_code == httpx.codes.OK
    await net.settle()


async def test_the_provider_says_that_it_works_again(net: Net, monkeypatch: pytest.MonkeyPatch) -> None:
    await reports(net, monkeypatch, GONE)
    assert await opened(net) == [("whatsapp", "account")]

    await reports(net, monkeypatch, BindingState("active", works=True))

    assert await opened(net) == []
    assert await check(net, "whatsapp", "account") is None


async def test_a_check_that_finds_nothing_wrong_ends_it(net: Net, monkeypatch: pytest.MonkeyPatch) -> None:
    await reports(net, monkeypatch, GONE)

    await net.api("POST", "/api/agents/support/whatsapp/test", {})

    assert await opened(net) == []


async def test_entering_the_settings_again_ends_it(net: Net, monkeypatch: pytest.MonkeyPatch) -> None:
    await reports(net, monkeypatch, GONE)

    await net.api("PUT", "/api/agents/support/whatsapp", dict(net.simulators["whatsapp"].settings()))

    assert await opened(net) == []


async def test_what_follows_from_it_is_not_told_beside_it(net: Net, monkeypatch: pytest.MonkeyPatch) -> None:
    async def refuses(*_: object) -> None:
        raise ProviderUnavailable("It answers nothing.")

    monkeypatch.setattr(net.host.plugins["whatsapp"], "verify", refuses)
    await reports(net, monkeypatch, GONE)

    await waits(net, minutes=8 * 60)

    assert await opened(net) == [("whatsapp", "account")]
    assert len(mails(net)) == 1


async def test_a_state_without_words_is_told_in_the_hosts(net: Net, monkeypatch: pytest.MonkeyPatch) -> None:
    await reports(net, monkeypatch, BindingState("lost", works=False))

    found = await check(net, "whatsapp", "account")
    assert found is not None
    assert "does not work (lost)" in found["message"]
    assert "enter the credentials again" in found["fix"]


# --- disconnecting ---


async def points_to(net: Net) -> str:
    token = net.simulators["telegram"].settings()["bot_token"]
    answer = await net.http.post(f"http://telegram.simulator/bot{token}/getWebhookInfo", json={})
    url: str = answer.json()["result"]["url"]
    return url


async def disconnects(net: Net) -> httpx.Response:
    return await net.api("DELETE", "/api/agents/support/telegram")


async def test_telegram_stops_posting_when_its_owner_disconnects(net: Net) -> None:
    assert await points_to(net)

    answer = await disconnects(net)

    assert answer.status_code == httpx.codes.OK
    assert await points_to(net) == ""


async def test_messages_of_the_meantime_come_when_it_is_connected_again(net: Net) -> None:
    await net.policy("open")
    zoe = net.stranger("telegram", "Zoe")
    await disconnects(net)
    await zoe.phone.says("are you there?")
    await net.later(minutes=5)
    assert zoe.heard() == []

    await net.api("PUT", "/api/agents/support/telegram", dict(net.simulators["telegram"].settings()))
    await net.later(minutes=1)

    assert zoe.heard() == ["echo are you there?"]


async def test_another_programs_webhook_is_left_alone(net: Net) -> None:
    await net.later(seconds=2)
    token = net.simulators["telegram"].settings()["bot_token"]
    url = "https://elsewhere.example.org/hook"
    await net.http.post(f"http://telegram.simulator/bot{token}/setWebhook", json={"url": url})

    await disconnects(net)

    assert await points_to(net) == url


async def hangs(*_: object) -> None:
    await asyncio.Event().wait()


def raises(error: Exception) -> Any:
    async def fail(*_: object) -> None:
        raise error

    return fail


@pytest.mark.parametrize(
    "hook",
    [
        raises(ProviderUnavailable("down")),
        raises(ChannelError("no")),
        raises(KeyError("a fault of the plugin")),
        raises(TimeoutError()),
        hangs,
    ],
)
async def test_disconnecting_does_not_depend_on_the_provider(
    net: Net, monkeypatch: pytest.MonkeyPatch, hook: Any
) -> None:
    monkeypatch.setattr("trinity_channels.bindings.leaving.PATIENCE", 0.01)
    monkeypatch.setattr(net.host.plugins["telegram"], "unregister_webhook", hook)

    answer = await disconnects(net)

    assert answer.status_code == httpx.codes.OK
    assert (await net.api("GET", "/api/agents/support/telegram")).json()["configured"] is False
