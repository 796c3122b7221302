"""Lies that come of odd answers: pages, other JSON, redirects, cancellations; each class is one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from http import HTTPStatus
from typing import Any

import httpx
from pydantic import BaseModel

from trinity_channels.api import (
    Account,
    Binding,
    ChannelError,
    Context,
    Identity,
    MessageReceived,
    OutboundMessage,
    ProviderUnavailable,
    Receipt,
    Sender,
    SendUnknown,
    Verification,
    hookimpl,
)
from trinity_channels_contract_tests.echo import Echo
from trinity_channels_contract_tests.echo.plugin import settings_of

Body = Mapping[str, object] | None


# --- answers of another kind ---


class Reading(Echo):
    """Takes some answers for others."""

    def taken_for(self, answer: httpx.Response) -> object:
        raise NotImplementedError

    async def request(
        self, settings: BaseModel, ctx: Context, method: str, path: str, body: Body = None
    ) -> httpx.Response:
        answer = await super().request(settings, ctx, method, path, body)
        told = self.taken_for(answer) if method == "GET" else None
        return answer if told is None else httpx.Response(200, json=told, request=answer.request)


class BelievesAnyPage(Reading):
    breaks = "test_an_odd_answer_is_no_answer"

    def taken_for(self, answer: httpx.Response) -> object:
        if answer.request.url.path != "/account" or not answer.is_success or not answer.content.startswith(b"<"):
            return None
        return {"id": "acc-1", "address": "echo:100000"}


class ConcludesFromNoContent(Reading):
    breaks = "test_an_odd_answer_is_no_answer"

    def taken_for(self, answer: httpx.Response) -> object:
        return {"messages": []} if answer.status_code == HTTPStatus.NO_CONTENT else None


class TakesListsForObjects(Echo):
    breaks = "test_an_odd_answer_is_no_answer"

    @hookimpl
    async def resolve_identity(self, binding: Binding, sender: Sender, ctx: Context) -> Identity:
        found = await super().resolve_identity(binding, sender, ctx)
        answer = await self.request(binding.settings, ctx, "GET", f"/people/{sender.address}")
        return replace(found, name=str(answer.json().get("name") or "")) if answer.is_success else found


class LetsTheParserSpeak(Echo):
    breaks = "test_an_odd_answer_is_no_answer"

    @hookimpl
    async def verify(self, binding: Binding, ctx: Context) -> Verification:
        found = await super().verify(binding, ctx)
        answer = await self.request(binding.settings, ctx, "GET", "/webhook")
        if answer.is_success:
            answer.json()
        return found


# --- fields that are missing, or of another type ---


class TakesNothingForAnEmptyList(Echo):
    breaks = "test_odd_fields_are_survived"

    async def rows(self, binding: Binding, ctx: Context, path: str) -> list[dict[str, Any]]:
        rows = (await self.ask(binding.settings, ctx, "GET", path)).get("messages", "")
        if rows == "":
            raise ProviderUnavailable("Echo gave no usable list.")
        return rows or []


class NamesMessagesNone(Echo):
    breaks = "test_odd_fields_are_survived"

    async def rows(self, binding: Binding, ctx: Context, path: str) -> list[dict[str, Any]]:
        rows = await super().rows(binding, ctx, path)
        if path != "/inbox":
            return rows
        return [{**row, "id": str(row.get("id"))} if isinstance(row, dict) else row for row in rows]


class StumblesOverTimes(Echo):
    breaks = "test_odd_fields_are_survived"

    @hookimpl
    async def find_sent(
        self, binding: Binding, message: OutboundMessage, attempted_at: datetime, known: Collection[str], ctx: Context
    ) -> Receipt | None:
        for row in await self.rows(binding, ctx, "/messages"):
            row["at"]
        return await super().find_sent(binding, message, attempted_at, known, ctx)


class GoesWhereItIsTold(Echo):
    breaks = "test_odd_fields_are_survived"

    @hookimpl
    async def list_missed(self, binding: Binding, since: datetime, ctx: Context) -> list[MessageReceived]:
        missed = await super().list_missed(binding, since, ctx)
        following = (await self.ask(binding.settings, ctx, "GET", "/inbox")).get("next")
        if isinstance(following, str):
            token = settings_of(binding.settings).token.get_secret_value()
            with suppress(httpx.HTTPError, httpx.InvalidURL, UnicodeError):
                await ctx.http.get(following, headers={"authorization": f"Bearer {token}"})
        return missed


# --- redirects ---


class Redirected(Echo):
    breaks = "test_redirects_are_not_followed"

    async def request(
        self, settings: BaseModel, ctx: Context, method: str, path: str, body: Body = None
    ) -> httpx.Response:
        headers = {"x-token": settings_of(settings).token.get_secret_value()}
        headers["authorization"] = f"Bearer {headers['x-token']}"
        url = f"{ctx.api_base_url}{path}"
        return await ctx.http.request(method, url, json=body, headers=headers, follow_redirects=True)


class GoesOnByHand(Echo):
    breaks = "test_redirects_are_not_followed"

    async def request(
        self, settings: BaseModel, ctx: Context, method: str, path: str, body: Body = None
    ) -> httpx.Response:
        answer = await super().request(settings, ctx, method, path, body)
        if method == "POST" and answer.status_code in {307, 308}:
            answer = await ctx.http.post(answer.headers["location"], json=body, headers=answer.request.headers)
        return answer


# --- values out of any range ---


class EncodesWhatItLists(Echo):
    breaks = "test_extreme_answers_are_survived"

    async def rows(self, binding: Binding, ctx: Context, path: str) -> list[dict[str, Any]]:
        found = await super().rows(binding, ctx, path)
        if path == "/inbox":
            for row in found:
                str(row["text"] if isinstance(row, dict) and "text" in row else "").encode()
        return found


class ConvertsWithoutBounds(Echo):
    breaks = "test_extreme_answers_are_survived"

    async def open_account(self, settings: BaseModel, ctx: Context) -> Account:
        for held in (await self.ask(settings, ctx, "GET", "/account")).values():
            if isinstance(held, int | float):
                int(held)
        return await super().open_account(settings, ctx)


# --- cancellation ---


class TakesItsEndForAnError(Echo):
    breaks = "test_a_cancelled_hook_ends"

    async def ask(self, settings: BaseModel, ctx: Context, method: str, path: str, body: Body = None) -> dict[str, Any]:
        try:
            return await super().ask(settings, ctx, method, path, body)
        except asyncio.CancelledError:
            if path != "/account":
                raise
            raise ProviderUnavailable("Echo gave no answer in time.") from None


class SendsToTheEnd(Echo):
    breaks = "test_a_cancelled_hook_ends"

    async def post(self, binding: Binding, message: OutboundMessage, ctx: Context) -> dict[str, Any]:
        try:
            return await super().post(binding, message, ctx)
        except BaseException as error:
            if isinstance(error, asyncio.CancelledError):
                raise SendUnknown("Echo was interrupted.") from None
            raise


class TypesOn(Echo):
    breaks = "test_a_cancelled_hook_ends"

    @hookimpl
    async def indicate(self, binding: Binding, message_id: str, ctx: Context, done: bool = False) -> None:
        with suppress(asyncio.CancelledError):
            await super().indicate(binding, message_id, ctx, done)


# --- only `send` sends ---


class GreetsItself(Echo):
    breaks = "test_only_send_sends"

    @hookimpl
    async def verify(self, binding: Binding, ctx: Context) -> Verification:
        found = await super().verify(binding, ctx)
        with suppress(httpx.HTTPError):
            body = {"to": binding.account.sender, "text": "This is a test.", "reference": "0"}
            await self.request(binding.settings, ctx, "POST", "/messages", body)
        return found


class ExcusesItself(Echo):
    breaks = "test_only_send_sends"

    @hookimpl
    async def list_missed(self, binding: Binding, since: datetime, ctx: Context) -> list[MessageReceived]:
        missed = await super().list_missed(binding, since, ctx)
        with suppress(httpx.HTTPError):
            for one in missed[-1:]:
                body = {"to": one.sender.address, "text": "Sorry, I was away.", "reference": one.event_id}
                await self.request(binding.settings, ctx, "POST", "/messages", body)
        return missed


class AnnouncesItself(Echo):
    breaks = "test_only_send_sends"

    @hookimpl
    async def register_webhook(self, binding: Binding, ctx: Context) -> None:
        await super().register_webhook(binding, ctx)
        with suppress(httpx.HTTPError, ChannelError):
            body = {"to": "echo:999999", "text": "I am here now.", "reference": "0"}
            await self.request(binding.settings, ctx, "POST", "/messages", body)


def test_a_lie_is_found_out(lie: Any, broken_by: Callable[[type], dict[str, str]]) -> None:
    assert set(broken_by(lie)) == {lie.breaks}
