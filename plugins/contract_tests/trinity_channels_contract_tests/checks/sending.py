"""`send`: one message, once, and the truth about what became of it."""

from __future__ import annotations

import asyncio

from trinity_channels.api import (
    DeliveryState,
    FailureKind,
    Fault,
    SendDeferred,
    SendError,
    SendRejected,
    SendUnknown,
)
from trinity_channels_contract_tests.check import Checks, story
from trinity_channels_contract_tests.expectations import NotApplicable, expect, short, told
from trinity_channels_contract_tests.harness import Harness
from trinity_channels_contract_tests.odd import named_pause
from trinity_channels_contract_tests.outcomes import failure_of, hooks, send_failure
from trinity_channels_contract_tests.transport import NetworkFault

PERSISTENT = 5
"""How often a fault strikes where a second attempt must not hide it."""

MANY = 20
"""Messages in a row, more than a provider lets pass at once."""

TEXTS = {
    "lines": "two\nlines",
    "punctuation": "a=1&b=2 100% + \\ / ? #",
    "emoji": "👍🏽 👩‍👩‍👧‍👦 🇨🇭",
    "right to left": "שלום",
    "composed letters": "e\u0301 \u00e9",
}
TAKEN = (Fault.CUT_AFTER, Fault.SLOW, Fault.SERVER_ERROR_AFTER)


async def failure(harness: Harness, fault: Fault, *, times: int = PERSISTENT) -> SendError:
    """What `send` raises when a fault strikes."""
    message = await harness.message("will this arrive?")
    harness.simulator.inject(fault, times)
    return await send_failure(harness, message)


def expect_outcome(error: SendError, kinds: type[SendError] | tuple[type[SendError], ...], how: str) -> None:
    """Expect one of the outcomes."""
    expect(isinstance(error, kinds), f"{how}, send raised {told(error)}")


async def server_errors_are_not_final(harness: Harness) -> None:
    """Expect it of the provider's own and of a proxy's."""
    for fault in (Fault.SERVER_ERROR, Fault.HTML_ERROR):
        async with harness.another() as other:
            expect_outcome(await failure(other, fault), (SendUnknown, SendDeferred), f"after {fault}")


async def cuts_are_unknown(harness: Harness) -> None:
    """Expect it before the message was taken, and after that."""
    error = await failure(harness, Fault.CUT_AFTER)
    expect_outcome(error, SendUnknown, "after a connection that broke when the message had been taken")
    async with harness.another() as other:
        error = await failure(other, Fault.CUT_BEFORE)
        expect_outcome(error, (SendUnknown, SendDeferred), "after a connection that broke")


async def slowness_is_unknown(harness: Harness) -> None:
    """Expect it of an answer that comes after the time-outs."""
    expect_outcome(await failure(harness, Fault.SLOW), SendUnknown, "after a time-out")


async def absence_is_not_final(harness: Harness) -> None:
    """Expect it of a provider that cannot be reached."""
    message = await harness.message("hello")
    harness.transport.fault = NetworkFault.UNREACHABLE
    expect_outcome(await send_failure(harness, message), (SendUnknown, SendDeferred), "without a connection")


