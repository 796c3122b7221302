"""Shares over the API, under our names and the platform's."""

from __future__ import annotations

import pytest

from tests.world import OWNER, START, World
from trinity_channels.web.auth import Role

AGENT = "/api/agents/support"


async def test_a_share_has_both_spellings(world: World) -> None:
    owner = await world.token(Role.USER, OWNER)
    made = (await world.api("POST", f"{AGENT}/share", {"email": "Zoe@Example.org"}, token=owner)).json()

    (listed,) = (await world.api("GET", f"{AGENT}/shares", token=owner)).json()

    assert listed == made
    assert listed["id"] > 0
    assert listed["shared_with_email"] == listed["email"] == "zoe@example.org"
    assert (listed["shared_by"], listed["shared_by_email"]) == (f"user:{OWNER}", OWNER)


async def test_an_administrator_shares_without_an_e_mail(world: World) -> None:
    await world.shares("zoe@example.org")

    (listed,) = (await world.api("GET", f"{AGENT}/shares")).json()

    assert (listed["shared_by"].partition(":")[0], listed["shared_by_email"]) == ("admin", None)


async def test_those_who_may_be_written_to_are_listed(world: World) -> None:
    for email in ("zoe@example.org", "yan@example.org", "xia@example.org"):
        await world.shares(email, proactive=email != "yan@example.org")
    await world.api("DELETE", f"{AGENT}/share/xia@example.org")

    answer = await world.api("GET", f"{AGENT}/shares/proactive")

    assert answer.json() == {"agent_name": "support", "emails": ["zoe@example.org"]}


async def test_access_says_who_has_come(world: World) -> None:
    await world.shares("zoe@example.org", proactive=True)
    await world.later(hours=1)
    await world.shares("yan@example.org")
    await world.later(hours=1)
    await world.person("Zoe").verifies("zoe@example.org")

    found = (await world.api("GET", f"{AGENT}/access")).json()

    no_account = {"username": None, "role": None}
    assert found == [
        {
            "email": "yan@example.org",
            "last_active": None,
            "status": "pending",
            "allow_proactive": False,
            **no_account,
        },
        {
            "email": "zoe@example.org",
            "last_active": START.replace(hour=11).isoformat().replace("+00:00", "Z"),
            "status": "active",
            "allow_proactive": True,
            **no_account,
        },
    ]


async def test_of_several_phones_the_last_used_counts(world: World) -> None:
    await world.shares("zoe@example.org")
    for name, address in (("Zoe", "+15557770001"), ("Zoe at work", "+15557770002")):
        await world.person(name, address).verifies("zoe@example.org")
        await world.later(hours=2)

    (found,) = (await world.api("GET", f"{AGENT}/access")).json()

    assert found["last_active"].startswith("2026-03-02T11:00")


async def test_who_wrote_to_another_agent_has_not_come_to_this_one(world: World) -> None:
    await world.person("Zoe").verifies("zoe@example.org")
    await world.api("POST", "/api/agents/my-agent/share", {"email": "zoe@example.org"})

    (found,) = (await world.api("GET", "/api/agents/my-agent/access")).json()

    assert (found["status"], found["last_active"]) == ("pending", None)


@pytest.mark.parametrize("value", ["https://new.example.org/", ""])
async def test_the_public_url_is_answered_as_a_setting_of_the_platform(world: World, value: str) -> None:
    path = "/api/settings/public_chat_url"
    before = (await world.api("GET", path)).json()
    await world.later(minutes=5)

    put = (await world.api("PUT", path, {"value": value})).json()
    await world.later(minutes=5)
    got = (await world.api("GET", path)).json()

    assert (before["key"], before["updated_at"]) == ("public_chat_url", None)
    assert (put["key"], put["value"], put["updated_at"]) == (
        "public_chat_url",
        value.rstrip("/") or None,
        "2026-03-02T09:05:00Z",
    )
    assert {name: got[name] for name in ("key", "value", "updated_at")} == {
        name: put[name] for name in ("key", "value", "updated_at")
    }
