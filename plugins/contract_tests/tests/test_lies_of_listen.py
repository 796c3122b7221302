"""Lies that `listen` can tell; each class is one."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any

import httpx
import pytest
from pydantic import BaseModel

from trinity_channels.api import (
    Binding,
    ConfigurationError,
    Context,
    Deliver,
    Inbound,
    MalformedPayload,
    MessageReceived,
    NotStored,
    ProviderUnavailable,
    hookimpl,
)
from trinity_channels_contract_tests import ChannelContract
from trinity_channels_contract_tests.case import broken_promises
from trinity_channels_contract_tests.checks.listening import SOON
from trinity_channels_contract_tests.echo import Echo, ListeningEcho
from trinity_channels_contract_tests.echo.provider import WAIT


class Taking(Echo):
    """Does something else with the message `second`."""

    def text_of(self, row: object) -> object:
        return row.get("text") if isinstance(row, dict) else None


class DropsTheSecond(Taking):
    breaks = "test_what_people_write_is_delivered"

    async def take(self, row: dict[str, Any], binding: Binding, ctx: Context, deliver: Deliver) -> None:
        async def drop(_: Inbound) -> None:
            pass

        await super().take(row, binding, ctx, drop if self.text_of(row) == "second" else deliver)


class DeliversTwice(Taking):
    breaks = "test_what_people_write_is_delivered"

    async def take(self, row: dict[str, Any], binding: Binding, ctx: Context, deliver: Deliver) -> None:
        if self.text_of(row) == "second":
            await deliver(Inbound((self.one(row),)))
        await super().take(row, binding, ctx, deliver)


class NeverAcknowledges(Taking):
    breaks = "test_what_people_write_is_delivered"

    async def acknowledge(self, row: object, binding: Binding, ctx: Context) -> None:
        if self.text_of(row) != "second":
            await super().acknowledge(row, binding, ctx)


class KeepsQuiet(Echo):
    breaks = "test_a_connection_is_told_of_before_anyone_writes"

    @hookimpl
    async def listen(self, binding: Binding, ctx: Context, deliver: Deliver) -> None:
        async def only_events(inbound: Inbound) -> None:
            if inbound.events:
                await deliver(inbound)

        await super().listen(binding, ctx, only_events)


class AcknowledgesFirst(Echo):
    breaks = "test_what_is_not_stored_comes_again"

    async def take(self, row: dict[str, Any], binding: Binding, ctx: Context, deliver: Deliver) -> None:
        await self.acknowledge(row, binding, ctx)
        await deliver(Inbound((self.one(row),)))


class NamesEachDelivery(Echo):
    breaks = "test_what_is_not_stored_comes_again"
    deliveries = itertools.count()

    async def take(self, row: dict[str, Any], binding: Binding, ctx: Context, deliver: Deliver) -> None:
        async def deliver_named(inbound: Inbound) -> None:
            [event] = inbound.events
            if isinstance(event, MessageReceived):
                event = replace(event, event_id=f"{event.event_id}/{next(self.deliveries)}")
            await deliver(Inbound((event,)))

        await super().take(row, binding, ctx, deliver_named)


class AcknowledgesBeside(Echo):
    breaks = "test_what_is_not_stored_comes_again"

    async def take(self, row: dict[str, Any], binding: Binding, ctx: Context, deliver: Deliver) -> None:
        storing = asyncio.ensure_future(deliver(Inbound((self.one(row),))))
        try:
            _, takes_long = await asyncio.wait([storing], timeout=1)
            if not takes_long:
                await storing
            await self.acknowledge(row, binding, ctx)
            await storing
        finally:
            storing.cancel()


class AcknowledgesWhatWasNotStored(Echo):
    breaks = "test_what_cannot_be_stored_comes_again"

    async def take(self, row: dict[str, Any], binding: Binding, ctx: Context, deliver: Deliver) -> None:
        async def deliver_anyway(inbound: Inbound) -> None:
            with suppress(NotStored):
                await deliver(inbound)

        await super().take(row, binding, ctx, deliver_anyway)


class MistakesItForItsOwnError(Echo):
    breaks = "test_what_cannot_be_stored_comes_again"

    async def take(self, row: dict[str, Any], binding: Binding, ctx: Context, deliver: Deliver) -> None:
        try:
            await super().take(row, binding, ctx, deliver)
        except NotStored:
            raise ConfigurationError("Echo refuses this message.") from None


class ShowsItLate(Echo):
    breaks = "test_a_connection_is_told_of_before_anyone_writes"

    @hookimpl
    async def listen(self, binding: Binding, ctx: Context, deliver: Deliver) -> None:
        async def late(inbound: Inbound) -> None:
            if not inbound.events:
                await asyncio.sleep(2 * SOON)
            await deliver(inbound)

        await super().listen(binding, ctx, late)


class LeavesATaskBehind(Echo):
    breaks = "test_listening_ends_when_it_is_cancelled"

    @hookimpl
    async def listen(self, binding: Binding, ctx: Context, deliver: Deliver) -> None:
        async def signs_of_life() -> None:
            while True:
                await asyncio.sleep(30)
                await deliver(Inbound())

        self.left = asyncio.ensure_future(signs_of_life())
        await super().listen(binding, ctx, deliver)


class SwallowsCancellation(Echo):
    breaks = "test_listening_ends_when_it_is_cancelled"

    @hookimpl
    async def listen(self, binding: Binding, ctx: Context, deliver: Deliver) -> None:
        for _ in range(3):
            with suppress(asyncio.CancelledError):
                await super().listen(binding, ctx, deliver)


class ListensOnWhateverIsSaid(Echo):
    breaks = "test_listening_ends_when_it_is_cancelled"

    @hookimpl
    async def listen(self, binding: Binding, ctx: Context, deliver: Deliver) -> None:
        while True:
            with suppress(asyncio.CancelledError):
                await super().listen(binding, ctx, deliver)


class AsksLongerThanItWaits(Echo):
    breaks = "test_silence_does_not_end_it"

    async def request(
        self, settings: BaseModel, ctx: Context, method: str, path: str, body: Mapping[str, object] | None = None
    ) -> httpx.Response:
        try:
            async with asyncio.timeout(WAIT - 1):
                return await super().request(settings, ctx, method, path, body)
        except TimeoutError:
            raise httpx.ReadTimeout("It took too long.") from None


class LetsHttpxOut(Echo):
    breaks = "test_a_broken_connection_is_unavailable"

    @hookimpl
    async def listen(self, binding: Binding, ctx: Context, deliver: Deliver) -> None:
        if (answer := await self.request(binding.settings, ctx, "GET", "/account")).is_server_error:
            answer.raise_for_status()
        await super().listen(binding, ctx, deliver)


class Rushes(Echo):
    breaks = "test_a_broken_connection_is_unavailable"

    @hookimpl
    async def listen(self, binding: Binding, ctx: Context, deliver: Deliver) -> None:
        connected = False

        async def noted(inbound: Inbound) -> None:
            nonlocal connected
            connected = True
            await deliver(inbound)

        for _ in range(100):
            try:
                await super().listen(binding, ctx, noted)
            except ProviderUnavailable as error:
                last = error
                if connected:
                    break
        raise last


class SaysItIsConnectedWhenItIsNot(Echo):
    breaks = "test_a_broken_connection_is_unavailable"

    @hookimpl
    async def listen(self, binding: Binding, ctx: Context, deliver: Deliver) -> None:
        try:
            await super().listen(binding, ctx, deliver)
        except ProviderUnavailable:
            await deliver(Inbound())
            raise


class StumblesOverOddEvents(Echo):
    breaks = "test_odd_events_hold_up_nothing"

    async def take(self, row: dict[str, Any], binding: Binding, ctx: Context, deliver: Deliver) -> None:
        if isinstance(row, dict):
            self.event(row)
        await super().take(row, binding, ctx, deliver)


class AsksAgainAtOnce(Echo):
    breaks = "test_a_server_that_does_not_wait_is_not_rushed"

    async def rest(self) -> None:
        pass


class DeliversEachEmptyAnswer(Echo):
    breaks = "test_a_server_that_does_not_wait_is_not_rushed"

    @hookimpl
    async def listen(self, binding: Binding, ctx: Context, deliver: Deliver) -> None:
        await self.ask(binding.settings, ctx, "POST", "/webhook", {"url": ""})
        await deliver(Inbound())
        while True:
            for row in await self.rows(binding, ctx, "/unread"):
                await self.take(row, binding, ctx, deliver)
            await deliver(Inbound())


class TakesRefusalForTrouble(Echo):
    breaks = "test_listening_tells_revoked_credentials"

    @hookimpl
    async def listen(self, binding: Binding, ctx: Context, deliver: Deliver) -> None:
        try:
            await super().listen(binding, ctx, deliver)
        except ConfigurationError as error:
            raise ProviderUnavailable(error.message) from None


class StumblesOverNews(Echo):
    breaks = "test_unknown_events_hold_up_nothing"

    async def take(self, row: dict[str, Any], binding: Binding, ctx: Context, deliver: Deliver) -> None:
        if isinstance(row, dict) and row.get("kind") == "sunrise":
            raise MalformedPayload("This is no message.")
        await super().take(row, binding, ctx, deliver)


def test_a_lie_is_found_out(lie: Any, broken_by: Callable[[type], dict[str, str]]) -> None:
    assert set(broken_by(lie)) == {lie.breaks}


# --- what every check of a channel without webhooks would stumble over ---

STUMBLES = (AsksLongerThanItWaits, NeverAcknowledges, ListensOnWhateverIsSaid)
OTHERS = ("test_logs_hold_nothing_confidential", "test_only_send_sends")
SECONDS = 10.0
"""Of the processor; without a bound two of these take minutes, or do not end."""


@pytest.mark.parametrize("stumble", STUMBLES)
def test_it_is_named_soon_and_by_the_right_check(stumble: Any) -> None:
    class Contract(ChannelContract):
        channel = "echo"
        plugin = type(stumble.__name__, (stumble, ListeningEcho), {})()

    began = time.process_time()
    broken = broken_promises(Contract, [stumble.breaks, *OTHERS])

    assert set(broken) == {stumble.breaks}
    assert time.process_time() - began < SECONDS
