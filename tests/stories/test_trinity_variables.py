"""Texts about the platform name the variable that counts: within another application that is the one with the prefix."""

from __future__ import annotations

import re

import httpx
import pytest
from starlette.responses import JSONResponse, PlainTextResponse, Response

from tests.platform.double import Platform
from tests.platform.worlds import platform, served
from tests.stories.test_trinity_directory import weaker
from tests.world import Found

__all__ = ["platform"]
BARE = re.compile(r"\b(?<!TRINITY_CHANNELS_)TRINITY_(?:URL|TOKEN)\b")
URL, TOKEN = "TRINITY_CHANNELS_TRINITY_URL", "TRINITY_CHANNELS_TRINITY_TOKEN"


async def told(found: Found, platform: Platform, *failures: Response | Exception) -> str:
    """What an owner's request and the diagnostics say while the platform answers so."""
    town = await served(found, platform)
    await town.later(seconds=61)
    platform.fails("accounts", *failures * 20)
    refused = await town.api("GET", "/api/agents/support/shares")
    examined = await town.api("POST", "/api/settings/diagnosis")
    assert refused.is_error
    return refused.text + examined.text


@pytest.mark.parametrize(
    ("failure", "named"),
    [
        (JSONResponse({"detail": "Could not validate credentials"}, 401), {TOKEN}),
        (JSONResponse({"detail": "Conflict"}, 409), {URL, TOKEN}),
        (PlainTextResponse("404 page not found", 404), {URL}),
        (PlainTextResponse("a page of a proxy"), {URL}),
        (httpx.ConnectError("refused"), {URL, TOKEN}),
    ],
    ids=["token", "refusal", "of a proxy", "shape", "away"],
)
async def test_what_the_platform_answers_names_the_setting(
    found: Found, platform: Platform, failure: Response | Exception, named: set[str]
) -> None:
    text = await told(found, platform, failure)

    assert not BARE.search(text), text
    assert {one for one in (URL, TOKEN) if one in text} >= named


async def test_a_token_with_too_few_rights_is_named(found: Found, platform: Platform) -> None:
    weaker(platform)
    town = await served(found, platform)

    refused = await town.api("POST", "/api/agents/support/share", {"email": "yan@example.org"})
    examined = await town.api("POST", "/api/settings/diagnosis")

    for text in (refused.text, examined.text):
        assert TOKEN in text
        assert not BARE.search(text)


async def test_a_platform_without_agents_names_the_account_s_token(found: Found, platform: Platform) -> None:
    town = await served(found, platform, connected=False)
    platform.accounts.agents.clear()
    await town.later(seconds=61)

    shown = await town.api("GET", "/api/setup")
    examined = await town.api("POST", "/api/settings/diagnosis")

    for text in (shown.text, examined.text):
        assert TOKEN in text
        assert not BARE.search(text)
