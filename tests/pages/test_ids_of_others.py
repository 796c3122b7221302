"""A button acts only on what its address names: ids of another conversation, agent or channel are not found."""

from __future__ import annotations

import re
from dataclasses import dataclass

import httpx
import pytest

from tests.pages.clients import OWN, client_of
from tests.pages.reading import path, unanswered
from tests.world import Agent, World
from trinity_channels.api import Fault
from trinity_channels.conversations import reading

DELIVERIES = "/api/agents/support/deliveries"


@dataclass(frozen=True)
class Troubles:
    """Zoe's question has no answer, an answer to Yan failed, and Xia asks for access.

    Attributes:
        places: by name, the address of the conversation.
        forms: what the buttons send, by the name of the person whose conversation has them.
    """

    places: dict[str, str]
    forms: dict[str, tuple[str, dict[str, str]]]


@pytest.fixture
async def troubles(town: World, agent: Agent) -> Troubles:
    await unanswered(town, agent)
    town.fails(Fault.UNAUTHORIZED)
    await town.person("Yan").says("hello")
    await town.policy("require_sharing")
    xia = town.person("Xia")
    await xia.says("May I?")
    await xia.verifies("xia@example.org")
    (turn,) = await town.failed()
    (delivery,) = (await town.api("GET", f"{DELIVERIES}?state=failed")).json()
    (request,) = await town.requests()
    return Troubles(
        {name: await path(town, name) for name in ("Zoe", "Yan", "Xia")},
        {
            "Zoe": ("resubmit", {"turn": str(turn.id)}),
            "Zoe, to close": (f"forget/{turn.id}", {}),
            "Yan": ("resend", {"delivery": str(delivery["id"])}),
            "Xia": ("decide", {"request": str(request["id"]), "decision": "approve"}),
        },
    )


async def test_a_button_does_nothing_in_another_conversation(town: World, troubles: Troubles) -> None:
    async with client_of(town) as client:
        answers = {
            (of, at): await client.post(f"{here}/{action}", data=form, headers=OWN)
            for of, (action, form) in troubles.forms.items()
            for at, here in troubles.places.items()
            if not of.startswith(at)
        }
        (turn,) = await town.failed()
        looked = await client.get(f"{troubles.places['Yan']}/forget/{turn.id}")
        missing = await client.get(f"{troubles.places['Yan']}/forget/999")
    await town.settle()

    assert {one.status_code for one in answers.values()} == {httpx.codes.NOT_FOUND}
    assert len({one.text for one in (*answers.values(), looked, missing)}) == 1
    assert [one["status"] for one in await town.requests("")] == ["pending"]
    assert [one["state"] for one in (await town.api("GET", f"{DELIVERIES}?state=failed")).json()] == ["failed"]
    assert len(await town.failed()) == 1


async def test_a_button_works_in_its_own(town: World, troubles: Troubles) -> None:
    async with client_of(town) as client:
        for of in ("Zoe", "Yan", "Xia"):
            action, form = troubles.forms[of]
            answer = await client.post(f"{troubles.places[of]}/{action}", data=form, headers=OWN)
            assert answer.status_code == httpx.codes.SEE_OTHER
    await town.settle()

    assert await town.failed() == []
    assert (await town.api("GET", f"{DELIVERIES}?state=failed")).json() == []
    assert await town.requests() == []


@pytest.mark.parametrize("action", ["resubmit", "forget"])
async def test_what_was_settled_meanwhile_leads_back(town: World, troubles: Troubles, action: str) -> None:
    here = troubles.places["Zoe"]
    (turn,) = await town.failed()
    await town.api("POST", f"/api/agents/support/failed-turns/{turn.id}/resubmit")
    await town.settle()
    target = f"{here}/forget/{turn.id}" if action == "forget" else f"{here}/resubmit"
    async with client_of(town) as client:
        answers = [await client.post(target, data={"turn": str(turn.id)}, headers=OWN)]
        answers.append(await client.get(f"{here}/forget/{turn.id}"))

    assert [(one.status_code, one.headers["location"]) for one in answers] == [(303, here)] * 2


async def test_a_question_on_an_older_page_is_closed_from_there(
    town: World, agent: Agent, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "PAGE", 2)
    zoe = await unanswered(town, agent)
    await zoe.says("and 7 x 7?", "and 8 x 8?")
    here = await path(town, "Zoe")
    async with client_of(town) as client:
        older = here
        while not (link := re.search(r'href="([^"]*/forget/[^"]*)"', (await client.get(older)).text)):
            found = re.search(r'href="([^"]*\?before=\d+)"', (await client.get(older)).text)
            assert found
            older = found[1]
        asked = await client.get(link[1])

    assert "before=" in link[1]
    assert "what is 6 x 7?" in asked.text


async def test_the_page_of_a_test_message_shows_no_other_message(town: World) -> None:
    await town.person("Zoe").says("hello")
    (answer,) = (await town.api("GET", DELIVERIES)).json()
    to = town.person("Yan").phone.address
    tried = await town.api("POST", "/api/agents/support/whatsapp/test", {"to_number": to})
    test = tried.json()["delivery_id"]
    async with client_of(town) as client:

        async def status(channel: str, delivery: int) -> list[int]:
            paths = [f"/agents/support/channels/{channel}/test/{delivery}"]
            if channel != "whatsapp" or delivery != test:
                paths.append(f"/live{paths[0]}")  # a stream would not end
            return [(await client.get(one)).status_code for one in paths]

        found = [await status("whatsapp", test), await status("whatsapp", answer["id"]), await status("telegram", test)]

    assert found == [[200], [404, 404], [404, 404]]
