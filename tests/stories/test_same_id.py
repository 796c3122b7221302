"""What a provider is told a message is called: the same in every attempt, so that it can recognise a repetition."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from tests.api.resending import deliveries, resend
from tests.world import Agent, Found, Person, World
from trinity_channels.api import (
    DeliveryState,
    Failure,
    FailureKind,
    OutboundMessage,
    Receipt,
    SendDeferred,
    SendError,
    SendRejected,
    SendUnknown,
)
from trinity_channels.store import delivery_uid

DAY = timedelta(days=1)
DEFERRED, UNKNOWN = SendDeferred("Too many."), SendUnknown("The connection broke.")
REJECTED = SendRejected(Failure("x", FailureKind.PERMANENT, "Refused."))


@dataclass
class Provider:
    """It takes each id once, and answers a repetition with the message that it has; errors come `before` or `after`."""

    before: list[SendError] = field(default_factory=list)
    after: list[SendError] = field(default_factory=list)
    asked: list[OutboundMessage] = field(default_factory=list)
    has: dict[str, str] = field(default_factory=dict)

    async def send(self, _binding: Any, message: OutboundMessage, _ctx: Any) -> Receipt:
        self.asked.append(message)
        if self.before:
            raise self.before.pop(0)
        self.has.setdefault(message.id, message.text)
        if self.after:
            raise self.after.pop(0)
        return Receipt(f"P-{message.id}", DeliveryState.SENT)

    @property
    def ids(self) -> list[str]:
        return [message.id for message in self.asked]


@pytest.fixture
def provider() -> Provider:
    return Provider()


@pytest.fixture
def zoe(town: World) -> Person:
    return town.person("Zoe")


@pytest.fixture(autouse=True)
def behaves(town: World, provider: Provider, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """The plugin sends to that provider, and says for how long it recognises an id."""

    def set_up(idempotent: timedelta = DAY, find_sent: float = 0) -> None:
        plugin = town.host.plugins["whatsapp"]
        can = replace(plugin.manifest.capabilities, idempotent=idempotent, find_sent=find_sent)
        monkeypatch.setattr(plugin, "manifest", replace(plugin.manifest, capabilities=can))
        monkeypatch.setattr(plugin, "send", provider.send)

    set_up()
    return set_up


async def test_an_id_is_a_uuid_of_its_own(town: World, zoe: Person, provider: Provider) -> None:
    await zoe.says("one")
    await zoe.says("two")
    await town.much_later()

    assert len(set(provider.ids)) == len(provider.ids) == 2
    assert [str(UUID(one)) for one in provider.ids] == provider.ids


async def test_two_hosts_never_use_the_same_id(
    zoe: Person, provider: Provider, found: Found, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "other"
    home.mkdir()
    other = await found(trinity_channels_home=home, trinity_channels_database_url=World.database.url(home))
    await other.policy("open")
    monkeypatch.setattr(other.host.plugins["whatsapp"], "send", provider.send)

    await zoe.says("hello")
    await other.person("Yan").says("hello")

    assert len(provider.ids) == len(set(provider.ids)) == 2


@pytest.mark.parametrize(
    "errors", [[DEFERRED], [DEFERRED] * 3, [UNKNOWN], [UNKNOWN] * 3, [DEFERRED, UNKNOWN, DEFERRED]]
)
async def test_every_attempt_has_the_same_id(
    town: World, zoe: Person, provider: Provider, errors: list[SendError]
) -> None:
    provider.before = list(errors)

    await zoe.says("hello")
    await town.much_later()

    assert provider.ids == [provider.ids[0]] * (len(errors) + 1)
    assert list(provider.has.values()) == ["echo hello"]


@pytest.mark.parametrize("times", [1, 2, 5])
async def test_an_unknown_send_is_repeated_where_the_provider_recognises_it(
    town: World, zoe: Person, provider: Provider, times: int
) -> None:
    provider.after = [UNKNOWN] * times

    await zoe.says("hello")
    await town.much_later()

    assert list(provider.has.values()) == ["echo hello"]
    assert len(provider.asked) == times + 1
    (delivery,) = await deliveries(town)
    assert (delivery["state"], delivery["attempts"]) == ("sent", 1)


async def test_without_the_capability_it_is_parked(
    town: World, zoe: Person, provider: Provider, behaves: Callable[..., None]
) -> None:
    behaves(idempotent=timedelta(0))
    provider.after = [UNKNOWN]

    await zoe.says("hello")
    await town.much_later()

    assert len(provider.asked) == 1
    assert (await deliveries(town))[0]["state"] == "unknown"


async def test_what_follows_waits_for_the_repetition(town: World, zoe: Person, provider: Provider) -> None:
    provider.after = [UNKNOWN]

    await zoe.says("one")
    await zoe.says("two")
    await town.much_later()

    assert [message.text for message in provider.asked] == ["echo one", "echo one", "echo two"]


async def test_a_repetition_ends_after_half_an_hour(town: World, zoe: Person, provider: Provider) -> None:
    provider.after = [UNKNOWN] * 1000

    await zoe.says("hello")
    for _ in range(240):
        await town.later(seconds=10)

    assert (await deliveries(town))[0]["state"] == "unknown"
    asked = len(provider.asked)
    await town.much_later()
    assert 10 < len(provider.asked) == asked
    assert len(provider.has) == 1


@pytest.mark.parametrize(("remembers", "times"), [(timedelta(minutes=1), 1), (timedelta(minutes=3), 7)])
async def test_it_ends_before_the_provider_forgets(
    town: World, zoe: Person, provider: Provider, behaves: Callable[..., None], remembers: timedelta, times: int
) -> None:
    behaves(idempotent=remembers)
    provider.after = [UNKNOWN] * 1000
    began = town.now()

    await zoe.says("hello")
    while town.now() < began + timedelta(minutes=10):
        await town.later(seconds=2)

    assert (await deliveries(town))[0]["state"] == "unknown"
    assert len(provider.asked) == times


async def test_a_crash_in_the_call_is_cleared_up_by_repeating(
    town: World, zoe: Person, provider: Provider, monkeypatch: pytest.MonkeyPatch, behaves: Callable[..., None]
) -> None:
    taken = asyncio.Event()

    async def never_returns(*call: Any) -> Receipt:
        await provider.send(*call)
        taken.set()
        return await asyncio.Future()

    monkeypatch.setattr(town.host.plugins["whatsapp"], "send", never_returns)
    await zoe.phone.says("hello")
    await taken.wait()
    await town.dies()
    town.build()
    behaves()
    await town.host.start()
    await town.much_later()

    assert provider.ids == [provider.ids[0]] * 2
    assert list(provider.has.values()) == ["echo hello"]
    assert (await deliveries(town))[0]["state"] == "sent"


async def test_a_repetition_that_is_put_off_is_made_later(town: World, zoe: Person, provider: Provider) -> None:
    provider.after = [UNKNOWN]
    await zoe.says("hello")
    provider.before = [DEFERRED]
    await town.much_later()

    assert provider.ids == [provider.ids[0]] * 3
    assert (await deliveries(town))[0]["state"] == "sent"


async def test_a_blocked_person_gets_no_repetition(town: World, zoe: Person, provider: Provider) -> None:
    provider.after = [UNKNOWN]
    await zoe.says("hello")
    await town.blocks(zoe)
    await town.much_later()

    assert len(provider.asked) == 1
    assert (await deliveries(town))[0]["state"] == "unknown"


async def test_what_an_owner_has_sent_again_after_a_refusal_is_another_message(
    town: World, zoe: Person, provider: Provider
) -> None:
    """A provider that keeps answers by their id would refuse it again."""
    provider.before = [REJECTED]
    await zoe.says("hello")
    (failed,) = await deliveries(town)

    await resend(town, failed["id"])

    assert len(set(provider.ids)) == len(provider.ids) == 2
    assert (await deliveries(town))[0]["state"] == "sent"


async def test_what_an_owner_has_sent_again_without_knowing_has_the_same_id(
    town: World, zoe: Person, provider: Provider, behaves: Callable[..., None]
) -> None:
    behaves(idempotent=timedelta(0))
    provider.after = [UNKNOWN]
    await zoe.says("hello")
    (parked,) = await deliveries(town)
    behaves()

    await resend(town, parked["id"])

    assert provider.ids == [provider.ids[0]] * 2
    assert list(provider.has.values()) == ["echo hello"]


async def test_parts_of_an_answer_have_ids_of_their_own(
    town: World, zoe: Person, provider: Provider, agent: Agent
) -> None:
    agent.will_answer("lorem ipsum dolor sit amet " * 200)
    await zoe.says("tell me")
    await town.much_later()

    assert len(set(provider.ids)) == len(provider.ids) > 2


def test_an_id_tells_when_its_message_was_first_attempted() -> None:
    now = World.now().replace(microsecond=123_000)

    made = delivery_uid.made(now)

    assert (UUID(made).version, UUID(made).variant) == (7, "specified in RFC 4122")
    assert delivery_uid.made_at(made) == now
    for other in ("17", "", "x", "0" * 36, str(UUID(int=0)), "7f4f5a3e-9f6b-4a7e-9c0a-1f2e3d4c5b6a"):
        assert delivery_uid.made_at(other) is None
