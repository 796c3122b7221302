"""Receipts: how far a message got, as the provider tells it."""

from __future__ import annotations

from trinity_channels.api import DeliveryState, ReceiptReceived
from trinity_channels_contract_tests.check import Checks, story
from trinity_channels_contract_tests.stage import Stage
from trinity_channels_contract_tests.verdict import NotApplicable, expect

ORDER = tuple(DeliveryState)


class Receipts(Checks):
    """Capability `receipts`, delivered through `receive`."""

    area = "receipts"

    @story("channel: `Capabilities.receipts`", "Declare the furthest state that arrives; None only if none do.")
    async def test_receipts_reach_as_far_as_declared(self, stage: Stage) -> None:
        """The receipts of a message that was read reach exactly the declared state."""
        declared = stage.manifest.capabilities.receipts
        await stage.send("hello")
        states = [one.state for one in await _receipts(stage)]
        furthest = max(states, key=ORDER.index) if states else None
        expect(furthest == declared, f"receipts={declared} is declared, and they reach {furthest}")

    @story("receive", "Map the provider's words with a table; what is not in it is Ignored, not a guess.")
    async def test_receipts_do_not_go_back(self, stage: Stage) -> None:
        """In the provider's order, the states of one message only advance, and none of a good one is `failed`."""
        _declared(stage)
        await stage.send("hello")
        states = [one.state for one in await _receipts(stage)]
        expect(states == sorted(states, key=ORDER.index), f"the states came as {', '.join(states)}")
        expect(DeliveryState.FAILED not in states, "a message that arrived was reported as failed")

    @story("send, receive", "Report the id that `send` returned; hand `message.id` over only if it comes back.")
    async def test_a_receipt_names_its_message(self, stage: Stage) -> None:
        """Receipts name the provider id that `send` returned and, if any, our own id of that delivery."""
        _declared(stage)
        for _ in range(2):
            before = len(stage.host.requests)
            message = await stage.message("hello")
            sent = await stage.hand_over(message)
            for one in await _receipts(stage, before):
                expect(one.provider_id == sent.provider_id, f"{one.provider_id!r} is not {sent.provider_id!r}")
                expect(one.delivery in {None, message.id}, f"delivery is {one.delivery!r}, not {message.id!r}")


def _declared(stage: Stage) -> None:
    if stage.manifest.capabilities.receipts is None:
        raise NotApplicable("receipts are not declared")


async def _receipts(stage: Stage, before: int = 0) -> list[ReceiptReceived]:
    await stage.simulator.settle()
    events = [event for request in stage.host.since(before) for event in stage.inbound(request).events]
    return [event for event in events if isinstance(event, ReceiptReceived)]
