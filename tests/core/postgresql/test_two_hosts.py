"""Two processes over one database: what changes in one takes effect in the other within two seconds."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable
from pathlib import Path
from typing import Any

import pytest
from freezegun.api import FrozenDateTimeFactory
from pydantic import SecretStr

from tests import postgres
from tests.postgres_units import CUT
from tests.stories.test_reload import ALL, MINE, now_reads
from tests.two_hosts import MOVED, OTHER, Pair, messages, within_two_seconds
from tests.world import KEY, OWNER, PUBLIC
from trinity_channels.app import create_app
from trinity_channels.crypto.vault import VaultError
from trinity_channels.host import Host
from trinity_channels.principal import Principal, Role
from trinity_channels.settings import Settings, SettingsError
from trinity_channels.store import settings
from trinity_channels.store.news import Subject

never_cut = pytest.mark.parametrize("pair", [""], indirect=True)


@pytest.fixture(params=["", "after their connections were cut"])
async def pair(tmp_path: Path, clock: FrozenDateTimeFactory, request: pytest.FixtureRequest) -> AsyncIterator[Pair]:
    async with Pair(tmp_path, clock) as made:
        await made.connect()
        await made.policy("open")
        if request.param:
            postgres.administer(CUT)
            await asyncio.sleep(0.5)
        yield made


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
    assert entries == [(1,)]  # what the other did was not asked for by a person
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


async def rounds(pair: Pair) -> None:
    """A round of periodic work in both processes, at once."""
    await asyncio.gather(pair.host.housekeeping.run(), pair.other.housekeeping.run())


async def takes_over(host: Host) -> None:
    """Wait until a host leads."""
    async with asyncio.timeout(10):
        while not host.store.leads:  # noqa: ASYNC110  as above
            await asyncio.sleep(0.05)


@never_cut
async def test_owners_are_mailed_once_and_by_the_next_process_when_one_has_ended(pair: Pair) -> None:
    await pair.policy("require_sharing")
    await pair.person("Zoe").verifies("zoe@example.org")
    pair.clock.tick(31)
    await rounds(pair)
    assert len(pair.mails.to(OWNER)) == 1
    await pair.person("Yan").verifies("yan@example.org")
    pair.clock.tick(7200)

    await pair.host.stop()
    await pair.other.housekeeping.run()
    await takes_over(pair.other)
    for _ in range(2):
        await pair.other.housekeeping.run()

    assert len(pair.mails.to(OWNER)) == 2


@never_cut
async def test_what_a_process_keeps_in_memory_it_writes_down_itself(pair: Pair) -> None:
    unknown = await pair.http.post(f"{OTHER}/api/whatsapp/webhook/unknown")
    assert unknown.status_code == 200

    await pair.other.housekeeping.run()

    assert pair.rows("SELECT sum(requests) FROM trinity_channels_unknown_webhook") == [(1,)]


class Endless:
    """A chore that goes on until it is ended."""

    def __init__(self) -> None:
        self.begun, self.ended = asyncio.Event(), asyncio.Event()

    async def run(self) -> None:
        self.begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            self.ended.set()


@never_cut
async def test_a_chore_ends_when_another_process_may_do_it(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    of_one, own = Endless(), Endless()
    chores = {"retention": of_one, "unknown webhooks": own}
    monkeypatch.setattr(pair.host.housekeeping, "chores", {**pair.host.housekeeping.chores, **chores})
    running = asyncio.create_task(pair.host.housekeeping.run())
    await asyncio.gather(of_one.begun.wait(), own.begun.wait())

    postgres.administer(CUT)

    await asyncio.wait_for(of_one.ended.wait(), 5)
    assert not own.ended.is_set()
    await pair.host.housekeeping.stop()
    await running


@never_cut
async def test_a_process_that_takes_over_fetches_what_no_one_has_received(pair: Pair) -> None:
    zoe = pair.person("Zoe")
    await zoe.says("before")
    await pair.host.stop()
    pair.clock.tick(60)
    await zoe.phone.says("missed")
    before = await messages(pair)
    await takes_over(pair.other)

    await pair.other.housekeeping.do("catch-up")

    assert await messages(pair) == before + 1


@never_cut
async def test_pages_of_one_process_show_what_another_has_written(pair: Pair) -> None:
    await asyncio.sleep(1.1)  # nothing is on its way any more
    before, own = pair.other.store.commits, pair.host.store.commits
    await pair.policy("require_email")

    async def seen() -> bool:
        return pair.other.store.commits > before

    await within_two_seconds(seen)
    heard, written = pair.other.store.commits, pair.host.store.commits
    await asyncio.sleep(2.2)
    # One does not take what it has heard for something to tell.
    assert (pair.other.store.commits, pair.host.store.commits) == (heard, written)
    assert written > own


async def third(pair: Pair, **changes: Any) -> Host:
    """A process that has started beside the others with other settings."""
    _, host = create_app(pair.settings.model_copy(update=changes), pair.ports())
    await host.start()
    return host


NEW = "11" * 32


@never_cut
@pytest.mark.parametrize(
    ("keys", "why"),
    [
        (NEW, "seal secrets with the encryption key [0-9a-f]{12}, which this one does not have"),
        (f"{NEW},{KEY}", "do not have the encryption key [0-9a-f]{12}, with which this one would seal secrets"),
    ],
)
async def test_a_process_with_other_encryption_keys_does_not_start_beside_others(
    pair: Pair, keys: str, why: str
) -> None:
    with pytest.raises(VaultError, match=rf"{why}\. Give this one the key that they use: .* a copy of that file"):
        await third(pair, credential_encryption_key=SecretStr(keys))

    for following in (f"{KEY},{NEW}", f"{NEW},{KEY}"):
        await (await third(pair, credential_encryption_key=SecretStr(following))).stop()


@never_cut
async def test_a_process_without_a_key_makes_none_beside_others(pair: Pair, tmp_path: Path) -> None:
    # Else it is the stored secrets that tell that a key is missing.
    assert (await pair.api("DELETE", "/api/agents/support/whatsapp")).status_code == 200
    home = tmp_path / "of the third"

    with pytest.raises(VaultError, match=r"seal secrets with the encryption key [0-9a-f]{12}, which this one does"):
        await third(pair, credential_encryption_key=None, home=home)

    assert not home.exists()


@never_cut
async def test_a_process_with_other_agents_says_so_when_it_starts(pair: Pair, caplog: pytest.LogCaptureFixture) -> None:
    agents = dict(pair.settings.agents)
    agents["new"] = agents.pop("sales")
    agents["support"] = agents["support"].model_copy(update={"keep_bodies_days": 3})
    host = await third(pair, agents=agents)
    await host.stop()

    (said,) = [one for one in caplog.messages if "configured otherwise" in one]
    assert 'only_here=["new"] only_there=["sales"] differ=["support"]' in said


@never_cut
async def test_what_one_process_has_found_out_every_process_shows(pair: Pair) -> None:
    for path in ("test", "probe"):
        found = await pair.api("POST", f"/api/agents/support/whatsapp/{path}", {})
        assert found.status_code == 200, found.text
    admin = Principal(Role.ADMIN)

    async def seen() -> bool:
        connection = (await pair.other.statuses.of(admin, "support", "whatsapp")).connection
        return bool(connection and connection.probed and connection.verified)

    await within_two_seconds(seen)
    here = (await pair.host.statuses.of(admin, "support", "whatsapp")).connection
    there = (await pair.other.statuses.of(admin, "support", "whatsapp")).connection
    assert here == there
    assert there
    assert there.verified
    assert "credentials" in {check.code for check in there.verified.checks}

    await pair.api("PUT", "/api/settings/public_chat_url", {"value": MOVED})

    async def gone() -> bool:
        connection = (await pair.other.statuses.of(admin, "support", "whatsapp")).connection
        return bool(connection and not connection.probed)

    await within_two_seconds(gone)


@never_cut
async def test_what_could_not_be_fetched_is_when_another_process_has_got_the_credentials(pair: Pair) -> None:
    zoe = pair.person("Zoe")
    await zoe.says("before")
    pair.twilio.hold_webhooks()
    await zoe.phone.says("missed")
    pair.twilio.account.token = "f" * 32
    pair.host.catch_up.look_back()
    await pair.host.housekeeping.do("catch-up")
    before = await messages(pair)

    entered = await pair.ask_other("PUT", "/api/agents/support/whatsapp", pair.twilio.settings())
    assert entered.status_code == 200, entered.text

    async def fetched() -> bool:
        await pair.host.housekeeping.do("catch-up")
        return await messages(pair) == before + 1

    await within_two_seconds(fetched)
