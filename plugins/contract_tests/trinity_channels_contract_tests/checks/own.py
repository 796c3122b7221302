"""What the account itself writes and does, which many providers show to all members of a chat, the account too."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from trinity_channels.api import MessageReceived, Receipt, ReceiptReceived
from trinity_channels_contract_tests.check import Checks, story
from trinity_channels_contract_tests.checks.groups import declared, heard_in
from trinity_channels_contract_tests.expectations import expect, short
from trinity_channels_contract_tests.harness import Harness
from trinity_channels_contract_tests.outcomes import failure_of, hooks

TEXT = "this is what the agent says"


class Own(Checks):
    """Nothing that the account does is taken for what people do."""

    area = "messages"

    @story("receive", "Compare the author with the account, and make `Ignored` of what it has written itself.")
    async def test_own_messages_are_not_received(self, harness: Harness) -> None:
        """What the account sends is not received as a person's message: the agent would answer itself, without end."""
        await _is_silent(harness, lambda: harness.send(TEXT))
        if group := await declared(harness, "Family"):
            found = await heard_in(harness, group, harness.phone, "who is there?")
            where = found[0].conversation if found else None
            if where is not None:
                await _is_silent(harness, lambda: harness.send(f"{TEXT}, to all", where))

    @story("receive", "Make a receipt only of what others have read; the account's own mark of reading is `Ignored`.")
    async def test_own_reading_is_no_receipt(self, harness: Harness) -> None:
        """Indicating, which may mark a person's message as read, brings no receipt of that message."""
        harness.needs("indicate")
        message = await harness.message("hello")
        for event in await harness.events(failure_of(harness, hooks(harness, message)["indicate"])):
            own = isinstance(event, ReceiptReceived) and event.provider_id == harness.heard_from.provider_id
            expect(not own, f"indicating brought {short(event)}")


async def _is_silent(harness: Harness, send: Callable[[], Awaitable[Receipt]]) -> None:
    """Expect that sending brings no message."""
    # What it raises is for the checks of `send` to say.
    for event in await harness.events(failure_of(harness, send)):
        expect(not isinstance(event, MessageReceived), f"what the account had sent was received: {short(event)}")
