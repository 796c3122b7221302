"""Trying a binding out: one message to an address, a few times an hour."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.world import Person, World
from trinity_channels.api import Fault

PATH = "/api/agents/support/whatsapp"


async def test_a_test_without_words_sends_a_hello(world: World) -> None:
    tester = world.person("Tester")
    await tester.says("hi")

    await world.api("POST", f"{PATH}/test", {"to_number": tester.phone.address})
    await world.settle()

    assert tester.last().startswith("Hello! This is a test message")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"to_number": "+15551234567"}, "to_number"),
        ({"to_number": "whatsapp:+1"}, "to_number"),
        ({"to_number": ""}, "to_number"),
        ({"to_number": 15551234567}, "to_number"),
        ({"to_number": "whatsapp:+15551234567", "message": 5}, "message"),
        ({"to_number": "whatsapp:+15551234567", "message": False}, "message"),
        ({"to_number": "whatsapp:+15551234567", "message": []}, "message"),
        ({"to_number": "whatsapp:+15551234567", "message": "x" * 5000}, "message"),
        ({"to_number": "whatsapp:+15551234567", "message": " \n"}, "message"),
        ({"to_number": "whatsapp:+15551234567", "message": "\u200b"}, "message"),
        ({"to_number": "whatsapp:+15551234567", "message": "\u202e\u2800\u3164"}, "message"),
        ({"to_number": "whatsapp:+15551234567", "message": "\ue000"}, "message"),
        ({"to_nubmer": "whatsapp:+15551234567"}, "to_nubmer"),
    ],
)
async def test_a_test_that_cannot_be_meant_is_refused(world: World, body: dict[str, Any], field: str) -> None:
    answer = await world.api("POST", f"{PATH}/test", body)

    assert (answer.status_code, answer.json().get("field")) == (422, field)


@pytest.mark.parametrize("body", [{"message": "Test"}, {"message": "Test", "to_number": None}])
async def test_a_test_message_without_an_address_verifies_and_says_so(world: World, body: dict[str, Any]) -> None:
    tester = world.person("Tester")
    await tester.says("hi")
    before = tester.heard()

    told = (await world.api("POST", f"{PATH}/test", body)).json()
    await world.settle()

    assert (told["ok"], told["delivery_id"], tester.heard()) == (True, None, before)
    assert told["message"].startswith("The credentials work")
    assert told["message"].endswith("No message was sent, because to_number is missing.")


async def test_ten_test_messages_an_hour(world: World) -> None:
    tester = world.person("Tester")
    await tester.says("hi")
    body = {"to_number": tester.phone.address}
    for _ in range(10):
        assert (await world.api("POST", f"{PATH}/test", body)).json()["ok"] is True
    await world.later(minutes=15)

    refused = await world.api("POST", f"{PATH}/test", body)

    assert (refused.status_code, refused.json()["code"]) == (429, "too_many_tests")
    assert refused.headers["retry-after"] == str(45 * 60)
    assert (await world.api("POST", f"{PATH}/test", {})).status_code == 200  # verifying writes to no one

    await world.later(minutes=45)
    assert (await world.api("POST", f"{PATH}/test", body)).status_code == 200


@pytest.mark.parametrize(("fault", "status"), [(Fault.UNAUTHORIZED, 200), (Fault.RATE_LIMITED, 200), (Fault.SLOW, 502)])
async def test_a_test_message_that_fails_says_why(world: World, fault: Fault, status: int) -> None:
    world.twilio.behaviour.receipts = False
    world.fails(fault)

    answer = await world.api("POST", f"{PATH}/test", {"to_number": "whatsapp:+15551234567"})

    assert answer.status_code == status
    assert answer.json().get("ok", False) is False
    assert answer.json()["message"]


async def tries(world: World, person: Person, message: str = "Test from Trinity") -> dict[str, Any]:
    body = {"to_number": person.phone.address, "message": message}
    answer: dict[str, Any] = (await world.api("POST", f"{PATH}/test", body)).json()
    await world.settle()
    return answer


async def delivery(world: World, tried: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = (await world.api("GET", f"/api/agents/support/deliveries/{tried['delivery_id']}")).json()
    return found


@pytest.fixture
async def tester(world: World) -> Person:
    """A person whose reply window is open, and who has heard of /login once."""
    person = world.person("Tester", "+15557770003")
    await person.says("hi")
    return person


async def test_a_test_message_is_a_delivery_whose_state_can_be_asked_for(world: World, tester: Person) -> None:
    tried = await tries(world, tester)

    found = await delivery(world, tried)
    assert tried["ok"] is True
    assert (found["origin"], found["state"], found["provider_id"]) == ("test", "read", tried["provider_id"])
    assert (found["client_id"], found["attempts"]) == (None, 1)
    assert (await world.api("GET", "/api/agents/support/deliveries")).json()[0] == found


async def test_a_test_message_that_fails_later_shows_in_health(world: World, tester: Person) -> None:
    tester.phone.last_wrote.clear()

    tried = await tries(world, tester)

    assert tried["ok"] is True, "Twilio takes it at first"
    found = await delivery(world, tried)
    assert (found["state"], found["error_code"]) == ("failed", "63016")
    check = await world.check("outbound")
    assert check["state"] == "ok"
    assert "2026-03-02 09:00 UTC did not reach its recipient: More than 24 hours" in check["message"]
    assert check["message"].endswith(" (63016).")


@pytest.mark.parametrize("code", [63003, 63024, 63016, 21211, 21614, 30003, 30005, 21610, 63013])
async def test_a_test_message_that_fails_for_its_recipient_or_text_leaves_the_channel_healthy(
    world: World, tester: Person, code: int
) -> None:
    before = (await world.binding())["health"]["state"]
    tester.phone.refuse_with = code

    tried = await tries(world, tester)

    assert (await delivery(world, tried))["error_code"] == str(code)
    check = await world.check("outbound")
    assert (check["state"], (await world.binding())["health"]["state"]) == ("ok", before)
    assert "did not reach its recipient: " in check["message"]
    assert check["message"].endswith(f" ({code}).")


async def test_a_test_message_to_a_number_without_whatsapp_leaves_the_channel_healthy(world: World) -> None:
    await world.api("POST", f"{PATH}/test", {"to_number": "whatsapp:+15550009999"})
    await world.settle()

    check = await world.check("outbound")
    assert (check["state"], "63003" in check["message"]) == ("ok", True)


async def test_the_fix_for_a_test_message_is_another_and_for_an_answer_sending_it_again(town: World) -> None:
    zoe = town.person("Zoe")
    await zoe.says("hi")
    town.fails(Fault.UNAUTHORIZED)
    await tries(town, zoe)
    of_test = await town.check("outbound")
    await town.later(minutes=1)
    town.fails(Fault.UNAUTHORIZED)
    await zoe.says("a question")
    of_answer = await town.check("outbound")

    assert (of_test["actions"], "send another test message" in of_test["fix"]) == (
        ["edit", "verify", "test_message"],
        True,
    )
    assert (of_answer["actions"], "can be sent again" in of_answer["fix"]) == (["edit", "verify", "resend"], True)


async def test_the_next_test_message_clears_it(world: World, tester: Person) -> None:
    wrote = dict(tester.phone.last_wrote)
    tester.phone.last_wrote.clear()
    await tries(world, tester)
    assert "63016" in (await world.check("outbound"))["message"]
    tester.phone.last_wrote.update(wrote)

    await tries(world, tester)

    assert (await world.check("outbound"))["message"] == "The last message was not refused."


async def test_an_answer_that_is_taken_leaves_a_warning_of_the_test_message_for_a_day(town: World) -> None:
    zoe = town.person("Zoe")
    await zoe.says("hi")
    town.fails(Fault.UNAUTHORIZED)
    await tries(town, zoe)
    await zoe.says("a question")

    await town.later(hours=23)
    before = await town.check("outbound")
    await town.later(hours=1)

    assert (before["state"], (await town.check("outbound"))["state"]) == ("warning", "ok")


async def test_a_test_message_that_fails_at_once_shows_in_health_as_before(world: World, tester: Person) -> None:
    world.fails(Fault.UNAUTHORIZED)

    tried = await tries(world, tester)

    assert (tried["ok"], tried["code"], tried["state"]) == (False, "20003", "failed")
    assert (await world.check("outbound"))["state"] == "failed"


async def test_a_test_message_that_the_provider_puts_off_is_tried_again(world: World, tester: Person) -> None:
    world.fails(Fault.RATE_LIMITED)

    tried = await tries(world, tester)
    await world.much_later()

    assert (tried["ok"], tried["code"], tried["state"]) == (False, "deferred", "ready")
    assert "retried automatically" in tried["message"]
    assert tester.heard()[1:] == ["Test from Trinity"]


async def test_a_test_message_with_an_unknown_outcome_is_asked_for_and_arrives_once(
    world: World, tester: Person
) -> None:
    world.twilio.behaviour.receipts = False
    world.fails(Fault.CUT_AFTER)

    tried = await tries(world, tester)
    await world.much_later()

    assert tried["code"] == "provider_unavailable"
    assert (await delivery(world, tried))["state"] in ("queued", "read")
    assert tester.heard()[1:] == ["Test from Trinity"]


async def test_a_receipt_that_comes_before_the_answer_tells_that_the_test_message_was_taken(
    world: World, tester: Person
) -> None:
    world.fails(Fault.CUT_AFTER)

    tried = await tries(world, tester)

    assert (tried["ok"], tried["code"]) == (True, None)
    assert tried["state"] in ("sent", "delivered", "read")
    assert tried["provider_id"] == (await delivery(world, tried))["provider_id"]


async def test_a_receipt_that_comes_before_the_answer_tells_that_the_test_message_failed(
    world: World, tester: Person
) -> None:
    tester.phone.last_wrote.clear()
    world.fails(Fault.CUT_AFTER)

    tried = await tries(world, tester)

    assert (tried["state"], tried["delivery_id"]) == ("failed", 2)
    assert "More than 24 hours" in tried["message"]
    assert "may or may not" not in tried["message"]


async def test_a_test_message_that_a_crash_interrupts_is_finished_by_the_next_host(
    world: World, tester: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("trinity_channels.outbound.trial.PATIENCE", 0.05)
    hangs = asyncio.Event()

    async def never(*_: object) -> None:
        await hangs.wait()

    monkeypatch.setattr(world.host.plugins["whatsapp"], "send", never)
    body = {"to_number": tester.phone.address, "message": "Test from Trinity"}
    tried = (await world.api("POST", f"{PATH}/test", body)).json()
    assert (tried["ok"], tried["code"], tried["state"]) == (False, "pending", "sending")
    await world.dies()

    await world.starts()
    await world.much_later()

    assert tester.heard()[1:] == ["Test from Trinity"]
    assert (await delivery(world, tried))["state"] == "read"


async def test_nobody_has_written_because_a_test_message_was_sent(world: World) -> None:
    await world.api("POST", f"{PATH}/test", {"to_number": "whatsapp:+15551234567"})
    await world.settle()

    shown = await world.binding()

    assert shown["health"]["last_inbound_at"] is None
    assert (await world.check("inbound"))["state"] == "unknown"
    assert (await world.api("GET", "/api/agents/support/clients")).json() == []


async def test_a_test_message_is_sent_as_it_is_typed(world: World, tester: Person) -> None:
    await tries(world, tester, "5 * 4 * 3, see file_name_1.txt")

    assert tester.last().replace("\u200b", "").replace("\u2060", "") == "5 * 4 * 3, see file_name_1.txt"


async def test_a_test_message_of_nothing_visible_is_refused(world: World, tester: Person) -> None:
    tried = await tries(world, tester, " \n ")

    assert (tried["code"], tried["field"]) == ("invalid_settings", "message")


async def test_a_test_message_is_not_sent_again_but_tested_again(world: World, tester: Person) -> None:
    world.fails(Fault.UNAUTHORIZED)
    tried = await tries(world, tester)

    single = await world.api("POST", f"/api/agents/support/deliveries/{tried['delivery_id']}/resend")
    together = await world.api("POST", "/api/agents/support/deliveries/resend", {})

    assert (single.status_code, single.json()["code"]) == (409, "test_message")
    assert (together.json()["messages"], together.json()["refused"]) == (0, {})


async def test_a_test_message_tells_of_an_opt_out(world: World, tester: Person) -> None:
    tester.phone.refuse_with = 21610

    await tries(world, tester)

    assert (await world.client(tester))["stopped"] is True


async def test_erasing_somebody_erases_test_messages_to_them(world: World, tester: Person) -> None:
    await tries(world, tester, "a private word")
    client = await world.client(tester)

    await world.api("DELETE", f"/api/agents/support/clients/{client['id']}")

    await world.stops()
    stored = world.everything()
    await world.starts()
    assert "a private word" not in stored
    assert "+15557770003" not in stored


async def test_the_binding_of_another_agent_is_not_tried_out(world: World) -> None:
    answer = await world.api("POST", "/api/agents/sales/whatsapp/test", {"to_number": "whatsapp:+15551234567"})

    assert (answer.status_code, answer.json()["code"]) == (404, "not_connected")


@contextmanager
def unnoticed(*_: object) -> Iterator[asyncio.Event]:
    """Attempts of another process set no event of this one."""
    yield asyncio.Event()


@pytest.mark.parametrize(
    ("fault", "outcome"),
    [
        (None, {"ok": True, "code": None}),
        (Fault.UNAUTHORIZED, {"ok": False, "code": "20003", "state": "failed"}),
        (Fault.RATE_LIMITED, {"ok": False, "code": "deferred", "state": "ready"}),
        (Fault.CUT_AFTER, {"code": "provider_unavailable", "state": "reconciling"}),
    ],
)
async def test_what_another_process_comes_to_is_read_from_the_database(
    world: World, tester: Person, monkeypatch: pytest.MonkeyPatch, fault: Fault | None, outcome: dict[str, Any]
) -> None:
    world.twilio.behaviour.receipts = False
    monkeypatch.setattr("trinity_channels.outbound.trial.LOOK", 0.01)
    monkeypatch.setattr(world.host.deliveries, "watch", unnoticed)
    if fault:
        world.fails(fault)

    tried = await tries(world, tester)

    assert {name: tried[name] for name in outcome} == outcome
