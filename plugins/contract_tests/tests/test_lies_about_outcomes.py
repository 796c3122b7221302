"""Lies about what became of a send: taken, refused, put off, repeated; each class is one."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx
from starlette.responses import JSONResponse

from trinity_channels.api import (
    Binding,
    Context,
    Failure,
    FailureKind,
    Fault,
    OutboundMessage,
    Receipt,
    ReplyToken,
    SendDeferred,
    SendError,
    SendRejected,
    SendUnknown,
    Simulator,
    hookimpl,
)
from trinity_channels.api.fields import whole
from trinity_channels.simulation import Faults
from trinity_channels_contract_tests.echo import Echo, EchoSimulator
from trinity_channels_contract_tests.echo.provider import REFUSALS

NOTHING = Failure("0", FailureKind.PERMANENT, "Nothing can be done.")


# --- taken, and then ---


class DefersServerErrors(Echo):
    breaks = "test_a_server_error_may_hide_a_taken_message"

    def refusal(self, answer: httpx.Response, message: OutboundMessage, ctx: Context) -> SendError:
        found = super().refusal(answer, message, ctx)
        return SendDeferred("Echo is in trouble.") if answer.status_code == 503 else found


class DefersPagesOfProxies(Echo):
    breaks = "test_a_server_error_may_hide_a_taken_message"

    def refusal(self, answer: httpx.Response, message: OutboundMessage, ctx: Context) -> SendError:
        found = super().refusal(answer, message, ctx)
        return SendDeferred("A proxy is in trouble.") if answer.status_code == 504 else found


class Mistaking(Echo):
    """Takes one error of httpx for proof that nothing was sent."""

    error: type[httpx.HTTPError]

    async def post(self, binding: Binding, message: OutboundMessage, ctx: Context) -> dict[str, Any]:
        try:
            return await super().post(binding, message, ctx)
        except self.error as error:
            raise self.outcome() from error.__cause__

    def outcome(self) -> SendError:
        return SendDeferred("It was not sent.")


class DefersReadErrors(Mistaking):
    breaks = "test_every_broken_connection_is_unknown"
    error = httpx.ReadError


class DefersWriteErrors(Mistaking):
    breaks = "test_every_broken_connection_is_unknown"
    error = httpx.WriteError


class RejectsWhatItCannotDecode(Mistaking):
    breaks = "test_every_broken_connection_is_unknown"
    error = httpx.DecodingError

    def outcome(self) -> SendError:
        return SendRejected(NOTHING)


class GivesUpWithoutAPool(Mistaking):
    breaks = "test_every_broken_connection_is_unknown"
    error = httpx.PoolTimeout

    def outcome(self) -> SendError:
        return SendRejected(NOTHING)


class TakesACutForAnAbsence(Mistaking):
    breaks = "test_a_cut_connection_is_unknown"
    error = httpx.RemoteProtocolError


class TakesATimeOutForAnAbsence(Mistaking):
    breaks = "test_a_slow_answer_is_unknown"
    error = httpx.ReadTimeout


class GivesUpWithoutAConnection(Mistaking):
    breaks = "test_an_unreachable_provider_is_not_final"
    error = httpx.ConnectError

    def outcome(self) -> SendError:
        return SendRejected(NOTHING)


class InventsAnId(Echo):
    breaks = "test_an_odd_answer_to_a_send_is_unknown"

    @hookimpl
    async def send(self, binding: Binding, message: OutboundMessage, ctx: Context) -> Receipt:
        try:
            return await super().send(binding, message, ctx)
        except SendUnknown as error:
            if error.__suppress_context__ and isinstance(error.__context__, TypeError):
                return Receipt(f"m-{message.id}")
            raise


class TakesAnyWordForAReceipt(Echo):
    breaks = "test_an_odd_answer_to_a_send_is_unknown"

    async def post(self, binding: Binding, message: OutboundMessage, ctx: Context) -> dict[str, Any]:
        answer = await super().post(binding, message, ctx)
        return answer if isinstance(answer, dict) else {"id": "m-0", "state": "accepted"}


class NamesMessagesNone(Echo):
    breaks = "test_an_odd_answer_to_a_send_is_unknown"

    async def post(self, binding: Binding, message: OutboundMessage, ctx: Context) -> dict[str, Any]:
        answer = await super().post(binding, message, ctx)
        return {**answer, "id": str(answer["id"])}


# --- refused ---


class Pausing(Echo):
    """Reads a pause in its own way."""

    def pause(self, form: str | None) -> float | None:
        raise NotImplementedError

    def refusal(self, answer: httpx.Response, message: OutboundMessage, ctx: Context) -> SendError:
        if answer.status_code == 429:
            return SendDeferred("Echo asks for a pause.", retry_after=self.pause(answer.headers.get("retry-after")))
        return super().refusal(answer, message, ctx)


class ReadsNumbersOnly(Pausing):
    breaks = "test_any_pause_is_understood"

    def pause(self, form: str | None) -> float | None:
        return float(form) if form else None


class ExpectsAPause(Pausing):
    breaks = "test_any_pause_is_understood"

    def pause(self, form: str | None) -> float | None:
        assert form is not None
        return 3.0


class WaitsForWhatIsNoNumber(Pausing):
    breaks = "test_any_pause_is_understood"

    def pause(self, form: str | None) -> float | None:
        try:
            return float(form or "")
        except ValueError:
            return None


class TakesSecondsForMinutesAndMore(Pausing):
    breaks = "test_any_pause_is_understood"

    def pause(self, form: str | None) -> float | None:
        return 1000 * float(form) if form and form.isdecimal() and len(form) < 4 else None


class TakesMillisecondsForSeconds(Echo):
    breaks = "test_any_pause_is_understood"

    @hookimpl
    def simulator(self, ctx: Context) -> Simulator:
        class InMilliseconds(EchoSimulator):
            _limited = JSONResponse({"error": "too fast", "retry_after_ms": 3000}, 429)

            def inject(self, fault: Fault, times: int = 1) -> None:
                self._faults = Faults({**REFUSALS, Fault.RATE_LIMITED: self._limited})
                super().inject(fault, times)

        return InMilliseconds(ctx, self.signed)

    def refusal(self, answer: httpx.Response, message: OutboundMessage, ctx: Context) -> SendError:
        if answer.status_code == 429:
            return SendDeferred("Echo asks for a pause.", retry_after=whole(answer.json(), "retry_after_ms"))
        return super().refusal(answer, message, ctx)


class PutsOffForEver(Echo):
    breaks = "test_a_refused_recipient_is_final"

    def refusal(self, answer: httpx.Response, message: OutboundMessage, ctx: Context) -> SendError:
        found = super().refusal(answer, message, ctx)
        return SendDeferred("Perhaps later.") if answer.status_code == 404 else found


class BlamesTheOperator(Echo):
    breaks = "test_a_refused_recipient_is_final"

    def refusal(self, answer: httpx.Response, message: OutboundMessage, ctx: Context) -> SendError:
        found = super().refusal(answer, message, ctx)
        if isinstance(found, SendRejected) and found.failure.code == "404":
            return SendRejected(replace(found.failure, kind=FailureKind.OPERATOR))
        return found


class WaitsForMoney(Echo):
    breaks = "test_an_exhausted_quota_is_not_retried"

    def refusal(self, answer: httpx.Response, message: OutboundMessage, ctx: Context) -> SendError:
        found = super().refusal(answer, message, ctx)
        return SendDeferred("Echo asks for a pause.") if answer.status_code == 402 else found


class BlamesThePerson(Echo):
    breaks = "test_an_exhausted_quota_is_not_retried"

    def refusal(self, answer: httpx.Response, message: OutboundMessage, ctx: Context) -> SendError:
        return SendRejected(NOTHING) if answer.status_code == 402 else super().refusal(answer, message, ctx)


# --- sent again ---


class Keyed(Echo):
    """Makes its idempotency keys in its own way."""

    def key(self, message: OutboundMessage) -> str:
        raise NotImplementedError

    def body(self, message: OutboundMessage) -> dict[str, Any]:
        return {**super().body(message), "reference": self.key(message)}

    def receipt_event(self, payload: dict[str, Any], state: Any) -> Any:
        return replace(super().receipt_event(payload, state), delivery=None)


class MakesANewKeyEachTime(Keyed):
    breaks = "test_a_repeated_send_is_recognised"

    def key(self, message: OutboundMessage) -> str:
        return str(uuid4())


class MakesKeysOfTexts(Keyed):
    breaks = "test_equal_texts_are_two_messages"

    def key(self, message: OutboundMessage) -> str:
        return hashlib.sha256(message.text.encode()).hexdigest()


class MakesKeysOfPeopleAndTexts(Keyed):
    breaks = "test_equal_texts_are_two_messages"

    def key(self, message: OutboundMessage) -> str:
        return f"{message.to}/{message.text}"


class RejectsWhatIsThereAlready(Echo):
    breaks = "test_a_repeated_send_is_recognised"

    def body(self, message: OutboundMessage) -> dict[str, Any]:
        return {**super().body(message), "once": "strictly"}  # Echo answers 409, with the message


# --- answers ---


class TrustsItsToken(Echo):
    breaks = "test_a_used_up_token_costs_no_answer"

    async def post(self, binding: Binding, message: OutboundMessage, ctx: Context) -> dict[str, Any]:
        answer = await self.request(binding.settings, ctx, "POST", "/messages", self.body(message))
        if answer.is_success:
            return dict(answer.json())
        raise self.refusal(answer, message, ctx)


class NeedsAToken(Echo):
    breaks = "test_an_answer_arrives_like_any_message"

    def body(self, message: OutboundMessage) -> dict[str, Any]:
        if message.reply_to and message.reply_to.token is None:
            raise SendRejected(NOTHING)
        return super().body(message)


class QuotesInTheText(Echo):
    breaks = "test_an_answer_arrives_like_any_message"

    def body(self, message: OutboundMessage) -> dict[str, Any]:
        if message.reply_to and message.reply_to.token is None:
            message = replace(message, text=f"> {message.reply_to.provider_id}\n{message.text}")
        return super().body(message)


class GivesTokensThatHaveExpired(Echo):
    breaks = "test_a_reply_token_can_be_used"

    def reply_token(self, row: dict[str, Any]) -> ReplyToken | None:
        found = super().reply_token(row)
        return replace(found, expires_at=found.expires_at - timedelta(hours=1)) if found and found.expires_at else found


class GivesEveryMessageOneToken(Echo):
    breaks = "test_a_reply_token_can_be_used"

    def reply_token(self, row: dict[str, Any]) -> ReplyToken | None:
        return ReplyToken(str(row["from"]["id"]))


def test_a_lie_is_found_out(lie: Any, broken_by: Callable[[type], dict[str, str]]) -> None:
    assert set(broken_by(lie)) == {lie.breaks}
