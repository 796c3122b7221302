"""Lies of `listen` about what comes once it has caught up and waits; what has waited for it comes as promised."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from trinity_channels.api import Binding, Context, Deliver, Inbound, Malformed, NotStored, ProviderUnavailable, hookimpl
from trinity_channels_contract_tests.echo import Echo

HELD_OPEN = 0.5
"""Seconds; an answer that took longer was waited for."""

PAGE = 100
"""Messages that many providers give in one answer."""


class Waiting(Echo):
    """Takes what has waited as promised, and what it has waited for, alone or with others, in a way of its own."""

    live = False

    @hookimpl
    async def listen(self, binding: Binding, ctx: Context, deliver: Deliver) -> None:
        self.live = False
        await super().listen(binding, ctx, deliver)

    async def rows(self, binding: Binding, ctx: Context, path: str) -> list[dict[str, Any]]:
        asked = asyncio.get_running_loop().time()
        rows = await super().rows(binding, ctx, path)
        if path == "/unread":
            # The answer after that has what came meanwhile.
            self.live = (self.live and bool(rows)) or asyncio.get_running_loop().time() - asked > HELD_OPEN
            return self.sorted(rows) if self.live else rows
        return rows

    def sorted(self, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return rows

    async def take(self, row: dict[str, Any], binding: Binding, ctx: Context, deliver: Deliver) -> None:
        await (self.take_live if self.live else super().take)(row, binding, ctx, deliver)

    async def take_live(self, row: dict[str, Any], binding: Binding, ctx: Context, deliver: Deliver) -> None:
        await super().take(row, binding, ctx, deliver)


class AcknowledgesFirstWhileItWaits(Waiting):
    breaks = "test_what_is_not_stored_comes_again"

    async def take_live(self, row: dict[str, Any], binding: Binding, ctx: Context, deliver: Deliver) -> None:
        await self.acknowledge(row, binding, ctx)
        await deliver(Inbound((self.one(row),)))


class DeliversBesideWaiting(Waiting):
    breaks = "test_what_is_not_stored_comes_again"

    async def take_live(self, row: dict[str, Any], binding: Binding, ctx: Context, deliver: Deliver) -> None:
        storing = asyncio.ensure_future(deliver(Inbound((self.one(row),))))
        _, takes_long = await asyncio.wait([storing], timeout=1)
        if not takes_long:
            await storing
        await self.acknowledge(row, binding, ctx)


class ForgetsWhatWasNotStored(Waiting):
    breaks = "test_what_cannot_be_stored_comes_again"

    async def take_live(self, row: dict[str, Any], binding: Binding, ctx: Context, deliver: Deliver) -> None:
        async def deliver_anyway(inbound: Inbound) -> None:
            with suppress(NotStored):
                await deliver(inbound)

        await super().take_live(row, binding, ctx, deliver_anyway)


class TurnsTheAnswerRound(Waiting):
    breaks = "test_what_people_write_is_delivered"

    def sorted(self, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return rows[::-1] if all(isinstance(row, dict) for row in rows) else rows


class TakesTheLastOfAnAnswer(Waiting):
    breaks = "test_what_people_write_is_delivered"

    async def rows(self, binding: Binding, ctx: Context, path: str) -> list[dict[str, Any]]:
        rows = await super().rows(binding, ctx, path)
        if not self.live or path != "/unread" or not all(isinstance(row, dict) for row in rows):
            return rows
        for row in rows[:-1]:
            await self.acknowledge(row, binding, ctx)
        return rows[-1:]


class EndsAtWhatIsNoEvent(Waiting):
    breaks = "test_a_malformed_event_takes_no_other_along"

    def sorted(self, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        if len(rows) > 1 and not all(isinstance(row, dict) for row in rows):
            raise ProviderUnavailable("Echo gave no usable list.")
        return rows


class SaysNothingOfWhatIsNoEvent(Waiting):
    breaks = "test_a_malformed_event_takes_no_other_along"

    async def take_live(self, row: dict[str, Any], binding: Binding, ctx: Context, deliver: Deliver) -> None:
        if isinstance(row, dict) or not isinstance(self.one(row), Malformed):
            await super().take_live(row, binding, ctx, deliver)


class ReadsWithoutATry(Waiting):
    breaks = "test_odd_fields_of_events_are_survived"

    async def take_live(self, row: dict[str, Any], binding: Binding, ctx: Context, deliver: Deliver) -> None:
        if isinstance(row, dict) and row.get("kind") == "message":
            row["from"]["name"].strip()
        await super().take_live(row, binding, ctx, deliver)


class IndexesIds(Waiting):
    breaks = "test_odd_fields_of_events_are_survived"

    async def take_live(self, row: dict[str, Any], binding: Binding, ctx: Context, deliver: Deliver) -> None:
        if isinstance(row, dict) and row.get("kind") == "message":
            row["id"]
        await super().take_live(row, binding, ctx, deliver)


class CountsWithWhatIsNoNumber(Waiting):
    breaks = "test_odd_fields_of_events_are_survived"

    async def take_live(self, row: dict[str, Any], binding: Binding, ctx: Context, deliver: Deliver) -> None:
        for held in row.values() if isinstance(row, dict) else ():
            if isinstance(held, float):
                int(held)
        await super().take_live(row, binding, ctx, deliver)


class StumblesOverAnOddText(Waiting):
    breaks = "test_odd_events_hold_up_nothing"

    async def take_live(self, row: dict[str, Any], binding: Binding, ctx: Context, deliver: Deliver) -> None:
        if isinstance(row, dict):
            self.event(row)
        await super().take_live(row, binding, ctx, deliver)


class StumblesOverNewsWhileItWaits(Waiting):
    breaks = "test_unknown_events_hold_up_nothing"

    async def take_live(self, row: dict[str, Any], binding: Binding, ctx: Context, deliver: Deliver) -> None:
        if isinstance(row, dict) and row.get("kind") == "sunrise":
            raise ProviderUnavailable("This is no message.")
        await super().take_live(row, binding, ctx, deliver)


class WaitsForWhatHasExpired(Waiting):
    breaks = "test_what_expires_is_opened_again"

    async def take_live(self, row: dict[str, Any], binding: Binding, ctx: Context, deliver: Deliver) -> None:
        at = datetime.fromisoformat(row["at"]) if isinstance(row, dict) and row.get("text") == "hello" else ctx.now()
        if at > ctx.now() + timedelta(hours=1):
            await asyncio.Event().wait()
        await super().take_live(row, binding, ctx, deliver)


class FetchesOnePage(Waiting):
    breaks = "test_all_that_has_waited_is_delivered"

    async def rows(self, binding: Binding, ctx: Context, path: str) -> list[dict[str, Any]]:
        rows = await super().rows(binding, ctx, path)
        if path != "/unread":
            return rows
        for row in rows[PAGE:]:
            await self.acknowledge(row, binding, ctx)
        return rows[:PAGE]


class GoesOnAfterALiveDelivery(Waiting):
    breaks = "test_listening_ends_in_the_middle_of_a_delivery"

    async def take_live(self, row: dict[str, Any], binding: Binding, ctx: Context, deliver: Deliver) -> None:
        try:
            await deliver(Inbound((self.one(row),)))
        except asyncio.CancelledError:
            return
        await self.acknowledge(row, binding, ctx)


def test_a_lie_is_found_out(lie: Any, broken_by: Callable[[type], dict[str, str]]) -> None:
    broken = broken_by(lie)

    assert set(broken) == {lie.breaks}
    assert ("`listen` waited" in broken[lie.breaks]) == (lie not in {FetchesOnePage, WaitsForWhatHasExpired})
