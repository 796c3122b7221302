"""The Sharing page: who may chat with an agent, who asks to, who has access, and who has written."""

from __future__ import annotations

from playwright.async_api import Page, expect

from tests.pages.browsing import Reader, Readers
from tests.world import OWNER, Person, World
from trinity_channels.web.auth import Role

PATH = "/agents/support"
HOSTILE = (
    "<img src=x onerror=alert(1)>",
    "{{ page.url('x') }}{% raw %}",
    "x" * 4000,
    "\u202etxt.exe\u2066 שלום",
    "</blockquote></form></main><script>alert(1)</script>",
)


async def owner_at(world: World, page_of: Readers, path: str = PATH) -> tuple[Reader, Page]:
    """The owner's browser, at the page."""
    reader = await page_of(world, await world.token(Role.USER, OWNER))
    return reader, await reader.opens(path)


async def asks(world: World, name: str = "Zoe", words: str = "May I come in today?") -> Person:
    """Someone writes, signs in, and waits for the owner."""
    person = world.person(name)
    await person.says(words)
    await person.verifies(f"{name.lower()}@example.org")
    return person


async def test_a_stranger_writes_signs_in_is_approved_on_the_page_and_gets_the_answer(
    world: World, page_of: Readers
) -> None:
    reader, page = await owner_at(world, page_of)
    requests = page.get_by_role("region", name="Access Requests")
    await expect(requests.get_by_text("No access requests")).to_be_visible()

    zoe = await asks(world)

    await expect(requests.get_by_text("zoe@example.org", exact=True)).to_be_visible()  # without loading the page again
    await expect(requests.get_by_text("May I come in today?")).to_be_visible()
    await expect(requests.get_by_text("e-mail verified by code")).to_be_visible()
    await reader.examines()
    await page.get_by_role("button", name="Approve zoe@example.org").click()
    await expect(page.get_by_role("status").get_by_text("zoe@example.org is approved.")).to_be_visible()
    await world.settle()
    assert zoe.last() == "echo May I come in today?"
    await expect(page.get_by_role("region", name="People").get_by_text("zoe@example.org")).to_be_visible()
    await expect(requests.get_by_text("No access requests")).to_be_visible()
    await reader.examines()
