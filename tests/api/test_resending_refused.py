"""Sending again what failed: when it is refused, and everything that failed for one cause at once."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.resending import ESSAY, PATH, WRITTEN, deliveries, resend, resend_all
from tests.world import OWNER, Agent, Person, World
from trinity_channels.api import Fault
from trinity_channels.plugins import Plugins
from trinity_channels.store import audit
from trinity_channels.web.auth import Role

# --- refused ---


async def closes_the_window(town: World, _: Person) -> None:
    await town.later(hours=24)


async def blocks(town: World, zoe: Person) -> None:
    await town.blocks(zoe)


async def stops(_: World, zoe: Person) -> None:
    await zoe.says("STOP")


async def erases(town: World, zoe: Person) -> None:
    await town.api("DELETE", f"/api/agents/support/clients/{(await town.client(zoe))['id']}")


async def disconnects(town: World, _: Person) -> None:
    await town.api("DELETE", "/api/agents/support/whatsapp")


async def loses_the_plugin(town: World, _: Person) -> None:
    await town.stops()
    town.plugins = lambda: Plugins({}, [])
    await town.starts()


REFUSED = [
    (closes_the_window, 409, "window_closed", "that time ended at 2026-03-03 09:00 UTC"),
    (blocks, 403, "blocked", "has blocked"),
    (stops, 403, "opted_out", "opted out of messages"),
    (erases, 409, "erased", "was erased"),
    (disconnects, 409, "disconnected", "Connect it again"),
    (loses_the_plugin, 409, "channel_unavailable", "plugin cannot be used"),
]


@pytest.mark.parametrize(("happens", "status", "code", "words"), REFUSED)
async def test_it_is_refused_with_the_reason(
    town: World, unheard: Person, happens: Any, status: int, code: str, words: str
) -> None:
    (failed,) = await deliveries(town)
    await happens(town, unheard)
    heard = unheard.heard()

    answer = await resend(town, failed["id"])
    together = await resend_all(town)

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert words in answer.json()["message"]
    assert (together.json()["messages"], together.json()["refused"]) == (0, {code: 1})
    assert f"{code}: 1" in together.json()["message"]
    assert unheard.heard() == heard


async def test_what_somebody_asked_after_stop_is_answered_all_the_same(town: World) -> None:
    """They were told that they can still write."""
    zoe = town.person("Zoe")
    await zoe.says("STOP")
    await town.later(seconds=1)
    town.fails(Fault.UNAUTHORIZED)
    await zoe.says("what is 6 x 7?")
    (failed,) = await deliveries(town, "?state=failed")

    answer = await resend(town, failed["id"])

    assert answer.status_code == 200, answer.text
    assert zoe.last() == "echo what is 6 x 7?"


@pytest.mark.usefixtures("unheard")
async def test_the_closed_window_names_its_end(town: World) -> None:
    (failed,) = await deliveries(town)
    await town.later(hours=30)

    answer = await resend(town, failed["id"])

    assert answer.json()["closed_at"] == "2026-03-03T09:00:00+00:00"


async def test_whoever_writes_again_can_be_answered_again(town: World, unheard: Person) -> None:
    (failed,) = await deliveries(town)
    await town.later(hours=30)
    await unheard.says("anybody?")

    answer = await resend(town, failed["id"])

    assert answer.status_code == 200
    assert unheard.heard() == ["echo anybody?", f"{WRITTEN}echo hello"]


@pytest.mark.parametrize("delivery", ["4711", str(2**63 - 1)])
async def test_a_delivery_that_there_is_not(town: World, delivery: str) -> None:
    answers = [await town.api("GET", f"{PATH}/{delivery}"), await town.api("POST", f"{PATH}/{delivery}/resend")]

    assert [(one.status_code, one.json()["code"]) for one in answers] == [(404, "delivery_not_found")] * 2


@pytest.mark.parametrize("delivery", ["0", "-1", "one", str(2**63)])
async def test_what_is_no_number_of_a_delivery(town: World, delivery: str) -> None:
    answer = await town.api("POST", f"{PATH}/{delivery}/resend")

    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_input")


async def test_another_agents_delivery_is_not_there(town: World, unheard: Person) -> None:
    (failed,) = await deliveries(town)
    path = f"/api/agents/sales/deliveries/{failed['id']}"

    answers = [await town.api("GET", path), await town.api("POST", f"{path}/resend")]

    assert [(one.status_code, one.json()["code"]) for one in answers] == [(404, "delivery_not_found")] * 2
    assert unheard.heard() == []


# --- everything that failed for one cause ---


async def test_everything_that_failed_for_one_cause_is_sent_in_order(town: World, agent: Agent) -> None:
    zoe, yan, kim = town.person("Zoe"), town.person("Yan"), town.person("Kim")
    agent.will_answer("one", "two", "three", "four")
    town.fails(Fault.UNAUTHORIZED, 3)
    await zoe.says("first")
    await zoe.says("second")
    await yan.says("third")
    kim.phone.refuse_with = 63024
    await kim.says("fourth")
    kim.phone.refuse_with = None

    answer = await resend_all(town, error_code="20003")

    done = answer.json()
    assert (done["messages"], done["deliveries"], done["refused"], done["left"]) == (3, 3, {}, 0)
    assert done["message"] == "3 messages will be sent again."
    assert (zoe.heard(), yan.heard(), kim.heard()) == (["one", "two"], ["three"], [])
    assert (await resend_all(town, error_code="20003")).json()["messages"] == 0
    assert (await resend_all(town)).json()["messages"] == 1
    assert kim.heard() == ["four"]


async def test_the_parts_of_a_long_answer_count_as_one_message(town: World, agent: Agent) -> None:
    zoe = town.person("Zoe")
    agent.will_answer(ESSAY)
    town.fails(Fault.UNAUTHORIZED)
    await zoe.says("tell me")

    done = (await resend_all(town, error_code="20003", channel="whatsapp")).json()
    await town.much_later()

    assert (done["messages"], done["deliveries"]) == (1, len(zoe.heard()))
    assert " ".join(zoe.heard()).split() == ESSAY.split()


async def test_more_than_one_request_can_take_is_left_for_the_next(
    town: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("trinity_channels.outbound.resend.MOST", 2)
    monkeypatch.setattr("trinity_channels.outbound.resend.AT_ONCE", 1)
    people = [town.person(f"Tester {number}") for number in range(3)]
    town.fails(Fault.UNAUTHORIZED, 3)
    for one in people:
        await one.says("hello")

    first, second = [(await resend_all(town)).json() for _ in range(2)]

    assert [(one["messages"], one["left"]) for one in (first, second)] == [(2, 1), (1, 0)]
    assert first["message"] == "2 messages will be sent again. Ask once more for 1 message."
    assert [one.heard() for one in people] == [["echo hello"]] * 3


@pytest.mark.parametrize(
    "body", [{"error_code": 5}, {"error_code": ""}, {"channel": ""}, {"colour": "red"}, {"error_code": "x" * 101}, []]
)
async def test_a_meaningless_request_is_refused(town: World, body: object) -> None:
    answer = await town.api("POST", f"{PATH}/resend", body)

    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_input")


@pytest.mark.parametrize("channel", ["WhatsApp", "whatsap", "sms", " whatsapp"])
async def test_a_mistyped_channel_is_not_one_without_failures(town: World, unheard: Person, channel: str) -> None:
    answer = await town.api("POST", f"{PATH}/resend", {"channel": channel})

    assert (answer.status_code, answer.json()["code"], answer.json()["field"]) == (422, "unknown_channel", "channel")
    assert "whatsapp" in answer.json()["message"]
    assert unheard.heard() == []


async def test_another_channel_and_another_code_have_nothing_to_send(town: World, unheard: Person) -> None:
    done = [(await resend_all(town, **body)).json()["messages"] for body in ({"channel": "slack"}, {"error_code": "1"})]

    assert (done, unheard.heard()) == ([0, 0], [])


async def test_resending_is_on_record(town: World, unheard: Person) -> None:
    owner = await town.token(Role.USER, OWNER)
    (failed,) = await deliveries(town)
    await resend(town, failed["id"], token=owner)
    town.fails(Fault.UNAUTHORIZED)
    await unheard.says("again?")
    await town.api("POST", f"{PATH}/resend", {"error_code": "20003"}, token=owner)

    entries = await town.host.store.read(lambda tx: audit.entries(tx, "support"))

    single, together = [one for one in reversed(entries) if one.action.startswith("resend")]
    assert (single.action, single.actor) == ("resend_delivery", f"user:{OWNER}")
    assert single.details == {"delivery": failed["id"], "code": "20003", "again": [failed["id"]]}
    assert (together.action, together.details["code"]) == ("resend_failed", "20003")


async def test_a_proactive_message_that_failed_can_be_sent_again(world: World) -> None:
    zoe = world.person("Zoe")
    await world.shares("zoe@example.org", proactive=True)
    await zoe.verifies("zoe@example.org")
    world.fails(Fault.UNAUTHORIZED)
    body = {"recipient_email": "zoe@example.org", "text": "news", "channel": "whatsapp"}
    sent = (await world.api("POST", "/api/agents/support/messages", body)).json()
    await world.settle()
    (failed,) = await deliveries(world, "?state=failed")

    await resend(world, failed["id"])

    status = (await world.api("GET", f"/api/agents/support/messages/{sent['message_id']}")).json()
    assert (failed["origin"], status["status"], zoe.last()) == ("proactive", "read", "news")
