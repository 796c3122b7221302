"""Messages that were refused for their signature are fetched once the credentials work; strangers cannot cause that."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from tests.world import PUBLIC, Agent, World, said
from trinity_channels.api import MessageReceived, ProviderUnavailable
from trinity_channels.app import create_app

PATH = "/api/agents/support/whatsapp"
OTHER = "feedface" + "9" * 24


@pytest.fixture
def asked(town: World, monkeypatch: pytest.MonkeyPatch) -> list[datetime]:
    """Since when the provider was asked for missed messages, once for every call."""
    calls: list[datetime] = []
    spies(town, monkeypatch, calls.append)
    return calls


def spies(town: World, monkeypatch: pytest.MonkeyPatch, told: Callable[[datetime], None]) -> None:
    plugin = town.host.plugins["whatsapp"]
    list_missed = plugin.list_missed

    async def listed(*args: Any) -> list[MessageReceived]:
        told(args[1])
        return await list_missed(*args)

    monkeypatch.setattr(plugin, "list_missed", listed)


def heard(agent: Agent) -> list[str]:
    """Everything the agent was told, in any order: what is fetched comes with what is new."""
    return sorted(line for turn in agent.turns for line in said(turn).splitlines())


async def regenerated(town: World) -> None:
    """A person clicks regenerate in Twilio's console; the host knows only the old token."""
    town.twilio.account.token = OTHER


async def forged(town: World, number: int = 0) -> None:
    answer = await town.posts(await town.webhook(), town.inbound("forged", f"SM{number:032x}"), token="0" * 32)
    assert answer.status_code == 403


async def test_entering_the_new_token_brings_what_was_refused(town: World, agent: Agent, asked: list[datetime]) -> None:
    zoe, yan = town.person("Zoe"), town.person("Yan")
    await zoe.says("before")
    await regenerated(town)
    await town.later(minutes=10)
    await zoe.says("one")
    first = town.now()
    await town.later(minutes=10)
    await yan.says("two")
    await zoe.says("three")
    assert heard(agent) == ["before"]

    assert (await town.connect()).status_code == 200
    await town.later(seconds=1)

    assert heard(agent) == ["before", "one", "three", "two"]
    assert zoe.heard()[-1] in ("echo one\nthree", "echo three")
    assert len(asked) == 1
    assert asked[0] <= first
    assert "refused since" not in (await town.check("signature"))["fix"]


async def test_health_says_that_they_will_be_fetched(town: World) -> None:
    await town.person("Zoe").says("before")
    await regenerated(town)
    await town.later(minutes=1)
    await town.person("Zoe").says("one")

    fix = (await town.check("signature"))["fix"]

    assert "Messages that were refused since 2026-03-02 09:01 UTC are fetched as soon as it works." in fix


async def test_they_are_fetched_once(town: World, agent: Agent, asked: list[datetime]) -> None:
    zoe = town.person("Zoe")
    await zoe.says("before")
    await regenerated(town)
    await zoe.says("one")

    for _ in range(3):
        await town.connect()
        await town.later(minutes=1)

    assert heard(agent) == ["before", "one"]
    assert len(asked) == 1


async def test_verifying_brings_them_too(town: World, agent: Agent, asked: list[datetime]) -> None:
    """Twilio takes both tokens for a while, and signs with the one that it was told to use."""
    await town.person("Zoe").says("before")
    right = town.twilio.account.token
    await regenerated(town)
    await town.person("Zoe").says("one")
    town.twilio.account.token = right

    answer = await town.api("POST", f"{PATH}/test", {})
    await town.later(seconds=1)

    assert answer.json()["ok"] is True
    assert (heard(agent), len(asked)) == (["before", "one"], 1)


async def test_verifying_what_is_still_wrong_brings_nothing(town: World, asked: list[datetime]) -> None:
    await town.person("Zoe").says("before")
    await regenerated(town)
    await town.person("Zoe").says("one")

    answer = await town.api("POST", f"{PATH}/test", {})
    await town.later(seconds=30)

    assert (answer.json()["ok"], asked) == (False, [])


