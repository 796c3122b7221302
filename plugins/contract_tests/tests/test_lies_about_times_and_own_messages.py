"""Lies about moments, and about what the account itself does; each class is one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from starlette.requests import Request as HttpRequest
from starlette.responses import Response

from trinity_channels.api import Context, Event, MessageReceived, Simulator, hookimpl
from trinity_channels_contract_tests.echo import Echo, EchoSimulator

OWN = {"address": "echo:100000", "id": "u-100000", "name": "Echo"}


class TakesSecondsForMilliseconds(Echo):
    breaks = "test_a_message_says_when_it_was_written"

    def message(self, row: dict[str, Any]) -> MessageReceived:
        return replace(super().message(row), sent_at=at(row, seconds=lambda held: held / 1000))


class TakesItsZoneForUtc(Echo):
    breaks = "test_a_message_says_when_it_was_written"

    def message(self, row: dict[str, Any]) -> MessageReceived:
        return replace(super().message(row), sent_at=at(row, seconds=lambda held: held + 9 * 3600))


class ForgetsTheMoment(Echo):
    breaks = "test_a_message_says_when_it_was_written"

    def message(self, row: dict[str, Any]) -> MessageReceived:
        return replace(super().message(row), sent_at=None)


class StumblesOverFarMoments(Echo):
    breaks = "test_huge_and_deep_values_are_survived"

    def events(self, batch: list[Any]) -> tuple[Event, ...]:
        for payload in batch:
            moment = payload.get("at") if isinstance(payload, dict) else None
            # As many read it: a whole number of at most 64 bits.
            if isinstance(moment, int) and 0 <= moment < 2**63:
                datetime.fromtimestamp(moment / 1000, UTC)
        return super().events(batch)


class AnswersItself(Echo):
    """The provider shows the account what it has sent, and nothing leaves that out."""

    breaks = "test_own_messages_are_not_received"

    @hookimpl
    def simulator(self, ctx: Context) -> Simulator:
        class ShowsAll(EchoSimulator):
            async def _carry(self, row: dict[str, Any]) -> None:
                await super()._carry(row)
                of_groups = {"group": None, "named": False}
                await self._post({**row, **of_groups, "kind": "message", "from": OWN, "files": [], "at": self._at()})

        return ShowsAll(ctx, self.signed)


class TakesItsOwnReadingForAReceipt(Echo):
    breaks = "test_own_reading_is_no_receipt"

    @hookimpl
    def simulator(self, ctx: Context) -> Simulator:
        class TellsOfReading(EchoSimulator):
            async def _typing(self, request: HttpRequest) -> Response:
                read = {"id": (await request.json())["message"], "state": "read", "reference": ""}
                await self._post({"kind": "receipt", **read})
                return await super()._typing(request)

        return TellsOfReading(ctx, self.signed)


def at(row: dict[str, Any], seconds: Callable[[float], float]) -> datetime:
    """The moment in a row, misread."""
    return datetime.fromtimestamp(seconds(datetime.fromisoformat(row["at"]).timestamp()), UTC)


def test_a_lie_is_found_out(lie: Any, broken_by: Callable[[type], dict[str, str]]) -> None:
    assert set(broken_by(lie)) == {lie.breaks}
