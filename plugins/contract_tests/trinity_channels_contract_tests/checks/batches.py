"""`receive`, for providers that send several events in one request: none is lost."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from trinity_channels.api import ChannelError, Ignored, Malformed, ReceiptReceived
from trinity_channels_contract_tests.batching import Batch, texts_of
from trinity_channels_contract_tests.check import Checks, story
from trinity_channels_contract_tests.expectations import broken, expect, short, told
from trinity_channels_contract_tests.extras import PostsUnknown
from trinity_channels_contract_tests.harness import Harness
from trinity_channels_contract_tests.payloads import without

ODD: tuple[Any, ...] = (None, "no-such-value", -1, [], {}, [[]], {"type": {}, "kind": {}})


class Batches(Checks):
    """Requests that hold a JSON list of events."""

    area = "reading"

    @story("receive", "Read every element of the list, one event for each, and do not stop at one that is ignored.")
    async def test_every_event_of_a_request_counts(self, harness: Harness) -> None:
        """Of several events in one request none is lost, and they keep their order, whatever stands between them."""
        batch, requests, texts = await Batch.of(harness)
        messages = [element for request in requests for element in batch.elements(request)]
        found = batch.read(messages)
        expect(texts_of(found) == texts, f"{len(texts)} messages in one request were read as {short(texts_of(found))}")
        expect(len({repr(event) for event in found.events}) >= len(texts), "two of them became one event")
        for inner in batch.inner:
            # By one person, since a provider may say once for all of them who wrote.
            grouped = texts_of(inner.joined(*requests[:2]))
            expect(grouped == texts[:2], f"two messages in an inner list were read as {short(grouped)}")
        receipts, unknown = await _receipts(harness, batch), await _unknown(harness, batch)
        mixed = batch.read([*receipts, messages[0], *unknown, *messages[1:]])
        expect(texts_of(mixed) == texts, f"between other events, the messages were read as {short(texts_of(mixed))}")
        told_of = sum(isinstance(event, ReceiptReceived) for event in mixed.events)
        expect(told_of == len(receipts), f"{len(receipts)} receipts before the messages were read as {told_of}")

    @story("receive", "Read each event in a try of its own, and put `Malformed(reason)` in the place of a bad one.")
    async def test_a_malformed_event_leaves_its_neighbours(self, harness: Harness) -> None:
        """A malformed event in a request does not take the others along, before it or behind it."""
        batch, requests, texts = await Batch.of(harness)
        messages = [element for request in requests for element in batch.elements(request)]
        neighbours = [texts[0], texts[-1]]
        if texts_of(batch.read(messages)) != texts:
            return  # test_every_event_of_a_request_counts says so
        for how, odd in _odd(messages[1]):
            if not _is_malformed(batch, odd):
                continue
            try:
                found = texts_of(batch.read([messages[0], odd, messages[-1]]))
            except ChannelError as error:
                broken(f"between two messages, an event {how}: receive raised {told(error)}, and both are lost")
            kept = [text for text in found if text in neighbours]
            expect(kept == neighbours, f"of two messages beside an event {how}, {short(kept)} was read")


async def _receipts(harness: Harness, batch: Batch) -> list[Any]:
    """The receipts of one message, as elements."""
    if harness.manifest.capabilities.receipts is None:
        return []
    before = len(harness.host.requests)
    await harness.send("hello")
    await harness.simulator.settle()
    found = [element for request in harness.host.since(before) for element in batch.elements(request)]
    return [one for one in found if any(isinstance(event, ReceiptReceived) for event in batch.read([one]).events)]


async def _unknown(harness: Harness, batch: Batch) -> list[Any]:
    """An event of an unknown kind, as an element, if it can be read by itself; another check is about that."""
    if not isinstance(harness.simulator, PostsUnknown):
        return []
    before = len(harness.host.requests)
    await harness.simulator.posts_unknown()
    await harness.simulator.settle()
    found = [element for request in harness.host.since(before) for element in batch.elements(request)]
    return [one for one in found if _is_ignored(batch, one)]


def _is_ignored(batch: Batch, element: Any) -> bool:
    try:
        return all(isinstance(event, Ignored) for event in batch.read([element]).events)
    except Exception:  # noqa: BLE001  whatever comes out is another check's finding
        return False


def _is_malformed(batch: Batch, element: Any) -> bool:
    """Whether the plugin itself finds an event malformed, in the contract's terms."""
    try:
        return any(isinstance(event, Malformed) for event in batch.read([element]).events)
    except ChannelError:
        return True
    except Exception:  # noqa: BLE001  whatever comes out is another check's finding
        return False


def _odd(message: Any) -> Iterator[tuple[str, Any]]:
    """Events that cannot be, one after the other."""
    for odd in ODD:
        yield f"that is {odd!r}", odd
    for name in message if isinstance(message, dict) else ():
        yield f"without {name}", without(message, (name,))
        for odd in ([], {}):
            yield f"with {name} = {odd!r}", {**message, name: odd}
