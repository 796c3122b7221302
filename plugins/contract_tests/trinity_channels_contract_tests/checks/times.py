"""`sent_at`: the moment at which a person wrote, in the unit and the time zone of the provider."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

from trinity_channels_contract_tests.check import Checks, story
from trinity_channels_contract_tests.expectations import expect
from trinity_channels_contract_tests.harness import Harness
from trinity_channels_contract_tests.payloads import Payload, leaves

NEAR = timedelta(minutes=10)
"""So far the provider's clock may be from the host's."""
HOUR = 3600.0
UNITS = (1, 1e3, 1e6, 1e9)
"""Of these a second has as many."""


class Times(Checks):
    """When a message was written."""

    area = "messages"

    @story(
        "receive", "Read the moment in the provider's unit, seconds or milliseconds, and in its time zone, mostly UTC."
    )
    async def test_a_message_says_when_it_was_written(self, harness: Harness) -> None:
        """`sent_at` is the moment at which it was written; None only where the provider tells of none."""
        told: list[set[str]] = []
        for text in ("before", "an hour later"):
            fetched = len(harness.fetched())
            came = await harness.brought(harness.phone.says(text))
            at, now = harness.received(came).sent_at, harness.now()
            if at is not None and at.tzinfo is None:
                return  # test_a_message_says_who_and_where says so
            expect(at is None or abs(at - now) < NEAR, f"it was written at {now}, and sent_at is {at}")
            if at is None:
                shown = [Payload(came).value] if not hasattr(came, "events") else []
                shown += [_json(one.response.content) for one in harness.fetched()[fetched:] if one.response]
                told.append({place for payload in shown for place in _moments(payload, now)})
            await asyncio.sleep(HOUR)
        for name in sorted(set.intersection(*told)) if told else ():
            with harness.aspects("a moment that is there"):
                expect(False, f"{name} is the moment at which it was written, and sent_at is None")  # noqa: FBT003


def _json(body: bytes) -> Any:
    with suppress(ValueError, RecursionError):
        return json.loads(body)
    return None


def _moments(payload: Any, now: datetime) -> Iterator[str]:
    """The names of fields that hold a moment near `now`."""
    for path, held in leaves(payload):
        if path and any(abs(one - now) < NEAR for one in _read(held)):
            yield str(next((step for step in reversed(path) if isinstance(step, str)), path[-1]))


def _read(held: Any) -> Iterator[datetime]:
    """The moments that a value may stand for."""
    for unit in UNITS:
        with suppress(ValueError, TypeError, OverflowError, OSError):
            yield datetime.fromtimestamp(float(held) / unit, UTC)
    with suppress(ValueError):
        found = datetime.fromisoformat(held) if isinstance(held, str) else None
        if found and found.tzinfo:
            yield found
