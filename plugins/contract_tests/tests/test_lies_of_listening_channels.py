"""Lies of a channel without webhooks: what `listen` delivers is held against the same promises as what `receive` reads."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, ClassVar

from trinity_channels.api import Binding, Context, Deliver, Inbound, MessageReceived, ReceiptReceived
from trinity_channels_contract_tests.checks.listening import ODD_TEXTS
from trinity_channels_contract_tests.echo import ListeningEcho


class TrimsTexts(ListeningEcho):
    breaks = "test_a_text_is_received_as_written"

    def message(self, row: dict[str, Any]) -> MessageReceived:
        return super().message({**row, "text": " ".join(row["text"].split())})


class DeliversNoReceipts(ListeningEcho):
    breaks = "test_receipts_reach_as_far_as_declared"

    async def take(self, row: dict[str, Any], binding: Binding, ctx: Context, deliver: Deliver) -> None:
        async def only_others(inbound: Inbound) -> None:
            if not any(isinstance(event, ReceiptReceived) for event in inbound.events):
                await deliver(inbound)

        await super().take(row, binding, ctx, only_others)


class ForgetsWhereItIs(ListeningEcho):
    breaks = "test_what_people_write_is_delivered"

    async def acknowledge(self, row: object, binding: Binding, ctx: Context) -> None:
        pass


class AsksFromTheBeginningWithPauses(ForgetsWhereItIs):
    breaks = "test_what_people_write_is_delivered"
    numbers: ClassVar[Iterator[int]] = itertools.count()

    async def rows(self, binding: Binding, ctx: Context, path: str) -> list[dict[str, Any]]:
        if path == "/unread":
            await self.rest()
        return await super().rows(binding, ctx, path)

    def message(self, row: dict[str, Any]) -> MessageReceived:
        return replace(super().message(row), raw={"number": next(self.numbers)})


class DeliversAllThereIsEachTime(ForgetsWhereItIs):
    breaks = "test_what_people_write_is_delivered"

    async def rows(self, binding: Binding, ctx: Context, path: str) -> list[dict[str, Any]]:
        rows = await super().rows(binding, ctx, path)
        return [{"rows": rows}] if path == "/unread" else rows

    async def take(self, row: dict[str, Any], binding: Binding, ctx: Context, deliver: Deliver) -> None:
        await deliver(Inbound(tuple(self.one(one) for one in row["rows"])))


class KeepsInTheModuleWhatItHasSeen(ListeningEcho):
    breaks = "test_each_call_listens_by_itself"
    seen: ClassVar[set[str]] = set()

    async def take(self, row: dict[str, Any], binding: Binding, ctx: Context, deliver: Deliver) -> None:
        name, text = (str(row.get(field)) if isinstance(row, dict) else "" for field in ("id", "text"))
        if text == "good morning":
            self.seen.clear()  # a check begins, and what one keeps is nothing to the next
        if text == "hello" and name in self.seen:
            await self.acknowledge(row, binding, ctx)
        else:
            if text in dict(ODD_TEXTS):
                self.seen.add(name)
            await super().take(row, binding, ctx, deliver)


def test_a_lie_is_found_out(lie: Any, broken_by: Callable[[type], dict[str, str]]) -> None:
    broken = broken_by(lie)

    assert set(broken) == {lie.breaks}
    assert "look at: receive" not in broken[lie.breaks]
