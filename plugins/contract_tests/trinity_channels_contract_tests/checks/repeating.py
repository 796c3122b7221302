"""Sending again: what is one message, and what are two."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from trinity_channels.api import Fault, OutboundMessage, Receipt, ReplyTo
from trinity_channels_contract_tests.check import Checks, story
from trinity_channels_contract_tests.expectations import NotApplicable, Seen, broken, expect, told
from trinity_channels_contract_tests.harness import Harness
from trinity_channels_contract_tests.outcomes import failure_of, hooks

FAULTS = (Fault.CUT_AFTER, Fault.SERVER_ERROR_AFTER)


class Repeating(Checks):
    """Capability `idempotent`, and what it must not do."""

    area = "find_sent"

    @story(
        "send", "Hand `message.id` over as the idempotency key, and return the receipt of the message that is there."
    )
    async def test_a_repeated_send_is_recognised(self, harness: Harness) -> None:
        """With `idempotent`, a message that was taken and is sent again arrives once, and the receipt is its own."""
        idempotent = harness.manifest.capabilities.idempotent
        if not idempotent:
            raise NotApplicable("capability idempotent is not declared")
        for fault in FAULTS:
            message = await harness.message(f"taken, and then {fault}")
            if harness.strikes(fault):
                await failure_of(harness, hooks(harness, message)["send"])
                # Another one in between: the receipt must not be that of the latest message.
                other = await harness.send("another message")
                again = await _again(harness, message, f"after {fault}")
                expect(again.provider_id != other.provider_id, f"after {fault}, its receipt is that of another message")
        message = await harness.message("taken a while ago")
        first = await harness.hand_over(message)
        # As long as the capability says, less a moment; the person writes again, for a reply window may have closed.
        await asyncio.sleep(idempotent.total_seconds() * 0.9)
        await harness.hears("are you still there?")
        again = await _again(harness, message, f"after nine tenths of {idempotent}")
        expect(again.provider_id == first.provider_id, f"{first.provider_id!r} became {again.provider_id!r}")

    @story("send", "Give the key with the call that answers by token, too; or declare no `idempotent`.")
    async def test_a_repeated_answer_is_recognised(self, harness: Harness) -> None:
        """`idempotent` covers answers by reply token: what was taken arrives once, repeated with its token or without."""
        if not harness.manifest.capabilities.idempotent:
            raise NotApplicable("capability idempotent is not declared")
        written, answered = await harness.message("an answer without a token"), harness.heard_from.provider_id
        plain = replace(written, reply_to=ReplyTo(answered))
        harness.strikes(Fault.CUT_AFTER)
        await failure_of(harness, hooks(harness, plain)["send"])
        try:
            await _again(harness, plain, "without a token")
        except Seen:
            return  # test_a_repeated_send_is_recognised or test_an_answer_arrives_like_any_message says so
        for keeps in (True, False):
            heard = await harness.hears("what is 6 x 7?")
            if heard.reply_token is None:
                raise NotApplicable("messages have no reply_token")
            how = f"with its token{'' if keeps else ', and then without'}"
            written = await harness.message(f"an answer {how}")
            message = replace(written, reply_to=ReplyTo(heard.provider_id, heard.reply_token.token))
            harness.strikes(Fault.CUT_AFTER)
            await failure_of(harness, hooks(harness, message)["send"])
            await harness.simulator.settle()
            if harness.arrived().count(message.text) > 1:
                return  # test_an_answer_in_doubt_is_not_sent_again says so
            again = message if keeps else replace(message, reply_to=ReplyTo(heard.provider_id))
            await _again(harness, again, how)

    @story("send", "Make an idempotency key of `message.id` alone: people are told the same thing twice, and mean it.")
    async def test_equal_texts_are_two_messages(self, harness: Harness) -> None:
        """The same words to the same person under another id are another message, and arrive, too."""
        first, second = [await harness.send("yes") for _ in range(2)]
        await harness.simulator.settle()
        count = harness.arrived().count("yes")
        expect(count == 2, f"two messages with the same text were sent, and {count} arrived")  # noqa: PLR2004
        expect(first.provider_id != second.provider_id, f"both have the provider id {first.provider_id!r}")


async def _again(harness: Harness, message: OutboundMessage, how: str) -> Receipt:
    await asyncio.sleep(max(harness.binding.account.pace.total_seconds(), 1))
    try:
        receipt = await harness.hand_over(message)
    except Seen:
        raise
    except Exception as error:  # noqa: BLE001  whatever comes out is the finding
        return broken(f"sent again with the same id {how}, send raised {told(error)}")
    await harness.simulator.settle()
    count = harness.arrived().count(message.text)
    expect(count == 1, f"sent again with the same id {how}, it arrived {count} times")
    expect(receipt.provider_id, "the receipt has no provider id")
    return receipt
