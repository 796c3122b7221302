"""Every page without a mouse: Tab meets everything in order, each stop is seen, and nothing holds the focus."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from freezegun.api import FrozenDateTimeFactory
from playwright.async_api import Browser, ViewportSize, expect

from tests.channels.net import Net, Someone
from tests.pages.browsing import Readers
from tests.pages.drawing import Picture
from tests.pages.fiction import OWNER, Fiction
from tests.pages.keyboard import mouse_only, walk
from tests.pages.pictures import PICTURES
from tests.world import ADMIN, World
from trinity_channels.cli import servers
from trinity_channels.web.auth import Role

CHANNEL = "/agents/front-desk/channels/whatsapp"
PHONE: ViewportSize = {"width": 390, "height": 844}
WIDE: ViewportSize = {"width": 1200, "height": 900}
FURTHER = (Picture("filtered", "/conversations?state=attention&q=Dana"),)


@pytest.mark.timeout(600)
async def test_every_page_is_used_by_keyboard(
    tmp_path: Path, blank: Path, clock: FrozenDateTimeFactory, page_of: Readers
) -> None:
    shutil.copy(blank, tmp_path)
    async with Fiction(tmp_path, clock) as fiction:
        await fiction.lives()
        tokens = {"admin": ADMIN, "owner": await fiction.token(Role.USER, OWNER), "visitor": None}
        readers = {who: await page_of(fiction, token) for who, token in tokens.items()}
        for picture in (*(one for one in PICTURES if one.step is None and one.status == 200), *FURTHER):
            page = readers[picture.who].page
            await page.goto(f"{readers[picture.who].url}{picture.path}")
            await page.wait_for_load_state("load")
            forwards = await walk(page)
            backwards = await walk(page, "Shift+Tab")
            assert forwards.names == forwards.reachable, picture.path
            assert backwards.names == forwards.names[::-1], picture.path
            assert forwards.unseen == [], picture.path
            assert await mouse_only(page) == [], picture.path
            await page.set_viewport_size(PHONE)
            assert (await walk(page)).unseen == [], f"{picture.path}, on a phone"
            await page.set_viewport_size(WIDE)


async def test_the_phones_of_simulators_are_used_by_keyboard(
    tmp_path: Path, blank: Path, clock: FrozenDateTimeFactory, browser: Browser
) -> None:
    shutil.copy(blank, tmp_path)
    async with Net(tmp_path, clock) as net:
        await net.connect_all()
        for channel, simulator in net.simulators.items():
            await Someone(net, channel, "Zoe").says("hello")
            with servers.bind("127.0.0.1", 0) as bound:
                async with servers.serving(simulator.app, bound, simulator.settle):
                    page = await browser.new_page()
                    await page.goto(servers.address(bound))
                    forwards, backwards = await walk(page), await walk(page, "Shift+Tab")
                    left = await mouse_only(page)
                    await page.close()

            assert len(forwards.names) > 5, channel
            assert forwards.names == forwards.reachable, channel
            assert backwards.names == forwards.names[::-1], channel
            assert forwards.unseen == [], channel
            assert left == [], channel


async def test_the_first_stop_leads_past_the_navigation(world: World, page_of: Readers) -> None:
    page = await (await page_of(world)).goes("/agents")
    skip = page.get_by_role("link", name="Skip to the page")
    await expect(skip).not_to_be_in_viewport()

    await page.keyboard.press("Tab")
    await expect(skip).to_be_focused()
    await expect(skip).to_be_in_viewport()
    await page.keyboard.press("Enter")
    await page.keyboard.press("Tab")

    assert await page.evaluate("document.querySelector('main').contains(document.activeElement)")


async def test_the_account_menu_is_opened_used_and_closed(world: World, page_of: Readers) -> None:
    page = await (await page_of(world)).goes("/agents")
    account = page.get_by_role("button", name="Account and appearance")
    dark = page.get_by_role("button", name="Appearance: dark")

    await account.focus()
    await page.keyboard.press("Enter")
    await expect(dark).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(dark).to_be_hidden()
    await expect(account).to_be_focused()

    await page.keyboard.press("Space")
    for _ in range(3):
        await page.keyboard.press("Tab")
    await expect(dark).to_be_focused()  # the menu comes right after its button
    await page.keyboard.press("Enter")
    await expect(page.locator("html[data-theme=dark]")).to_have_count(1)


async def test_what_is_folded_is_opened_and_read(world: World, page_of: Readers) -> None:
    page = await (await page_of(world)).goes("/agents")
    folded = page.locator("details.curl").first

    await folded.locator("summary").focus()
    await page.keyboard.press("Enter")
    await expect(folded.locator("pre").first).to_be_visible()
    await page.keyboard.press("Tab")
    await expect(folded.locator("pre").first).to_be_focused()  # long lines are scrolled with the arrow keys
    await page.keyboard.press("Shift+Tab")
    await page.keyboard.press("Space")

    await expect(folded.locator("pre").first).to_be_hidden()


@pytest.mark.parametrize(
    ("path", "filled", "button", "focused"),
    [
        ("/agents/support", {"E-mail address": "x@y@z"}, "Add", "E-mail address"),
        ("/settings", {"Public Chat URL": "chat.example.org"}, "Save and check", "Public Chat URL"),
        ("/settings/limits", {"An answer is late after (hours)": "soon"}, "Save", "An answer is late after (hours)"),
        ("/settings/tokens/new", {"Owner or agent": "unknown"}, "Make the token", None),
        (
            "/agents/support/channels/whatsapp/edit",
            {"WhatsApp From Number": "no number"},
            "Save",
            "WhatsApp From Number",
        ),
        ("/agents/support/channels/whatsapp/test", {"To": "no number"}, "Send", "To"),
    ],
)
async def test_after_an_error_the_first_faulty_field_has_the_focus(
    world: World, page_of: Readers, path: str, filled: dict[str, str], button: str, focused: str | None
) -> None:
    reader = await page_of(world)
    page = await reader.opens(path)
    await page.evaluate("document.querySelectorAll('form').forEach(one => { one.noValidate = true; })")
    for label, value in filled.items():
        await page.get_by_role("textbox", name=label, exact=True).fill(value)
    reader.expects_status(422)

    await page.get_by_role("button", name=button, exact=True).focus()
    await page.keyboard.press("Enter")

    field = page.get_by_role("textbox", name=focused, exact=True) if focused else page.get_by_role("radio").first
    await expect(page.locator(".error").first).to_be_visible()
    await expect(field).to_be_focused()
    await expect(field).to_be_in_viewport()
    await reader.examines()


async def test_what_is_refused_without_a_field_has_the_focus(world: World, page_of: Readers) -> None:
    reader = await page_of(world)
    page = await reader.opens("/agents/sales/channels/whatsapp")
    for name, value in world.twilio.settings().items():  # of the account that support has
        await page.locator(f"input[name={name}]").fill(str(value))
    reader.expects_status(409)

    await page.keyboard.press("Enter")

    await expect(page.get_by_role("alert")).to_be_focused()
    await reader.examines()


async def test_after_a_change_people_go_on_where_they_were(world: World, page_of: Readers) -> None:
    page = await (await page_of(world)).goes("/agents/support")
    await page.get_by_label("E-mail address").fill("zoe@example.org")

    await page.keyboard.press("Enter")
    await expect(page.get_by_text("zoe@example.org has access now.")).to_be_visible()
    await page.keyboard.press("Tab")

    await expect(page.get_by_label("E-mail address")).to_be_focused()  # of the section, not of the page's beginning


async def test_a_part_that_changes_by_itself_leaves_the_focus_where_it_is(world: World, page_of: Readers) -> None:
    zoe = world.person("Zoe")
    await zoe.verifies("zoe@example.org")
    await zoe.says("may I?")
    page = await (await page_of(world)).goes("/agents/support")
    decline = page.get_by_role("button", name="Decline zoe@example.org")
    await decline.focus()

    yan = world.person("Yan")
    await yan.verifies("yan@example.org")
    await yan.says("and I?")

    await expect(page.get_by_role("button", name="Decline yan@example.org")).to_be_visible()
    await expect(decline).to_be_focused()


async def test_checking_again_leaves_the_focus_on_its_button(world: World, page_of: Readers) -> None:
    page = await (await page_of(world)).goes("/settings")
    await expect(page.get_by_text("Reachable.")).to_be_visible()
    check = page.get_by_role("button", name="Check now")
    await check.focus()

    async with page.expect_response("**/probe"):
        await page.keyboard.press("Space")

    await expect(page.get_by_text("Reachable.")).to_be_visible()
    await expect(check).to_be_focused()
