"""`requests`: owners see who asks, and decide, beside a running host or with none."""

from __future__ import annotations

import pytest

from tests.cli.conftest import Terminal
from tests.world import OWNER, Person, World
from trinity_channels.web.auth import Role

ZOE = "zoe@example.org"


@pytest.fixture
async def zoe(world: World) -> Person:
    """A person who has signed in, written, and waits to be let in."""
    person = world.person("Zoe")
    await person.verifies(ZOE)
    await person.says("hello?")
    return person


async def goes_on(world: World) -> None:
    await world.driver.look_again()
    await world.settle()


@pytest.mark.usefixtures("zoe")
async def test_who_asks_is_listed_with_what_to_do(terminal: Terminal) -> None:
    listed = await terminal.beside("requests")
    row = listed.stdout.splitlines()[1].split()

    assert row[:4] == ["1", "support", ZOE, "whatsapp"]
    assert row[-1] == "pending"
    assert "requests approve ID" in listed.stdout


async def test_approving_lets_them_in_and_a_running_host_answers_what_they_wrote(
    terminal: Terminal, world: World, zoe: Person
) -> None:
    approved = await terminal.beside("requests", "approve", "1")
    await goes_on(world)

    assert (approved.exit_code, approved.stdout) == (
        0,
        f"{ZOE} may use support now, and is notified on WhatsApp (Twilio).\n",
    )
    assert zoe.last() == "echo hello?"
    (decided,) = await world.requests("approved")
    assert decided["decided_by"] == "command line"
    (share,) = (await world.api("GET", "/api/agents/support/shares")).json()
    assert (share["email"], share["shared_by"]) == (ZOE, "command line")
    assert (await terminal.beside("requests")).stdout == "No pending access requests.\n"


async def test_declining_tells_them_and_lets_nobody_in(terminal: Terminal, world: World, zoe: Person) -> None:
    declined = await terminal.beside("requests", "decline", "1")
    await goes_on(world)

    assert (declined.exit_code, declined.stdout) == (
        0,
        f"{ZOE} may not use support, and is notified on WhatsApp (Twilio).\n",
    )
    assert "declined" in zoe.last()
    assert (await world.api("GET", "/api/agents/support/shares")).json() == []
    assert "declined" in (await terminal.beside("requests", "--status", "all")).stdout


async def test_a_decision_made_with_no_host_running_holds_at_the_next_start(
    terminal: Terminal, world: World, zoe: Person
) -> None:
    await world.stops()
    approved = await terminal.beside("requests", "approve", "1")
    await world.starts()

    assert approved.exit_code == 0
    assert zoe.last() == "echo hello?"


@pytest.mark.usefixtures("zoe")
async def test_the_first_decision_holds(terminal: Terminal, world: World) -> None:
    await world.decides(ZOE)

    again = await terminal.beside("requests", "approve", "1")
    other = await terminal.beside("requests", "decline", "1")

    assert again.exit_code == 0  # what was wanted is so
    assert other.exit_code == 1
    assert "This request is approved already. Share or unshare the agent instead." in other.stderr
    assert "POST /api/agents/support/share, DELETE /api/agents/support/share/EMAIL." in other.stderr
    token = await world.token(Role.USER, OWNER)
    assert len((await world.api("GET", "/api/agents/support/shares", token=token)).json()) == 1


@pytest.mark.usefixtures("zoe")
async def test_an_agent_that_is_not_configured_here_is_not_decided_about(terminal: Terminal, world: World) -> None:
    config = terminal.folder / "channels.toml"
    config.write_text(config.read_text().replace("agents.support", "agents.other"))

    listed = await terminal.beside("requests")
    refused = await terminal.beside("requests", "approve", "1")

    assert ZOE in listed.stdout
    assert refused.exit_code == 1
    assert "Unknown agent 'support'. Configured agents: other." in refused.stderr
    assert len(await world.requests()) == 1


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("approve", "7"), 1, "Unknown access request 7"),
        (("decline", "7"), 1, "Unknown access request 7"),
        (("approve", "0"), 2, ""),
        (("approve", str(2**63)), 2, ""),
        (("approve", "one"), 2, ""),
        (("approve",), 2, ""),
        (("--status", "open"), 2, "Invalid value for '--status': 'open' is not one of 'pending',"),
        (("--agent", "suport"), 1, "Unknown agent 'suport'. Configured agents: support."),
    ],
)
def test_what_cannot_be_meant_is_refused(terminal: Terminal, arguments: tuple[str, ...], code: int, said: str) -> None:
    result = terminal.run("requests", *arguments)

    assert result.exit_code == code
    assert said in result.stderr


async def test_a_look_alike_domain_has_its_ascii_form_beside(terminal: Terminal, world: World) -> None:
    email = "zoe@\u0430\u0440\u0440\u04cf\u0435.com"
    shown = f"{email} (zoe@xn--80ak6aa92e.com)"
    await world.person("Zoe").verifies(email)

    listed = await terminal.beside("requests")
    approved = await terminal.beside("requests", "approve", "1")

    assert shown in listed.stdout
    assert approved.stdout == f"{shown} may use support now, and is notified on WhatsApp (Twilio).\n"
