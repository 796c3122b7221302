"""The people who wrote to an agent, on its Sharing page: found, blocked, unlinked, exported, erased."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from playwright.async_api import Page, expect

from tests.pages.browsing import Reader, Readers
from tests.pages.clients import OWN, client_of
from tests.pages.hostile import HOSTILE
from tests.world import OWNER, World
from trinity_channels.web.auth import Role

PATH = "/agents/support"


async def owner_at(town: World, page_of: Readers) -> tuple[Reader, Page]:
    """The owner's browser, at the page."""
    reader = await page_of(town, await town.token(Role.USER, OWNER))
    return reader, await reader.opens(PATH)


async def opens_menu(page: Page, name: str) -> None:
    """Open what can be done with a client."""
    await page.get_by_role("button", name=f"Actions for {name}").click()


async def test_a_client_is_listed_with_masked_address_email_and_window(town: World, page_of: Readers) -> None:
    zoe = town.person("Zoe", "+15557770001")
    await zoe.verifies("zoe@example.org")
    await zoe.says("hello")
    town.clock.tick(timedelta(minutes=20))
    reader, page = await owner_at(town, page_of)
    row = page.get_by_role("row", name="Zoe")

    await expect(row.get_by_text("zoe@example.org")).to_be_visible()
    await expect(row.get_by_text("by code, 20 minutes ago")).to_be_visible()
    await expect(row.get_by_text("20 minutes ago", exact=True)).to_have_count(2)
    assert "+15557770001" not in await page.content()
    await opens_menu(page, "Zoe")
    await reader.examines()
    await page.get_by_role("link", name="Open conversation").click()
    await expect(page.get_by_text("hello", exact=True).first).to_be_visible()


async def test_a_client_appears_while_the_page_is_open_and_nothing_typed_is_lost(town: World, page_of: Readers) -> None:
    await town.person("Yan", "+15557770002").says("hello")
    _, page = await owner_at(town, page_of)
    clients = page.get_by_role("region", name="Clients")
    await page.get_by_label("Find a client").fill("zo")
    await page.get_by_label("E-mail address", exact=True).fill("abe@")

    zoe = town.person("Zoe", "+15557770001")
    await zoe.says("hello")
    await expect(clients.get_by_role("row", name="Zoe")).to_be_visible()
    await town.shares("xia@example.org")

    await expect(page.get_by_role("region", name="People").get_by_text("xia@example.org")).to_be_visible()
    await expect(page.get_by_label("Find a client")).to_have_value("zo")
    await expect(page.get_by_label("E-mail address", exact=True)).to_have_value("abe@")


async def test_a_list_of_clients_that_were_searched_follows_the_search(town: World, page_of: Readers) -> None:
    yan, zoe = town.person("Yan", "+15557770002"), town.person("Zoe", "+15557770001")
    await zoe.says("hello")
    reader = await page_of(town)
    page = await reader.goes(f"{PATH}?q=zoe")
    clients = page.get_by_role("region", name="Clients")

    await yan.says("hello")
    await town.blocks(zoe)

    await expect(clients.get_by_role("row", name="Zoe").get_by_text("Blocked")).to_be_visible()
    await expect(clients.get_by_role("row", name="Yan")).to_have_count(0)


async def test_a_client_is_blocked_let_in_again_and_unlinked(town: World, page_of: Readers) -> None:
    zoe = town.person("Zoe")
    await zoe.verifies("zoe@example.org")
    _, page = await owner_at(town, page_of)
    row = page.get_by_role("row", name="Zoe")

    await opens_menu(page, "Zoe")
    await page.get_by_role("button", name="Block", exact=True).click()
    await expect(row.get_by_text("Blocked")).to_be_visible()
    assert (await town.client(zoe))["blocked"]
    await opens_menu(page, "Zoe")
    await page.get_by_role("button", name="Unblock").click()
    await expect(row.get_by_text("Blocked")).to_have_count(0)
    await opens_menu(page, "Zoe")
    await page.get_by_role("button", name="Unlink e-mail").click()

    await expect(row.get_by_text("Not verified")).to_be_visible()
    assert (await town.client(zoe))["verified_email"] is None


async def test_a_client_is_exported_and_then_erased_after_a_question(
    town: World, page_of: Readers, tmp_path: Path
) -> None:
    zoe = town.person("Zoe")
    await zoe.says("my secret question")
    reader, page = await owner_at(town, page_of)

    await opens_menu(page, "Zoe")
    async with page.expect_download() as begun:
        await page.get_by_role("button", name="Export everything").click()
    file = tmp_path / "export.json"
    await (await begun.value).save_as(file)
    assert "my secret question" in [one["text"] for one in json.loads(file.read_text())["messages"]]
    await page.get_by_role("link", name="Erase…").click()
    await expect(page.get_by_role("heading", name="Erase Zoe?")).to_be_visible()
    await reader.examines()
    await page.get_by_role("link", name="Keep").click()
    assert (await town.client(zoe))["message_count"] == 1
    await opens_menu(page, "Zoe")
    await page.get_by_role("link", name="Erase…").click()
    await page.get_by_role("button", name="Erase for good").click()

    await expect(page.get_by_text("The person is erased.")).to_be_visible()
    await expect(page.get_by_text("No clients yet")).to_be_visible()
    assert (await town.api("GET", "/api/agents/support/clients")).json() == []


