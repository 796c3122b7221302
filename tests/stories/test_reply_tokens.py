"""What an answer is told to the plugin to answer: the newest message, and the provider's token for it while that is good."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from tests.stories.test_same_id import DEFERRED, UNKNOWN, Provider
from tests.world import Agent, Person, World
from trinity_channels.api import Inbound, MessageReceived, ReplyTo, ReplyToken

MINUTE = timedelta(minutes=1)


class Tokens:
    """Every message of WhatsApp comes with a token."""

    def __init__(self, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
        self.provider = Provider()
        self.lasts: timedelta | None = MINUTE
        self._world = world
        plugin = world.host.plugins["whatsapp"]
        self._receive = plugin.receive
        monkeypatch.setattr(plugin, "receive", self._with_token)
        monkeypatch.setattr(plugin, "send", self.provider.send)

    def _with_token(self, *request: Any) -> Inbound:
        inbound = self._receive(*request)
        until = None if self.lasts is None else self._world.now() + self.lasts
        return replace(
            inbound,
            events=tuple(
                replace(one, reply_token=ReplyToken(f"token of {one.text}", until))
                if isinstance(one, MessageReceived)
                else one
                for one in inbound.events
            ),
        )

    def tokens(self) -> list[str | None]:
        """Of the messages that were sent, by attempt."""
        return [one.reply_to.token if one.reply_to else "nothing" for one in self.provider.asked]


@pytest.fixture
def tokens(town: World, monkeypatch: pytest.MonkeyPatch) -> Tokens:
    return Tokens(town, monkeypatch)


@pytest.fixture
def zoe(town: World) -> Person:
    return town.person("Zoe")


def ids(world: World) -> list[str]:
    statement = "SELECT provider_id FROM trinity_channels_message WHERE origin = 'person' ORDER BY id"
    return [row[0] for row in world.rows(statement)]


async def test_an_answer_names_what_it_answers(town: World, tokens: Tokens, zoe: Person) -> None:
    await zoe.says("one")
    await zoe.says("two")
    await town.much_later()

    one, two = ids(town)
    told = [message.reply_to for message in tokens.provider.asked]
    assert told == [ReplyTo(one, "token of one"), ReplyTo(two, "token of two")]


async def test_of_several_messages_the_newest_is_answered(
    town: World, tokens: Tokens, zoe: Person, agent: Agent
) -> None:
    agent.thinks()
    await zoe.phone.says("one")
    await agent.asked(1)
    await zoe.phone.says("two")
    await zoe.phone.says("three")
    agent.speaks()
    await town.settle()
    await town.much_later()

    assert tokens.tokens() == ["token of one", "token of three"]


async def test_only_the_first_part_has_the_token(town: World, tokens: Tokens, zoe: Person, agent: Agent) -> None:
    agent.will_answer("lorem ipsum dolor sit amet " * 200)
    await zoe.says("one")
    await town.much_later()

    assert len(tokens.tokens()) > 2
    assert tokens.tokens() == ["token of one"] + [None] * (len(tokens.tokens()) - 1)
    assert {one.reply_to.provider_id for one in tokens.provider.asked if one.reply_to} == set(ids(town))


@pytest.mark.parametrize(("lasts", "good"), [(MINUTE, False), (timedelta(hours=1), True), (None, True)])
async def test_a_token_that_has_expired_is_not_handed_over(
    town: World, tokens: Tokens, zoe: Person, agent: Agent, lasts: timedelta | None, good: bool
) -> None:
    tokens.lasts = lasts
    agent.thinks()
    await zoe.phone.says("one")
    await agent.asked(1)
    town.clock.tick(2 * MINUTE)
    agent.speaks()
    await town.settle()

    assert tokens.tokens() == ["token of one" if good else None]


async def test_a_later_attempt_has_it_too(town: World, tokens: Tokens, zoe: Person) -> None:
    tokens.provider.before = [DEFERRED]
    await zoe.says("one")
    await town.much_later()

    assert tokens.tokens() == ["token of one"] * 2


async def test_a_notice_answers_too(tokens: Tokens, zoe: Person) -> None:
    await zoe.says("/whoami")

    assert tokens.tokens() == ["token of /whoami"]


async def test_a_message_that_nothing_asked_for_answers_nothing(town: World, tokens: Tokens, zoe: Person) -> None:
    await town.api("POST", "/api/agents/support/whatsapp/test", {"to_number": zoe.phone.address, "message": "hello"})
    await town.settle()

    assert tokens.tokens() == ["nothing"]


async def test_a_token_is_no_reason_to_repeat(town: World, tokens: Tokens, zoe: Person) -> None:
    tokens.provider.after = [UNKNOWN]
    await zoe.says("one")
    await town.much_later()

    assert len(tokens.provider.has) == 1


async def test_no_log_shows_a_token(tokens: Tokens, zoe: Person, caplog: pytest.LogCaptureFixture) -> None:
    await zoe.says("one")

    assert "token of one" not in caplog.text + repr(tokens.provider.asked)
