"""What owners are mailed about people who wait."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from itertools import pairwise

import pytest

from tests.world import OWNER, PUBLIC, Found, World
from trinity_channels.mail.captured import CapturedMailer
from trinity_channels.mail.port import Mail, MailError
from trinity_channels.principal import Owner
from trinity_channels.store import StoreError, access


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
    assert all(
        f"    {one['id']}: {one['email']} on WhatsApp (Twilio)" in mails[0].text for one in await world.requests()
    )
    assert len(re.findall(rf"^    {PUBLIC}/api/whatsapp/webhook/decide/[\w-]{{96}}$", mails[0].text, re.MULTILINE)) == 2

    await world.later(hours=1)
    assert len([mail for mail in world.mails.mails if mail.to == OWNER]) == 1


async def test_the_owner_is_told_of_letters_that_may_deceive(world: World) -> None:
    zoe = world.person("Zoe")
    await zoe.verifies("\u0437\u043e\u044f@example.org")
    await world.later(seconds=31)

    (mail,) = world.mails.to(OWNER)
    assert "\u0437\u043e\u044f@example.org on WhatsApp (Twilio). The address has letters beyond a to z" in mail.text


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

    async def unknown(agent: str) -> Owner | str | None:
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
        await world.driver.do("request mails")

    pauses = [later - before for before, later in pairwise(server.tries)]
    assert len(server.tries) < 15
    assert pauses == sorted(pauses)
    assert pauses[-1] == timedelta(hours=1)
    server.refuses = False
    await world.later(hours=1)
    assert len(server.to(OWNER)) == 1


async def asks(world: World, email: str, agent: str = "support") -> None:
    """A person with a verified e-mail has just asked for access."""
    await world.host.store.write(lambda tx: access.ask(tx, agent, email, "whatsapp", 0, world.now()))


@pytest.mark.long
async def test_mails_about_requests_grow_rarer_in_a_flood(world: World) -> None:
    sent: list[int] = []
    for minute in range(2 * 24 * 60):  # one request a minute, for two days
        await asks(world, f"{minute}@example.org")
        world.clock.tick(timedelta(minutes=1))
        await world.driver.do("request mails")
        sent += [minute] * (len(world.mails.to(OWNER)) - len(sent))

    assert [later - before for before, later in pairwise(sent)] == [
        *(10, 20, 40, 80, 160, 320),
        *[360] * (len(sent) - 7),
    ]
    assert len(sent) == 13
    mail = world.mails.to(OWNER)[-1]
    assert "360 people are waiting" in mail.subject
    assert mail.text.count("/decide/") == 20
    assert "… and 340 more" in mail.text


async def test_a_flood_outlasts_a_restart_of_the_host(world: World) -> None:
    for number in range(3):
        await asks(world, f"{number}@example.org")
        await world.later(minutes=1)
        await world.stops()
        await world.starts()

    assert len(world.mails.to(OWNER)) == 1


async def test_after_a_flood_the_next_request_is_mailed_at_once_again(world: World) -> None:
    for number in range(60):
        await asks(world, f"{number}@example.org")
        await world.later(minutes=1)
    await world.later(minutes=30)
    await world.later(hours=8)
    before = len(world.mails.to(OWNER))

    await asks(world, "zoe@example.org")
    await world.later(seconds=31)
    await asks(world, "yan@example.org")
    await world.later(minutes=10)

    assert [len(mail.text.split("/decide/")) - 1 for mail in world.mails.to(OWNER)[before:]] == [1, 1]


@pytest.mark.long
@pytest.mark.parametrize("minutes", [5, 11, 25, 45, 51, 60, 90])
async def test_no_rhythm_of_requests_brings_about_more_than_29_mails_a_day(world: World, minutes: int) -> None:
    for number in range(24 * 60 // minutes):
        await asks(world, f"{number}@example.org")
        for _ in range(minutes):
            world.clock.tick(timedelta(minutes=1))
            await world.driver.do("request mails")

    assert len(world.mails.to(OWNER)) <= 29


async def test_a_flood_at_one_agent_delays_no_mail_about_another(world: World) -> None:
    for number in range(30):
        await asks(world, f"{number}@example.org")
        await world.later(minutes=1)
    before = len(world.mails.to(OWNER))

    await asks(world, "zoe@example.org", "my-agent")
    await world.later(seconds=31)

    assert ["zoe@example.org" in mail.text for mail in world.mails.to(OWNER)[before:]] == [True]


async def test_a_clock_that_was_set_back_holds_up_no_mail(world: World) -> None:
    await asks(world, "zoe@example.org")
    await world.later(minutes=1)
    world.clock.tick(timedelta(days=-1))

    await asks(world, "yan@example.org")
    await world.later(minutes=1)

    assert len(world.mails.to(OWNER)) == 2


async def test_whoever_asks_while_a_mail_is_sent_is_in_the_next_one(found: Found) -> None:
    class Slow(CapturedMailer):
        async def send(self, mail: Mail) -> None:
            await super().send(mail)
            if mail.to == OWNER and len(self.to(OWNER)) == 1:
                world.clock.tick(timedelta(seconds=1))
                await asks(world, "yan@example.org")

    mailer = Slow()
    world = await found(mailer=mailer)
    await asks(world, "zoe@example.org")
    await world.later(minutes=1)
    await world.later(minutes=11)

    first, second = mailer.to(OWNER)
    assert ("zoe@" in first.text, "yan@" in first.text) == (True, False)
    assert ("zoe@" in second.text, "yan@" in second.text) == (False, True)


async def test_a_full_disk_makes_no_flood_of_mails(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    await asks(world, "zoe@example.org")

    async def fails(_: object) -> None:
        raise StoreError("The disk is full.")

    with monkeypatch.context() as full:
        full.setattr(world.host.store, "write", fails)
        for _ in range(2 * 60 * 6):  # two hours of rounds, one every ten seconds
            world.clock.tick(timedelta(seconds=10))
            await world.driver.do("request mails")

    assert len(world.mails.to(OWNER)) <= 9
    await world.later(hours=1)
    before = len(world.mails.to(OWNER))
    await world.later(hours=1)
    assert len(world.mails.to(OWNER)) == before
