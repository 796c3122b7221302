"""A host beside the platform that has no agents of its own: address and token are enough to serve all of the platform's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest
from starlette.responses import JSONResponse, Response

from tests.pages.clients import client_of
from tests.platform.double import TOKEN, Platform
from tests.platform.worlds import agents, platform, served
from tests.stories.test_reload import now_reads
from tests.world import ADMIN, OWNER, Found, World
from trinity_channels import texts

__all__ = ["platform"]
ZOE = "zoe@example.org"
OLGA = "trinity_mcp_fake-key-of-olga"


@pytest.fixture
async def town(found: Found, platform: Platform) -> World:
    platform.accounts.key(OLGA, "olga")
    return await served(found, platform)


def weaker(platform: Platform, *, owner: bool = False) -> None:
    """The host's key belongs to a plain account that the agent is shared with, or to the owner."""
    platform.accounts.user("service", "service@example.org")
    platform.accounts.key(TOKEN, "olga" if owner else "service")
    platform.accounts.share("support", "service@example.org")


# --- agents and people ---


async def test_all_agents_of_the_platform_are_there_with_their_owners(town: World, platform: Platform) -> None:
    accounts = platform.accounts
    accounts.agent("sales", accounts.user("sam", "Sam@Example.org"))
    accounts.agent("system", accounts.users["admin"])

    assert await agents(town, ADMIN) == [("support", OWNER)]
    await town.later(seconds=61)

    found = await agents(town, ADMIN)
    assert found == [("sales", "sam@example.org"), ("support", OWNER), ("system", "admin")]


async def test_anyone_with_access_there_is_answered_here(town: World, platform: Platform) -> None:
    platform.accounts.share("support", ZOE)
    zoe, yan = town.person("Zoe"), town.person("Yan")
    await town.policy("require_sharing")
    await zoe.verifies(ZOE)
    await yan.verifies("yan@example.org")

    await zoe.says("hello")
    await yan.says("hello")
    await town.later(seconds=1)

    assert zoe.last() == "echo hello"
    assert [one["email"] for one in await town.requests()] == ["yan@example.org"]


@pytest.mark.parametrize("email", [OWNER, "root@example.org"])
async def test_owners_and_administrators_need_no_share(town: World, platform: Platform, email: str) -> None:
    platform.accounts.user("root", "root@example.org", "admin")
    await town.later(seconds=61)
    await town.policy("require_sharing")
    zoe = town.person("Zoe")
    await zoe.verifies(email)

    await zoe.says("hello")
    await town.later(seconds=1)

    assert zoe.last() == "echo hello"


async def test_a_share_that_is_taken_away_there_counts_for_a_minute_at_most(town: World, platform: Platform) -> None:
    platform.accounts.share("support", ZOE)
    await town.policy("require_sharing")
    zoe = town.person("Zoe")
    await zoe.verifies(ZOE)
    await zoe.says("one")
    await town.later(seconds=1)
    del platform.accounts.agents["support"].shares[ZOE]

    await town.later(seconds=61)
    await zoe.says("two")
    await town.later(seconds=5)

    assert "echo two" not in zoe.heard()
    assert len(platform.executions) == 1


async def test_what_the_owner_decides_here_is_stored_there(town: World, platform: Platform) -> None:
    shares = platform.accounts.agents["support"].shares
    await town.policy("require_sharing")
    zoe = town.person("Zoe")
    await zoe.verifies(ZOE)
    await zoe.says("hello")

    await town.decides(ZOE)
    await town.later(seconds=1)
    assert set(shares) == {ZOE}
    assert zoe.heard()[-2:] == [texts.APPROVED, "echo hello"]

    body = {"email": ZOE, "allow_proactive": True}
    await town.api("PUT", "/api/agents/support/shares/proactive", body)
    assert shares[ZOE].allow_proactive

    gone = await town.api("DELETE", f"/api/agents/support/share/{ZOE}")
    assert (gone.status_code, shares) == (200, {})


