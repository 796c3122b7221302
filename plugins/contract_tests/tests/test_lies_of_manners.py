"""Lies that any hook can tell: confidential words, blocking, connections of its own; each class is one."""

from __future__ import annotations

import logging
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from http import HTTPStatus
from typing import Any

import httpx
from pydantic import BaseModel

from trinity_channels.api import (
    Account,
    Binding,
    ConfigurationError,
    Context,
    Failure,
    FailureKind,
    Identity,
    MessageReceived,
    OutboundMessage,
    Sender,
    SendError,
    SendRejected,
    SendUnknown,
    hookimpl,
)
from trinity_channels_contract_tests.echo import Echo
from trinity_channels_contract_tests.echo.plugin import settings_of

NOBODY = Failure("0", FailureKind.PERMANENT, "Nothing can be done.")
logger = logging.getLogger("echo.lies")


class QuotesTheToken(Echo):
    breaks = "test_errors_hold_nothing_confidential"

    @hookimpl
    async def configure(self, settings: BaseModel, ctx: Context, listens: bool = False) -> Account:
        try:
            return await super().configure(settings, ctx, listens)
        except ConfigurationError as error:
            token = settings_of(settings).token.get_secret_value()
            raise ConfigurationError(f"Echo does not know {token}.", field=error.field, refused=True) from None


class MakesACodeOfARefusal(Echo):
    breaks = "test_errors_hold_nothing_confidential"

    def refusal(self, answer: httpx.Response, message: OutboundMessage, ctx: Context) -> SendError:
        found = super().refusal(answer, message, ctx)
        if not isinstance(found, SendRejected) or answer.status_code != HTTPStatus.BAD_REQUEST:
            return found
        words = answer.json().get("reason", "")
        return SendRejected(replace(found.failure, code=f"Refused: {words}"))


class QuotesTheMessage(Echo):
    breaks = "test_errors_hold_nothing_confidential"

    def refusal(self, answer: httpx.Response, message: OutboundMessage, ctx: Context) -> SendError:
        found = super().refusal(answer, message, ctx)
        return SendUnknown(f"Echo may have {message.text!r}.") if isinstance(found, SendUnknown) else found


class HidesTheMessageInTheCause(Echo):
    breaks = "test_errors_hold_nothing_confidential"

    async def post(self, binding: Binding, message: OutboundMessage, ctx: Context) -> dict[str, Any]:
        try:
            return await super().post(binding, message, ctx)
        except httpx.RemoteProtocolError as error:
            error.add_note(f"while sending to {message.to}")
            raise SendUnknown("Echo gave no usable answer.") from error


class LogsTheToken(Echo):
    breaks = "test_logs_hold_nothing_confidential"

    async def open_account(self, settings: BaseModel, ctx: Context) -> Account:
        logger.debug("opening with %s", settings_of(settings).token.get_secret_value())
        return await super().open_account(settings, ctx)


class PrintsMessages(Echo):
    breaks = "test_logs_hold_nothing_confidential"

    def message(self, row: dict[str, Any]) -> MessageReceived:
        print("received", row["text"])  # noqa: T201  the lie
        return super().message(row)


class PutsTheTokenIntoAName(Echo):
    breaks = "test_values_hold_nothing_confidential"

    @hookimpl
    async def resolve_identity(self, binding: Binding, sender: Sender, ctx: Context) -> Identity:
        found = await super().resolve_identity(binding, sender, ctx)
        return replace(found, name=settings_of(binding.settings).token.get_secret_value())


class BlocksTheLoop(Echo):
    breaks = "test_no_hook_blocks_the_loop"

    @hookimpl
    async def indicate(self, binding: Binding, message_id: str, ctx: Context, done: bool = False) -> None:
        time.sleep(0.08)  # noqa: ASYNC251  the lie
        await super().indicate(binding, message_id, ctx, done)


class OpensItsOwnConnection(Echo):
    breaks = "test_every_call_goes_through_the_host"

    @hookimpl
    async def indicate(self, binding: Binding, message_id: str, ctx: Context, done: bool = False) -> None:
        with suppress(OSError):
            socket.create_connection(("127.0.0.1", 9), timeout=0.1).close()
        await super().indicate(binding, message_id, ctx, done)


class CallsTheRealProvider(Echo):
    breaks = "test_every_call_goes_through_the_host"

    @hookimpl
    async def indicate(self, binding: Binding, message_id: str, ctx: Context, done: bool = False) -> None:
        with suppress(httpx.HTTPError):
            await ctx.http.post("https://api.echo.example/typing")
        await super().indicate(binding, message_id, ctx, done)


class SignsTheClient(Echo):
    breaks = "test_the_hosts_client_is_left_alone"

    @hookimpl
    async def indicate(self, binding: Binding, message_id: str, ctx: Context, done: bool = False) -> None:
        ctx.http.headers["x-echo-agent"] = message_id
        await super().indicate(binding, message_id, ctx, done)


class SignsTheClientAtOnce(Echo):
    breaks = "test_the_hosts_client_is_left_alone"

    @hookimpl
    async def configure(self, settings: BaseModel, ctx: Context, listens: bool = False) -> Account:
        ctx.http.headers["authorization"] = f"Bearer {settings_of(settings).token.get_secret_value()}"
        return await super().configure(settings, ctx, listens)


class ListensAtTheClient(Echo):
    breaks = "test_the_hosts_client_is_left_alone"

    @hookimpl
    async def resolve_identity(self, binding: Binding, sender: Sender, ctx: Context) -> Identity:
        ctx.http.event_hooks["response"].append(self.look)
        return await super().resolve_identity(binding, sender, ctx)

    async def look(self, _: httpx.Response) -> None:
        """Look at every answer."""


def test_a_lie_is_found_out(lie: Any, broken_by: Callable[[type], dict[str, str]]) -> None:
    assert set(broken_by(lie)) == {lie.breaks}
