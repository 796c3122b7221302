"""Messages that failed are sent again: what goes out, and what the owner is told."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.resending import ESSAY, FAILED, PATH, WRITTEN, deliveries, resend, resend_all
from tests.world import Agent, Person, World
from trinity_channels.api import Fault


async def callback(town: World, delivery: dict[str, Any]) -> str:
    """Where the provider reports what becomes of the delivery's last attempt."""
    [(uid,)] = town.rows(f"SELECT uid FROM trinity_channels_delivery WHERE id = {int(delivery['id'])}")  # noqa: S608
    return f"{await town.webhook()}?delivery={uid}"


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
    town.driver.pause()  # both clicks come before the first is sent

    answers = [await town.api("POST", f"{PATH}/{failed['id']}/resend") for _ in range(2)]
    await town.driver.resume()
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


async def half_answered(town: World, agent: Agent, monkeypatch: pytest.MonkeyPatch) -> Person:
    """A person who got the first part of a long answer; the rest failed, and would arrive now."""
    zoe = town.person("Zoe")
    agent.will_answer(ESSAY)
    await fails_from(town, monkeypatch, 2)
    await zoe.says("tell me")
    await town.much_later()
    monkeypatch.undo()
    return zoe


async def test_the_answer_says_what_the_person_already_has(
    town: World, agent: Agent, monkeypatch: pytest.MonkeyPatch
) -> None:
    zoe = await half_answered(town, agent, monkeypatch)
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
    """An answer whose middle is missing must not get its end alone."""
    zoe = await half_answered(town, agent, monkeypatch)
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
    """A person whose answer has an unknown outcome."""
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
    assert answer.json()["state"] == "reconciling"
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
    town.driver.pause()
    await town.api("POST", f"{PATH}/{parked['id']}/resend")
    taken = next(one for one in town.twilio.account.messages.newest_first() if one.outbound)

    form = town.inbound() | {"MessageSid": taken.sid, "MessageStatus": "delivered"}
    await town.posts(await callback(town, parked), form)
    await town.driver.resume()
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
    url = await callback(town, failed)
    await resend(town, failed["id"])

    form = town.inbound() | {"MessageSid": first.sid, "MessageStatus": "undelivered", "ErrorCode": "63024"}
    await town.posts(url, form)

    assert (await deliveries(town))[0]["state"] == "read"
    assert zoe.heard() == ["echo hello"]


async def cut_off(town: World) -> tuple[Person, dict[str, Any], Any]:
    """A person to whom an answer was sent whose outcome is unknown, that delivery, and how its receipts come."""
    town.twilio.behaviour.receipts = False
    zoe = town.person("Zoe")
    town.fails(Fault.CUT_AFTER)
    await zoe.says("hello")
    (found,) = await deliveries(town)
    first = next(one for one in town.twilio.account.messages.newest_first() if one.outbound)
    url = await callback(town, found)

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
    town.driver.pause()
    answer = await town.api("POST", f"{PATH}/{found['id']}/resend")

    await receipt(late)
    await town.driver.resume()
    await town.settle()

    assert answer.status_code == 200
    assert len(zoe.heard()) == 2
    assert (await deliveries(town))[0]["state"] == "queued"


async def test_a_failure_that_becomes_known_while_the_next_attempt_waits_does_not_end_it(
    town: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    zoe, parked = await unknown(town, monkeypatch)
    taken = next(one for one in town.twilio.account.messages.newest_first() if one.outbound)
    town.driver.pause()
    await town.api("POST", f"{PATH}/{parked['id']}/resend")

    form = town.inbound() | {"MessageSid": taken.sid, "MessageStatus": "undelivered", "ErrorCode": "63024"}
    await town.posts(await callback(town, parked), form)
    await town.driver.resume()
    await town.settle()

    assert len(zoe.heard()) == 2
    assert (await deliveries(town))[0]["state"] == "queued"
