"""What owners are mailed about people who wait."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from tests.world import OWNER, PUBLIC, Found, World
from trinity_channels.mail.captured import CapturedMailer
from trinity_channels.mail.port import Mail, MailError
from trinity_channels.store import access


class Picky(CapturedMailer):
    """A mail server that refuses the owner until told otherwise, and remembers when it was asked to."""

    def __init__(self) -> None:
        super().__init__()
        self.refuses = True
        self.tries: list[datetime] = []

    async def send(self, mail: Mail) -> None:
        if mail.to == OWNER:
            self.tries.append(World.now())
            if self.refuses:
                raise MailError("the server does not take it: 550")
        await super().send(mail)


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


async def test_the_owner_is_told_of_letters_that_may_deceive(world: World) -> None:
    zoe = world.person("Zoe")
    await zoe.verifies("\u0437\u043e\u044f@example.org")
    await world.later(seconds=31)

    (mail,) = world.mails.to(OWNER)
    assert "\u0437\u043e\u044f@example.org, with letters beyond a to z" in mail.text


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


async def test_a_refused_mail_to_the_owner_is_tried_ever_more_rarely_and_arrives(found: Found) -> None:
    server = Picky()
    world = await found(mailer=server)
    world.mails = server
    zoe = world.person("Zoe")
    await zoe.verifies("zoe@example.org")

    for _ in range(6 * 60 * 6):  # six hours of rounds, one every ten seconds
        world.clock.tick(timedelta(seconds=10))
        await world.host._digest.run()

    pauses = [later - before for before, later in zip(server.tries, server.tries[1:], strict=False)]
    assert len(server.tries) < 15
    assert pauses == sorted(pauses)
    assert pauses[-1] == timedelta(hours=1)
    server.refuses = False
    await world.later(hours=1)
    assert len(server.to(OWNER)) == 1
