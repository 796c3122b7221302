"""What people and providers choose cannot move the cursor of a terminal, hide a word, or start a line of its own."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator

import pytest
import structlog
from sqlalchemy import update

from tests.cli.conftest import Terminal
from tests.log_watch import logged
from tests.world import Agent, World
from trinity_channels.agents.port import AgentFailed
from trinity_channels.store.tables import DELIVERY

NUMBER = "+15557770002"
# A cursor that goes up and erases, a title, a link, an override, marks, a line end, a C1 control, a bell, half a pair.
ATTACKS = [
    *(
        "\x1b[1A\x1b[2K",
        "\x1b]0;owned\x07",
        "\x1b]8;;https://evil.example\x1b\\",
        "\u202e",
        "\u2066",
        "\u200f",
        "\u061c",
    ),
    *("\x9b2J", "\x9d0;owned\x9c", "\x07", "\b\b\b\b", "\r", "\n99 support", "\u2028", "\x85", "\v", "\x7f", "\u200b"),
]
FORBIDDEN = {*"\x1b\x07\b\r\v\x7f\x85\x9b\x9d\x9c\u202e\u2066\u200f\u061c\u2028\u200b"}


def harmless(text: str) -> bool:
    return not FORBIDDEN & {*text}


@pytest.mark.parametrize("attack", ATTACKS, ids=ascii)
async def test_a_name(terminal: Terminal, world: World, attack: str) -> None:
    await world.person(f"Zo{attack}e", NUMBER).says("hello")

    text = (await terminal.beside("explain", "support", NUMBER)).stdout

    assert harmless(text)
    assert text.splitlines()[0].startswith("Zo")
    assert text.splitlines()[0].endswith("agent support")


@pytest.mark.parametrize("attack", ATTACKS, ids=ascii)
async def test_what_an_agent_s_api_says(terminal: Terminal, town: World, agent: Agent, attack: str) -> None:
    agent.will_answer(AgentFailed("broken", detail=f"quoted {attack} words"))
    await town.person("Zoe", NUMBER).says("hello")

    listed = (await terminal.beside("failed")).stdout
    explained = (await terminal.beside("explain", "support", NUMBER)).stdout

    assert harmless(listed + explained)
    assert not any(line.startswith("99 support") for line in listed.splitlines())


@pytest.mark.parametrize("attack", ATTACKS, ids=ascii)
async def test_why_a_provider_refused(terminal: Terminal, town: World, attack: str) -> None:
    town.twilio.behaviour.receipts = False  # what has been delivered can no longer fail
    await town.person("Zoe").says("hello")
    refused = update(DELIVERY).values(state="failed", failure=f"no {attack} such number")
    await town.host.store.write(lambda tx: tx.query(refused))

    listed = (await terminal.beside("deliveries", "--failed")).stdout

    assert "such number" in listed
    assert harmless(listed)
    assert not any(line.startswith("99 support") for line in listed.splitlines())


@pytest.mark.parametrize("attack", ATTACKS, ids=ascii)
async def test_the_name_of_an_account(world: World, attack: str) -> None:
    sender = world.twilio.add_sender("+16285550111", account=world.twilio.add_account(f"Shop{attack}"))
    answer = await world.connect("sales", **world.twilio.settings(sender=sender))

    name = answer.json()["display_name"]

    assert name.startswith("Shop")
    assert harmless(name)


@pytest.fixture
def console() -> Iterator[io.StringIO]:
    """What a terminal is shown of the log."""
    with logged(as_json=False) as stream:
        yield stream


@pytest.mark.parametrize("attack", ATTACKS, ids=ascii)
def test_the_log(console: io.StringIO, attack: str) -> None:
    structlog.get_logger("test").warning(f"refused {attack}", cause=f"the provider said {attack} this")
    logging.getLogger("uvicorn.error").warning("bad %s request", attack)

    assert harmless(console.getvalue())
    assert len(console.getvalue().splitlines()) == 2


def test_a_traceback_in_the_log_keeps_its_lines(console: io.StringIO) -> None:
    try:
        raise ValueError("no \x1b[2J such number")
    except ValueError:
        structlog.get_logger("test").exception("failed")

    assert harmless(console.getvalue())
    assert len(console.getvalue().splitlines()) > 3
