"""Several events in one request, put together from requests with one event each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from trinity_channels.api import Inbound, MessageReceived, Request
from trinity_channels_contract_tests.expectations import NotApplicable
from trinity_channels_contract_tests.extras import Signs
from trinity_channels_contract_tests.harness import Harness
from trinity_channels_contract_tests.payloads import Path, Payload, at, leaves, lists, names_person, put


class Batch:
    """The list of events in the requests of a provider; `path` leads to it.

    Attributes:
        inner: lists of events within the only element of this one, where a provider groups them.
    """

    def __init__(self, harness: Harness, request: Request, path: Path) -> None:
        self.inner: list[Batch] = []
        self._harness = harness
        self._payload = Payload(request)
        self._path = path

    @classmethod
    async def of(cls, harness: Harness) -> tuple[Batch, list[Request], list[str]]:
        """The list, three requests with a message each, the first two by one person, and their texts.

        Raises:
            NotApplicable: the provider sends each event by itself, or the kit cannot sign.
        """
        harness.needs("receive")
        if not isinstance(harness.simulator, Signs):
            raise NotApplicable("the simulator has no method `sign(request)`")
        ada, texts = harness.simulator.phone("Ada"), ["the first of them", "the second of them", "by someone else"]
        requests = [await harness.said(text, ada if text == texts[-1] else None) for text in texts]
        first, last = (harness.received(request) for request in (requests[0], requests[-1]))
        found = [
            batch
            for path, held in lists(Payload(requests[0]).value)
            if len(held) == 1 and _holds(held, first, last) and (batch := cls(harness, requests[0], path)).is_needed()
        ]
        if not found:
            raise NotApplicable("the provider sends each event in a request of its own")
        outer, *outer.inner = found
        return outer, requests, texts

    def is_needed(self) -> bool:
        """Whether nothing is left without the list: otherwise it is a list within a message."""
        try:
            found = self.read([])
        except Exception:  # noqa: BLE001  how it is refused is another check's finding
            return True
        return not any(isinstance(event, MessageReceived) for event in found.events)

    def joined(self, *requests: Request) -> Inbound:
        """Call `receive` for one signed request with the events of all of these."""
        return self.read([element for request in requests for element in self.elements(request)])

    def elements(self, request: Request) -> list[Any]:
        """The events in a request; none if it has another shape."""
        try:
            found = at(Payload(request).value, self._path)
        except (LookupError, TypeError):
            return []
        return found if isinstance(found, list) else []

    def read(self, elements: Sequence[Any]) -> Inbound:
        """Call `receive` for one signed request with these events."""
        simulator = self._harness.simulator
        assert isinstance(simulator, Signs)  # noqa: S101  `of` has seen to it
        request = self._payload.request(put(self._payload.value, self._path, list(elements)))
        return self._harness.inbound(simulator.sign(request))


def texts_of(inbound: Inbound) -> list[str]:
    """The texts of the messages, in their order."""
    return [event.text for event in inbound.events if isinstance(event, MessageReceived)]


def _holds(held: list[Any], message: MessageReceived, other: MessageReceived) -> bool:
    """Whether a list has both the words and who wrote them, as lists within a message have not."""
    found = [leaf for _, leaf in leaves(held)]
    return message.text in found and any(names_person(leaf, message, other) for leaf in found)
