"""`find_sent`: finding out what became of a send whose outcome is unknown."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from datetime import datetime

from trinity_channels.api import Fault, OutboundMessage, Receipt
from trinity_channels_contract_tests.check import Checks, story
from trinity_channels_contract_tests.expectations import broken, expect, short
from trinity_channels_contract_tests.harness import Harness
from trinity_channels_contract_tests.outcomes import failure_of, hooks, says_unavailable

HOOK = "find_sent"
# Seconds: a day, on virtual time.
DISTANT = 86_400
PERSISTENT = 5
SENT_SINCE = 110
"""Messages: more than a page of most providers."""


class ReadingBack(Checks):
    """Capability `find_sent`."""

    area = "find_sent"

    @story(HOOK, "List what the provider has for `message.to` since `attempted_at` and compare the text.")
    async def test_a_taken_message_is_found(self, harness: Harness) -> None:
        """A message that was taken before the connection broke is found."""
        harness.needs(HOOK)
        message, at = await _lost(harness, Fault.CUT_AFTER, "taken, answer lost")
        found = await _find(harness, message, at)
        expect(found is not None, "the message was taken, and find_sent returned None: it would be sent twice")
        expect(found and found.provider_id, "the receipt has no provider id")

    @story(HOOK, "Ask for page after page, until one reaches back behind the attempt.")
    async def test_a_taken_message_is_found_behind_others(self, harness: Harness) -> None:
        """A message that was taken is found when more than a page of others has been sent since."""
        harness.needs(HOOK)
        message, at = await _lost(harness, Fault.CUT_AFTER, "taken, answer lost", times=1)
        if await _find(harness, message, at) is None:
            return  # test_a_taken_message_is_found says so
        for number in range(SENT_SINCE):
            await harness.send(f"later {number}")
        found = await _find(harness, message, at)
        expect(found is not None, f"after {SENT_SINCE} others, find_sent returned None: it would be sent twice")

    @story(HOOK, "Compare the whole text and the recipient; return None only if the listing surely reaches back.")
    async def test_an_absent_message_is_not_invented(self, harness: Harness) -> None:
        """A message that was not taken is not found, whatever else was sent, and if the person writes the same."""
        harness.needs(HOOK)
        await harness.send("another message")
        ada = harness.simulator.phone("Ada")
        await harness.hears("hello", ada)
        await harness.send("not taken", ada.address)
        message, at = await _lost(harness, Fault.CUT_BEFORE, "not taken")
        # Many providers keep both directions in one list.
        await harness.hears("not taken")
        found = await _find(harness, message, at)
        expect(found is None, f"the message was not taken, and find_sent returned {short(found)}: it would be lost")

    @story(HOOK, "Leave out what is in `known`: those ids belong to other messages.")
    async def test_known_messages_are_left_out(self, harness: Harness) -> None:
        """An equal text that is known to be another message is not taken for this one."""
        harness.needs(HOOK)
        earlier = await harness.send("the same words")
        message, at = await _lost(harness, Fault.CUT_BEFORE, "the same words")
        found = await _find(harness, message, at, known=(earlier.provider_id,))
        expect(found is None, f"find_sent returned {short(found)}, which is a known message")

    @story(HOOK, "Filter by the time of the attempt, with a minute for clocks that differ.")
    async def test_messages_of_long_ago_are_left_out(self, harness: Harness) -> None:
        """An equal text that was sent a day before the attempt is not taken for this one."""
        harness.needs(HOOK)
        await harness.send("good night")
        await asyncio.sleep(DISTANT)
        message, at = await _lost(harness, Fault.CUT_BEFORE, "good night")
        found = await _find(harness, message, at)
        expect(found is None, f"find_sent returned {short(found)}, which was sent a day before")

    @story(HOOK, "Not knowing is ProviderUnavailable; None means that the message surely is not there.")
    async def test_reading_back_says_if_the_provider_is_down(self, harness: Harness) -> None:
        """While the provider is down, nothing is concluded: `ProviderUnavailable`."""
        harness.needs(HOOK)
        await says_unavailable(harness, HOOK, only=True)


async def _lost(harness: Harness, fault: Fault, text: str, times: int = PERSISTENT) -> tuple[OutboundMessage, datetime]:
    """Attempt a send whose answer gets lost, and wait until it can be read back."""
    message, at = await harness.message(text), harness.now()
    # More often than once: a plugin that tries again by itself must not get through here.
    harness.simulator.inject(fault, times)
    await failure_of(harness, hooks(harness, message)["send"])
    # As long as the plugin itself says that it takes.
    await asyncio.sleep(harness.manifest.capabilities.find_sent)
    return message, at


async def _find(
    harness: Harness, message: OutboundMessage, at: datetime, known: Collection[str] = ()
) -> Receipt | None:
    call = harness.plugin.hook(HOOK)(
        binding=harness.binding, message=message, attempted_at=at, known=known, ctx=harness.ctx
    )
    found = await harness.wait(call)
    if found is not None and not isinstance(found, Receipt):
        broken(f"find_sent returned {short(found)}, not a Receipt or None")
    return found
