"""An import ends: providers are asked about rows without problems alone, and several at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from tests.channels.net import Net
from tests.cli.conftest import Terminal
from tests.imports.platform import binding, contact, document, moved
from trinity_channels.api import Account

AGENTS = ("support", "sales", "my-agent")


def _settings(one: dict[str, Any]) -> None:
    one["settings"] = {"bot_token": "fake"}


WRONG: dict[str, tuple[Callable[[dict[str, Any]], object], list[str]]] = {
    "version": (lambda given: given.update(version=2), []),
    "agent": (lambda given: given["bindings"][1].update(agent="nobody"), ["telegram"]),
    "settings": (lambda given: _settings(given["bindings"][1]), ["telegram"]),
    "address": (lambda given: given["bindings"][0]["contacts"][0].update(address="x"), ["telegram", "slack"]),
    "twice": (lambda given: given["bindings"].append(given["bindings"][0]), ["slack"]),
    "policy": (lambda given: given.update(policies=[{}]), []),
}


@pytest.mark.parametrize(("change", "channels"), WRONG.values(), ids=WRONG)
@pytest.mark.parametrize("dry", [False, True])
async def test_no_provider_is_asked_about_a_binding_that_is_wrong(
    terminal: Terminal,
    served: Net,
    monkeypatch: pytest.MonkeyPatch,
    change: Callable[[dict[str, Any]], object],
    channels: list[str],
    *,
    dry: bool,
) -> None:
    asked: list[str] = []

    def configuring(channel: str) -> Callable[..., Awaitable[Account]]:
        async def configure(*_: object, **__: object) -> Account:
            asked.append(channel)
            raise TimeoutError

        return configure

    for channel in ("telegram", "slack"):
        monkeypatch.setattr(served.host.plugins[channel], "configure", configuring(channel))
    given = document(binding(served, "telegram", contact(served, "telegram", "Zoe")), binding(served, "slack"))
    change(given)

    done = await moved(terminal, given, *(["--dry-run"] if dry else []))

    assert done.exit_code == 1
    assert asked == channels


async def test_agents_and_providers_are_asked_and_told_several_at_a_time(
    terminal: Terminal, served: Net, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Each waits for all of them: one after the other, the first would never be let through.
    met = {name: asyncio.Barrier(len(AGENTS)) for name in ("owner", "configure", "register_webhook")}
    plugin, directory = served.host.plugins["telegram"], served.host.directory
    owner = directory.owner

    async def meets(name: str) -> None:
        async with asyncio.timeout(5):
            await met[name].wait()

    async def owner_met(agent: str) -> object:
        await meets("owner")
        return await owner(agent)

    async def configured(settings: Any, _: object, **__: object) -> Account:
        await meets("configure")
        return Account(key=settings.bot_token.get_secret_value(), sender="@simulated_bot", display_name="Bot")

    async def told(*_: object, **__: object) -> None:
        await meets("register_webhook")

    given = document(*(binding(served, "telegram", agent=agent, webhook_secret=None) for agent in AGENTS))
    for number, one in enumerate(given["bindings"], 1):
        one["settings"]["bot_token"] = f"{number}{one['settings']['bot_token']}"
    with monkeypatch.context() as patch:
        patch.setattr(directory, "owner", owner_met)
        patch.setattr(plugin, "configure", configured)
        patch.setattr(plugin, "register_webhook", told)
        done = await moved(terminal, given)

    assert done.exit_code == 0, done.stderr
    assert "could not be set" not in done.stdout
    assert done.stdout.count("is taken over") == len(AGENTS)
