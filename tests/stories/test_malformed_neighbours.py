"""A malformed event of a batch does not take its neighbours along."""

from __future__ import annotations

import logging
from datetime import UTC, datetime

import httpx
import pytest

from tests.alerting import lines
from tests.world import Agent, World, said
from trinity_channels.api import (
    DeliveryState,
    Event,
    Ignored,
    Inbound,
    Malformed,
    MessageReceived,
    ReceiptReceived,
    Sender,
)

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
BAD = Malformed("An event has no sender.")
RECEIPT = ReceiptReceived("SM0", DeliveryState.READ)


def message(text: str) -> MessageReceived:
    return MessageReceived(f"event:{text}", Sender("+12025550188"), text, provider_id=text)


async def comes(town: World, monkeypatch: pytest.MonkeyPatch, *events: Event) -> httpx.Response:
    with monkeypatch.context() as patch:
        patch.setattr(town.host.plugins["whatsapp"], "receive", lambda *_: Inbound(events))
        answer = await town.http.post(await town.webhook(), content=b"x")
    await town.settle()
    return answer


@pytest.mark.parametrize(
    ("events", "told"),
    [
        ((BAD, message("one")), ["one"]),
        ((message("one"), BAD), ["one"]),
        ((message("one"), BAD, message("two")), ["one", "two"]),
        ((BAD, BAD, message("one"), BAD), ["one"]),
        ((BAD, Ignored("x")), []),
        ((RECEIPT, BAD), []),
    ],
)
async def test_its_neighbours_are_stored(
    town: World,
    agent: Agent,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    events: tuple[Event, ...],
    told: list[str],
) -> None:
    caplog.set_level(logging.WARNING)

    answer = await comes(town, monkeypatch, *events)

    assert answer.status_code == httpx.codes.OK
    assert "\n\n".join(map(said, agent.turns)).split() == told
    assert len(lines(caplog, "malformed event")) == events.count(BAD)


@pytest.mark.parametrize("events", [(BAD,), (BAD, BAD)])
async def test_where_nothing_else_came_the_request_is_refused(
    town: World, monkeypatch: pytest.MonkeyPatch, events: tuple[Event, ...]
) -> None:
    answer = await comes(town, monkeypatch, *events)

    assert (answer.status_code, answer.json()["code"]) == (400, "malformed_payload")
    assert answer.json()["message"] == BAD.reason
