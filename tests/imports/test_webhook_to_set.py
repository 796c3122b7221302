"""A provider that does not know our webhook yet is told until it does, whatever ends the import in between."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from freezegun.api import FrozenDateTimeFactory

from tests.channels.net import Net, Someone
from tests.cli.conftest import Terminal
from tests.imports.platform import TOKEN, binding, contact, document, moved
from tests.world import PUBLIC
from trinity_channels.api import ProviderUnavailable
from trinity_channels.cli import servers

NOT_SET = "Its webhook could not be set at the provider."
CHORE = "webhooks to set"


def _given(net: Net, **fields: Any) -> dict[str, Any]:
    """A document that lacks the secret which Telegram sends along."""
    policies = [{"agent": "support", "require_email": True, "open_access": True}]
    one = binding(net, "telegram", contact(net, "telegram", "Zoe"), **{"webhook_token": None, **fields})
    return document(one, policies=policies)


class _Provider:
    """Fails to be told, and counts how often it was."""

    def __init__(self, error: Exception) -> None:
        self.error = error
        self.asked = 0

    async def told(self, *_: object, **__: object) -> None:
        self.asked += 1
        raise self.error


@contextmanager
def _failing(net: Net, patch: pytest.MonkeyPatch, error: Exception) -> Iterator[_Provider]:
    provider = _Provider(error)
    with patch.context() as broken:
        broken.setattr(net.host.plugins["telegram"], "register_webhook", provider.told)
        yield provider


async def _waits(net: Net, minutes: int) -> None:
    for _ in range(minutes):
        net.clock.tick(60)
        await net.driver.do(CHORE)


async def _checks(net: Net) -> dict[str, str]:
    shown = (await net.api("GET", "/api/agents/support/telegram")).json()
    return {one["code"]: one["message"] for one in shown["health"]["checks"]}


@pytest.mark.parametrize(
    "error", [ProviderUnavailable("Telegram did not answer."), KeyError("fake-bug"), TimeoutError()]
)
async def test_it_is_told_later_without_anyone_doing_anything(
    terminal: Terminal, served: Net, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    zoe = Someone(served, "telegram", "Zoe")
    given = _given(served)
    with _failing(served, monkeypatch, error):
        first = await moved(terminal, given)
        again = await moved(terminal, given)
        seen = await _checks(served)
        await _waits(served, 1)

    await _waits(served, 3)
    await zoe.says("hello")
    last = await moved(terminal, given)

    assert NOT_SET in first.stdout
    assert "is here already" in again.stdout
    assert NOT_SET in again.stdout
    assert "was not told our webhook yet" in seen["webhook_to_set"]
    assert zoe.heard() == ["echo hello"]
    assert "webhook_to_set" not in await _checks(served)
    assert NOT_SET not in last.stdout


async def test_a_second_import_tells_it_too(terminal: Terminal, served: Net, monkeypatch: pytest.MonkeyPatch) -> None:
    zoe = Someone(served, "telegram", "Zoe")
    given = _given(served, webhook_secret=None)
    with _failing(served, monkeypatch, ProviderUnavailable("Telegram did not answer.")):
        await moved(terminal, given)

    again = await moved(terminal, given)
    await zoe.says("hello")

    assert NOT_SET not in again.stdout
    assert zoe.heard() == ["echo hello"]


async def test_a_provider_that_goes_on_failing_is_told_more_and_more_seldom(
    terminal: Terminal, served: Net, monkeypatch: pytest.MonkeyPatch
) -> None:
    with _failing(served, monkeypatch, ProviderUnavailable("Telegram did not answer.")) as provider:
        await moved(terminal, _given(served))
        await _waits(served, 24 * 60)

        seen = await _checks(served)

    assert 24 <= provider.asked <= 24 + 10
    assert "webhook_to_set" in seen, "it is shown for as long as it is so"


async def test_what_the_owner_sets_is_not_set_again(
    terminal: Terminal, served: Net, monkeypatch: pytest.MonkeyPatch
) -> None:
    with _failing(served, monkeypatch, KeyError("fake-bug")):
        await moved(terminal, _given(served))
    await served.api("POST", "/api/agents/support/telegram/set-webhook", {"replace": True})

    with _failing(served, monkeypatch, KeyError("fake-bug")) as provider:
        await _waits(served, 3)

    assert provider.asked == 0


async def test_a_binding_that_was_disconnected_is_left_alone(
    terminal: Terminal, served: Net, monkeypatch: pytest.MonkeyPatch
) -> None:
    telegram: Any = served.simulators["telegram"]
    with _failing(served, monkeypatch, KeyError("fake-bug")):
        await moved(terminal, _given(served))
    await served.api("DELETE", "/api/agents/support/telegram")

    await _waits(served, 3)

    assert telegram.bot.webhook.secret == TOKEN


async def test_without_a_public_address_it_is_told_once_there_is_one(terminal: Terminal, served: Net) -> None:
    telegram: Any = served.simulators["telegram"]
    await served.api("PUT", "/api/settings/public_chat_url", {"value": ""})
    done = await moved(terminal, _given(served))
    await _waits(served, 2)
    before = telegram.bot.webhook.secret
    await served.api("PUT", "/api/settings/public_chat_url", {"value": PUBLIC})
    await _waits(served, 2)

    assert "Its webhook is set at the provider as soon as there is a public address." in done.stdout
    assert before == TOKEN
    assert telegram.bot.webhook.secret != TOKEN
    assert "webhook_to_set" not in await _checks(served)


async def test_an_address_that_is_entered_by_hand_is_asked_for_until_something_comes(
    terminal: Terminal, served: Net
) -> None:
    yan = Someone(served, "slack", "Yan")
    given = document(binding(served, "slack", contact(served, "slack", "Zoe"), webhook_secret=None, webhook_token=None))
    first, again = await moved(terminal, given), await moved(terminal, given)
    shown = (await served.api("GET", "/api/agents/support/slack")).json()
    served.simulators["slack"].connect(shown["webhook_url"])
    await yan.says("hello")
    last = await moved(terminal, given)

    by_hand = "Its webhook address is a new one: enter it at the provider."
    assert [by_hand in one.stdout for one in (first, again, last)] == [True, True, False]


async def test_what_the_owner_sets_while_the_chore_fails_is_done(
    terminal: Terminal, served: Net, monkeypatch: pytest.MonkeyPatch
) -> None:
    with _failing(served, monkeypatch, KeyError("fake-bug")):
        await moved(terminal, _given(served))
    plugin = served.host.plugins["telegram"]
    register = plugin.register_webhook

    async def sets_first(*_: object, **__: object) -> None:
        monkeypatch.setattr(plugin, "register_webhook", register)
        await served.api("POST", "/api/agents/support/telegram/set-webhook", {"replace": True})
        raise ProviderUnavailable("Telegram did not answer.")

    monkeypatch.setattr(plugin, "register_webhook", sets_first)
    await _waits(served, 1)

    assert "webhook_to_set" not in await _checks(served)


@pytest.mark.long  # starts the whole program
async def test_a_death_before_the_provider_is_told_is_made_up_for_by_the_server(
    terminal: Terminal, moving: Net, clock: FrozenDateTimeFactory
) -> None:
    zoe = Someone(moving, "telegram", "Zoe")
    file = terminal.folder / "platform.json"
    file.write_text(json.dumps(_given(moving)))
    await moving.stops()
    dies = (
        "import os\nfrom trinity_channels.bindings import WebhooksToSet\nWebhooksToSet.tell = lambda *_: os._exit(9)\n"
        "from trinity_channels.cli import main\nmain()"
    )

    with servers.bind("127.0.0.1", 0) as bound:
        terminal.set(TELEGRAM_API_BASE_URL=servers.address(bound))
        async with servers.serving(moving.simulators["telegram"].app, bound):
            process = await asyncio.create_subprocess_exec(sys.executable, "-c", dies, "import-trinity", str(file))
            code = await process.wait()
    await moving.starts()
    await moving.driver.do(CHORE)
    await zoe.says("hello")

    assert clock
    assert code == 9, "it did not come to the provider"
    assert zoe.heard() == ["echo hello"]
