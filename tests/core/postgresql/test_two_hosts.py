"""Two processes over one database: what changes in one takes effect in the other within two seconds."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx
import pytest
from freezegun.api import FrozenDateTimeFactory

from tests import postgres
from tests.stories.test_reload import ALL, MINE, now_reads
from tests.world import ADMIN, PUBLIC, World
from trinity_channels.app import create_app
from trinity_channels.host import Host
from trinity_channels.settings import Settings, SettingsError
from trinity_channels.store import settings
from trinity_channels.store.news import Subject

OTHER = "https://b.example.org"
MOVED = "https://moved.example.org"
CUT = """SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE datname LIKE 'of_%%' AND query IN ('LISTEN trinity_channels', 'SELECT 1')"""


class Pair(World):
    """A world with another host over the same database, at an address of its own."""

    database = postgres.Postgres()
    other: Host

    async def __aenter__(self) -> Self:
        await super().__aenter__()
        app, self.other = create_app(self.settings, self.ports())
        self.network.serve({OTHER: app})
        self.other.store.open(serve=False)
        await self.other.store.listen()
        await self.other.address.load()
        await self.other.limits.load()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.other.store.close()
        await super().__aexit__(kind, error, trace)

    async def ask_other(self, method: str, path: str, json: Any = None) -> httpx.Response:
        """Call the API of the other host."""
        return await self.http.request(
            method, f"{OTHER}{path}", json=json, headers={"Authorization": f"Bearer {ADMIN}"}
        )

    async def posts_there(self, url: str, sid: int) -> int:
        """What the other host answers to a message that is signed for an address of ours."""
        form = self.inbound(f"number {sid}", sid=f"SM{sid:032}")
        answer = await self.posts(url.replace(PUBLIC, OTHER).replace(MOVED, OTHER), form, signed_for=url)
        return answer.status_code


@pytest.fixture(params=["", "after their connections were cut"])
async def pair(tmp_path: Path, clock: FrozenDateTimeFactory, request: pytest.FixtureRequest) -> AsyncIterator[Pair]:
    async with Pair(tmp_path, clock) as made:
        await made.connect()
        await made.policy("open")
        if request.param:
            postgres.administer(CUT)
            await asyncio.sleep(0.5)
        yield made


async def within_two_seconds(seen: Callable[[], Awaitable[bool]]) -> None:
    """Wait for something to be seen."""
    async with asyncio.timeout(2):
        while not await seen():  # noqa: ASYNC110  another connection brings it
            await asyncio.sleep(0.02)


async def messages(pair: Pair) -> int:
    """How many were taken in all."""
    return int(pair.rows("SELECT count(*) FROM trinity_channels_message")[0][0])


async def test_an_account_that_is_disconnected_gets_nothing_in_any_process(pair: Pair) -> None:
    url = await pair.webhook()
    assert (await pair.posts_there(url, 1), await messages(pair)) == (200, 1)

    await pair.api("DELETE", "/api/agents/support/whatsapp")

    # An unknown key is acknowledged, and what comes there is dropped.
    known = pair.other.bindings
    await within_two_seconds(lambda: _is(known.by_key("whatsapp", url.rpartition("/")[2]), None))
    assert (await pair.posts_there(url, 2), await messages(pair)) == (200, 1)


async def _is(asked: Awaitable[object], expected: object) -> bool:
    return await asked is expected


async def test_other_credentials_count_in_every_process(pair: Pair) -> None:
    url = await pair.webhook()
    assert await pair.posts_there(url, 1) == 200
    former = pair.twilio.account.token

    pair.twilio.account.token = "f" * 32
    assert (await pair.connect()).status_code == 200

    async def taken() -> bool:
        return await pair.posts_there(url, 2) == 200

    await within_two_seconds(taken)
    pair.twilio.account.token = former
    assert await pair.posts_there(url, 3) == 403


async def test_another_webhook_address_counts_in_every_process_and_the_old_one_until_a_message_comes(
    pair: Pair,
) -> None:
    before = await pair.webhook()
    assert await pair.posts_there(before, 1) == 200

    await pair.api("POST", "/api/agents/support/whatsapp/rotate-webhook")
    after = await pair.webhook()
    assert before != after

    assert (await pair.posts(before, pair.inbound(), signed_for=before)).status_code == 200
    assert (await pair.posts_there(before, 2), await pair.posts_there(after, 3)) == (200, 200)

    async def gone() -> bool:
        return (await pair.posts(before, pair.inbound(), signed_for=before)).status_code == 410

    # The other host has taken a message for the new address.
    await within_two_seconds(gone)


async def test_another_public_address_counts_in_every_process(pair: Pair) -> None:
    url = await pair.webhook()
    assert await pair.posts_there(url, 1) == 200

    await pair.api("PUT", "/api/settings/public_chat_url", {"value": MOVED})

    moved = url.replace(PUBLIC, MOVED)

    async def taken() -> bool:
        return await pair.posts_there(moved, 2) == 200

    await within_two_seconds(taken)
    assert await pair.posts_there(url, 3) == 403
    assert (await pair.ask_other("GET", "/api/settings/public_chat_url")).json()["value"] == MOVED


async def test_other_limits_count_in_every_process(pair: Pair) -> None:
    await pair.api("PUT", "/api/settings/limits", {"late_after_hours": 5})

    async def seen() -> bool:
        return pair.other.limits.values.late_after_hours == 5

    await within_two_seconds(seen)


async def test_a_renamed_agent_has_its_new_name_in_every_process(pair: Pair) -> None:
    url = await pair.webhook()
    assert await pair.posts_there(url, 1) == 200

    await pair.host.agent_renamed("support", "help-desk")

    async def renamed() -> bool:
        bound = await pair.other.bindings.by_key("whatsapp", url.rpartition("/")[2])
        return bound is not None and bound.agent == "help-desk"

    await within_two_seconds(renamed)
    assert await pair.posts_there(url, 2) == 200


async def test_when_one_process_reads_its_agents_again_every_process_does(
    pair: Pair, caplog: pytest.LogCaptureFixture
) -> None:
    now_reads(pair, ALL | {"new": MINE})

    done = await pair.api("POST", "/api/settings/reload")

    async def known() -> bool:
        return "new" in pair.other.agents.every()

    assert done.json()["message"] == "Added: new."
    await within_two_seconds(known)
    entries = pair.rows("SELECT count(*) FROM trinity_channels_audit WHERE action = 'reload_agents'")
    assert entries == [(1,)]  # what the other did is no act of anyone's
    assert "agents reloaded as in another process" in caplog.text


async def test_a_process_that_cannot_read_its_own_file_goes_on_with_what_it_had(
    pair: Pair, caplog: pytest.LogCaptureFixture
) -> None:
    now_reads(pair, ALL | {"new": MINE})
    first = pair.reads

    def broken() -> Settings:
        pair.reads = first
        raise SettingsError("agents.new.owner: is wrong")

    async def refused() -> bool:
        return "agents not reloaded as in another process" in caplog.text

    await pair.api("POST", "/api/settings/reload")
    pair.reads = broken
    await pair.other.store.write(lambda tx: settings.put(tx, "configuration_reading", "one of a third process"))
    await pair.other.store.write(lambda tx: tx.tell(Subject.CONFIGURATION))
    await within_two_seconds(refused)

    assert "new" in pair.host.agents.every()
