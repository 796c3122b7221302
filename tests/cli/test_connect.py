"""`connect`: an agent gets its account from the command line, without a secret on it, beside a running host or alone."""

from __future__ import annotations

import asyncio
import os
import pty
import select
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import cast

import httpx
import pytest

from tests.cli.conftest import Terminal
from tests.world import Found, World
from trinity_channels.api import Context
from trinity_channels.cli import servers
from trinity_channels.store import audit
from trinity_channels_telegram.simulator import TelegramSimulator
from trinity_channels_whatsapp.simulator import TwilioSimulator

TELEGRAM = "https://telegram.simulator"
SET = ("--set", "account_sid={account_sid}", "--set", "from_number={from_number}")


def options(world: World) -> list[str]:
    return [one.format(**world.twilio.settings()) for one in SET]


@pytest.fixture
async def served(terminal: Terminal, found: Found) -> AsyncIterator[World]:
    """A host that runs, and listens on loopback, with nothing connected."""
    world = await found(connected=False)
    async with terminal.serving(world):
        yield world


async def test_a_variable_with_the_prefix_wins(terminal: Terminal, served: World) -> None:
    terminal.set(TRINITY_CHANNELS_TWILIO_AUTH_TOKEN=served.twilio.settings()["auth_token"], TWILIO_AUTH_TOKEN="fake")

    done = await terminal.beside("connect", "support", "whatsapp", *options(served))

    assert done.exit_code == 0, done.stderr
    assert "From the environment: TRINITY_CHANNELS_TWILIO_AUTH_TOKEN." in done.stdout


async def test_a_secret_comes_from_the_environment_and_the_running_host_connects(
    terminal: Terminal, served: World
) -> None:
    token = served.twilio.settings()["auth_token"]
    terminal.set(TWILIO_AUTH_TOKEN=token)

    done = await terminal.beside("connect", "support", "whatsapp", *options(served))
    served.twilio.connect(await served.webhook())
    await served.policy("open")
    zoe = served.person("Zoe")
    await zoe.says("hello")
    (entry,) = await served.host.store.read(lambda tx: audit.entries(tx, "support", action="connect"))

    assert done.exit_code == 0, done.stderr
    assert "From the environment: TWILIO_AUTH_TOKEN." in done.stdout
    assert "support is connected to WhatsApp (Twilio) (Simulated business)." in done.stdout
    assert f"Webhook URL, to enter at the provider: {await served.webhook()}" in done.stdout
    assert "What is left to do:" in done.stdout
    assert token not in done.output
    assert "No server is running" not in done.stdout
    assert zoe.last() == "echo hello"
    assert entry.actor == "command line"


async def test_a_running_host_uses_a_changed_connection_at_once(terminal: Terminal, served: World) -> None:
    await served.connect()
    await served.policy("open")
    await served.person("Zoe").says("one")  # the host has opened the connection
    other = served.twilio.add_sender("whatsapp:+16285550199", name="Other")

    done = await terminal.beside("connect", "support", "whatsapp", "--set", f"from_number={other.address}")
    shown = await served.binding()
    served.twilio.connect(await served.webhook(), sender=other)
    ann = served.person("Ann", sender=other)
    await ann.says("two")

    assert done.exit_code == 0, done.stderr
    assert (shown["from_number"], shown["account_sid"]) == (other.address, served.twilio.account.sid)
    assert ann.heard() == ["echo two"]


async def test_with_no_server_running_the_connection_is_there_at_its_start(terminal: Terminal) -> None:
    async with httpx.AsyncClient(trust_env=False) as http:
        with servers.bind("127.0.0.1", 0) as bound:
            url = servers.address(bound)
            twilio = TwilioSimulator(Context(http, lambda: datetime.now(UTC), api_base_url=url))
            given = twilio.settings()
            terminal.set(
                TWILIO_API_BASE_URL=url,
                TWILIO_ACCOUNT_SID=given["account_sid"],
                TWILIO_AUTH_TOKEN=given["auth_token"],
                TWILIO_FROM_NUMBER=given["from_number"],
            )
            async with servers.serving(twilio.app, bound):
                done = await terminal.beside("connect", "support", "whatsapp")
                listed = await terminal.beside("agents")

    assert done.exit_code == 0, done.stderr
    assert "From the environment: TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN, TWILIO_FROM_NUMBER." in done.stdout
    assert "public_chat_url is not set" in done.stdout
    assert "No server is running; start it with `trinity-channels serve`." in done.stdout
    assert "whatsapp attention" in listed.stdout


async def test_a_secret_on_the_command_line_is_refused_and_not_repeated(terminal: Terminal, served: World) -> None:
    token = served.twilio.settings()["auth_token"]

    named = await terminal.beside("connect", "support", "whatsapp", *options(served), "--set", f"auth_token={token}")
    misplaced = await terminal.beside("connect", "support", "whatsapp", "--set", token)

    assert (named.exit_code, misplaced.exit_code) == (2, 2)
    assert "auth_token is secret, and others on this machine" in named.stderr.replace("\n", " ").replace("│", " ")
    assert token not in named.output + misplaced.output
    assert (await served.binding())["configured"] is False


