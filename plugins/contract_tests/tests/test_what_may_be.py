"""Plugins that keep a promise in an unusual way: the check must not take them for liars. Each class is one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from http import HTTPStatus
from typing import Any

import httpx
import pytest
from starlette.responses import JSONResponse

from trinity_channels.api import (
    Binding,
    Context,
    Fault,
    OutboundMessage,
    SendDeferred,
    SendError,
    SendRejected,
    SendUnknown,
    Simulator,
    hookimpl,
)
from trinity_channels_contract_tests import CHECKS, ChannelContract
from trinity_channels_contract_tests.case import broken_promises
from trinity_channels_contract_tests.echo import Echo, EchoSimulator, ListeningEcho
from trinity_channels_contract_tests.echo.provider import REFUSALS
from trinity_channels_contract_tests.echo.webhooks import ODD


class Preparing(Echo):
    """Asks something before it sends, and needs none of the answer."""

    async def post(self, binding: Binding, message: OutboundMessage, ctx: Context) -> dict[str, Any]:
        answer = await self.request(binding.settings, ctx, "GET", "/account")
        try:
            known = answer.json()
        except ODD:
            raise SendUnknown("Echo gave no usable answer.") from None
        if not isinstance(known, dict):
            raise SendDeferred("Echo gave no usable answer.")
        return await self.went_on(binding, message, ctx, known)

    async def went_on(
        self, binding: Binding, message: OutboundMessage, ctx: Context, known: dict[str, Any]
    ) -> dict[str, Any]:
        assert isinstance(known, dict)
        return await super().post(binding, message, ctx)


class GoesOnWithNothing(Preparing):
    keeps = "test_an_odd_answer_to_a_send_is_unknown"


class Hurried(Echo):
    """Its provider asks for a pause in its own way, or does not say for how long."""

    answer = JSONResponse({"error": "too fast"}, 429)

    @hookimpl
    def simulator(self, ctx: Context) -> Simulator:
        return EchoSimulator(ctx, self.signed, {**REFUSALS, Fault.RATE_LIMITED: self.answer})

    def refusal(self, answer: httpx.Response, message: OutboundMessage, ctx: Context) -> SendError:
        if answer.status_code == HTTPStatus.TOO_MANY_REQUESTS:
            return SendDeferred("Echo asks for a pause.", retry_after=self.pause(answer))
        return super().refusal(answer, message, ctx)

    def pause(self, answer: httpx.Response) -> float | None:
        return answer.json().get("retry_after_ms", 0) / 1000 or None


class KnowsNoPause(Hurried):
    keeps = "test_a_rate_limit_is_deferred"


class ReadsThePauseInTheBody(Hurried):
    keeps = "test_a_rate_limit_is_deferred"
    answer = JSONResponse({"error": "too fast", "retry_after_ms": 3000}, 429)


class PassesTheProvidersWordsOn(Echo):
    keeps = "test_errors_hold_nothing_confidential"

    def refusal(self, answer: httpx.Response, message: OutboundMessage, ctx: Context) -> SendError:
        found = super().refusal(answer, message, ctx)
        if not isinstance(found, SendRejected) or answer.status_code != HTTPStatus.BAD_REQUEST:
            return found
        words = answer.json().get("reason", "")
        return SendRejected(replace(found.failure, message=f"Echo does not take the message: {words}"))


KEEPERS: Sequence[Any] = (GoesOnWithNothing, KnowsNoPause, ReadsThePauseInTheBody, PassesTheProvidersWordsOn)


@pytest.mark.parametrize("keeper", KEEPERS)
def test_an_unusual_way_is_no_lie(keeper: Any) -> None:
    assert broken_promises(contract_of(keeper()), [keeper.keeps]) == {}


class SkipsTheMessage(Preparing):
    async def went_on(
        self, binding: Binding, message: OutboundMessage, ctx: Context, known: dict[str, Any]
    ) -> dict[str, Any]:
        return await super().went_on(binding, message, ctx, known) if known else {"id": "m-0", "state": "accepted"}


def test_a_receipt_without_the_call_that_sends_names_call_and_answer() -> None:
    check = "test_an_odd_answer_to_a_send_is_unknown"

    broken = broken_promises(contract_of(SkipsTheMessage()), [check])

    assert "with GET /account answered with an empty object, send returned a receipt without a further" in broken[check]
    assert f"{check}[before, an empty object]` can be exempted alone" in broken[check]


class OverlooksThePauseInTheBody(ReadsThePauseInTheBody):
    def pause(self, answer: httpx.Response) -> float | None:
        return None


def test_a_pause_that_is_overlooked_is_named_as_the_answer_names_it() -> None:
    check = "test_a_rate_limit_is_deferred"

    broken = broken_promises(contract_of(OverlooksThePauseInTheBody()), [check])

    assert "retry_after is None, although the answer has retry_after_ms" in broken[check]


def test_what_is_about_webhooks_says_so_to_a_channel_without_them() -> None:
    contract = contract_of(ListeningEcho())
    named = [name for name, group in CHECKS.items() if group.area in {"reading", "authenticity"}]
    reasons: dict[str, str] = {}
    for name in named:
        try:
            getattr(contract(), name)()
        except pytest.skip.Exception as skipped:
            reasons[name] = str(skipped)

    assert len(reasons) > 20
    assert set(reasons.values()) == {"not applicable: the channel has no webhooks"}


def contract_of(one: Echo) -> type[ChannelContract]:
    class Contract(ChannelContract):
        channel = "echo"
        plugin = one

    return Contract
