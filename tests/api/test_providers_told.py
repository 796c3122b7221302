"""All providers are told of a new public address, whatever happens to one of the bindings meanwhile."""

from __future__ import annotations

import pytest

from tests.world import World
from trinity_channels.api import ProviderUnavailable
from trinity_channels.bindings import Disconnected, connections
from trinity_channels.bindings.connections import Connections
from trinity_channels.bindings.refusals import NotConnected
from trinity_channels.crypto.vault import VaultError
from trinity_channels.store import StoreError

NEW = "https://new.example.org"


async def two_agents(world: World) -> None:
    sender = world.twilio.add_sender("+16285550111", account=world.twilio.add_account("Sales"))
    answer = await world.connect("sales", **world.twilio.settings(sender=sender))
    assert answer.status_code == 200


@pytest.mark.parametrize("others", ["support", "sales"])
@pytest.mark.parametrize(
    ("error", "told"),
    [
        (NotConnected("WhatsApp"), ""),
        (Disconnected(), ""),
        (StoreError("the disk is full"), "the disk is full"),
        (VaultError("the key is lost"), "the key is lost"),
        (ProviderUnavailable("no answer"), "no answer"),
    ],
    ids=lambda value: type(value).__name__,
)
async def test_one_that_fails_keeps_no_other(
    world: World, monkeypatch: pytest.MonkeyPatch, error: Exception, told: str, others: str
) -> None:
    await two_agents(world)
    reached: list[str] = []

    async def register(_: Connections, agent: str, _channel: str) -> None:
        if agent != others:
            raise error
        reached.append(agent)

    monkeypatch.setattr(Connections, "register", register)

    answer = await world.api("PUT", "/api/settings/public_chat_url", {"value": NEW})

    assert (answer.status_code, reached) == (200, [others])
    warning = answer.json()["warning"]
    assert told in warning if told else warning is None


async def test_one_that_is_disconnected_meanwhile_is_no_problem(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    await two_agents(world)
    monkeypatch.setattr(connections, "_AT_ONCE", 1)
    reached: list[str] = []

    async def register(_: Connections, agent: str, _channel: str) -> None:
        reached.append(agent)
        (other,) = {"support", "sales"} - {agent}
        assert (await world.api("DELETE", f"/api/agents/{other}/whatsapp")).is_success

    monkeypatch.setattr(Connections, "register", register)

    answer = await world.api("PUT", "/api/settings/public_chat_url", {"value": NEW})

    assert (answer.status_code, answer.json()["warning"], len(reached)) == (200, None, 1)
