"""Messages that failed are sent again: which of them may be, what goes out, and what the owner is told."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.world import OWNER, Agent, Person, World
from trinity_channels.api import Fault
from trinity_channels.store import audit
from trinity_channels.web.auth import Role

PATH = "/api/agents/support/deliveries"
FAILED = {"undelivered": "63024", "failed": "63024"}
"""Error codes of the receipts that have one."""
WRITTEN = "This was written on 2 March, 09:00 UTC and could not be sent earlier.\n\n"
"""What a message begins with that is sent again after more than an hour."""
ESSAY = "\n\n".join(f"Paragraph {number}: " + "lorem ipsum dolor sit amet " * 20 for number in range(1, 9)).strip()


async def deliveries(world: World, query: str = "") -> list[dict[str, Any]]:
    """The agent's deliveries, oldest first."""
    found: list[dict[str, Any]] = (await world.api("GET", f"{PATH}{query}")).json()
    return found[::-1]


async def resend(world: World, delivery: int, **options: str) -> httpx.Response:
    answer = await world.api("POST", f"{PATH}/{delivery}/resend", **options)
    await world.settle()
    return answer


async def resend_all(world: World, **wanted: str) -> httpx.Response:
    answer = await world.api("POST", f"{PATH}/resend", wanted)
    await world.settle()
    return answer


@pytest.fixture
async def unheard(town: World) -> Person:
    """Somebody whose answer was refused for wrong credentials; they work by now."""
    zoe = town.person("Zoe")
    town.fails(Fault.UNAUTHORIZED)
    await zoe.says("hello")
    assert zoe.heard() == []
    return zoe


async def test_a_failed_answer_is_sent_again_and_its_state_can_be_asked_for(town: World, unheard: Person) -> None:
    (failed,) = await deliveries(town, "?state=failed")
    assert (failed["origin"], failed["error_code"]) == ("agent", "20003")

    answer = await resend(town, failed["id"])

    assert answer.status_code == 200, answer.text
    assert answer.json() == {
        "id": failed["id"],
        "state": "ready",
        "resent": [failed["id"]],
        "already_has": [],
        "may_have": [],
        "message": "The message will be sent again.",
    }
    assert unheard.heard() == ["echo hello"]
    now = (await town.api("GET", f"{PATH}/{failed['id']}")).json()
    assert (now["state"], now["attempts"], now["error_code"], now["error"]) == ("read", 1, None, None)


async def test_two_clicks_send_once(town: World, unheard: Person) -> None:
    (failed,) = await deliveries(town)
    town.host.dispatcher._run, run = None, town.host.dispatcher._run  # both clicks come before the first is sent

    answers = [await town.api("POST", f"{PATH}/{failed['id']}/resend") for _ in range(2)]
    town.host.dispatcher._run = run
    await town.host.dispatcher._sweep()
    await town.settle()

    assert [one.status_code for one in answers] == [200, 409]
    assert (answers[1].json()["code"], answers[1].json()["state"]) == ("not_failed", "ready")
    assert unheard.heard() == ["echo hello"]


async def test_what_has_arrived_is_not_sent_again(town: World) -> None:
    zoe = town.person("Zoe")
    await zoe.says("hello")
    (read,) = await deliveries(town)

    answer = await resend(town, read["id"])

    assert (answer.status_code, answer.json()["code"], answer.json()["state"]) == (409, "not_failed", "read")
    assert zoe.heard() == ["echo hello"]


async def test_the_part_that_failed_goes_out_with_those_given_up_with_it(town: World, agent: Agent) -> None:
    zoe = town.person("Zoe")
    agent.will_answer(ESSAY)
    zoe.phone.refuse_with = 63024
    await zoe.says("tell me")
    zoe.phone.refuse_with = None
    ids = [one["id"] for one in await deliveries(town)]
    assert len(ids) >= 3

    answer = await resend(town, ids[0])
    await town.much_later()

    assert answer.json()["resent"] == ids
    assert " ".join(zoe.heard()).split() == ESSAY.split()