async def test_the_first_authentic_request_brings_them(town: World, agent: Agent, asked: list[datetime]) -> None:
    """The owner entered the secondary token before it was promoted: Twilio's API takes it, its webhooks are signed with the
    primary one until it is."""
    zoe = town.person("Zoe")
    right = town.twilio.account.token
    town.twilio.account.token = OTHER
    await zoe.says("one")
    await zoe.says("two")
    town.twilio.account.token = right

    await zoe.says("three")
    await town.later(seconds=1)

    assert (heard(agent), len(asked)) == (["one", "three", "two"], 1)


@pytest.mark.parametrize("elsewhere", ["http://chat.example.org", "https://other.example.org"])
async def test_a_wrong_public_address_loses_nothing(
    town: World, agent: Agent, asked: list[datetime], elsewhere: str
) -> None:
    zoe = town.person("Zoe")
    await zoe.says("before")
    await town.api("PUT", "/api/settings/public_chat_url", {"value": elsewhere})
    await zoe.says("one")
    await zoe.says("two")
    assert heard(agent) == ["before"]

    await town.api("PUT", "/api/settings/public_chat_url", {"value": PUBLIC})
    await zoe.says("three")
    await town.later(seconds=1)

    assert (heard(agent), len(asked)) == (["before", "one", "three", "two"], 1)


async def test_a_wrong_address_in_the_console_loses_nothing(town: World, agent: Agent, asked: list[datetime]) -> None:
    """Its signature proves that the provider sent it, though nothing of ours has changed."""
    zoe = town.person("Zoe")
    await zoe.says("before")
    url = await town.webhook()
    town.twilio.connect(f"{url}/")
    await zoe.says("one")
    assert heard(agent) == ["before"]
    town.twilio.connect(url)

    await zoe.says("two")
    await town.later(seconds=1)

    assert (heard(agent), len(asked)) == (["before", "one", "two"], 1)


# --- strangers ---


async def test_a_forged_request_makes_nobody_ask_the_provider(town: World, agent: Agent, asked: list[datetime]) -> None:
    zoe = town.person("Zoe")
    await zoe.says("one")

    for number in range(5):
        await forged(town, number)
        await town.later(seconds=6)
        await zoe.says(f"message {number}")
        await town.later(seconds=6)

    assert (len(agent.turns), asked) == (6, [])


async def test_a_forged_request_is_forgotten_with_the_next_that_is_authentic(
    town: World, asked: list[datetime]
) -> None:
    """Otherwise the owner's next click would fetch messages that do not exist."""
    zoe = town.person("Zoe")
    await zoe.says("one")
    await forged(town)
    await town.later(seconds=6)
    await zoe.says("two")
    await town.later(seconds=6)

    await town.connect()
    await town.later(seconds=6)

    assert asked == []


async def test_a_flood_of_forgeries_while_the_token_is_wrong_costs_one_question(
    town: World, agent: Agent, asked: list[datetime]
) -> None:
    zoe = town.person("Zoe")
    await zoe.says("before")
    await regenerated(town)
    for number in range(10):
        await forged(town, number)
    await zoe.says("one")

    await town.connect()
    await town.later(seconds=1)

    assert (heard(agent), len(asked)) == (["before", "one"], 1)


async def test_nothing_refused_nothing_asked(town: World, asked: list[datetime]) -> None:
    await town.person("Zoe").says("one")

    await town.connect()
    await town.api("POST", f"{PATH}/test", {})
    await town.later(minutes=1)

    assert asked == []


# --- what may come between ---


async def test_a_provider_that_is_away_is_asked_again(
    town: World, agent: Agent, monkeypatch: pytest.MonkeyPatch
) -> None:
    zoe = town.person("Zoe")
    await zoe.says("before")
    await regenerated(town)
    await zoe.says("one")
    failures = [ProviderUnavailable("away"), ProviderUnavailable("still away")]

    def fails(_: datetime) -> None:
        if failures:
            raise failures.pop()

    spies(town, monkeypatch, fails)

    await town.connect()
    for _ in range(3):
        await town.later(seconds=10)

    assert (heard(agent), failures) == (["before", "one"], [])


