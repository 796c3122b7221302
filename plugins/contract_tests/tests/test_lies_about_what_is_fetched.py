"""Lies of `listen` about odd answers and events, and about cancellations; each class is one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

import httpx
from pydantic import BaseModel

from trinity_channels.api import (
    Binding,
    ConfigurationError,
    Context,
    Deliver,
    Inbound,
    Malformed,
    ProviderUnavailable,
    retry_after,
)
from trinity_channels_contract_tests.echo import Echo
from trinity_channels_contract_tests.echo.webhooks import ODD


class Fetching(Echo):
    """Reads answers about new messages in its own way."""

    def unread(self, answer: httpx.Response) -> Any:
        return answer.json()["messages"]

    async def rows(self, binding: Binding, ctx: Context, path: str) -> list[dict[str, Any]]:
        if path != "/unread":
            return await super().rows(binding, ctx, path)
        try:
            answer = await self.request(binding.settings, ctx, "GET", path)
            if answer.status_code == HTTPStatus.UNAUTHORIZED:
                raise ConfigurationError("Echo refuses the token.", field="token", refused=True)
            if answer.status_code == HTTPStatus.TOO_MANY_REQUESTS:
                raise ProviderUnavailable("Echo asks for a pause.", retry_after=retry_after(answer.headers, ctx.now()))
            answer.raise_for_status()
        except httpx.HTTPError:
            raise ProviderUnavailable("Echo gave no usable answer.") from None
        rows: list[dict[str, Any]] = self.unread(answer)
        return rows


class TrustsEveryAnswer(Fetching):
    breaks = "test_odd_answers_lose_no_message"


class BlamesTheSettings(Fetching):
    breaks = "test_odd_answers_lose_no_message"

    def unread(self, answer: httpx.Response) -> Any:
        try:
            return super().unread(answer)
        except ODD:
            raise ConfigurationError("There is something else at this address.") from None


class ForgetsWhatItWasAsked(Fetching):
    breaks = "test_odd_answers_lose_no_message"

    async def ask(
        self, settings: BaseModel, ctx: Context, method: str, path: str, body: Mapping[str, object] | None = None
    ) -> dict[str, Any]:
        if method != "DELETE":
            return await super().ask(settings, ctx, method, path, body)
        return dict((await self.request(settings, ctx, method, path, body)).json())

    def unread(self, answer: httpx.Response) -> Any:
        try:
            return super().unread(answer)
        except ODD:
            raise ProviderUnavailable("Echo gave no usable answer.") from None


class TrustsNames(Echo):
    breaks = "test_odd_fields_of_events_are_survived"

    async def take(self, row: dict[str, Any], binding: Binding, ctx: Context, deliver: Deliver) -> None:
        if isinstance(row, dict) and row.get("kind") == "message":
            row["from"]["name"].strip()
        await super().take(row, binding, ctx, deliver)


class EncodesWhatItFetches(Echo):
    breaks = "test_odd_fields_of_events_are_survived"

    async def take(self, row: dict[str, Any], binding: Binding, ctx: Context, deliver: Deliver) -> None:
        if isinstance(row, dict):
            str(row.get("text")).encode()
        await super().take(row, binding, ctx, deliver)


class DatesWithoutBounds(Echo):
    breaks = "test_odd_fields_of_events_are_survived"

    async def take(self, row: dict[str, Any], binding: Binding, ctx: Context, deliver: Deliver) -> None:
        for held in row.values() if isinstance(row, dict) else ():
            if isinstance(held, int | float):
                datetime.fromtimestamp(held, UTC)
        await super().take(row, binding, ctx, deliver)


class StopsAtUnreadableAnswers(Echo):
    breaks = "test_odd_answers_lose_no_message"

    async def request(
        self, settings: BaseModel, ctx: Context, method: str, path: str, body: Mapping[str, object] | None = None
    ) -> httpx.Response:
        answer = await super().request(settings, ctx, method, path, body)
        if path == "/unread" and len(answer.content) > 4300 and answer.content.count(b"9") > 4300:
            raise ConfigurationError("Echo cannot be read.")
        return answer


class LosesTheBatch(Echo):
    breaks = "test_a_malformed_event_takes_no_other_along"

    async def rows(self, binding: Binding, ctx: Context, path: str) -> list[dict[str, Any]]:
        rows = await super().rows(binding, ctx, path)
        if path != "/unread" or all(isinstance(row, dict) for row in rows):
            return rows
        for row in rows:
            await self.acknowledge(row, binding, ctx)
        return []


class SwallowsMalformedEvents(Echo):
    breaks = "test_a_malformed_event_takes_no_other_along"

    async def take(self, row: dict[str, Any], binding: Binding, ctx: Context, deliver: Deliver) -> None:
        if not isinstance(self.one(row), Malformed):
            await super().take(row, binding, ctx, deliver)
        else:
            await self.acknowledge(row, binding, ctx)


class GoesOnAfterACall(Echo):
    breaks = "test_listening_ends_in_the_middle_of_a_call"

    async def ask(
        self, settings: BaseModel, ctx: Context, method: str, path: str, body: Mapping[str, object] | None = None
    ) -> dict[str, Any]:
        if method == "DELETE":
            with suppress(asyncio.CancelledError):
                return await super().ask(settings, ctx, method, path, body)
            return {}
        return await super().ask(settings, ctx, method, path, body)


class CallsCancellationAnOutage(Echo):
    breaks = "test_listening_ends_in_the_middle_of_a_call"

    async def ask(
        self, settings: BaseModel, ctx: Context, method: str, path: str, body: Mapping[str, object] | None = None
    ) -> dict[str, Any]:
        try:
            return await super().ask(settings, ctx, method, path, body)
        except asyncio.CancelledError:
            if method != "DELETE":
                raise
            raise ProviderUnavailable("Echo did not answer.") from None


class Delivering(Echo):
    """Ends in its own way when it is cancelled while what it has delivered is being stored."""

    def interrupted(self) -> None:
        pass

    async def take(self, row: dict[str, Any], binding: Binding, ctx: Context, deliver: Deliver) -> None:
        stored: list[Inbound] = []

        async def note(inbound: Inbound) -> None:
            await deliver(inbound)
            stored.append(inbound)

        try:
            await super().take(row, binding, ctx, note)
        except asyncio.CancelledError:
            if stored:
                raise
            self.interrupted()


class GoesOnAfterADelivery(Delivering):
    breaks = "test_listening_ends_in_the_middle_of_a_delivery"


class CallsItsEndAnOutage(Delivering):
    breaks = "test_listening_ends_in_the_middle_of_a_delivery"

    def interrupted(self) -> None:
        raise ProviderUnavailable("The host did not take it.")


def test_a_lie_is_found_out(lie: Any, broken_by: Callable[[type], dict[str, str]]) -> None:
    assert set(broken_by(lie)) == {lie.breaks}
