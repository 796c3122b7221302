"""A person who tells only the provider that they want no messages gets none that they did not ask for."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.world import Agent, Person, World
from trinity_channels.api import Failure, FailureKind, Fault, SendRejected

ZOE = "zoe@example.org"
PATH = "/api/agents/support"
UNSUBSCRIBED, BLOCKED = 21610, 63014


@pytest.fixture
async def zoe(world: World) -> Person:
    """A person who has signed in and may be written to first."""
    person = world.person("Zoe", "+15557770002")
    await world.shares(ZOE, proactive=True)
    await person.verifies(ZOE)
    return person


async def send(world: World, text: str = "news") -> httpx.Response:
    body = {"recipient_email": ZOE, "text": text, "channel": "whatsapp"}
    answer = await world.api("POST", f"{PATH}/messages", body)
    await world.settle()
    return answer


async def refuses(*_: Any) -> None:
    """A provider that knows at once that the person blocked us."""
    raise SendRejected(Failure("403", FailureKind.RECIPIENT, "The person blocked the bot.", opted_out=True))


def sent(world: World) -> int:
    """How many messages the provider was asked to send."""
    return sum(one.outbound for one in world.twilio.account.messages.newest_first())


@pytest.mark.parametrize("code", [UNSUBSCRIBED, BLOCKED])
async def test_a_receipt_that_tells_of_an_opt_out_stops_proactive_messages(
    world: World, zoe: Person, code: int
) -> None:
    zoe.phone.refuse_with = code
    first = await send(world)
    before = sent(world)

    second = await send(world, "more news")

    assert first.status_code == 200
    assert (second.status_code, second.json()["code"]) == (403, "not_opted_in")
    assert (second.json()["reason"], second.json()["since"]) == ("opted_out_at_provider", "2026-03-02T09:00:00+00:00")
    assert "blocked the sender or unsubscribed" in second.json()["message"]
    assert sent(world) == before
    client = await world.client(zoe)
    assert (client["stopped"], client["unreachable_since"]) == (True, "2026-03-02T09:00:00Z")


async def test_a_refusal_at_once_stops_them_too(world: World, zoe: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as blocked:
        blocked.setattr(world.host.plugins["whatsapp"], "send", refuses)
        await send(world)

    assert (await send(world)).json()["code"] == "not_opted_in"
    assert (await world.client(zoe))["stopped"] is True


@pytest.mark.parametrize("code", [63016, 63024, 20003, 63018])
async def test_other_failures_are_no_opt_out(world: World, zoe: Person, code: int) -> None:
    zoe.phone.refuse_with = code
    await send(world)

    assert (await send(world)).status_code == 200
    assert (await world.client(zoe))["stopped"] is False


@pytest.mark.parametrize("text", ["hello?", "START", "/whoami", "👍"])
async def test_it_ends_when_they_write_again(world: World, zoe: Person, text: str) -> None:
    zoe.phone.refuse_with = UNSUBSCRIBED
    await send(world)
    zoe.phone.refuse_with = None

    await zoe.says(text)

    client = await world.client(zoe)
    assert (client["stopped"], client["unreachable_since"]) == (False, None)
    assert (await send(world, "glad to have you back")).status_code == 200
    assert zoe.last() == "glad to have you back"


async def test_what_they_write_is_answered_all_the_same(world: World, zoe: Person) -> None:
    zoe.phone.refuse_with = BLOCKED
    await send(world)
    zoe.phone.refuse_with = None

    await zoe.says("are you there?")

    assert zoe.last() == "echo are you there?"


async def test_an_answer_that_is_refused_counts_as_well(world: World, zoe: Person) -> None:
    """The opt-out shows in whatever is sent, not only in what the agent sends first."""
    zoe.phone.refuse_with = UNSUBSCRIBED

    await zoe.says("hello")

    assert (await send(world)).json()["reason"] == "opted_out_at_provider"


async def test_stop_and_an_opt_out_are_lifted_one_by_one(world: World, zoe: Person) -> None:
    zoe.phone.refuse_with = UNSUBSCRIBED
    await send(world)
    zoe.phone.refuse_with = None

    await zoe.says("STOP")

    client = await world.client(zoe)
    assert (client["stopped"], client["unreachable_since"]) == (True, None)
    assert "reason" not in (await send(world)).json()


async def test_a_receipt_that_comes_after_they_wrote_again_changes_nothing(world: World, zoe: Person) -> None:
    world.twilio.behaviour.receipts = False
    await send(world)
    newest = next(one for one in reversed(zoe.phone.bubbles) if one.outbound)
    await world.later(minutes=1)
    await zoe.says("I am back")

    form = {"AccountSid": newest.account_sid, "MessageSid": newest.sid, "MessageStatus": "undelivered"}
    await world.posts(await world.webhook(), {**form, "ErrorCode": "21610"})

    assert (await world.client(zoe))["stopped"] is False
    assert (await send(world)).status_code == 200


async def test_a_webhook_that_is_repeated_is_no_new_message(world: World, zoe: Person) -> None:
    await zoe.says("hello")
    zoe.phone.refuse_with = UNSUBSCRIBED
    await send(world)

    await world.twilio.repeat_last_webhook()
    await world.settle()

    assert (await world.client(zoe))["stopped"] is True


async def stops(_: World, zoe: Person, __: pytest.MonkeyPatch) -> None:
    await zoe.says("STOP")


async def blocks_the_bot(world: World, _: Person, patch: pytest.MonkeyPatch) -> None:
    patch.setattr(world.host.plugins["whatsapp"], "send", refuses)


@pytest.mark.parametrize(("how", "codes"), [(stops, ["opted_out"] * 2), (blocks_the_bot, ["opted_out", "403"])])
async def test_what_is_still_queued_is_not_sent_either(
    world: World, zoe: Person, monkeypatch: pytest.MonkeyPatch, how: Any, codes: list[str]
) -> None:
    world.fails(Fault.RATE_LIMITED)
    await send(world, "first")
    await send(world, "second")
    await how(world, zoe, monkeypatch)
    before = sent(world)

    await world.much_later()

    failed = (await world.api("GET", f"{PATH}/deliveries?state=failed")).json()
    assert [one["error_code"] for one in failed] == codes
    assert sent(world) == before


async def test_nothing_is_sent_again_to_somebody_who_opted_out(world: World, zoe: Person) -> None:
    zoe.phone.refuse_with = UNSUBSCRIBED
    await send(world)
    (failed,) = (await world.api("GET", f"{PATH}/deliveries?state=failed")).json()

    answer = await world.api("POST", f"{PATH}/deliveries/{failed['id']}/resend")

    assert (answer.status_code, answer.json()["code"]) == (403, "opted_out")


async def test_an_opt_out_survives_a_restart(world: World, zoe: Person) -> None:
    zoe.phone.refuse_with = UNSUBSCRIBED
    await send(world)
    await world.dies()
    await world.starts()

    assert (await send(world)).json()["reason"] == "opted_out_at_provider"


async def test_one_person_who_opted_out_stops_nobody_else(world: World, zoe: Person) -> None:
    yan = world.person("Yan")
    await world.shares("yan@example.org", proactive=True)
    await yan.verifies("yan@example.org")
    zoe.phone.refuse_with = UNSUBSCRIBED
    await send(world)

    body = {"recipient_email": "yan@example.org", "text": "news", "channel": "whatsapp"}
    answer = await world.api("POST", f"{PATH}/messages", body)
    await world.settle()

    assert (answer.status_code, yan.last()) == (200, "news")


async def test_an_erased_person_comes_back_as_reachable(town: World, agent: Agent) -> None:
    zoe = town.person("Zoe")
    zoe.phone.refuse_with = UNSUBSCRIBED
    await zoe.says("hello")
    await town.api("DELETE", f"{PATH}/clients/{(await town.client(zoe))['id']}")
    zoe.phone.refuse_with = None

    await zoe.says("hello again")

    assert (await town.client(zoe))["stopped"] is False
    assert len(agent.turns) == 2
