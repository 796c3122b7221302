"""`deliveries`: what became of messages is seen, and what failed gets another try from a running host."""

from __future__ import annotations

import pytest

from tests.cli.conftest import Terminal
from tests.world import Person, World
from trinity_channels.api import Fault


@pytest.fixture
async def zoe(town: World) -> Person:
    """A person who has one answer, and is to get another that failed for wrong credentials."""
    person = town.person("Zoe")
    await person.says("first")
    town.fails(Fault.UNAUTHORIZED)
    await person.says("second")
    return person


async def goes_on(town: World) -> None:
    await town.driver.look_again()
    await town.settle()


async def test_a_failed_delivery_is_listed_with_its_reason_and_sent_again(
    terminal: Terminal, town: World, zoe: Person
) -> None:
    listed = await terminal.beside("deliveries", "--failed", "--agent", "support")
    resent = await terminal.beside("deliveries", "resend", "2")
    await goes_on(town)

    row = listed.stdout.splitlines()[1]
    assert row.split()[:8] == ["2", "support", "whatsapp", "agent", "failed", "2026-03-02", "09:00", "UTC"]
    assert "20003" in row
    assert "Copy the Auth Token again" in row
    assert "deliveries resend" in listed.stdout
    assert (resent.exit_code, resent.stdout) == (0, "The message will be sent again.\n")
    assert zoe.heard() == ["echo first", "echo second"]
    assert "No delivery has failed" in (await terminal.beside("deliveries", "--failed")).stdout


@pytest.mark.usefixtures("zoe")
async def test_all_deliveries_are_listed_newest_first(terminal: Terminal) -> None:
    listed = await terminal.beside("deliveries")

    states = [line.split()[4] for line in listed.stdout.splitlines()[1:3]]
    assert states == ["failed", "read"]


async def test_everything_that_failed_for_one_cause_is_sent_in_one_step(
    terminal: Terminal, town: World, zoe: Person
) -> None:
    other = await terminal.beside("deliveries", "resend", "--failed", "--agent", "support", "--code", "63016")
    resent = await terminal.beside("deliveries", "resend", "--failed", "--agent", "support", "--code", "20003")
    await goes_on(town)

    assert (other.exit_code, other.stdout) == (0, "0 messages will be sent again.\n")
    assert (resent.exit_code, resent.stdout) == (0, "1 message will be sent again.\n")
    assert zoe.heard() == ["echo first", "echo second"]


async def test_resending_is_not_offered_for_test_messages(terminal: Terminal, town: World) -> None:
    town.fails(Fault.UNAUTHORIZED)
    await town.api("POST", "/api/agents/support/whatsapp/test", {"to_number": "whatsapp:+15551234567"})

    listed = await terminal.beside("deliveries", "--failed")

    assert ("20003" in listed.stdout, "resend" in listed.stdout) == (True, False)


@pytest.mark.usefixtures("zoe")
@pytest.mark.parametrize(
    ("number", "words"),
    [("1", "this is read"), ("7", "Unknown delivery 7; `trinity-channels deliveries` lists them")],
)
async def test_what_cannot_be_sent_again_says_why(terminal: Terminal, number: str, words: str) -> None:
    result = await terminal.beside("deliveries", "resend", number)

    assert result.exit_code == 1
    assert words in result.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("--failed",),
        ("2", "--failed", "--agent", "support"),
        ("2", "--agent", "support"),
        ("2", "--code", "20003"),
        ("--agent", "support"),
        ("0",),
        ("two",),
    ],
)
def test_words_that_cannot_be_meant_are_refused(terminal: Terminal, arguments: tuple[str, ...]) -> None:
    assert terminal.run("deliveries", "resend", *arguments).exit_code == 2


@pytest.mark.usefixtures("zoe")
@pytest.mark.parametrize(
    "arguments",
    [("--agent", "suport"), ("--failed", "--agent", "suport"), ("resend", "--failed", "--agent", "suport")],
)
async def test_a_mistyped_agent_is_not_one_without_deliveries(terminal: Terminal, arguments: tuple[str, ...]) -> None:
    result = await terminal.beside("deliveries", *arguments)

    assert result.exit_code == 1
    assert "Unknown agent 'suport'. Configured agents: " in result.stderr


def test_an_empty_list_says_so(terminal: Terminal) -> None:
    assert terminal.run("deliveries").stdout == "Nothing was sent.\n"
