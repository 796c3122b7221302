"""`/docs`: the API's description, from this host alone."""

from __future__ import annotations

import re

import httpx
import pytest

from tests.world import LOCAL, PUBLIC, World

pytestmark = pytest.mark.alone("an application has a description of its own")


async def get(world: World, path: str) -> httpx.Response:
    return await world.http.get(f"{LOCAL}{path}")


async def test_everything_the_page_needs_comes_from_this_host(world: World) -> None:
    page = await get(world, "/docs")
    needed = re.findall(r'(?:src|href)="([^"]+)"', page.text)

    answers = [await get(world, f"/{address}") for address in needed]

    assert len(needed) == 5
    assert [answer.status_code for answer in answers] == [200] * 5
    assert httpx.URL(PUBLIC).host not in page.text
    assert "//" not in page.text
    assert "script-src 'self';" in page.headers["content-security-policy"]


@pytest.mark.parametrize("path", ["/docs/redoc.standalone.js", "/docs/../app.py", "/docs/%2e%2e/core.py", "/redoc"])
async def test_nothing_else_of_the_package_is_served(world: World, path: str) -> None:
    assert (await get(world, path)).status_code == 404
