"""Trying a binding out: one message to an address, a few times an hour."""

from __future__ import annotations

from typing import Any

import pytest

from tests.world import World
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
        ({"to_nubmer": "whatsapp:+15551234567"}, "to_nubmer"),
        ({"message": "Test from Trinity"}, "to_number"),  # not "The credentials work."
    ],
)
async def test_a_test_that_cannot_be_meant_is_refused(world: World, body: dict[str, Any], field: str) -> None:
    answer = await world.api("POST", f"{PATH}/test", body)

    assert (answer.status_code, answer.json().get("field")) == (422, field)


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
    assert (await world.api("POST", f"{PATH}/test", {})).status_code == 200  # verifying writes to nobody

    await world.later(minutes=45)
    assert (await world.api("POST", f"{PATH}/test", body)).status_code == 200


@pytest.mark.parametrize(("fault", "status"), [(Fault.UNAUTHORIZED, 200), (Fault.RATE_LIMITED, 200), (Fault.SLOW, 502)])
async def test_a_test_message_that_fails_says_why(world: World, fault: Fault, status: int) -> None:
    world.fails(fault)

    answer = await world.api("POST", f"{PATH}/test", {"to_number": "whatsapp:+15551234567"})

    assert answer.status_code == status
    assert answer.json().get("ok", False) is False
    assert answer.json()["message"]
