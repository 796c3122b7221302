"""What the log says of periodic work that fails: why, once for each cause, and when it works again."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from datetime import timedelta

import pytest

from tests.world import ADMIN, PUBLIC, World
from trinity_channels.api import ConfigurationError, MessageReceived, ProviderUnavailable
from trinity_channels.crypto.vault import VaultError
from trinity_channels.observability.failures import cause_of
from trinity_channels.observability.log import Entry
from trinity_channels.store import StoreError

REMOTE = "The provider gave no answer."


def lines(caplog: pytest.LogCaptureFixture, event: str) -> list[logging.LogRecord]:
    """The log's entries of one kind."""
    return [one for one in caplog.records if isinstance(one.msg, Entry) and one.msg["event"] == event]


async def rest(town: World) -> None:
    """The host does no periodic work by itself from now on."""
    await town.host.periodic.end()


def chained(error: Exception, cause: Exception) -> Exception:
    """An error as `raise error from cause` makes it."""
    error.__cause__ = cause
    return error


@pytest.fixture
def unreachable(town: World, monkeypatch: pytest.MonkeyPatch) -> list[Exception]:
    """What `list_missed` raises, the last one again and again; nothing if empty."""
    errors: list[Exception] = []

    async def list_missed(*_: object) -> list[MessageReceived]:
        if errors:
            raise errors[0] if len(errors) == 1 else errors.pop(0)
        return []

    monkeypatch.setattr(town.host.plugins["whatsapp"], "list_missed", list_missed)
    return errors


async def fetches(town: World, rounds: int = 1) -> None:
    """Messages were missed, and the host tries to fetch them, every ten seconds."""
    town.host.catch_up.refused(await town.host.bindings.open(1))
    for _ in range(rounds):
        await town.later(seconds=10)


@pytest.mark.parametrize(
    ("error", "cause"),
    [
        (ProviderUnavailable(REMOTE), f"ProviderUnavailable: {REMOTE}"),
        (
            chained(ProviderUnavailable(REMOTE), TimeoutError("after 5 s")),
            f"ProviderUnavailable: {REMOTE} ← TimeoutError: after 5 s",
        ),
        (ConfigurationError("Authenticate", refused=True), "ConfigurationError: Authenticate"),
        (StoreError("The disk is full."), "StoreError: The disk is full."),
        (VaultError("A stored secret needs the key 'abc'."), "VaultError: A stored secret needs the key 'abc'."),
        (KeyError("sid"), "KeyError: 'sid'"),
        (ValueError(), "ValueError"),
    ],
)
async def test_a_failed_catch_up_is_logged_with_its_cause(
    town: World, unreachable: list[Exception], caplog: pytest.LogCaptureFixture, error: Exception, cause: str
) -> None:
    unreachable.append(error)

    await fetches(town)

    (line,) = lines(caplog, "catch-up failed")
    assert f'cause="{cause}"' in line.getMessage() or f"cause={cause}" in line.getMessage()
    assert "agent=support" in line.getMessage()


@pytest.mark.long
async def test_a_provider_that_cannot_be_asked_for_an_hour_is_logged_twice(
    town: World, unreachable: list[Exception], caplog: pytest.LogCaptureFixture
) -> None:
    unreachable.append(ProviderUnavailable(REMOTE))

    await fetches(town, rounds=361)

    assert len(lines(caplog, "catch-up failed")) == 2


async def test_another_cause_is_logged_at_once_and_so_is_the_end(
    town: World, unreachable: list[Exception], caplog: pytest.LogCaptureFixture
) -> None:
    unreachable += [ProviderUnavailable(REMOTE), ProviderUnavailable(REMOTE), ProviderUnavailable("It answers 503.")]

    await fetches(town, rounds=3)
    unreachable.clear()
    await fetches(town, rounds=3)

    assert len(lines(caplog, "catch-up failed")) == 2
    assert len(lines(caplog, "catch-up works again")) == 1


async def test_a_chore_that_fails_is_logged_with_its_cause_counted_and_keeps_no_other_from_running(
    town: World, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    await rest(town)
    ran: list[str] = []
    for name, chore in town.host.housekeeping.chores.items():

        async def run(name: str = name) -> None:
            ran.append(name)
            if name == "request mails":
                raise StoreError("The disk is full.") from OSError("no space left on device")

        monkeypatch.setattr(chore, "run", run)

    for _ in range(3):
        await town.host.housekeeping.run()
        town.clock.tick(timedelta(seconds=10))

    assert sorted(ran) == sorted([*town.host.housekeeping.chores] * 3)
    (line,) = lines(caplog, "chore failed")
    assert "StoreError: The disk is full. ← OSError: no space left on device" in line.getMessage()
    assert 'chore="request mails"' in line.getMessage()
    metrics = await town.http.get(f"{PUBLIC}/metrics", headers={"Authorization": f"Bearer {ADMIN}"})
    assert 'trinity_channels_chore_failures_total{chore="request mails"} 3.0' in metrics.text


async def test_a_chore_that_hangs_keeps_no_other_from_running_and_is_not_started_twice(
    town: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await rest(town)
    monkeypatch.setattr("trinity_channels.housekeeping.PATIENCE", 0.01)
    ran: Counter[str] = Counter()
    go_on = asyncio.Event()
    for name, chore in town.host.housekeeping.chores.items():

        async def run(name: str = name) -> None:
            ran[name] += 1
            if name == "request mails":
                await go_on.wait()

        monkeypatch.setattr(chore, "run", run)

    for _ in range(3):
        await town.host.housekeeping.run()
    assert (ran["request mails"], ran["catch-up"], ran["channel watch"]) == (1, 3, 3)
    go_on.set()
    await town.host.housekeeping.run()
    await town.host.housekeeping.run()

    assert ran["request mails"] >= 2


async def test_a_host_that_stops_ends_a_chore_that_hangs(town: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trinity_channels.housekeeping.PATIENCE", 0.01)
    monkeypatch.setattr(town.host.housekeeping.chores["request mails"], "run", asyncio.Event().wait)
    await town.host.housekeeping.run()

    async with asyncio.timeout(5):
        await town.stops()

    assert [one.get_name() for one in asyncio.all_tasks() if one.get_name().startswith("chore")] == []


async def test_a_chore_that_works_again_says_so_once(
    town: World, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    await rest(town)
    caplog.set_level(logging.INFO)

    async def fails() -> None:
        raise StoreError("The disk is full.")

    with monkeypatch.context() as broken:
        broken.setattr(town.host.housekeeping.chores["request mails"], "run", fails)
        await town.host.housekeeping.run()
    await town.host.housekeeping.run()
    await town.host.housekeeping.run()

    assert len(lines(caplog, "chore works again")) == 1


def test_a_cause_is_one_line_of_bounded_length() -> None:
    assert cause_of(ValueError("a\nb\r\n  c" + "x" * 10_000)).startswith("ValueError: a b cxx")
    assert len(cause_of(ValueError("x" * 10_000))) == 500


def test_a_cause_that_was_withheld_is_not_told() -> None:
    def withholds() -> None:
        try:
            raise KeyError("+15551234567")
        except KeyError:
            raise ProviderUnavailable(REMOTE) from None

    with pytest.raises(ProviderUnavailable) as raised:
        withholds()

    assert cause_of(raised.value) == f"ProviderUnavailable: {REMOTE}"


def test_errors_that_lead_to_each_other_have_an_end() -> None:
    one, other = ValueError("one"), ValueError("other")
    one.__cause__, other.__cause__ = other, one

    assert cause_of(one) == "ValueError: one ← ValueError: other"
