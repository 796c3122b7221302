"""Lies of `send`; each class is one."""

from __future__ import annotations

import logging
import unicodedata
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx
from pydantic import BaseModel

from trinity_channels.api import (
    Account,
    Binding,
    ConfigurationError,
    Context,
    DeliveryState,
    Failure,
    FailureKind,
    Limits,
    OutboundMessage,
    Receipt,
    SendDeferred,
    SendError,
    SendRejected,
    SendUnknown,
    hookimpl,
)
from trinity_channels_contract_tests.echo import Echo
from trinity_channels_contract_tests.echo.manifest import MANIFEST
from trinity_channels_contract_tests.echo.plugin import settings_of

NOBODY = Failure("0", FailureKind.PERMANENT, "Nothing can be done.")
logger = logging.getLogger("echo.lies")


class Changing(Echo):
    """Changes the text on its way."""

    def changed(self, text: str) -> str:
        return text

    async def post(self, binding: Binding, message: OutboundMessage, ctx: Context) -> dict[str, Any]:
        return await super().post(binding, replace(message, text=self.changed(message.text)), ctx)


class TidiesTexts(Changing):
    breaks = "test_a_text_arrives_as_it_is"

    def changed(self, text: str) -> str:
        return unicodedata.normalize("NFC", text)


class CallsGoodMessagesFailed(Echo):
    breaks = "test_a_text_arrives_as_it_is"

    @hookimpl
    async def send(self, binding: Binding, message: OutboundMessage, ctx: Context) -> Receipt:
        return replace(await super().send(binding, message, ctx), state=DeliveryState.FAILED)


class IsInAHurry(Echo):
    breaks = "test_the_pace_is_slow_enough"

    async def open_account(self, settings: BaseModel, ctx: Context) -> Account:
        return replace(await super().open_account(settings, ctx), pace=timedelta(milliseconds=100))


class CutsLongTexts(Changing):
    breaks = "test_the_limit_is_true"

    def changed(self, text: str) -> str:
        return text if len(text) < MANIFEST.limits.text else text[:-3] + "..."


class SplitsSurrogates(Changing):
    breaks = "test_the_limit_is_true"

    def changed(self, text: str) -> str:
        units = text.encode("utf-16-le")
        return units[: 2 * MANIFEST.limits.text - 2].decode("utf-16-le", "ignore") if len(units) > 1999 else text


class PromisesTooMuch(Echo):
    breaks = "test_the_limit_is_true"
    manifest = replace(MANIFEST, limits=Limits(text=1200))


class Judging(Echo):
    """Judges the provider's answer in its own way."""

    statuses: Collection[int] = ()

    def judged(self, answer: httpx.Response) -> Exception:
        return SendRejected(NOBODY)

    def refusal(self, answer: httpx.Response, message: OutboundMessage, ctx: Context) -> Any:
        return self.judged(answer) if answer.status_code in self.statuses else super().refusal(answer, message, ctx)


class GivesUpWhenAskedToWait(Judging):
    breaks = "test_a_rate_limit_is_deferred"
    statuses = (429,)


class ForgetsHowLongToWait(Judging):
    breaks = "test_a_rate_limit_is_deferred"
    statuses = (429,)

    def judged(self, answer: httpx.Response) -> Exception:
        return SendDeferred("Echo asks for a pause.")


class GivesUpOnServerErrors(Judging):
    breaks = "test_a_server_error_is_not_final"
    statuses = (502, 503)


class ReadsPagesAsJson(Judging):
    breaks = "test_a_server_error_is_not_final"
    statuses = (502,)

    def judged(self, answer: httpx.Response) -> Exception:
        return RuntimeError(f"error {answer.status_code} is not JSON")


class BlamesNobody(Judging):
    breaks = "test_refused_credentials_are_the_operators"
    statuses = (401,)


class TakesASendForAConfiguration(Judging):
    breaks = "test_refused_credentials_are_the_operators"
    statuses = (401,)

    def judged(self, answer: httpx.Response) -> Exception:
        return ConfigurationError(f"Echo answered {answer.status_code}.", field="token", refused=True)


class Impatient(Echo):
    """Sends as it likes."""

    timeout: float | None = 15

    async def request(
        self, settings: BaseModel, ctx: Context, method: str, path: str, body: Any = None
    ) -> httpx.Response:
        headers = {"authorization": f"Bearer {settings_of(settings).token.get_secret_value()}"}
        patience = self.timeout if path == "/messages" and method == "POST" else 15
        return await ctx.http.request(method, f"{ctx.api_base_url}{path}", json=body, headers=headers, timeout=patience)


class WaitsForEver(Impatient):
    breaks = "test_a_slow_answer_is_unknown"
    timeout = None


class TriesAgainAfterAnError(Echo):
    breaks = "test_it_tries_once"

    async def post(self, binding: Binding, message: OutboundMessage, ctx: Context) -> dict[str, Any]:
        try:
            return await super().post(binding, message, ctx)
        except SendUnknown:
            with suppress(SendError):
                await super().post(binding, message, ctx)
            raise


class ReplaysWhatIsUnknown(Echo):
    breaks = "test_it_tries_once"

    async def post(self, binding: Binding, message: OutboundMessage, ctx: Context) -> dict[str, Any]:
        try:
            return await super().post(binding, message, ctx)
        except httpx.RemoteProtocolError:
            with suppress(httpx.RemoteProtocolError):
                await super().post(binding, message, ctx)
            raise


def test_a_lie_is_found_out(lie: Any, broken_by: Callable[[type], dict[str, str]]) -> None:
    assert set(broken_by(lie)) == {lie.breaks}
