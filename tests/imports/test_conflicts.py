"""What keeps bindings out: conflicts with what is here, a provider that cannot be asked, who asks, a death."""

from __future__ import annotations

import asyncio
import json
import sys

import httpx
import pytest
from freezegun.api import FrozenDateTimeFactory

from tests.channels.net import Net, Someone
from tests.cli.conftest import Terminal
from tests.imports.platform import KEYS, PATH, ZOE, binding, contact, document, moved, rows
from tests.world import OWNER
from trinity_channels.api import ProviderUnavailable
from trinity_channels.cli import servers
from trinity_channels.web.auth import Role

SECRET = "fake-secret-in-the-wrong-place"


async def test_a_binding_that_is_here_is_not_replaced(terminal: Terminal, served: Net) -> None:
    await served.api("PUT", "/api/agents/support/telegram", dict(served.simulators["telegram"].settings()))
    before = rows(served)

    done = await moved(terminal, document(binding(served, "telegram")))

    assert done.exit_code == 1
    assert "bindings[0] (support on Telegram): The agent is connected already, with another" in done.stderr
    assert rows(served) == before


async def test_an_account_of_another_agent_stays_there(terminal: Terminal, served: Net) -> None:
    await served.api("PUT", "/api/agents/sales/telegram", dict(served.simulators["telegram"].settings()))
    before = rows(served)

    done = await moved(terminal, document(binding(served, "telegram")))

    assert done.exit_code == 1
    assert "This account belongs to another agent here." in done.stderr
    assert rows(served) == before


@pytest.mark.parametrize("rotated", [False, True])
@pytest.mark.parametrize("disconnected", [False, True])
async def test_a_webhook_address_of_another_binding_stays_there(
    terminal: Terminal, served: Net, *, rotated: bool, disconnected: bool
) -> None:
    await moved(terminal, document(binding(served, "telegram", agent="sales")))
    if rotated:
        await served.api("POST", "/api/agents/sales/telegram/rotate-webhook", {})
    if disconnected:
        await served.api("DELETE", "/api/agents/sales/telegram")
    before = rows(served)

    given = document(binding(served, "slack", webhook_secret=KEYS["telegram"]))
    done = await moved(terminal, given)

    assert done.exit_code == 1
    assert "webhook_secret: This is the webhook address of another binding here." in done.stderr
    assert rows(served) == before


async def test_an_address_that_was_replaced_before_a_disconnect_is_not_taken_back(
    terminal: Terminal, served: Net
) -> None:
    given = document(binding(served, "telegram"))
    await moved(terminal, given)
    await served.api("POST", "/api/agents/support/telegram/rotate-webhook", {})
    await served.api("DELETE", "/api/agents/support/telegram")
    before = rows(served)

    done = await moved(terminal, given)

    assert done.exit_code == 1
    assert "This webhook address was replaced here before the agent was disconnected." in done.stderr
    assert rows(served) == before


async def test_a_provider_that_cannot_be_asked_keeps_its_binding_out(
    terminal: Terminal, served: Net, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def hangs(*_: object, **__: object) -> object:
        raise ProviderUnavailable("Telegram did not answer. Try again in a moment.")

    monkeypatch.setattr(served.host.plugins["telegram"], "configure", hangs)

    done = await moved(terminal, document(binding(served, "telegram"), binding(served, "slack")))

    assert done.exit_code == 1
    assert "bindings[0] (support on Telegram): Telegram did not answer. Try again in a moment." in done.stderr
    assert done.stdout == "support on slack is taken over: 0 people added, 0 of them signed in.\n"
    assert (await served.api("GET", "/api/agents/support/telegram")).json()["configured"] is False


async def test_a_plugin_that_fails_stops_it(terminal: Terminal, served: Net, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fails(*_: object, **__: object) -> object:
        raise KeyError(SECRET)

    monkeypatch.setattr(served.host.plugins["telegram"], "configure", fails)
    before = rows(served)

    done = await moved(terminal, document(binding(served, "telegram")))

    assert done.exit_code == 1
    assert "bindings[0] (support on Telegram): The plugin failed (KeyError); the log says more." in done.stderr
    assert SECRET not in done.output
    assert rows(served) == before


@pytest.mark.parametrize(("role", "subject"), [(Role.USER, OWNER), (Role.AGENT, "support")])
async def test_only_administrators_import(served: Net, role: Role, subject: str) -> None:
    token = await served.token(role, subject)

    answer = await served.api("POST", PATH, document(binding(served, "telegram")), token=token)
    stranger = await served.api("POST", PATH, document(binding(served, "telegram")), token="")

    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
    assert stranger.status_code == httpx.codes.UNAUTHORIZED
    assert (await served.api("GET", "/api/agents/support/telegram")).json()["configured"] is False


@pytest.mark.long  # starts the whole program
async def test_a_death_in_the_middle_leaves_nothing(
    terminal: Terminal, moving: Net, clock: FrozenDateTimeFactory
) -> None:
    zoe = Someone(moving, "telegram", "Zoe")
    given = document(
        binding(moving, "telegram", contact(moving, "telegram", "Zoe")),
        policies=[{"agent": "support", "require_email": True, "open_access": True}],
        shares=[{"agent": "support", "email": ZOE, "allow_proactive": True}],
    )
    file = terminal.folder / "platform.json"
    file.write_text(json.dumps(given))
    await moving.stops()
    before = rows(moving)
    # The consent to messages is what is written last.
    dies = (
        "import os\nfrom trinity_channels.store import access\naccess.consent = lambda *_, **__: os._exit(9)\n"
        "from trinity_channels.cli import main\nmain()"
    )

    with servers.bind("127.0.0.1", 0) as bound:
        terminal.set(TELEGRAM_API_BASE_URL=servers.address(bound))
        async with servers.serving(moving.simulators["telegram"].app, bound):
            process = await asyncio.create_subprocess_exec(sys.executable, "-c", dies, "import-trinity", str(file))
            code = await process.wait()
            after = rows(moving)
            done = await moved(terminal, given)
    await moving.starts()
    await zoe.says("hello")

    assert clock
    assert code == 9, "it did not come to the last row"
    assert after == before
    assert done.exit_code == 0
    assert zoe.heard() == ["echo hello"]