async def test_messages_with_the_new_token_do_not_make_those_before_it_forged(
    town: World, agent: Agent, monkeypatch: pytest.MonkeyPatch
) -> None:
    zoe = town.person("Zoe")
    await zoe.says("before")
    await regenerated(town)
    await zoe.says("one")
    failures = [ProviderUnavailable("away")]

    def fails(_: datetime) -> None:
        if failures:
            raise failures.pop()

    spies(town, monkeypatch, fails)

    await town.connect()
    await zoe.says("two")
    await town.later(seconds=20)

    assert heard(agent) == ["before", "one", "two"]


async def test_a_restart_before_they_are_fetched_loses_none(town: World, agent: Agent) -> None:
    zoe = town.person("Zoe")
    await zoe.says("before")
    await regenerated(town)
    await town.later(minutes=30)
    await zoe.says("one")
    await town.stops()
    await town.starts()  # the token is still wrong, so that nothing can be listed
    assert heard(agent) == ["before"]

    await town.connect()
    await town.later(seconds=1)

    assert heard(agent) == ["before", "one"]


async def test_a_crash_after_a_newer_message_loses_none(
    town: World, agent: Agent, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Catch-up of a start begins with the last message that arrived, which may be newer than what was refused."""
    zoe = town.person("Zoe")
    await zoe.says("before")
    await regenerated(town)
    await zoe.says("one")

    def fails(_: datetime) -> None:
        raise ProviderUnavailable("away")

    with monkeypatch.context() as away:
        spies(town, away, fails)
        await town.connect()
        await town.later(hours=1)
        await zoe.says("two")
        await town.dies()

    await town.starts()

    assert heard(agent) == ["before", "one", "two"]


async def test_a_locked_out_start_is_made_up_for(town: World, agent: Agent) -> None:
    """What was written while the host was down is listed with credentials that do not work; later they do."""
    zoe = town.person("Zoe")
    await zoe.says("before")
    await town.stops()
    await zoe.phone.says("during")
    right = town.twilio.account.token
    town.twilio.account.token = OTHER
    await town.starts()
    assert heard(agent) == ["before"]
    town.twilio.account.token = right

    await town.api("POST", f"{PATH}/test", {})
    await town.later(seconds=1)

    assert heard(agent) == ["before", "during"]


async def test_another_account_has_not_missed_what_the_first_one_did(
    town: World, agent: Agent, asked: list[datetime]
) -> None:
    await town.person("Zoe").says("before")
    await regenerated(town)
    await town.person("Zoe").says("one")
    account = town.twilio.add_account("another")
    sender = town.twilio.add_sender("+16285550111", account=account)

    answer = await town.connect(**town.twilio.settings(sender=sender))
    await town.later(seconds=1)

    assert (answer.status_code, asked, heard(agent)) == (200, [], ["before"])


async def test_a_disconnected_agent_misses_nothing(town: World, agent: Agent, asked: list[datetime]) -> None:
    await town.person("Zoe").says("before")
    await regenerated(town)
    await town.person("Zoe").says("one")
    await town.api("DELETE", PATH)

    await town.connect()
    await town.later(seconds=1)

    assert (asked, heard(agent)) == ([], ["before"])


async def test_a_command_beside_the_running_host_fetches_nothing(town: World, monkeypatch: pytest.MonkeyPatch) -> None:
    await town.person("Zoe").says("before")
    await forged(town)
    _, beside = create_app(town.settings, town.ports())
    beside.store.open(serve=False)
    await beside.address.load()

    async def listed(*_: object) -> None:
        raise AssertionError

    monkeypatch.setattr(beside.plugins["whatsapp"], "list_missed", listed)
    await beside.connections.verify("support", "whatsapp")
    await beside.catch_up.run()
    await beside.store.close()

    assert "refused since" in (await town.check("signature"))["fix"], "it is left to the host"


@pytest.mark.parametrize("ticks", range(5))
async def test_a_stop_that_comes_with_the_request_to_fetch_is_not_overheard(town: World, ticks: int) -> None:
    await town.later(seconds=1)
    town.host.catch_up.credentials_work(await town.host.bindings.open(1))
    for _ in range(ticks):
        await asyncio.sleep(0)

    async with asyncio.timeout(5):
        await town.stops()

    await town.starts()