@pytest.mark.parametrize("tells", [True, False])
@pytest.mark.parametrize("allowed", [True, False])
async def test_agents_write_first_to_those_who_may_be_written_to_there(
    town: World, platform: Platform, *, allowed: bool, tells: bool
) -> None:
    platform.accounts.tells_consent = tells
    platform.accounts.share("support", ZOE, allow_proactive=allowed)
    await town.policy("require_sharing")
    zoe = town.person("Zoe")
    await zoe.verifies(ZOE)

    platform.accounts.key("trinity_mcp_fake-key-of-the-agent", "olga", "agent", "support")
    body = {"recipient_email": ZOE, "text": "news", "channel": "whatsapp"}
    answer = await town.api("POST", "/api/agents/support/messages", body, token="trinity_mcp_fake-key-of-the-agent")
    await town.settle()

    assert answer.status_code == (200 if allowed else 403)
    assert (zoe.last() == "news") is allowed


@pytest.mark.parametrize("tells", [True, False])
async def test_shares_are_shown_as_the_platform_has_them(town: World, platform: Platform, *, tells: bool) -> None:
    platform.accounts.tells_consent = tells
    platform.accounts.share("support", "yan@example.org")
    platform.accounts.share("support", ZOE, allow_proactive=True)

    shares = (await town.api("GET", "/api/agents/support/shares")).json()

    assert [(one["email"], one["allow_proactive"]) for one in shares] == [("yan@example.org", False), (ZOE, True)]


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "code"),
    [
        ("POST", "/share", {"email": ZOE}, 409, "already_shared"),
        ("POST", "/share", {"email": OWNER}, 400, "self_share"),
        ("DELETE", "/share/yan@example.org", None, 404, "not_shared"),
        ("PUT", "/shares/proactive", {"email": "yan@example.org", "allow_proactive": True}, 404, "not_shared"),
    ],
)
async def test_the_platform_s_refusals_are_ours(
    town: World, platform: Platform, method: str, path: str, body: Any, status: int, code: str
) -> None:
    platform.accounts.share("support", ZOE)

    answer = await town.api(method, f"/api/agents/support{path}", body)

    assert (answer.status_code, answer.json()["code"]) == (status, code)


@pytest.mark.parametrize(
    ("status", "detail", "expected"),
    [
        (400, "Cannot share an agent with yourself", (400, "self_share")),
        (400, "This is the owner of the agent", (400, "self_share")),
        (400, "Limit of shares reached", (422, "invalid_input")),
        (400, [{"msg": "Disposable addresses are not taken"}], (422, "invalid_input")),
        (422, [{"msg": "value is not a valid email address"}], (422, "invalid_input")),
        (400, None, (422, "invalid_input")),
        (500, "x", (503, "platform_unavailable")),
    ],
)
async def test_why_the_platform_refuses_a_share_is_told(
    town: World, platform: Platform, status: int, detail: Any, expected: tuple[int, str]
) -> None:
    await agents(town, ADMIN)  # so that nothing else is asked for
    platform.fails("accounts", JSONResponse({"detail": detail}, status))

    answer = await town.api("POST", "/api/agents/support/share", {"email": ZOE})

    assert (answer.status_code, answer.json()["code"]) == expected
    if expected[1] == "invalid_input":
        words = detail[0]["msg"] if isinstance(detail, list) else detail or "400"
        assert words in answer.json()["message"]
        assert answer.json()["field"] == "email"


# --- when the token's rights do not suffice, or the platform is away ---