class Sending(Checks):
    """Messages that arrive, and messages that do not."""

    area = "sending"

    @story("send", "Hand the text over as it is, in UTF-8; it is in the channel's dialect already.")
    async def test_a_text_arrives_as_it_is(self, harness: Harness) -> None:
        """A text arrives once and unchanged, and the receipt names it by an id of its own."""
        ids = []
        for kind, text in TEXTS.items():
            before = len(harness.arrived())
            receipt = await harness.send(text)
            await harness.simulator.settle()
            new = harness.arrived()[before:]
            with harness.aspects(kind):
                expect(new == [text], f"{text!r} arrived as {new!r}")
            expect(receipt.state is not DeliveryState.FAILED, "the message arrived and its receipt says failed")
            ids.append(receipt.provider_id)
        expect(all(ids) and len(set(ids)) == len(ids), f"{len(ids)} messages got the provider ids {ids!r}")

    @story("send, channel: `Limits.text`", "Declare the provider's own limit in UTF-16 units; split and cut nothing.")
    async def test_the_limit_is_true(self, harness: Harness) -> None:
        """A text of exactly `Limits.text` UTF-16 units arrives whole, as one message, also if it is all emoji."""
        limit = harness.manifest.limits.text
        # One, two and one UTF-16 units a character; one, four and two bytes.
        for text in ("x" * limit, "😀" * (limit // 2) + "x" * (limit % 2), "é" * (limit - 1) + "!"):
            before = len(harness.arrived())
            message = await harness.message(text)
            error = await failure_of(harness, hooks(harness, message)["send"])
            expect(error is None, f"{limit} UTF-16 units of {text[0]!r}: {told(error) if error else ''}")
            await harness.simulator.settle()
            new = harness.arrived()[before:]
            expect(new == [text], f"{limit} units of {text[0]!r} arrived as {[len(one) for one in new]} characters")

    @story("send", "Map 429 to SendDeferred and read the pause that the answer names into `retry_after`, in seconds.")
    async def test_a_rate_limit_is_deferred(self, harness: Harness) -> None:
        """A rate limit is `SendDeferred`, with the provider's own pause if it names one, and nothing arrives."""
        before, first = harness.arrived(), len(harness.transport.calls)
        error = await failure(harness, Fault.RATE_LIMITED)
        expect_outcome(error, SendDeferred, "after 429")
        pause = getattr(error, "retry_after", None)
        if asked := named_pause(harness.transport.calls[first:], harness.now()):
            expect(pause is not None and pause > 0, f"retry_after is {pause}, although the answer has {asked}")
        expect(harness.arrived() == before, "the message arrived nevertheless: the simulator's 429 accepts it")

    @story("configure: `Account.pace`", "Declare the pause that the provider's rate limit for one chat asks for.")
    async def test_the_pace_is_slow_enough(self, harness: Harness) -> None:
        """Messages at the pace that the account declares are not refused for their number."""
        pace = harness.binding.account.pace.total_seconds()
        if not pace:
            raise NotApplicable("the account declares no pace")
        for number in range(MANY):
            await asyncio.sleep(pace)
            error = await failure_of(harness, hooks(harness, harness.written(f"number {number}"))["send"])
            expect(
                error is None, f"message {number + 1}, {pace:g} s after the one before: {told(error) if error else ''}"
            )
            await harness.simulator.settle()

    @story("send", "Map every 5xx to SendUnknown; read JSON only where the answer says that it is JSON.")
    async def test_a_server_error_is_not_final(self, harness: Harness) -> None:
        """A 5xx in the provider's shape or a proxy's is `SendUnknown`, or `SendDeferred` where it was surely not taken."""
        await server_errors_are_not_final(harness)

    @story("send", "Map every httpx.TransportError after the connection was made to SendUnknown.")
    async def test_a_cut_connection_is_unknown(self, harness: Harness) -> None:
        """A connection that breaks leaves a send unknown; never deferred or rejected once it may have been taken."""
        await cuts_are_unknown(harness)

    @story("send", "Keep the time-outs of `ctx.http` (5 s, 15 s), and map httpx.TimeoutException to SendUnknown.")
    async def test_a_slow_answer_is_unknown(self, harness: Harness) -> None:
        """An answer that takes longer than the time-outs leaves a send unknown; the hook does not wait for it."""
        await slowness_is_unknown(harness)

    @story("send", "Map httpx.ConnectError to SendDeferred: without a connection nothing can have been taken.")
    async def test_an_unreachable_provider_is_not_final(self, harness: Harness) -> None:
        """A provider that cannot be reached is `SendDeferred` or `SendUnknown`."""
        await absence_is_not_final(harness)

    @story("send", "Map 401/403 to SendRejected(Failure(code, FailureKind.OPERATOR, …)).")
    async def test_refused_credentials_are_the_operators(self, harness: Harness) -> None:
        """Credentials that are refused are `SendRejected`, and the failure says that the operator can act."""
        error = await failure(harness, Fault.UNAUTHORIZED)
        expect_outcome(error, SendRejected, "with refused credentials")
        failed = getattr(error, "failure", None)
        kind = getattr(failed, "kind", None)
        expect(kind is FailureKind.OPERATOR, f"the failure's kind is {kind}, not operator")
        expect(getattr(failed, "message", ""), "the failure has no message")

    @story("send", "Try once and say what happened. The host knows when a second attempt is safe, the plugin does not.")
    async def test_it_tries_once(self, harness: Harness) -> None:
        """One call is one attempt: a fault that strikes once is told, not overcome, and a person gets no message twice."""
        for fault in Fault:
            before = len(harness.arrived())
            message = await harness.message("only once")
            if not harness.strikes(fault):
                continue
            error = await failure_of(harness, hooks(harness, message)["send"])
            await harness.simulator.settle()
            new = harness.arrived()[before:]
            # After these the provider has the message although the answer was lost.
            most = 1 if fault in TAKEN else 0
            expect(len(new) <= most, f"after {fault}, {short(new)} arrived: a second attempt was made")
            # A plugin without time-outs gets its answer in the end; another check says so.
            expect(error is not None or fault is Fault.SLOW, f"{fault} struck once, and send returned a receipt")
