"""A person who signs out stays signed out, also where the messenger vouches for the e-mail."""

from __future__ import annotations

from pathlib import Path

import pytest
from freezegun.api import FrozenDateTimeFactory

from tests.channels.net import Net, Someone
from tests.channels.test_one_policy import on
from tests.channels.vouching import AGAIN, ZOE, client, unlinks
from tests.world import Agent
from trinity_channels import texts


@pytest.mark.parametrize("hours", [0, 2, 48, 2400])
async def test_who_signed_out_stays_signed_out(asking: Net, zoe: Someone, hours: int) -> None:
    await zoe.says("hello", "!logout")
    await asking.later(hours=hours)

    await zoe.says("are you there?")

    assert zoe.heard()[1:] == [texts.LOGGED_OUT_VOUCHED.replace(" /", " !"), AGAIN]
    assert (await client(asking))["verified_email"] is None


@pytest.mark.parametrize("hours", [0, 2, 48, 2400])
async def test_who_was_unlinked_stays_unlinked(asking: Net, zoe: Someone, hours: int) -> None:
    await zoe.says("hello")
    await unlinks(asking)
    await asking.later(hours=hours)

    await zoe.says("are you there?")

    assert zoe.heard() == ["echo hello", AGAIN]


async def test_the_owner_sees_that_somebody_signed_out(asking: Net, zoe: Someone) -> None:
    await zoe.says("hello", "!logout")
    signed_out = await client(asking)
    await zoe.says("!login")

    assert signed_out["signed_out_since"].startswith("2026-03-02T09:00")
    assert (await client(asking))["signed_out_since"] is None


async def test_it_stays_so_in_a_group(asking: Net, zoe: Someone, agent: Agent) -> None:
    await zoe.says("hello", "!logout")
    await asking.later(hours=2)

    await zoe.phone.mentions("are you there?", channel="team")
    await asking.settle()

    assert len(agent.turns) == 1


async def test_it_stays_so_after_the_block_is_lifted(asking: Net, zoe: Someone) -> None:
    await zoe.says("hello")
    await unlinks(asking)
    path = f"/api/agents/support/clients/{(await client(asking))['id']}/block"
    await asking.api("PUT", path, {"blocked": True})
    await asking.later(hours=2)
    await asking.api("PUT", path, {"blocked": False})

    await zoe.says("are you there?")

    assert zoe.heard()[-1] == AGAIN


@pytest.mark.parametrize("text", ["!login", f"!login {ZOE}"])
async def test_they_sign_in_again_with_the_address_the_messenger_knows(asking: Net, zoe: Someone, text: str) -> None:
    await zoe.says("hello", "!logout", "is this answered?")

    await zoe.says(text)
    await asking.later(hours=2)
    await zoe.says("and later?")

    assert zoe.heard()[-3:] == [texts.VERIFIED.format(email=ZOE), "echo is this answered?", "echo and later?"]
    assert not asking.mails.mails
    assert (await client(asking))["verified_email_source"] == "provider"


async def test_they_sign_in_again_with_a_code(zoe: Someone) -> None:
    await zoe.says("hello", "!logout")

    await zoe.verifies("private@example.com")
    await zoe.says("hello again")

    assert zoe.heard()[-1] == "echo hello again"


async def test_signing_in_again_asks_for_access_where_it_is_needed(asking: Net, zoe: Someone) -> None:
    await asking.policy("require_sharing")
    await zoe.says("!logout", "!login")

    assert zoe.heard()[-1] == texts.VERIFIED_PENDING.format(email=ZOE)
    assert [one["email"] for one in await asking.requests()] == [ZOE]


async def test_a_guest_cannot_sign_in_without_a_code(asking: Net) -> None:
    guest = asking.stranger("slack", "Guest")

    await guest.says("!login")

    assert guest.heard() == [on("slack", texts.LOGIN_USAGE)]


async def test_a_member_cannot_sign_in_as_another_without_a_code(asking: Net, zoe: Someone) -> None:
    await zoe.says("!logout", "!login yan@example.org")

    assert zoe.heard()[-1] == on("slack", texts.CODE_SENT, email="yan@example.org")
    assert (await client(asking))["verified_email"] is None


async def test_where_no_mail_is_sent_members_can_still_sign_in_again(
    tmp_path: Path, clock: FrozenDateTimeFactory, agent: Agent
) -> None:
    async with Net(tmp_path, clock, agents=agent, mailer=False) as net:
        await net.connect_all()
        await net.policy("require_email")
        zoe = Someone(net, "slack", "Zoe", email=ZOE)
        await zoe.says("hello", "!logout")

        await zoe.says("!login", "hello again")

    assert zoe.heard()[-1] == "echo hello again"


async def test_whoami_names_the_messenger(zoe: Someone) -> None:
    await zoe.says("!whoami")

    assert zoe.heard()[-1].splitlines()[1].startswith("Slack vouches for it since 2026-03-02.")
