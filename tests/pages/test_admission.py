"""Who may see a page is decided before anything that they sent is looked at, on every page."""

from __future__ import annotations

import re

import httpx

from tests.pages.clients import OWN, client_of
from tests.world import OWNER, World
from trinity_channels.page_routes import site
from trinity_channels.web.auth import Role
from trinity_channels.web.pages.page import Page

FORMS = (
    "",
    "policy=everyone&email=nonsense&request=x&delivery=x&turn=x&to=&decision=perhaps",
    "approve=1&decline=1&email=zoe%40example.org&policy=open&blocked=yes&value=nonsense&role=king",
    "&".join(f"field{number}=x" for number in range(2000)),
)
"""What may be sent: nothing, nonsense, what would be right, too much."""


def pages(world: World) -> list[Page]:
    """Every page of the host."""
    return list(site(world.host, "").pages)


async def answers(client: httpx.AsyncClient, page: Page, agent: str) -> set[tuple[int, str]]:
    """What a page says to each form."""
    path = page.path.replace("{name}", agent).replace("{channel}", "whatsapp")
    path = re.sub("{[^}]*}", "1", path)
    found = set()
    for form in FORMS if page.method == "POST" else ("",):
        headers = OWN | {"Content-Type": "application/x-www-form-urlencoded"}
        answer = await client.request(page.method, f"{path}?before=x&clients=x", content=form, headers=headers)
        found.add((answer.status_code, answer.text))
    return found


async def test_every_page_of_another_owners_agent_looks_like_none(world: World) -> None:
    """Before: a form with an unknown policy, or without a chosen request, was answered before the agent was looked for."""
    await world.connect()
    token = await world.token(Role.USER, "sales@example.org")
    wanted = [page for page in pages(world) if "{name}" in page.path]
    async with client_of(world, token) as foreign:
        told = {
            f"{page.method} {page.path} {agent}": await answers(foreign, page, agent)
            for page in wanted
            for agent in ("support", "none")
        }

    assert len(wanted) > 30
    assert {name: found for name, found in told.items() if {status for status, _ in found} != {404}} == {}
    assert len({text for found in told.values() for _, text in found}) == 1


async def test_every_page_of_the_host_is_for_administrators(world: World) -> None:
    wanted = [page for page in pages(world) if "/settings" in page.path]
    async with client_of(world, await world.token(Role.USER, OWNER)) as owner:
        told = {f"{page.method} {page.path}": await answers(owner, page, "") for page in wanted}

    assert len(wanted) > 10
    assert {name for name, found in told.items() if {status for status, _ in found} != {httpx.codes.FORBIDDEN}} == set()


async def test_every_other_page_is_open_to_owners_or_to_everyone(world: World) -> None:
    other = {page.path for page in pages(world) if not page.public and not page.of_agent and not page.of_host}

    assert other == {
        "/",
        "/agents",
        "/appearance",
        "/conversations",
        "/live/agents",
        "/live/attention",
        "/live/conversations",
        "/live/conversations/attention",
        "/signout",
        "/signout/everywhere",
    }
