"""Receipts: how far a message got, as the provider reports it."""

from __future__ import annotations

from collections.abc import Iterable

from trinity_channels.api import DeliveryState, ReceiptReceived
from trinity_channels_contract_tests.check import Checks, story
from trinity_channels_contract_tests.expectations import Impossible, NotApplicable, broken, expect
from trinity_channels_contract_tests.harness import Came, Harness

ORDER = tuple(DeliveryState)


class Receipts(Checks):
    """Capability `receipts`, delivered through `receive`."""

    area = "receipts"

    @story("channel: `Capabilities.receipts`", "Declare the furthest state that arrives; None only if none do.")
    async def test_receipts_reach_as_far_as_declared(self, harness: Harness) -> None:
        """The receipts of a message that was read reach exactly the declared state."""
        declared = harness.manifest.capabilities.receipts
        if declared and self.no_receipts:
            broken(
                f"receipts={declared} is declared, and `no_receipts` says that there are none", "Remove one of them."
            )
        async with harness.hearing() as came:
            await harness.send("hello")
        states = [one.state for one in _receipts(harness, came)]
        furthest = max(states, key=ORDER.index) if states else None
        expect(furthest == declared, f"receipts={declared} is declared, and they reach {furthest}")

    @story("receive", "Map the provider's words with a table; what is not in it is Ignored, not a guess.")
    async def test_receipts_do_not_go_back(self, harness: Harness) -> None:
        """In the provider's order, the states of one message only advance, and none of a good one is `failed`."""
        self._declared(harness)
        async with harness.hearing() as came:
            await harness.send("hello")
        states = [one.state for one in _receipts(harness, came)]
        expect(states == sorted(states, key=ORDER.index), f"the states came as {', '.join(states)}")
        expect(DeliveryState.FAILED not in states, "a message that arrived was reported as failed")

    @story("send, receive", "Report the id that `send` returned; hand `message.id` over only if it comes back.")
    async def test_a_receipt_names_its_message(self, harness: Harness) -> None:
        """Receipts name the provider id that `send` returned and, if any, our own id of that delivery."""
        self._declared(harness)
        # Twice, for a plugin that keeps the first id would pass once.
        for _ in range(2):
            message = await harness.message("hello")
            async with harness.hearing() as came:
                sent = await harness.hand_over(message)
            for one in _receipts(harness, came):
                expect(one.provider_id == sent.provider_id, f"{one.provider_id!r} is not {sent.provider_id!r}")
                expect(one.delivery in {None, message.id}, f"delivery is {one.delivery!r}, not {message.id!r}")

    def _declared(self, harness: Harness) -> None:
        if harness.manifest.capabilities.receipts is None:
            raise Impossible(self.no_receipts) if self.no_receipts else NotApplicable("receipts are not declared")


def _receipts(harness: Harness, came: Iterable[Came]) -> list[ReceiptReceived]:
    events = [event for one in came for event in harness.inbound(one).events]
    return [event for event in events if isinstance(event, ReceiptReceived)]
