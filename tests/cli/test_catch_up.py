"""`catch-up`: what a provider could not deliver is fetched on request, by the running host or without one."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from freezegun.api import FrozenDateTimeFactory

from tests.channels.net import Net
from tests.cli.conftest import Terminal
from tests.world import OWNER, PUBLIC, Person, World
from trinity_channels.cli import servers
from trinity_channels.web.auth import Role

PATH = "/api/agents/support/whatsapp/catch-up"


@pytest.fixture
async def served(terminal: Terminal, town: World) -> AsyncIterator[World]:
    """A town whose host commands can ask."""
    async with terminal.serving(town):
        yield town


async def loses(town: World, person: Person, text: str) -> None:
    """A message that the provider could not deliver, and the host knows nothing of."""
    url = await town.webhook()
    town.twilio.connect(f"{PUBLIC}/closed")
    await person.phone.says(text)
    town.twilio.connect(url)
    town.clock.tick(timedelta(seconds=60))


async def test_a_running_host_fetches_and_answers(terminal: Terminal, served: World) -> None:
    zoe = served.person("Zoe")
    await zoe.says("before")
    await loses(served, zoe, "lost")

    fetched = await terminal.beside("catch-up")
    await served.settle()
    again = await terminal.beside("catch-up", "support", "whatsapp")

    assert (fetched.exit_code, fetched.stdout) == (
        0,
        "support on WhatsApp (Twilio): 1 new message since 2026-03-02 08:55 UTC.\n",
    )
    assert zoe.heard() == ["echo before", "echo lost"]
    assert again.stdout.startswith("support on WhatsApp (Twilio): No new message since ")


async def test_without_a_server_it_is_stored_and_answered_at_the_next_start(terminal: Terminal, town: World) -> None:
    zoe = town.person("Zoe")
    await zoe.says("before")
    await town.stops()
    await zoe.phone.says("during")
    with servers.bind("127.0.0.1", 0) as bound:
        terminal.set(TWILIO_API_BASE_URL=servers.address(bound))
        async with servers.serving(town.twilio.app, bound):
            fetched = await terminal.beside("catch-up")
            again = await terminal.beside("catch-up")
    await town.starts()
    await town.much_later()

    assert "support on WhatsApp (Twilio): 1 new message since " in fetched.stdout
    assert "No server is running; what was fetched is answered when it starts." in fetched.stdout
    assert "No new message" in again.stdout
    assert zoe.heard() == ["echo before", "echo during"]


async def test_it_reaches_back_as_far_as_it_is_told(terminal: Terminal, served: World) -> None:
    zoe = served.person("Zoe")
    await loses(served, zoe, "lost")
    served.clock.tick(timedelta(hours=2))
    await served.person("Yan").says("hello")

    default = await terminal.beside("catch-up", "support")
    asked = await terminal.beside("catch-up", "support", "--since", "2026-03-02T10:01+02:00")
    far = await terminal.beside("catch-up", "support", "--since", "2020-01-01")
    await served.settle()

    assert "No new message since 2026-03-02 10:56 UTC." in default.stdout
    assert "1 new message since 2026-03-02 07:56 UTC." in asked.stdout
    assert "No new message since 2026-03-01 11:01 UTC." in far.stdout  # Twilio's list is asked for a day at most
    assert zoe.last().endswith("echo lost")


async def test_before_the_first_message_a_time_is_needed(terminal: Terminal, served: World) -> None:
    one = await terminal.beside("catch-up", "support", "whatsapp")
    every = await terminal.beside("catch-up")

    assert served.host
    assert (one.exit_code, every.exit_code) == (1, 0)
    assert "Say from when on: since." in one.stderr


async def test_a_provider_that_refuses_is_told(terminal: Terminal, served: World) -> None:
    await served.person("Zoe").says("before")
    served.twilio.account.token = "0" * 32  # changed at Twilio

    result = await terminal.beside("catch-up")

    assert result.exit_code == 1
    assert "support on WhatsApp (Twilio): " in result.stderr
    assert "Not everything could be fetched." in result.stderr


@pytest.mark.usefixtures("served")
@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("suport",), 1, "Unknown agent 'suport'. Configured agents: my-agent, sales, support."),
        (("sales",), 1, "sales is not connected."),
        (("sales", "whatsapp"), 1, "is not connected to this agent"),
        (("support", "signal"), 1, "Unknown channel 'signal'. Installed channels: "),
        (("--since", "yesterday"), 2, "how long ago"),
    ],
)
async def test_what_cannot_be_meant_is_refused(
    terminal: Terminal, arguments: tuple[str, ...], code: int, said: str
) -> None:
    result = await terminal.beside("catch-up", *arguments)

    assert (result.exit_code, said in result.stderr) == (code, True), result.stderr


async def test_owners_may_ask_for_it_and_others_not(town: World) -> None:
    await town.person("Zoe").says("before")
    tokens = [
        await town.token(Role.USER, OWNER),
        await town.token(Role.USER, "sales@example.org"),
        await town.token(Role.AGENT, "support"),
        "",
    ]

    statuses = [(await town.api("POST", PATH, {}, token=token)).status_code for token in tokens]

    assert statuses == [200, 404, 403, 401]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"since": "2026-03-02T08:00:00"}, 200),
        ({"since": "0001-01-01T00:00:00+14:00"}, 200),
        ({"since": "9999-12-31T23:59:59-14:00"}, 200),
        ({"since": "soon"}, 422),
        ({"until": "2026-03-02T08:00:00"}, 422),
        ([], 422),
    ],
)
async def test_odd_times_are_taken_or_refused(town: World, body: object, status: int) -> None:
    await town.person("Zoe").says("before")

    assert (await town.api("POST", PATH, body)).status_code == status


@pytest.mark.parametrize("channel", ["telegram", "slack"])
async def test_a_channel_without_such_a_list_says_so(
    tmp_path: Path, clock: FrozenDateTimeFactory, channel: str
) -> None:
    async with Net(tmp_path, clock) as net:
        await net.connect_all()

        answer = await net.api("POST", f"/api/agents/support/{channel}/catch-up", {})

    assert (answer.status_code, answer.json()["code"]) == (409, "cannot_list")
