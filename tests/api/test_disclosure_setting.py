"""Whether people are told that an AI agent answers is the owner's choice, which needs a reason."""

from __future__ import annotations

from typing import Any

import pytest

from tests.world import HUMAN, OWNER, Person, World
from trinity_channels import texts
from trinity_channels.store import audit
from trinity_channels.web.auth import Role

PATH = "/api/agents/support/disclosure"
TOLD = f"{texts.DISCLOSURE} {texts.HUMAN_BY_EMAIL.format(contact=HUMAN)}"
ZOE = "zoe@example.org"


@pytest.fixture
def zoe(honest: World) -> Person:
    return honest.person("Zoe")


async def test_it_is_on_and_shown_in_its_words(honest: World) -> None:
    answer = await honest.api("GET", PATH)

    assert answer.json() == {"agent_name": "support", "enabled": True, "reason": None, "sentence": TOLD}


async def test_an_owner_turns_it_off_for_a_reason_that_goes_on_record(honest: World, zoe: Person) -> None:
    owner = await honest.token(Role.USER, OWNER)
    reason = "Employees only; everyone was told in writing."

    answer = await honest.api("PUT", PATH, {"enabled": False, "reason": f" {reason}\n"}, token=owner)
    await zoe.says("hello")

    assert answer.json() == {"agent_name": "support", "enabled": False, "reason": reason, "sentence": TOLD}
    assert (await honest.api("GET", PATH)).json() == answer.json()
    assert zoe.heard() == ["echo hello"]
    entries = await honest.host.store.read(lambda tx: audit.entries(tx, "support"))
    changed = [(one.actor, one.details) for one in entries if one.action == "set_disclosure"]
    assert changed == [(f"user:{OWNER}", {"enabled": False, "reason": reason})]


@pytest.mark.parametrize("body", [{}, {"reason": None}, {"reason": ""}, {"reason": " \n"}, {"reason": "x" * 501}])
async def test_without_a_reason_it_stays_on(honest: World, zoe: Person, body: dict[str, Any]) -> None:
    answer = await honest.api("PUT", PATH, {"enabled": False, **body})
    await zoe.says("hello")

    assert (answer.status_code, answer.json()["code"], answer.json()["field"]) == (422, "invalid_input", "reason")
    assert zoe.heard() == [f"{TOLD}\n\necho hello"]


async def test_turned_on_again_it_is_said_to_those_who_were_not_told(honest: World, zoe: Person) -> None:
    await honest.api("PUT", PATH, {"enabled": False, "reason": "a trial"})
    await zoe.says("hello")

    answer = await honest.api("PUT", PATH, {"enabled": True})
    await zoe.says("and again")

    assert (answer.json()["enabled"], answer.json()["reason"]) == (True, None)
    assert zoe.heard() == ["echo hello", f"{TOLD}\n\necho and again"]


async def test_one_agent_says_nothing_of_another(honest: World, zoe: Person) -> None:
    await honest.api("PUT", PATH.replace("support", "sales"), {"enabled": False, "reason": "a trial"})

    await zoe.says("hello")

    assert zoe.last().startswith(TOLD)
