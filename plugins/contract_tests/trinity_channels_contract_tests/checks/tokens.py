"""`MessageReceived.reply_token`: an answer by it is one message like any other, and the token is what it says."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import httpx

from trinity_channels.api import ReplyTo, ReplyToken, SendUnknown
from trinity_channels_contract_tests.check import Checks, story
from trinity_channels_contract_tests.expectations import NotApplicable, expect, told
from trinity_channels_contract_tests.handover import Handover, Shape, handover
from trinity_channels_contract_tests.harness import Harness
from trinity_channels_contract_tests.meddling import answers, breaks, breaks_midway, meddling
from trinity_channels_contract_tests.odd import PAGE
from trinity_channels_contract_tests.outcomes import failure_of, hooks

GOOD = 400
"""HTTP statuses from here on are refusals."""
ENDLESS = timedelta(days=30)
"""As long as this a token is tried that is said not to expire."""
MARGIN = timedelta(seconds=8)
"""So long before its end it is used: messages have a pace."""
OUTCOMES = {
    "a 500": answers(500, b'{"error": "oops"}', {"content-type": "application/json"}, taken=True),
    "a 502 of a proxy": answers(502, PAGE, {"content-type": "text/html"}, taken=True),
    "a 200 with a page": answers(200, PAGE, {"content-type": "text/html"}, taken=True),
    "a connection that broke": breaks(httpx.ReadError, taken=True),
    "a time-out": breaks(httpx.ReadTimeout, taken=True),
    "half an answer": breaks_midway,
}


class Tokens(Checks):
    """Answers by reply token."""

    area = "sending"

    @story("send", "Send without the token only if the provider has refused it in words; any doubt is SendUnknown.")
    async def test_an_answer_in_doubt_is_not_sent_again(self, harness: Harness) -> None:
        """An answer by token whose outcome is unknown is `SendUnknown`, and is not sent once more without the token."""
        at = (await handover(harness, reply_to=await _answer(harness))).at
        plain = (await handover(harness)).at
        for how, meddle in OUTCOMES.items():
            written = await harness.message(f"first {how}")
            with meddling(harness, meddle, plain):
                without = await failure_of(harness, hooks(harness, written)["send"])
            if not isinstance(without, SendUnknown):
                continue  # the checks of other messages say so
            with harness.aspects(how):
                reply_to, before = await _answer(harness), len(harness.arrived())
                message = replace(await harness.message(f"answered with {how}"), reply_to=reply_to)
                with meddling(harness, meddle, at):
                    error = await failure_of(harness, hooks(harness, message)["send"])
                await harness.simulator.settle()
                times = len(harness.arrived()) - before
                how_ended = f"after {how} to an answer by token that was taken"
                expect(times <= 1, f"{how_ended}, it was sent again: it arrived {times} times")
                expect(isinstance(error, SendUnknown), f"{how_ended}, send {_outcome(error)}")

    @story("send, receive", "Hand over `message.reply_to.token` as the provider gave it; or set no `reply_token`.")
    async def test_a_reply_token_is_used(self, harness: Harness) -> None:
        """An answer is handed over with its token: the provider's own, which it takes."""
        spoken = await _Spoken.of(harness)
        if (token := await _token(harness)) is None:
            return  # test_a_reply_token_can_be_used says so
        found = await handover(harness, reply_to=token)
        expect(
            spoken.uses(found, token), "an answer was handed over as if there were no token, or after it was refused"
        )

    @story("receive", "Set `expires_at` by what the provider says; None only if it says that tokens do not expire.")
    async def test_a_reply_token_lives_as_long_as_it_says(self, harness: Harness) -> None:
        """Shortly before `expires_at` the provider takes the token; one without that is taken after 30 days, too."""
        spoken = await _Spoken.of(harness)
        token = await _token(harness)
        if token is None or not spoken.uses(await handover(harness, reply_to=token), token):
            return  # test_a_reply_token_is_used says so
        heard = await harness.hears("and 7 x 8?")
        given = heard.reply_token
        if given is None or (life := _life(harness, given)) is None:
            return  # test_a_reply_token_can_be_used says so
        await asyncio.sleep(max((life - max(MARGIN, life / 10)).total_seconds(), 0))
        if life > timedelta(hours=1):
            await harness.hears("are you still there?")  # a reply window may have closed
        reply_to = ReplyTo(heard.provider_id, given.token)
        found = await handover(harness, reply_to=reply_to)
        until = f"expires at {given.expires_at}" if given.expires_at else "does not expire"
        expect(spoken.uses(found, reply_to), f"the token {until}, and at {harness.now()} it was not taken any more")


class _Spoken:
    """How messages are handed over that answer without a token."""

    def __init__(self, shape: Shape) -> None:
        self._shape = shape

    @classmethod
    async def of(cls, harness: Harness) -> _Spoken:
        """Learn it from two; ends the check if messages have no token."""
        await _answer(harness)
        texts = ("one without", "another without a token")
        one, other = [(await handover(harness, text), text) for text in texts]
        return cls(Shape((one[0].call, one[1]), (other[0].call, other[1])))

    def uses(self, found: Handover, reply_to: ReplyTo) -> bool:
        """Whether something of the token was handed over, and taken."""
        calls = [one for one in (*found.before, found.call) if one.response and one.response.status_code < GOOD]
        if any(str(reply_to.token).encode() in one.request.content + one.request.url.raw_path for one in calls):
            return True
        request = found.call.request
        return not (self._shape.fits(request) and self._shape.has_no_more(request))


async def _answer(harness: Harness) -> ReplyTo:
    """What answers a new message by its token."""
    heard = await harness.hears("what is 6 x 7?")
    if heard.reply_token is None:
        raise NotApplicable("messages have no reply_token")
    return ReplyTo(heard.provider_id, heard.reply_token.token)


async def _token(harness: Harness) -> ReplyTo | None:
    """The same; None if messages share their tokens."""
    first, second = await _answer(harness), await _answer(harness)
    return second if first.token != second.token else None


def _life(harness: Harness, token: ReplyToken) -> timedelta | None:
    """How long it lives; None if that cannot be."""
    until = token.expires_at
    if until is None:
        return ENDLESS
    return until - harness.now() if until.tzinfo and until > harness.now() else None


def _outcome(error: Exception | None) -> str:
    return f"raised {told(error)}" if error else "returned a receipt"
