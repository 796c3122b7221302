"""Lies of `find_sent`, of receipts and of the other optional hooks; each class is one."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from trinity_channels.api import (
    Binding,
    Context,
    DeliveryState,
    Failure,
    FailureKind,
    MessageReceived,
    OutboundMessage,
    ProviderUnavailable,
    Quoted,
    Receipt,
    ReceiptReceived,
    hookimpl,
)
from trinity_channels_contract_tests.echo import Echo
from trinity_channels_contract_tests.echo.manifest import MANIFEST

NOBODY = Failure("0", FailureKind.PERMANENT, "Nothing can be done.")
logger = logging.getLogger("echo.lies")


class NeverFindsAnything(Echo):
    breaks = "test_a_taken_message_is_found"

    def is_this(self, *_: object) -> bool:
        return False


class DoesNotCompareTexts(Echo):
    breaks = "test_an_absent_message_is_not_invented"

    def is_this(self, row: dict[str, Any], message: OutboundMessage, at: datetime, known: Collection[str]) -> bool:
        return super().is_this(row, replace(message, text=row["text"]), at, known)


class DoesNotComparePeople(Echo):
    breaks = "test_an_absent_message_is_not_invented"

    def is_this(self, row: dict[str, Any], message: OutboundMessage, at: datetime, known: Collection[str]) -> bool:
        return super().is_this(row, replace(message, to=row["to"]), at, known)


class TakesWhatBelongsToOthers(Echo):
    breaks = "test_known_messages_are_left_out"

    def is_this(self, row: dict[str, Any], message: OutboundMessage, at: datetime, known: Collection[str]) -> bool:
        return super().is_this(row, message, at, ())


class LivesInThePast(Echo):
    breaks = "test_messages_of_long_ago_are_left_out"

    def is_this(self, row: dict[str, Any], message: OutboundMessage, at: datetime, known: Collection[str]) -> bool:
        return super().is_this(row, message, at - timedelta(days=7), known)


class ConcludesFromSilence(Echo):
    breaks = "test_reading_back_says_if_the_provider_is_down"

    @hookimpl
    async def find_sent(
        self, binding: Binding, message: OutboundMessage, attempted_at: datetime, known: Collection[str], ctx: Context
    ) -> Receipt | None:
        try:
            return await super().find_sent(binding, message, attempted_at, known, ctx)
        except ProviderUnavailable:
            return None


class FindsWhatThePersonWrote(Echo):
    breaks = "test_an_absent_message_is_not_invented"

    @hookimpl
    async def find_sent(
        self, binding: Binding, message: OutboundMessage, attempted_at: datetime, known: Collection[str], ctx: Context
    ) -> Receipt | None:
        for row in await self.rows(binding, ctx, "/inbox"):
            if message.text == "not taken" == row["text"]:
                return Receipt(row["id"])
        return await super().find_sent(binding, message, attempted_at, known, ctx)


class LooksAtOnePage(Echo):
    breaks = "test_a_taken_message_is_found_behind_others"

    async def rows(self, binding: Binding, ctx: Context, path: str) -> list[dict[str, Any]]:
        rows = await super().rows(binding, ctx, path)
        return rows[-100:] if path == "/messages" else rows


# --- receipts ---


class Receipting(Echo):
    """Understands one state differently."""

    states: dict[str, DeliveryState] = {}

    def receipt_event(self, payload: dict[str, Any], state: DeliveryState) -> ReceiptReceived:
        return super().receipt_event(payload, self.states.get(payload["state"], state))


class NeverSeesAnybodyRead(Receipting):
    breaks = "test_receipts_reach_as_far_as_declared"
    states = {"read": DeliveryState.DELIVERED}


class DeclaresNoReceipts(Echo):
    breaks = "test_receipts_reach_as_far_as_declared"
    manifest = replace(MANIFEST, capabilities=replace(MANIFEST.capabilities, receipts=None))


class GoesBack(Receipting):
    breaks = "test_receipts_do_not_go_back"
    states = {"delivered": DeliveryState.QUEUED}


class MixesUpIds(Echo):
    breaks = "test_a_receipt_names_its_message"

    def receipt_event(self, payload: dict[str, Any], state: DeliveryState) -> ReceiptReceived:
        return replace(super().receipt_event(payload, state), delivery=payload["id"])


# --- the other hooks ---


class TypesInWords(Echo):
    breaks = "test_indicating_is_harmless"

    @hookimpl
    async def indicate(self, binding: Binding, message_id: str, ctx: Context, done: bool = False) -> None:
        await super().indicate(binding, message_id, ctx, done)
        await self.request(
            binding.settings, ctx, "POST", "/messages", {"to": "echo:100001", "text": "typing…", "reference": ""}
        )


class PanicsWhileTyping(Echo):
    breaks = "test_indicating_is_harmless"

    @hookimpl
    async def indicate(self, binding: Binding, message_id: str, ctx: Context, done: bool = False) -> None:
        await self.request(binding.settings, ctx, "POST", "/typing", {"message": message_id, "on": not done})


class ListsTheNewestFirst(Echo):
    breaks = "test_missed_messages_are_listed"

    @hookimpl
    async def list_missed(self, binding: Binding, since: datetime, ctx: Context) -> list[MessageReceived]:
        return (await super().list_missed(binding, since, ctx))[::-1]


class RenamesWhatItLists(Echo):
    breaks = "test_listed_messages_are_recognised"

    @hookimpl
    async def list_missed(self, binding: Binding, since: datetime, ctx: Context) -> list[MessageReceived]:
        listed = await super().list_missed(binding, since, ctx)
        return [replace(message, event_id=f"listed-{message.event_id}") for message in listed]


class NeverStopsTyping(Echo):
    breaks = "test_an_indication_ends"

    @hookimpl
    async def indicate(self, binding: Binding, message_id: str, ctx: Context, done: bool = False) -> None:
        if not done:
            await super().indicate(binding, message_id, ctx, done)


class TypesToTheEnd(Echo):
    breaks = "test_an_indication_ends"

    @hookimpl
    async def indicate(self, binding: Binding, message_id: str, ctx: Context) -> None:
        await super().indicate(binding, message_id, ctx)


class DropsWhatWaits(Echo):
    breaks = "test_what_waits_is_not_dropped"

    @hookimpl
    async def unregister_webhook(self, binding: Binding, ctx: Context) -> None:
        await super().unregister_webhook(binding, ctx)
        if not await self.webhook(binding, ctx):
            await self.ask(binding.settings, ctx, "POST", "/webhook", {"url": "", "drop": True})


class MissesNothing(Echo):
    breaks = "test_listing_says_if_the_provider_is_down"

    @hookimpl
    async def list_missed(self, binding: Binding, since: datetime, ctx: Context) -> list[MessageReceived]:
        try:
            return await super().list_missed(binding, since, ctx)
        except ProviderUnavailable:
            return []


class OnlyLooksAtTheWebhook(Echo):
    breaks = "test_the_webhook_is_registered"

    @hookimpl
    async def register_webhook(self, binding: Binding, ctx: Context) -> None:
        await self.ask(binding.settings, ctx, "GET", "/webhook")


class RegistersInTheDark(Echo):
    breaks = "test_registering_says_if_the_provider_is_down"

    @hookimpl
    async def register_webhook(self, binding: Binding, ctx: Context) -> None:
        with suppress(ProviderUnavailable):
            await super().register_webhook(binding, ctx)


class DoesNotAskToBeRecognised(Echo):
    breaks = "test_a_repeated_send_is_recognised"

    def body(self, message: OutboundMessage) -> dict[str, Any]:
        return {**super().body(message), "once": False}


class NamesEachAttemptAnew(Echo):
    breaks = "test_a_repeated_send_is_recognised"

    def body(self, message: OutboundMessage) -> dict[str, Any]:
        return {**super().body(message), "reference": str(uuid4())}

    def receipt_event(self, payload: dict[str, Any], state: DeliveryState) -> ReceiptReceived:
        return replace(super().receipt_event(payload, state), delivery=None)


class OnlyLooksBeforeItLeaves(Echo):
    breaks = "test_the_webhook_is_taken_back"

    @hookimpl
    async def unregister_webhook(self, binding: Binding, ctx: Context) -> None:
        await self.ask(binding.settings, ctx, "GET", "/webhook")


class RemovesEveryWebhook(Echo):
    breaks = "test_another_webhook_is_left_alone"

    @hookimpl
    async def unregister_webhook(self, binding: Binding, ctx: Context) -> None:
        await self.ask(binding.settings, ctx, "POST", "/webhook", {"url": ""})


class TakesShorterWebhooksForOurs(Echo):
    breaks = "test_another_webhook_is_left_alone"

    @hookimpl
    async def unregister_webhook(self, binding: Binding, ctx: Context) -> None:
        url = await self.webhook(binding, ctx)
        if url and str(ctx.webhook_url).startswith(url):
            await self.ask(binding.settings, ctx, "POST", "/webhook", {"url": ""})


class LeavesInTheDark(Echo):
    breaks = "test_taking_back_is_harmless"

    @hookimpl
    async def unregister_webhook(self, binding: Binding, ctx: Context) -> None:
        with suppress(ProviderUnavailable):
            await super().unregister_webhook(binding, ctx)


class QuotesThePreviousMessage(Echo):
    breaks = "test_a_quoted_message_is_read"

    @hookimpl
    async def resolve_quoted(self, binding: Binding, message_id: str, ctx: Context) -> Quoted:
        found = await super().resolve_quoted(binding, message_id, ctx)
        return replace(found, text="good morning") if found.text else found


class QuotesOurselvesAsStrangers(Echo):
    breaks = "test_a_quoted_message_is_read"

    def quoted(self, row: dict[str, Any]) -> Quoted:
        return replace(super().quoted(row), by_agent=False)


class InventsQuotations(Echo):
    breaks = "test_a_quoted_message_is_not_invented"

    @hookimpl
    async def resolve_quoted(self, binding: Binding, message_id: str, ctx: Context) -> Quoted:
        found = await super().resolve_quoted(binding, message_id, ctx)
        return found if found.text else replace(found, text="(deleted)")


class QuotesNothingInTheDark(Echo):
    breaks = "test_quoting_says_if_the_provider_is_down"

    @hookimpl
    async def resolve_quoted(self, binding: Binding, message_id: str, ctx: Context) -> Quoted:
        try:
            return await super().resolve_quoted(binding, message_id, ctx)
        except ProviderUnavailable:
            return Quoted(provider_id=message_id)


def test_a_lie_is_found_out(lie: Any, broken_by: Callable[[type], dict[str, str]]) -> None:
    assert set(broken_by(lie)) == {lie.breaks}