async def test_a_key_that_sees_no_shares_lets_no_one_in_and_says_so(
    found: Found, platform: Platform, caplog: pytest.LogCaptureFixture
) -> None:
    weaker(platform)
    platform.accounts.share("support", ZOE)
    town = await served(found, platform)
    await town.policy("require_sharing")
    zoe = town.person("Zoe")
    await zoe.verifies(ZOE)
    await zoe.says("hello")

    assert len(platform.executions) == 0
    answer = await town.api("POST", "/api/agents/support/share", {"email": "yan@example.org"})
    assert (answer.status_code, answer.json()["code"]) == (502, "platform_refused")
    assert "into TRINITY_CHANNELS_TRINITY_TOKEN." in answer.json()["message"]
    assert "shares not readable" in caplog.text
    finding = await town.check("sharing")
    assert finding["state"] == "failed"
    assert "into TRINITY_CHANNELS_TRINITY_TOKEN." in finding["message"]


async def test_the_owner_s_key_is_enough_for_their_agents(found: Found, platform: Platform) -> None:
    weaker(platform, owner=True)
    platform.accounts.share("support", ZOE)
    town = await served(found, platform)
    await town.policy("require_sharing")
    zoe = town.person("Zoe")
    await zoe.verifies(ZOE)

    await zoe.says("hello")
    await town.later(seconds=1)

    assert zoe.last() == "echo hello"
    assert await agents(town, TOKEN) == [("support", OWNER)]
    assert "sharing" not in {one["code"] for one in (await town.binding())["health"]["checks"]}


async def test_a_user_name_that_looks_like_an_owner_s_e_mail_is_not_that_owner(
    found: Found, platform: Platform
) -> None:
    weaker(platform, owner=True)  # this token sees its own account alone
    town = await served(found, platform)
    platform.accounts.user(OWNER, "mallory@example.org")
    platform.accounts.key("trinity_mcp_fake-key-of-mallory", OWNER)

    answer = await town.api("GET", "/api/agents/support/shares", token="trinity_mcp_fake-key-of-mallory")

    assert answer.status_code == 404


AWAY: dict[str, Callable[[], Response | Exception]] = {
    "no connection": lambda: httpx.ConnectError("none"),
    "503": lambda: Response(status_code=503),
    "a page": lambda: Response("<html>", media_type="text/html"),
    "404 of a proxy": lambda: Response("404 page not found", 404),
    "403 of a proxy": lambda: Response("<html>", 403, media_type="text/html"),
    "the host's token is refused": lambda: JSONResponse({"detail": "Could not validate credentials"}, 401),
}


@pytest.mark.parametrize("failure", AWAY.values(), ids=AWAY)
async def test_without_the_platform_people_wait_and_are_not_refused(
    town: World, platform: Platform, failure: Callable[[], Response | Exception]
) -> None:
    platform.accounts.share("support", ZOE)
    await town.policy("require_sharing")
    zoe = town.person("Zoe")
    await zoe.verifies(ZOE)
    await town.later(seconds=61)
    platform.fails("accounts", *[failure()] * 4)

    await zoe.says("hello")
    for _ in range(20):
        await town.later(seconds=5)

    assert zoe.last() == "echo hello"
    assert await town.requests() == []


@pytest.mark.parametrize("failure", list(AWAY.values())[:-1], ids=list(AWAY)[:-1])
async def test_without_the_platform_the_api_says_so(
    town: World, platform: Platform, failure: Callable[[], Response | Exception]
) -> None:
    await town.later(seconds=61)
    platform.fails("accounts", failure())

    answer = await town.api("GET", "/api/agents/support/shares", token=OLGA)

    assert (answer.status_code, answer.json()["code"]) == (503, "platform_unavailable")
    assert answer.headers["Retry-After"] == "15"
    await town.later(seconds=6)
    assert (await town.api("GET", "/api/agents/support/shares", token=OLGA)).status_code == 200


async def test_without_the_platform_the_pages_say_so(town: World, platform: Platform) -> None:
    async with client_of(town, ADMIN) as client:
        await town.later(seconds=61)
        platform.fails("accounts", Response(status_code=503))
        page = await client.get("/agents", headers={"Accept": "text/html"})

    assert page.status_code == 503
    assert "The platform&#39;s API answered 503." in page.text