async def test_what_is_missing_is_named_all_at_once(terminal: Terminal, served: World) -> None:
    result = await terminal.beside("connect", "support", "whatsapp")

    assert served.host
    assert result.exit_code == 1
    assert result.stderr.splitlines() == [
        "account_sid is missing: set TWILIO_ACCOUNT_SID, or add --set account_sid=VALUE.",
        "auth_token is missing: set TWILIO_AUTH_TOKEN, or run the command on a terminal to be asked.",
        "from_number is missing: set TWILIO_FROM_NUMBER, or add --set from_number=VALUE.",
    ]


async def test_what_the_api_refuses_is_told_in_its_words(terminal: Terminal, served: World) -> None:
    terminal.set(TWILIO_AUTH_TOKEN="0" * 32)
    wrong = await terminal.beside("connect", "support", "whatsapp", *options(served))
    terminal.set(TWILIO_AUTH_TOKEN=served.twilio.settings()["auth_token"])
    await served.connect("sales")
    taken = await terminal.beside("connect", "support", "whatsapp", *options(served))

    assert (wrong.exit_code, taken.exit_code) == (1, 1)
    assert "Auth Token" in wrong.stderr
    assert "This account is connected to your agent sales." in taken.stderr


@pytest.mark.usefixtures("served")
@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("suport", "whatsapp"), 1, "Unknown agent 'suport'; `trinity-channels agents` lists them."),
        (("../settings", "whatsapp"), 1, ""),
        (("support", "signal"), 1, "Unknown channel 'signal'. Installed channels: "),
        (("support", "whatsapp", "--set", "colour=red"), 2, "NAME=VALUE"),
        (("support", "whatsapp", "--set", "from_number"), 2, "from_number=VALUE"),
        (("support",), 2, ""),
    ],
)
async def test_what_cannot_be_meant_is_refused(
    terminal: Terminal, arguments: tuple[str, ...], code: int, said: str
) -> None:
    result = await terminal.beside("connect", *arguments)

    assert result.exit_code == code
    assert said in result.stderr


async def test_beside_a_host_that_cannot_be_asked_nothing_is_changed(terminal: Terminal, world: World) -> None:
    result = await terminal.beside("connect", "support", "whatsapp", "--set", "from_number=whatsapp:+16285550199")

    assert result.exit_code == 1
    assert "Another process serves this database and cannot be asked" in result.stderr
    assert (await world.binding())["from_number"] == world.twilio.sender.address


@pytest.mark.long  # starts the whole program at a terminal
async def test_a_person_at_a_terminal_is_asked_and_the_secret_is_not_shown(served: World) -> None:
    given = served.twilio.settings()

    code, screen = await typed(
        ["connect", "support", "whatsapp"],
        {name: given[name] for name in ("account_sid", "auth_token", "from_number")},
    )

    assert code == 0, screen
    assert "support is connected" in screen
    assert given["account_sid"] in screen  # as it was typed
    assert given["auth_token"] not in screen
    assert (await served.binding())["configured"] is True


@pytest.mark.long  # starts the whole program at a terminal
async def test_enter_keeps_what_is_stored(served: World) -> None:
    await served.connect()

    code, screen = await typed(
        ["connect", "support", "whatsapp"], {"account_sid": "", "auth_token": "", "from_number": ""}
    )

    assert code == 0, screen
    assert "Enter keeps the stored one" in screen
    assert (await served.api("POST", "/api/agents/support/whatsapp/test", {})).json()["ok"] is True


async def typed(arguments: list[str], answers: dict[str, str]) -> tuple[int, str]:
    """Run a command on a terminal, and answer its questions; its exit code and everything that the screen showed."""
    ours, theirs = pty.openpty()
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "trinity_channels.cli", *arguments, stdin=theirs, stdout=theirs, stderr=theirs,
        start_new_session=True, env=os.environ | {"TERM": "dumb"},
    )  # fmt: skip
    os.close(theirs)
    screen = ""
    for name, answer in answers.items():
        screen += await shows(ours, f"\n{name}")
        os.write(ours, f"{answer}\n".encode())
    screen += await shows(ours, None)
    os.close(ours)
    return await process.wait(), screen


async def shows(terminal: int, question: str | None) -> str:
    """What the screen shows up to a question's colon, or to the end.

    The blank behind the colon counts: it is printed when a secret is no longer shown, and not thrown away either.
    """

    def read() -> str:
        seen = ""
        while question is None or not (question in seen and seen.endswith(": ")):
            ready, _, _ = select.select([terminal], [], [], 20)
            assert ready, f"{question} is not asked: {seen!r}"
            try:
                seen += os.read(terminal, 1024).decode().replace("\r", "")
            except OSError:  # the program has closed the terminal
                break
        return seen

    return await asyncio.to_thread(read)


async def test_messages_can_be_fetched_instead_of_posted(
    terminal: Terminal, served: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(cast("dict[str, str]", served.settings.api_base_urls), "telegram_api_base_url", TELEGRAM)
    telegram = TelegramSimulator(Context(served.http, served.now, api_base_url=TELEGRAM))
    served.network.serve({TELEGRAM: telegram.app})
    terminal.set(TELEGRAM_BOT_TOKEN=telegram.settings()["bot_token"])

    done = await terminal.beside("connect", "support", "telegram", "--listen")

    assert done.exit_code == 0, done.stderr
    assert "This host fetches the messages; no public address is needed." in done.stdout
    assert "Webhook" not in done.stdout
    await served.until(telegram.is_polled)
    kept = await terminal.beside("connect", "support", "telegram")
    assert "This host fetches the messages" in kept.stdout
