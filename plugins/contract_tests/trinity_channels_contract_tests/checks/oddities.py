"""`receive`, third part: what an authentic request may hold that no documentation shows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from trinity_channels.api import ChannelError, Inbound, Malformed, MalformedPayload, MessageReceived, Request
from trinity_channels_contract_tests import fuzz
from trinity_channels_contract_tests.check import Checks, story
from trinity_channels_contract_tests.checks.reading import survives
from trinity_channels_contract_tests.expectations import NotApplicable, Seen, expect, short, told
from trinity_channels_contract_tests.extras import Signs
from trinity_channels_contract_tests.harness import Harness
from trinity_channels_contract_tests.payloads import (
    Path,
    Payload,
    at,
    kinds,
    leaves,
    names_message,
    names_person,
    place,
    put,
    widened,
    without,
)

NO_PAYLOADS: tuple[Any, ...] = (None, "no-such-value", -1)
NO_NAMES: tuple[Any, ...] = (None, {}, [], "")


class Oddities(Checks):
    """Signed by the simulator, so that they pass the signature check."""

    area = "reading"

    @story(
        "receive", "Look fields up with a default, end each match with Ignored, and read no field that is not needed."
    )
    async def test_news_in_a_message_are_no_fault(self, harness: Harness) -> None:
        """A known event with an unknown type in it is not an error, and one with an added field is read as before."""
        sign = _signer(harness)
        request = await harness.said("hello")
        payload = _payload(harness, request)
        for path, kind in kinds(payload.value):
            odd = "no-such-value" if isinstance(kind, str) else 987_654
            found = _outcome(harness, sign(payload.request(put(payload.value, path, odd))))
            refused = isinstance(found, ChannelError) or (isinstance(found, Inbound) and _malformed(found))
            expect(
                not refused, f"{place(path)} = {odd!r}, which may come tomorrow, was taken for a fault: {short(found)}"
            )
        wider = _outcome(harness, sign(payload.request(widened(payload.value))))
        texts = [one.text for one in _messages(wider)]
        expect(texts == ["hello"], f"with fields added that may come tomorrow, it was read as {short(wider)}")

    @story("receive", "Raise MalformedPayload, or return Malformed for the one event: neither nothing nor Ignored.")
    async def test_a_malformed_message_is_not_swallowed(self, harness: Harness) -> None:
        """A message that no id names, and a payload that is not one, is malformed: not read, not ignored, not nothing."""
        sign = _signer(harness)
        requests = [await harness.said("yes") for _ in range(2)]
        payload = _payload(harness, requests[0])
        ids = _ids(harness, requests)
        odd = dict(_without(payload, ids))
        if payload.is_json:
            odd |= {f"a payload that is {value!r}": value for value in NO_PAYLOADS}
        for how, changed in odd.items():
            found = _outcome(harness, sign(payload.request(changed)))
            if not isinstance(found, ChannelError | Inbound):
                continue  # test_an_authentic_oddity_is_named says so
            kept = isinstance(found, MalformedPayload) or (isinstance(found, Inbound) and _malformed(found))
            expect(kept and not _messages(found), f"{how} became {_shown(found)}")

    @story("receive", "Look at what you make an address of: `str(None)` is the address of everyone who has none.")
    async def test_a_message_of_no_one_is_not_read(self, harness: Harness) -> None:
        """A message in which nothing names its writer becomes no message of a writer that the plugin makes up."""
        sign = _signer(harness)
        requests = [await harness.said("yes"), await harness.said("yes", harness.simulator.phone("Ada"))]
        ours, theirs = (harness.received(request) for request in requests)
        payload = _payload(harness, requests[0])
        people = [path for path, leaf in leaves(payload.value) if names_person(leaf, ours, theirs)]
        for how, changed in _without(payload, people):
            found = _messages(_outcome(harness, sign(payload.request(changed))))
            expect(not found, f"{how} was read as a message of {short(found[0].sender) if found else ''}")

    @story(
        "receive", "Expect RecursionError and OverflowError beside ValueError, and bound numbers before you use them."
    )
    async def test_huge_and_deep_values_are_survived(self, harness: Harness) -> None:
        """Huge numbers, infinity, deep nesting and half characters anywhere give events or `MalformedPayload`."""
        sign = _signer(harness)
        request = await harness.said("hello")
        for how, odd in fuzz.oddities(request):
            try:
                survives(harness, sign(odd), how)
            except Seen:
                return  # test_an_authentic_oddity_is_named says so
        for how, odd in fuzz.extremes(request):
            survives(harness, sign(odd), how)


def _signer(harness: Harness) -> Any:
    harness.needs("receive")
    if not isinstance(harness.simulator, Signs):
        raise NotApplicable("the simulator has no method `sign(request)`")
    return harness.simulator.sign


def _payload(harness: Harness, request: Request) -> Payload:
    """The payload of a request, if the kit can write it again so that it is read as before."""
    payload = Payload(request)
    again = _outcome(harness, _signer(harness)(payload.request(payload.value)))
    if _messages(again) != _messages(harness.inbound(request)):
        raise NotApplicable("the kit can change the fields of JSON and of forms only")
    return payload


def _outcome(harness: Harness, request: Request) -> object:
    """What `receive` returned or raised."""
    try:
        return harness.read(request)
    except Exception as error:  # noqa: BLE001  whatever comes out is looked at
        return error


def _messages(found: object) -> list[MessageReceived]:
    return [one for one in found.events if isinstance(one, MessageReceived)] if isinstance(found, Inbound) else []


def _malformed(found: Inbound) -> bool:
    return any(isinstance(event, Malformed) for event in found.events)


def _shown(found: object) -> str:
    if isinstance(found, Inbound):
        return short(found.events) if found.events else "nothing: it is answered as if it had been read"
    return told(found) if isinstance(found, Exception) else short(found)


def _ids(harness: Harness, requests: Sequence[Request]) -> list[Path]:
    """Where the ids of a message stand: what two messages with the same words have different, and are named by."""
    first, second = (Payload(request).value for request in requests)
    ours, theirs = (harness.received(request) for request in requests)
    found = []
    for path, leaf in leaves(first):
        try:
            other = at(second, path)
        except (LookupError, TypeError):
            continue
        if leaf != other and names_message(leaf, ours) and names_message(other, theirs):
            found.append(path)
    return found


def _without(payload: Payload, paths: Sequence[Path]) -> Iterator[tuple[str, Any]]:
    if not paths:
        return
    names = ", ".join(place(path) for path in paths)
    bare = payload.value
    for path in paths:
        bare = without(bare, path)
    yield f"a message without {names}", bare
    for odd in NO_NAMES if payload.is_json else ("",):
        changed = payload.value
        for path in paths:
            changed = put(changed, path, odd)
        yield f"a message with {names} = {odd!r}", changed
