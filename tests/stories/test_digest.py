"""What owners are mailed about people who wait."""

from __future__ import annotations

import pytest

from tests.world import OWNER, PUBLIC, World
from trinity_channels.store import access


async def test_the_owner_gets_one_mail_about_several_requests(world: World) -> None:
    for name in ("zoe", "yan"):
        await world.person(name).verifies(f"{name}@example.org")
    await world.later(seconds=31)

    mails = [mail for mail in world.mails.mails if mail.to == OWNER]

    assert len(mails) == 1
    assert "2 people are waiting" in mails[0].subject
    assert all(f"    {one['id']}: {one['email']} (on whatsapp)" in mails[0].text for one in await world.requests())
    assert f"POST {PUBLIC}/api/agents/support/access-requests/NUMBER/decide" in mails[0].text

    await world.later(hours=1)
    assert len([mail for mail in world.mails.mails if mail.to == OWNER]) == 1


async def test_the_owner_hears_nothing_of_what_is_decided_already(world: World) -> None:
    await world.person("Zoe").verifies("zoe@example.org")
    await world.decides("zoe@example.org")

    await world.later(minutes=5)

    assert not world.mails.to(OWNER)


async def test_an_owner_who_cannot_be_looked_up_keeps_no_other_waiting(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As when the application that mounts the host has deleted an agent."""
    await world.host.store.write(
        lambda tx: access.ask(tx, "my-agent", "yan@example.org", "whatsapp", 0, world.now())  # asked first
    )
    await world.person("Zoe").verifies("zoe@example.org")
    owner = world.host.directory.owner

    async def unknown(agent: str) -> str | None:
        if agent == "my-agent":
            raise LookupError
        return await owner(agent)

    monkeypatch.setattr(world.host.directory, "owner", unknown)
    await world.later(seconds=31)

    assert ["zoe@example.org" in mail.text for mail in world.mails.to(OWNER)] == [True]
