"""Messages that an agent sends first: who may, to whom, when, and what became of them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest

from tests.world import OWNER, START, Person, World
from trinity_channels import texts
from trinity_channels.api import Fault
from trinity_channels.web.auth import Role

PATH = "/api/agents/support/messages"
ZOE = "zoe@example.org"


async def send(world: World, *, token: str | None = None, **changes: Any) -> httpx.Response:
    """Ask for a message to Zoe; None takes a field away."""
    body = {"recipient_email": ZOE, "text": "**news**", "channel": "whatsapp"} | changes
    given = {name: value for name, value in body.items() if value is not None}
    answer = await (world.api("POST", PATH, given) if token is None else world.api("POST", PATH, given, token=token))
    await world.settle()
    return answer


async def status(world: World, answer: httpx.Response) -> dict[str, Any]:
    """What became of a message."""
    found: dict[str, Any] = (await world.api("GET", f"{PATH}/{answer.json()['message_id']}")).json()
    return found


@pytest.mark.parametrize(("role", "subject"), [(Role.ADMIN, ""), (Role.USER, OWNER), (Role.AGENT, "support")])
async def test_owner_admin_and_the_agent_itself_may(world: World, zoe: Person, role: Role, subject: str) -> None:
    answer = await send(world, token=await world.token(role, subject))

    assert answer.status_code == 200, answer.text
    assert zoe.last() == "*news*"


@pytest.mark.parametrize(
    ("role", "subject"), [(Role.USER, ZOE), (Role.AGENT, "sales"), (Role.USER, "sales@example.org")]
)
async def test_others_learn_nothing(world: World, zoe: Person, role: Role, subject: str) -> None:
    answer = await send(world, token=await world.token(role, subject))

    assert (answer.status_code, answer.json()["code"]) == (404, "agent_not_found")
    assert "news" not in zoe.last()


async def test_consent_is_needed(world: World) -> None:
    await world.shares(ZOE)
    await world.person("Zoe").verifies(ZOE)

    answer = await send(world)

    assert (answer.status_code, answer.json()["code"]) == (403, "not_opted_in")


async def test_consent_can_be_withdrawn(world: World, zoe: Person) -> None:
    body = {"email": ZOE, "allow_proactive": False}
    await world.api("PUT", "/api/agents/support/shares/proactive", body)

    assert (await send(world)).json()["code"] == "not_opted_in"
    assert "news" not in zoe.last()


async def test_the_owner_needs_no_consent(world: World) -> None:
    boss = world.person("Boss")
    await boss.verifies(OWNER)

    assert (await send(world, recipient_email=OWNER.upper())).status_code == 200
    assert boss.last() == "*news*"


async def test_stop_stops_it_and_start_allows_it_again(world: World, zoe: Person) -> None:
    await zoe.says("STOP")
    assert (await send(world)).json()["code"] == "not_opted_in"

    await zoe.says("still answering?")
    assert zoe.heard()[-2:] == [texts.STOPPED, "echo still answering?"]

    await zoe.says("START")
    assert (await send(world)).status_code == 200
    assert zoe.last() == "*news*"


async def test_a_blocked_person_is_not_written_to(world: World, zoe: Person) -> None:
    await world.blocks(zoe)

    assert (await send(world)).json()["code"] == "not_opted_in"


async def test_who_never_signed_in_cannot_be_reached(world: World) -> None:
    await world.shares(ZOE, proactive=True)

    answer = await send(world)

    assert (answer.status_code, answer.json()["code"]) == (404, "recipient_not_linked")


async def test_who_signed_out_cannot_be_reached(world: World, zoe: Person) -> None:
    await zoe.says("/logout")

    assert (await send(world)).json()["code"] == "recipient_not_linked"


@pytest.mark.parametrize("channel", ["auto", None])
async def test_auto_never_means_whatsapp(world: World, zoe: Person, channel: str | None) -> None:
    answer = await send(world, channel=channel)

    assert (answer.status_code, answer.json()["code"]) == (404, "recipient_not_linked")
    assert "whatsapp" in answer.json()["message"]
    assert "news" not in zoe.last()


async def test_the_window_closes_after_a_day_and_the_answer_says_when(world: World, zoe: Person) -> None:
    await zoe.says("hello")
    await world.later(hours=23, minutes=59)
    assert (await send(world)).status_code == 200

    await world.later(minutes=1)
    answer = await send(world)

    assert (answer.status_code, answer.json()["code"]) == (409, "window_closed")
    assert datetime.fromisoformat(answer.json()["closed_at"]) == START + timedelta(days=1)
    assert zoe.heard().count("*news*") == 1


async def test_ten_an_hour_for_a_recipient(world: World, zoe: Person) -> None:
    for number in range(10):
        assert (await send(world, text=f"news {number}")).status_code == 200
    await world.later(minutes=10)

    answer = await send(world, text="one too many")

    assert (answer.status_code, answer.json()["code"]) == (429, "rate_limited")
    assert answer.headers["retry-after"] == str(50 * 60)
    await world.later(minutes=50)
    assert (await send(world, text="next hour")).status_code == 200
    assert "one too many" not in zoe.heard()


async def test_the_same_key_sends_once(world: World, zoe: Person) -> None:
    first, second = [await send(world, idempotency_key="k1") for _ in range(2)]
    other = await send(world, idempotency_key="k1", text="something else")

    assert first.json()["message_id"] == second.json()["message_id"]
    assert (other.status_code, other.json()["code"]) == (409, "duplicate")
    assert zoe.heard().count("*news*") == 1


async def test_a_key_of_one_agent_means_nothing_to_another(world: World, zoe: Person) -> None:
    await send(world, idempotency_key="k1")

    body = {"recipient_email": ZOE, "text": "**news**", "channel": "whatsapp", "idempotency_key": "k1"}
    answer = await world.api("POST", "/api/agents/sales/messages", body)

    assert answer.status_code == 403
    assert zoe.heard().count("*news*") == 1


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"channel": "pigeon"}, "channel"),
        ({"text": ""}, "text"),
        ({"text": None}, "text"),
        ({"text": "  \n\n "}, "text"),
        ({"text": "x" * 4097}, "text"),
        ({"text": 5}, "text"),
        ({"recipient_email": "zoe"}, "recipient_email"),
        ({"recipient_email": None}, "recipient_email"),
        ({"idempotency_key": ""}, "idempotency_key"),
        ({"colour": "blue"}, "colour"),
    ],
)
async def test_a_wrong_request_is_named(world: World, zoe: Person, changes: dict[str, Any], field: str) -> None:
    before = zoe.heard()

    answer = await send(world, **changes)

    assert (answer.status_code, answer.json()["field"]) == (422, field)
    assert zoe.heard() == before


async def test_a_text_that_no_database_takes_is_no_accident(world: World, zoe: Person) -> None:
    headers = {"Authorization": "Bearer fake-admin-token-for-tests", "Content-Type": "application/json"}
    body = b'{"recipient_email": "zoe@example.org", "channel": "whatsapp", "text": "half \\ud83d a smile"}'

    answer = await world.http.post(f"https://chat.example.org{PATH}", content=body, headers=headers)
    await world.settle()

    assert answer.status_code in {200, 422}
    assert zoe.last().startswith("half") or answer.status_code == 422


async def test_the_status_follows_the_message(world: World, zoe: Person) -> None:
    world.twilio.behaviour.receipts = False
    sent = await send(world)
    newest = next(one for one in reversed(zoe.phone.bubbles) if one.outbound)
    seen = [(await status(world, sent))["status"]]

    for reached in ("sent", "delivered", "read", "delivered", "failed"):
        form = {"AccountSid": newest.account_sid, "MessageSid": newest.sid, "MessageStatus": reached}
        await world.posts(await world.webhook(), form)
        seen.append((await status(world, sent))["status"])

    assert seen == ["queued", "sent", "delivered", "read", "read", "read"]


@pytest.mark.parametrize(
    ("code", "words"),
    [(63024, "did not accept the recipient"), (21610, "unsubscribed with STOP"), (99999, "error 99999")],
)
async def test_a_failure_is_told_in_plain_words(world: World, zoe: Person, code: int, words: str) -> None:
    zoe.phone.refuse_with = code

    found = await status(world, await send(world))

    assert (found["status"], found["error_code"]) == ("failed", str(code))
    assert words in found["error"]


async def test_a_refusal_at_once_is_told_too(world: World, zoe: Person) -> None:
    world.fails(Fault.UNAUTHORIZED)

    found = await status(world, await send(world))

    assert (found["status"], found["error_code"]) == ("failed", "20003")
    assert "news" not in zoe.last()


async def test_a_long_message_counts_its_parts(world: World, zoe: Person) -> None:
    sent = await send(world, text="word " * 800)
    await world.much_later()

    found = await status(world, sent)

    assert (found["parts"], found["status"]) == (3, "read")
    assert len(zoe.heard()) == 5


async def test_a_message_of_another_agent_is_unknown(world: World, zoe: Person) -> None:
    sent = await send(world)
    assert zoe.last() == "*news*"

    answer = await world.api("GET", f"/api/agents/sales/messages/{sent.json()['message_id']}")

    assert (answer.status_code, answer.json()["code"]) == (404, "message_not_found")


async def test_what_was_sent_first_is_part_of_the_conversation(found: Any, agent: Any) -> None:
    world = await found(agents=agent)
    person = world.person("Zoe")
    await world.shares(ZOE, proactive=True)
    await person.verifies(ZOE)
    await send(world, text="Your order has shipped.")

    await person.says("when will it be here?")

    assert [(one.by_agent, one.text) for one in agent.turns[-1].history] == [(True, "Your order has shipped.")]


async def test_it_does_not_wait_behind_a_slow_turn(found: Any, agent: Any) -> None:
    world = await found(agents=agent)
    person = world.person("Zoe")
    await world.shares(ZOE, proactive=True)
    await person.verifies(ZOE)
    agent.thinks()
    await person.phone.says("a hard question")
    await agent.asked(1)

    body = {"recipient_email": ZOE, "text": "news", "channel": "whatsapp"}
    await world.api("POST", PATH, body)
    await world.until(lambda: "news" in person.heard())
    agent.speaks()
    await world.settle()
    assert person.heard()[-2:] == ["news", "echo a hard question"]