async def test_the_answer_says_what_the_person_already_has(
    town: World, agent: Agent, monkeypatch: pytest.MonkeyPatch
) -> None:
    zoe = town.person("Zoe")
    agent.will_answer(ESSAY)
    await fails_from(town, monkeypatch, 2)
    await zoe.says("tell me")
    await town.much_later()
    monkeypatch.undo()
    parts = await deliveries(town)
    ids = [one["id"] for one in parts]
    assert [one["state"] for one in parts] == ["read", *["failed"] * (len(parts) - 1)]

    answer = await resend(town, ids[1])
    await town.much_later()

    assert (answer.json()["already_has"], answer.json()["resent"]) == (ids[:1], ids[1:])
    assert answer.json()["message"] == (
        f"Parts {', '.join(str(number) for number in range(2, len(ids)))} and {len(ids)} of {len(ids)} will be sent again. "
        f"The person already has part 1 of {len(ids)}."
    )
    assert " ".join(zoe.heard()).split() == ESSAY.split()


async def test_a_part_that_was_given_up_brings_the_one_that_failed(
    town: World, agent: Agent, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody wants the end of an answer whose middle is missing."""
    zoe = town.person("Zoe")
    agent.will_answer(ESSAY)
    await fails_from(town, monkeypatch, 2)
    await zoe.says("tell me")
    await town.much_later()
    monkeypatch.undo()
    ids = [one["id"] for one in await deliveries(town)]

    answer = await resend(town, ids[-1])
    await town.much_later()

    assert answer.json()["resent"] == ids[1:]
    assert " ".join(zoe.heard()).split() == ESSAY.split()


async def fails_from(town: World, monkeypatch: pytest.MonkeyPatch, part: int) -> None:
    """Let the provider's answer to a part, counted from 1, be that it will never be taken."""
    plugin = town.host.plugins["whatsapp"]
    send, calls = plugin.send, []

    async def sometimes(*args: Any) -> Any:
        calls.append(args)
        if len(calls) >= part:
            town.fails(Fault.UNAUTHORIZED)
        return await send(*args)

    monkeypatch.setattr(plugin, "send", sometimes)


async def silent(*_: object) -> object:
    """A provider that cannot tell."""
    raise RuntimeError


async def unknown(
    town: World, monkeypatch: pytest.MonkeyPatch, fault: Fault = Fault.CUT_AFTER
) -> tuple[Person, dict[str, Any]]:
    """Somebody to whom an answer was sent of which nobody knows whether it was taken."""
    town.twilio.behaviour.receipts = False
    zoe = town.person("Zoe")
    town.fails(fault)
    await zoe.says("hello")
    with monkeypatch.context() as broken:
        broken.setattr(town.host.plugins["whatsapp"], "find_sent", silent)
        for _ in range(4):
            await town.later(minutes=15)
    (found,) = await deliveries(town, "?state=unknown")
    return zoe, found


async def test_an_unknown_outcome_may_arrive_twice_and_the_answer_says_so(
    town: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    zoe, parked = await unknown(town, monkeypatch)

    with monkeypatch.context() as broken:
        broken.setattr(town.host.plugins["whatsapp"], "find_sent", silent)
        answer = await resend(town, parked["id"])

    assert (answer.json()["resent"], answer.json()["may_have"]) == ([parked["id"]], [parked["id"]])
    assert answer.json()["state"] == "asking"
    assert "may get it twice" in answer.json()["message"]
    assert zoe.heard() == ["echo hello", f"{WRITTEN}echo hello"]


async def test_a_provider_that_can_tell_spares_the_second_copy(town: World, monkeypatch: pytest.MonkeyPatch) -> None:
    zoe, parked = await unknown(town, monkeypatch)

    await resend(town, parked["id"])

    assert zoe.heard() == ["echo hello"]
    assert (await deliveries(town))[0]["state"] in ("queued", "read")


async def test_what_was_surely_not_taken_is_sent(town: World, monkeypatch: pytest.MonkeyPatch) -> None:
    zoe, parked = await unknown(town, monkeypatch, Fault.CUT_BEFORE)
    assert zoe.heard() == []

    await resend(town, parked["id"])

    assert [one.splitlines()[-1] for one in zoe.heard()] == ["echo hello"]


async def test_an_unknown_outcome_is_not_sent_again_with_everything_that_failed(
    town: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    zoe, _ = await unknown(town, monkeypatch)

    answer = await resend_all(town)

    assert (answer.json()["messages"], zoe.heard()) == (0, ["echo hello"])


async def test_a_late_receipt_spares_the_second_copy(town: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first attempt is heard of while the second one waits."""
    zoe, parked = await unknown(town, monkeypatch)
    town.host.dispatcher._run, run = None, town.host.dispatcher._run
    await town.api("POST", f"{PATH}/{parked['id']}/resend")
    taken = next(one for one in town.twilio.account.messages.newest_first() if one.outbound)

    url = f"{await town.webhook()}?delivery={parked['id']}"
    await town.posts(url, town.inbound() | {"MessageSid": taken.sid, "MessageStatus": "delivered"})
    town.host.dispatcher._run = run
    await town.host.dispatcher._sweep()
    await town.settle()

    assert zoe.heard() == ["echo hello"]
    assert (await deliveries(town))[0]["state"] == "delivered"


async def test_a_failure_of_the_first_attempt_that_comes_late_does_not_end_the_second(town: World) -> None:
    zoe = town.person("Zoe")
    zoe.phone.refuse_with = 63024
    await zoe.says("hello")
    zoe.phone.refuse_with = None
    (failed,) = await deliveries(town)
    first = next(one for one in town.twilio.account.messages.newest_first() if one.outbound)
    await resend(town, failed["id"])

    url = f"{await town.webhook()}?delivery={failed['id']}"
    form = town.inbound() | {"MessageSid": first.sid, "MessageStatus": "undelivered", "ErrorCode": "63024"}
    await town.posts(url, form)

    assert (await deliveries(town))[0]["state"] == "read"
    assert zoe.heard() == ["echo hello"]


async def cut_off(town: World) -> tuple[Person, dict[str, Any], Any]:
    """Somebody to whom an answer was sent whose outcome is unknown, that delivery, and how its receipts come."""
    town.twilio.behaviour.receipts = False
    zoe = town.person("Zoe")
    town.fails(Fault.CUT_AFTER)
    await zoe.says("hello")
    (found,) = await deliveries(town)
    first = next(one for one in town.twilio.account.messages.newest_first() if one.outbound)
    url = f"{await town.webhook()}?delivery={found['id']}"

    async def receipt(status: str) -> None:
        await town.posts(
            url,
            town.inbound() | {"MessageSid": first.sid, "MessageStatus": status, "ErrorCode": FAILED.get(status, "")},
        )

    return zoe, found, receipt


@pytest.mark.parametrize("late", ["queued", "sent", "undelivered", "failed", "delivered"])
async def test_receipts_of_an_attempt_that_was_cut_off_and_failed_do_not_end_the_next(town: World, late: str) -> None:
    """Its id is first heard of in the receipt that tells of the failure."""
    zoe, found, receipt = await cut_off(town)
    await receipt("undelivered")
    town.host.dispatcher._run, run = None, town.host.dispatcher._run
    answer = await town.api("POST", f"{PATH}/{found['id']}/resend")

    await receipt(late)
    town.host.dispatcher._run = run
    await town.host.dispatcher._sweep()
    await town.settle()

    assert answer.status_code == 200
    assert len(zoe.heard()) == 2
    assert (await deliveries(town))[0]["state"] == "queued"


async def test_a_failure_that_becomes_known_while_the_next_attempt_waits_does_not_end_it(
    town: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    zoe, parked = await unknown(town, monkeypatch)
    taken = next(one for one in town.twilio.account.messages.newest_first() if one.outbound)
    town.host.dispatcher._run, run = None, town.host.dispatcher._run
    await town.api("POST", f"{PATH}/{parked['id']}/resend")

    form = town.inbound() | {"MessageSid": taken.sid, "MessageStatus": "undelivered", "ErrorCode": "63024"}
    await town.posts(f"{await town.webhook()}?delivery={parked['id']}", form)
    town.host.dispatcher._run = run
    await town.host.dispatcher._sweep()
    await town.settle()

    assert len(zoe.heard()) == 2
    assert (await deliveries(town))[0]["state"] == "queued"


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
    del town.host.plugins._ready["whatsapp"]


REFUSED = [
    (closes_the_window, 409, "window_closed", "that time ended at 2026-03-03 09:00 UTC"),
    (blocks, 403, "blocked", "has blocked"),
    (stops, 403, "opted_out", "wants no messages"),
    (erases, 409, "erased", "has been erased"),
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
async def test_a_wish_that_cannot_be_meant_is_refused(town: World, body: object) -> None:
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
