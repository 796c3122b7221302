"""Slack in Socket Mode: the host holds a connection, and has no public address."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from freezegun.api import FrozenDateTimeFactory

from tests.channels.laptop import turns
from tests.channels.net import Net
from trinity_channels.store import StoreError
from trinity_channels_slack.simulator import SlackSimulator

SLACK = "/api/agents/support/slack"


class Laptop(Net):
    """A host without a public address, whose agent listens to Slack."""

    @property
    def slack(self) -> SlackSimulator:
        found = self.simulators["slack"]
        assert isinstance(found, SlackSimulator)
        return found


@pytest.fixture
async def laptop(tmp_path: Path, clock: FrozenDateTimeFactory) -> AsyncIterator[Laptop]:
    async with Laptop(tmp_path, clock, public_chat_url=None) as net:
        await net.policy("open")
        await net.listens_to("slack")
        yield net


async def connected(laptop: Laptop) -> None:
    """Let the host connect again, and Slack send what it still has."""
    await laptop.later(minutes=2)
    await laptop.until(lambda: laptop.slack.sockets.count == 1)
    await laptop.later(minutes=10)


async def test_an_app_answers_without_a_public_address(laptop: Laptop) -> None:
    zoe = laptop.stranger("slack", "Zoe")

    await zoe.says("hello", "and again")

    assert zoe.heard() == ["echo hello", "echo and again"]
    shown: dict[str, Any] = (await laptop.api("GET", SLACK)).json()
    assert (shown["listens"], shown["webhook_url"]) == (True, None)


async def test_what_is_written_while_the_connection_is_cut_is_answered_once(laptop: Laptop) -> None:
    zoe = laptop.stranger("slack", "Zoe")
    await zoe.says("before")

    laptop.network.sockets.cut()
    await zoe.says("meanwhile")
    assert zoe.heard() == ["echo before"]
    await connected(laptop)

    assert zoe.heard() == ["echo before", "echo meanwhile"]


async def test_a_message_whose_acknowledgement_is_lost_is_answered_once(laptop: Laptop) -> None:
    laptop.slack.behaviour.lost_acknowledgements = 1
    zoe = laptop.stranger("slack", "Zoe")

    await zoe.says("hello")
    await connected(laptop)

    assert zoe.heard() == ["echo hello"]
    assert [call.retry for call in laptop.slack.webhook_calls if call.body["event"].get("text") == "hello"] == [0, 1, 2]


async def test_slack_ends_connections_and_nobody_notices(laptop: Laptop) -> None:
    zoe = laptop.stranger("slack", "Zoe")
    for reason, close in (("warning", False), ("refresh_requested", True)):
        await laptop.slack.sockets.refresh(reason, close=close)
        await laptop.until(lambda: laptop.slack.sockets.count > 0)
        await zoe.says(reason)

    assert zoe.heard() == ["echo warning", "echo refresh_requested"]


async def test_a_host_that_was_killed_goes_on(laptop: Laptop) -> None:
    zoe = laptop.stranger("slack", "Zoe")
    await zoe.says("before")
    await laptop.dies()
    await laptop.until(lambda: laptop.slack.sockets.count == 0)
    await zoe.phone.says("meanwhile")

    await laptop.starts()
    await connected(laptop)

    assert zoe.heard() == ["echo before", "echo meanwhile"]


async def test_what_could_not_be_stored_is_not_acknowledged(laptop: Laptop, monkeypatch: pytest.MonkeyPatch) -> None:
    zoe = laptop.stranger("slack", "Zoe")
    await zoe.says("before")

    async def full(_: object) -> None:
        raise StoreError("The disk is full.")

    with monkeypatch.context() as patch:
        patch.setattr(laptop.host.store, "write", full)
        await zoe.phone.says("meanwhile")
    assert 200 not in {call.status for call in laptop.slack.webhook_calls if call.body["event"]["text"] == "meanwhile"}
    await connected(laptop)

    assert zoe.heard() == ["echo before", "echo meanwhile"]


async def test_a_mention_a_button_and_a_form_come_too(laptop: Laptop) -> None:
    zoe: Any = laptop.stranger("slack", "Zoe").phone
    await zoe.mentions("status?")
    await zoe.submits({"callback_id": "f", "title": {"type": "plain_text", "text": "Order"}})
    await laptop.settle()

    assert len(zoe.heard()) == 2
    assert "no slash commands" in await zoe.commands("/ask")


async def test_disconnecting_closes_the_connection(laptop: Laptop) -> None:
    await laptop.api("DELETE", SLACK)

    await laptop.until(lambda: laptop.slack.sockets.count == 0)


async def test_a_process_that_does_not_lead_holds_no_connection(laptop: Laptop) -> None:
    zoe = laptop.stranger("slack", "Zoe")
    laptop.host.store.resign()
    await laptop.until(lambda: laptop.slack.sockets.count == 0)
    await zoe.says("meanwhile")

    await laptop.host.store.listen(lead=True)
    await laptop.until(lambda: laptop.slack.sockets.count == 1)
    await laptop.later(minutes=1)

    assert zoe.heard() == ["echo meanwhile"]


async def test_a_revoked_token_is_told_and_another_one_is_taken_at_once(laptop: Laptop) -> None:
    another = laptop.slack.revoke_app_token()
    await laptop.slack.sockets.drop()
    await turns()
    await laptop.later(minutes=1)
    await turns()
    health = (await laptop.api("GET", SLACK)).json()["health"]
    assert "invalid_auth" in str(health)

    await laptop.listens_to("slack")

    assert "invalid_auth" not in str((await laptop.api("GET", SLACK)).json()["health"])
    assert laptop.slack.installation.app_token == another


async def test_an_app_that_was_removed_says_so(laptop: Laptop) -> None:
    await laptop.slack.uninstall()
    await laptop.settle()

    shown = (await laptop.api("GET", SLACK)).json()
    assert "was revoked in the Slack workspace" in str(shown["health"])


async def test_a_change_of_way_wants_the_settings_of_that_way(laptop: Laptop) -> None:
    kept = await laptop.api("PUT", SLACK, {"bot_token": laptop.slack.installation.token, "listens": False})
    assert (kept.status_code, kept.json()["message"].partition(";")[0]) == (422, "The Signing Secret is missing")

    secret = laptop.slack.installation.signing_secret
    changed = await laptop.api("PUT", SLACK, {"signing_secret": secret, "listens": False})
    assert (changed.status_code, changed.json()["listens"]) == (200, False)
    await laptop.until(lambda: laptop.slack.sockets.count == 0)
