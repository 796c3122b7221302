"""`OutboundMessage.reply_to`: what answers a message arrives, with the token that came with it or without."""

from __future__ import annotations

from dataclasses import replace

from trinity_channels.api import ReplyTo
from trinity_channels_contract_tests.check import Checks, story
from trinity_channels_contract_tests.expectations import NotApplicable, Seen, broken, expect, short, told
from trinity_channels_contract_tests.harness import Harness


class Answering(Checks):
    """Messages that say what they answer."""

    area = "sending"

    @story("send", "`reply_to` adds a quote, a thread or a token; the text and the person are those of any message.")
    async def test_an_answer_arrives_like_any_message(self, harness: Harness) -> None:
        """A message that says what it answers arrives once and unchanged."""
        heard = await harness.hears("what is 6 x 7?")
        token = heard.reply_token.token if heard.reply_token else None
        for count, given in enumerate(dict.fromkeys((token, None))):
            await _arrives(harness, ReplyTo(heard.provider_id, given), f"answer {count + 1}", "for the first time")

    @story("send", "Where the provider refuses the token, send without it at once: that was certainly not taken.")
    async def test_a_used_up_token_costs_no_answer(self, harness: Harness) -> None:
        """An answer arrives also if its token was used up by an earlier attempt, or is no longer known."""
        heard = await harness.hears("what is 6 x 7?")
        if heard.reply_token is None:
            raise NotApplicable("messages have no reply_token")
        held = heard.reply_token.token
        for count, (token, how) in enumerate(((held, "new"), (held, "used up"), (f"{held}-unknown", "unknown"))):
            await _arrives(
                harness, ReplyTo(heard.provider_id, token), f"answer {count + 1}", f"with a token that is {how}"
            )

    @story("receive", "Take the token from the message, and `expires_at` from what the provider says of its life.")
    async def test_a_reply_token_can_be_used(self, harness: Harness) -> None:
        """A reply token is a text of its own for every message, and expires in the future, in a time zone, or never."""
        tokens = [(await harness.hears(text)).reply_token for text in ("what is 6 x 7?", "and 7 x 8?")]
        if not any(tokens):
            raise NotApplicable("messages have no reply_token")
        for token in filter(None, tokens):
            expect(isinstance(token.token, str) and token.token, f"the token is {short(token.token)}, not a text")
            until = token.expires_at
            expect(until is None or until.tzinfo, f"it expires at {until}, without a time zone")
            expect(
                until is None or not until.tzinfo or until > harness.now(), f"it has expired when it comes, at {until}"
            )
        expect(tokens[0] != tokens[1], "two messages have the same token")


async def _arrives(harness: Harness, reply_to: ReplyTo, text: str, how: str) -> None:
    before = len(harness.arrived())
    message = replace(await harness.message(text), reply_to=reply_to)
    try:
        await harness.hand_over(message)
    except Seen:
        raise
    except Exception as error:  # noqa: BLE001  whatever comes out is the finding
        broken(f"{how}, send raised {told(error)}")
    await harness.simulator.settle()
    new = harness.arrived()[before:]
    expect(new == [text], f"{how}, {text!r} arrived as {new!r}")
