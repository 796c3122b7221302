"""A probe of the way in may arrive at another process than the one that has sent it: what it finds is the same."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from freezegun.api import FrozenDateTimeFactory

from tests.probing import failed, probe
from tests.stories.test_way_in import LEGS, headers
from tests.two_hosts import OTHER, Pair
from tests.world import PUBLIC
from trinity_channels.store import StoreError

Change = Callable[[dict[str, Any]], None]


@pytest.fixture
async def pair(tmp_path: Path, clock: FrozenDateTimeFactory) -> AsyncIterator[Pair]:
    async with Pair(tmp_path, clock) as made:
        await made.connect()
        leads_to_the_other(made)
        yield made


def leads_to_the_other(pair: Pair, change: Change | None = None) -> None:
    """Let the public address lead to the other process, through a proxy that may change requests."""
    there: Any = pair.network.at[OTHER]
    app = there.app

    async def proxy(scope: Any, receive: Any, send: Any) -> None:
        changed = dict(scope)
        if change:
            change(changed)
        await app(changed, receive, send)

    pair.network.serve({PUBLIC: proxy})


async def test_it_is_recognised_there_and_leaves_nothing_behind(pair: Pair) -> None:
    found = await probe(pair)

    assert [(one["code"], one["state"]) for one in found["checks"]] == [(leg, "ok") for leg in LEGS]
    assert pair.rows("SELECT name FROM trinity_channels_setting WHERE name LIKE 'way_in_%:%'") == []
    assert await pair.other.unknown_webhooks.last_day() == 0


@pytest.mark.parametrize(
    ("change", "leg", "said"),
    [
        (lambda scope: scope.update(query_string=b""), "unchanged", "changed the query"),
        (lambda scope: scope.update(method="GET"), "unchanged", "from POST to GET"),
        (
            lambda scope: headers(scope, x_trinity_channels_signature=None),
            "signature",
            "arrived without its signature",
        ),
        (lambda scope: scope.update(path="/"), "reached", "changed the path"),
        (
            lambda scope: scope.update(path=scope["path"].removeprefix("/api")),
            "reached",
            "/whatsapp/webhook/… arrived",
        ),
        (lambda scope: scope.update(path=scope["path"].lower()), "reached", "capital letters"),
    ],
)
async def test_what_a_proxy_changes_is_told(pair: Pair, change: Change, leg: str, said: str) -> None:
    leads_to_the_other(pair, change)

    code, message, _ = failed(await probe(pair))

    assert (code, said in message) == (leg, True), message


async def test_what_the_other_process_cannot_store_is_told(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    async def full(_: object) -> None:
        raise StoreError("The disk is full.")

    monkeypatch.setattr("trinity_channels.inbound.way_in.probes._NOTED", 0.01)
    monkeypatch.setattr(pair.other.store, "write", full)

    code, message, _ = failed(await probe(pair))

    assert (code, "Another process of this host" in message) == ("stored", True), message


async def test_an_address_that_looks_like_a_probe_s_is_counted_as_unknown(pair: Pair) -> None:
    await pair.http.post(f"{PUBLIC}/api/whatsapp/webhook/probe-of-a-stranger")

    assert await pair.other.unknown_webhooks.last_day() == 1
