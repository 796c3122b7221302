"""The last messages of a channel, with what became of them, and without what was said."""

from __future__ import annotations

import httpx
import pytest

from tests.world import OWNER, World
from trinity_channels.api import Fault
from trinity_channels.people.masked import masked
from trinity_channels.web.auth import Role

PATH = "/api/agents/support/whatsapp/messages"


@pytest.fixture
async def zoe(world: World) -> World:
    await world.policy("open")
    await world.person("Zoe", "+12025550188").says("a secret question")
    return world


async def test_both_directions_are_listed_newest_first(zoe: World) -> None:
    answer, question = (await zoe.api("GET", PATH)).json()

    assert (question["inbound"], question["origin"], question["state"]) == (True, "person", "answered")
    assert (answer["inbound"], answer["origin"], answer["state"]) == (False, "agent", "read")
    assert (answer["parts"], question["parts"]) == (1, 0)
    assert answer["conversation_id"] == question["conversation_id"] is not None
    assert {answer["client_name"], question["client_name"]} == {"Zoe"}


async def test_neither_the_address_nor_the_words_are_in_it(zoe: World) -> None:
    text = (await zoe.api("GET", PATH)).text

    assert "secret question" not in text
    assert "2025550188" not in text
    assert "+12\N{NO-BREAK SPACE}•••\N{NO-BREAK SPACE}88" in text


async def test_a_failure_says_why(world: World) -> None:
    await world.policy("open")
    world.fails(Fault.UNAUTHORIZED)
    await world.person("Zoe").says("hello")

    answer = (await world.api("GET", PATH)).json()[0]

    assert (answer["state"], answer["error_code"]) == ("failed", "20003")
    assert answer["error"]


async def test_pages_go_on_with_older_ones(zoe: World) -> None:
    every = [one["id"] for one in (await zoe.api("GET", PATH)).json()]
    first = (await zoe.api("GET", f"{PATH}?limit=1")).json()
    second = (await zoe.api("GET", f"{PATH}?limit=1&before={first[0]['id']}")).json()
    rest = (await zoe.api("GET", f"{PATH}?before={second[0]['id']}")).json()

    assert [first[0]["id"], second[0]["id"], *(one["id"] for one in rest)] == every


@pytest.mark.parametrize("query", ["limit=0", "limit=101", "before=0", "before=x", "before=99999999999999999999"])
async def test_a_wrong_page_is_refused(world: World, query: str) -> None:
    assert (await world.api("GET", f"{PATH}?{query}")).status_code == httpx.codes.UNPROCESSABLE_ENTITY


async def test_a_message_that_waits_for_access_says_so(world: World) -> None:
    zoe = world.person("Zoe")
    await zoe.verifies("zoe@example.org")
    await zoe.says("may I?")

    states = {one["state"] for one in (await world.api("GET", PATH)).json() if one["inbound"]}

    assert states == {"held", "handled"}


async def test_of_the_erased_nothing_is_left_but_the_fact(zoe: World) -> None:
    contact = (await zoe.client(zoe.person("Zoe", "+12025550188")))["id"]
    await zoe.api("DELETE", f"/api/agents/support/clients/{contact}")

    left = (await zoe.api("GET", PATH)).json()

    assert {one["state"] for one in left} == {"erased"}
    assert {(one["conversation_id"], one["client_id"], one["client_name"], one["address"]) for one in left} == {
        (None, None, "", "")
    }


async def test_nothing_was_exchanged_yet(world: World) -> None:
    assert (await world.api("GET", PATH)).json() == []
    assert (await world.api("GET", "/api/agents/sales/telegram/messages")).json() == []


async def test_strangers_see_none(zoe: World) -> None:
    stranger = await zoe.token(Role.USER, "stranger@example.org")
    owner = await zoe.token(Role.USER, OWNER)

    refused = await zoe.api("GET", PATH, token=stranger)

    assert refused.status_code == httpx.codes.NOT_FOUND
    assert (await zoe.api("GET", PATH, token=owner)).status_code == httpx.codes.OK


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("whatsapp:+12025550188", "+12 ••• 88"),
        ("123456789", "12 ••• 89"),
        ("1234567", "•••67"),
        ("U02ABCDEF12", "U0 ••• 12"),
        ("ab", "•••"),
        ("a:", ""),
        ("", ""),
    ],
)
def test_addresses_are_shown_without_their_middle(address: str, shown: str) -> None:
    assert masked(address).replace("\N{NO-BREAK SPACE}", " ") == shown