async def test_names_are_only_text(town: World, page_of: Readers) -> None:
    for name in HOSTILE:
        await town.person(name).says("hello")

    _, page = await owner_at(town, page_of)

    await expect(page.get_by_role("region", name="Clients").get_by_role("row")).to_have_count(1 + len(HOSTILE))
    assert await page.locator("img, main script").count() == 0


async def test_long_names_and_addresses_break_inside_their_columns(world: World, page_of: Readers) -> None:
    zoe = world.person("x" * 150)
    await zoe.says("y" * 4000)
    await zoe.verifies(f"{'z' * 60}@{'example.' * 10}org")
    await world.shares(f"{'a' * 60}@{'example.' * 20}org")

    _, page = await owner_at(world, page_of)

    await expect(page.get_by_role("button", name="Approve zzz")).to_be_visible()


async def test_clients_are_in_pages_and_found_by_name_email_and_number(town: World) -> None:
    for number in range(30):
        await town.person(f"Person {number:02}", f"+1555777{number:04}").says("hello")
    zoe = town.person("Zoé % _", "+15558880000")
    await zoe.verifies("zoe@example.org")

    async with client_of(town) as admin:
        first = (await admin.get(PATH)).text
        older = first.partition('href="/agents/support?clients=')[2].partition("#")[0]
        second = (await admin.get(f"{PATH}?clients={older}")).text
        found = {
            words: (await admin.get(PATH, params={"q": words})).text
            for words in ("zoe@ex", "PERSON 07", "777000", "% _", "ZOÉ", "nothing like it", "%", "<b>")
        }

    assert ("Zoé" in first, "Person 06" in first, "Person 05" in first) == (True, True, False)
    assert ("Zoé" in second, "Person 06" in second, "Person 05" in second) == (False, False, True)
    rows = {words: html.count("Actions for") for words, html in found.items()}
    assert rows == {
        "zoe@ex": 1,
        "PERSON 07": 1,
        "777000": 10,
        "% _": 1,
        "ZOÉ": 1,
        "nothing like it": 0,
        "%": 1,
        "<b>": 0,
    }
    assert "No client matches “nothing like it”" in found["nothing like it"]
    assert "No client matches “&lt;b&gt;”" in found["<b>"]


async def test_the_place_in_the_list_is_kept(town: World) -> None:
    await town.person("Zoe").says("hello")
    client = (await town.client(town.person("Zoe")))["id"]
    async with client_of(town) as admin:
        page = (await admin.get(PATH, params={"q": "zoe"})).text
        answer = await admin.post(
            f"{PATH}/clients/{client}/block", params={"q": "zoe"}, data={"blocked": "yes"}, headers=OWN
        )

    assert f'action="/agents/support/clients/{client}/block?q=zoe"' in page
    assert answer.headers["location"] == "/agents/support?q=zoe#clients"


@pytest.mark.parametrize("client", ["0", "4711", "x", "9" * 30, "-1", "%00", "1%2f2"])
async def test_a_client_that_does_not_exist_is_not_found(town: World, client: str) -> None:
    async with client_of(town) as admin:
        answers = [
            await admin.get(f"{PATH}/clients/{client}/erase"),
            await admin.post(f"{PATH}/clients/{client}/block", data={"blocked": "yes"}, headers=OWN),
            await admin.post(f"{PATH}/clients/{client}/export", headers=OWN),
        ]

    assert {one.status_code for one in answers} == {httpx.codes.NOT_FOUND}


async def test_the_api_lists_clients_in_pages(town: World) -> None:
    for number in range(5):
        await town.person(f"Person {number}").says("hello")
    path = "/api/agents/support/clients"

    first = await town.api("GET", f"{path}?limit=3&q=person")
    rest = await town.api("GET", first.links["next"]["url"])
    one = (await town.api("GET", f"{path}/{first.json()[0]['id']}")).json()
    queries = ("limit=0", "limit=501", "after=0", "after=x", "after=1-x", "after=-", f"after=1-{'9' * 20}")
    wrong = [await town.api("GET", f"{path}?{query}") for query in queries]

    assert [who["display_name"] for who in first.json() + rest.json()] == [
        f"Person {number}" for number in (4, 3, 2, 1, 0)
    ]
    assert "q=person" in first.links["next"]["url"]
    assert "next" not in rest.links
    assert one == first.json()[0]
    assert {answer.status_code for answer in wrong} == {422}


async def test_clients_who_wrote_last_come_first_and_those_who_write_meanwhile_upset_no_page(town: World) -> None:
    people = [town.person(f"Person {number}") for number in range(4)]
    for person in people:
        await person.says("hello")
        town.clock.tick(timedelta(minutes=1))
    await people[0].says("it is me again")
    path = "/api/agents/support/clients?limit=2"

    first = await town.api("GET", path)
    await people[1].says("me too")  # from the next page to the first one
    rest = await town.api("GET", first.links["next"]["url"])

    assert [who["display_name"] for who in first.json()] == ["Person 0", "Person 3"]
    assert [who["display_name"] for who in rest.json()] == ["Person 2"]
    assert [who["display_name"] for who in (await town.api("GET", path)).json()] == ["Person 1", "Person 0"]