async def test_people_are_answered_by_a_renamed_agent_at_once(town: World, platform: Platform) -> None:
    platform.accounts.share("support", ZOE)
    await town.policy("require_sharing")
    zoe = town.person("Zoe")
    await zoe.verifies(ZOE)
    await zoe.says("before")
    await town.later(seconds=1)
    platform.accounts.rename("support", "helpdesk")

    await town.api("POST", "/api/settings/agent-renamed", {"agent": "support", "name": "helpdesk"})
    await zoe.says("after")
    await town.later(seconds=1)

    assert zoe.last() == "echo after"
    assert (await town.api("GET", "/api/agents/helpdesk/access-requests")).json() == []
    assert await agents(town, ADMIN) == [("helpdesk", OWNER)]


async def test_a_deleted_agent_is_gone_at_once(town: World, platform: Platform) -> None:
    assert await agents(town, ADMIN) == [("support", OWNER)]
    del platform.accounts.agents["support"]

    await town.api("POST", "/api/settings/agent-deleted", {"agent": "support"})

    assert await agents(town, ADMIN) == []


async def test_a_new_agent_of_a_deleted_one_s_name_is_shared_with_no_one(town: World, platform: Platform) -> None:
    platform.accounts.share("support", ZOE)
    path = "/api/agents/support/shares"
    assert len((await town.api("GET", path)).json()) == 1
    platform.accounts.agent("support", platform.accounts.users["olga"])

    await town.api("POST", "/api/settings/agent-deleted", {"agent": "support"})

    assert (await town.api("GET", path)).json() == []


# --- settings that add to the platform's ---


async def test_a_table_adds_to_an_agent_of_the_platform(found: Found, platform: Platform) -> None:
    platform.accounts.agent("sales", platform.accounts.users["olga"])
    town = await served(found, platform, support={"runtime": "trinity", "allowed_tools": ["Read"]})
    await town.policy("open")

    await town.person("Zoe").says("hello")

    assert platform.asked()[0]["allowed_tools"] == ["Read"]
    assert [name for name, _ in await agents(town, ADMIN)] == ["sales", "support"]


async def test_a_reload_changes_what_tables_add(found: Found, platform: Platform) -> None:
    town = await served(found, platform)
    await town.policy("open")
    now_reads(town, {"support": {"runtime": "trinity", "allowed_tools": ["Read"]}})

    told = (await town.api("POST", "/api/settings/reload")).json()
    await town.person("Zoe").says("hello")
    now_reads(town, {})
    again = (await town.api("POST", "/api/settings/reload")).json()

    assert platform.asked()[0]["allowed_tools"] == ["Read"]
    # It is served as before, though no table names it any more.
    assert (told["message"], again["message"]) == ("Added: support.", "Removed: support.")


async def test_a_reload_does_not_replace_the_platform_s_agents_by_others(town: World) -> None:
    now_reads(town, {"mine": {"owner": OWNER, "runtime": "echo"}})

    answer = await town.api("POST", "/api/settings/reload")

    assert answer.json()["problems"] == [
        "agents: restart the host to change between agents with an owner and the platform's"
    ]
    assert await agents(town, ADMIN) == [("support", OWNER)]


async def test_a_platform_without_agents_is_told_what_to_do(found: Found, platform: Platform) -> None:
    platform.accounts.agents.clear()
    town = await served(found, platform, connected=False)

    steps = (await town.api("GET", "/api/setup")).json()["steps"]

    (step,) = [one for one in steps if one["code"] == "agent"]
    assert step["fix"].startswith("Make an agent on the platform")


async def test_an_agent_that_is_removed_there_is_gone_here(town: World, platform: Platform) -> None:
    await town.policy("open")
    del platform.accounts.agents["support"]
    await town.later(seconds=61)

    zoe = town.person("Zoe")
    await zoe.says("hello")

    assert zoe.heard() == [texts.APOLOGY]
    assert (await town.api("GET", "/api/agents/support/shares")).status_code == 404
