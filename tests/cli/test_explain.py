"""`explain`: which rule lets someone in or stops them, told from what they did."""

from __future__ import annotations

import re

import pytest

from tests.cli.conftest import Terminal
from tests.world import OWNER, Agent, Person, World
from trinity_channels.agents.port import AgentFailed, AgentUnavailable

NUMBER = "+15557770002"
ZOE = "zoe@example.org"


@pytest.fixture
def zoe(world: World) -> Person:
    return world.person("Zoe", NUMBER)


async def explained(terminal: Terminal, address: str) -> str:
    result = await terminal.beside("explain", "support", address)
    assert result.exit_code == 0, result.output
    return re.sub(r" {2,}", " ", result.stdout)


async def test_somebody_who_never_wrote_is_told_apart(terminal: Terminal, world: World) -> None:
    await world.shares(ZOE)

    by_number, by_email = await explained(terminal, NUMBER), await explained(terminal, "Zoe@Example.org")

    assert f"No messages to support from {NUMBER}" in by_number
    assert "If they write: a message now is held, and the person is asked to sign in" in by_number
    assert f"No one has signed in to support as {ZOE}" in by_email
    assert "Access shared since" in by_email
    assert "Once they have written and signed in: a message now goes to the agent." in by_email


async def test_an_address_that_was_blocked_and_erased_is_known(terminal: Terminal, world: World, zoe: Person) -> None:
    await zoe.says("hello")
    await world.blocks(zoe)
    await world.api("DELETE", f"/api/agents/support/clients/{(await world.client(zoe))['id']}")

    assert "Blocked yes, a person with this address" in await explained(terminal, NUMBER)
    assert "Blocked" not in await explained(terminal, "+15557770003")


async def test_a_stranger_waits_for_a_code(terminal: Terminal, zoe: Person) -> None:
    await zoe.says("hello", "is anybody there?")

    text = await explained(terminal, NUMBER)

    assert text.startswith(f"Zoe, whatsapp:{NUMBER} on WhatsApp (Twilio), agent support")
    assert "Policy require_sharing" in text
    assert "Verified e-mail none" in text
    assert "Held messages 2" in text
    assert "Reply window open until 2026-03-03 09:00 UTC" in text
    assert "→ A message now is held, and the person is asked to sign in with /login." in text


async def test_a_verified_stranger_waits_for_the_owner(terminal: Terminal, zoe: Person) -> None:
    await zoe.verifies(ZOE)

    text = await explained(terminal, ZOE)

    assert "Access not shared" in text
    assert "Access request pending since 2026-03-02 09:00 UTC" in text
    assert "→ A message now is held until the owner lets them in." in text


async def test_somebody_let_in_reaches_the_agent(terminal: Terminal, world: World, zoe: Person) -> None:
    await zoe.verifies(ZOE)
    await world.decides(ZOE)

    text = await explained(terminal, ZOE)

    assert "the agent may not write first" in text
    assert "Access request approved" in text
    assert "→ A message now goes to the agent." in text


async def test_the_owner_needs_no_share(terminal: Terminal, zoe: Person) -> None:
    await zoe.verifies(OWNER)

    assert "Access owner" in await explained(terminal, OWNER)


async def test_somebody_blocked_is_dropped(terminal: Terminal, world: World, zoe: Person) -> None:
    await zoe.verifies(OWNER)
    await world.blocks(zoe)

    text = await explained(terminal, NUMBER)

    assert "Blocked yes" in text
    assert "→ A message now is dropped, and the person gets no answer." in text


async def test_a_day_later_the_reply_window_is_closed(terminal: Terminal, world: World, zoe: Person) -> None:
    await zoe.says("STOP")
    await world.later(hours=25)

    text = await explained(terminal, NUMBER)

    assert "Reply window closed since 2026-03-03 09:00 UTC" in text
    assert "Proactive stopped by the person" in text


async def test_an_opt_out_that_the_provider_reported_is_told(terminal: Terminal, zoe: Person) -> None:
    zoe.phone.refuse_with = 21610
    await zoe.says("hello")

    text = await explained(terminal, NUMBER)

    assert "Proactive refused since 2026-03-02 09:00 UTC: the provider reported that the person blocked it" in text


async def test_what_the_agent_could_not_answer_is_told_with_its_reason(
    terminal: Terminal, town: World, agent: Agent
) -> None:
    zoe, yan = town.person("Zoe", NUMBER), town.person("Yan", "+15557770003")
    agent.will_answer(AgentFailed("out of order", detail="no credits"), AgentUnavailable("busy", retry_after=60))
    await zoe.says("what is 6 x 7?")
    await zoe.says("and 6 x 8?")  # one after the other: in a burst both would be one turn
    await yan.says("hello")

    text = await explained(terminal, NUMBER)

    assert "Not answered question 2, tried again at 2026-03-02 09:01 UTC; at 2026-03-02 09:00 UTC: busy" in text
    assert (
        "Not answered question 1, waits for a decision; at 2026-03-02 09:00 UTC: out of order It said: no credits"
        in text
    )
    assert "Not answered" not in await explained(terminal, "+15557770003")


def test_an_unknown_agent_is_named_with_those_there_are(terminal: Terminal) -> None:
    result = terminal.run("explain", "suport", NUMBER)

    assert result.exit_code == 1
    assert result.stderr == "Unknown agent 'suport'. Configured agents: support.\n"


@pytest.mark.parametrize("nothing", ["", "  "])
def test_an_address_that_is_none_is_asked_for(terminal: Terminal, nothing: str) -> None:
    result = terminal.run("explain", "support", nothing)

    assert result.exit_code == 2
    assert "Give an address on a channel, or an e-mail." in result.stderr


async def test_source_and_age_of_an_email_are_told(terminal: Terminal, zoe: Person) -> None:
    await zoe.verifies(ZOE)

    assert (
        f"Verified e-mail {ZOE}, verified with a mailed code at 2026-03-02 09:00 UTC; last used at 2026-03-02 09:00 UTC, "
        "ends at 2026-08-29 09:00 UTC if unused"
    ) in " ".join((await explained(terminal, ZOE)).split())


async def test_it_is_told_that_somebody_signed_out(terminal: Terminal, zoe: Person) -> None:
    await zoe.verifies(ZOE)
    await zoe.says("/logout")

    text = " ".join((await explained(terminal, NUMBER)).split())

    assert "Verified e-mail none: signed out or unlinked at 2026-03-02 09:00 UTC, until they sign in" in text
