"""Lies of `receive` about what no documentation shows; each class is one."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from trinity_channels.api import (
    Binding,
    Event,
    Ignored,
    Inbound,
    Malformed,
    MalformedPayload,
    MessageReceived,
    Request,
    Sender,
    hookimpl,
)
from trinity_channels_contract_tests.echo import Echo
from trinity_channels_contract_tests.echo.manifest import EchoSettings


class RefusesUnknownKinds(Echo):
    breaks = "test_news_in_a_message_are_no_fault"

    def event(self, payload: dict[str, Any]) -> Event:
        found = super().event(payload)
        # Of its own sunrise, it has heard.
        if found == Ignored("unknown_kind") and payload["kind"] != "sunrise":
            raise ValueError("There is no such kind.")
        return found


class RefusesAddedFields(Echo):
    breaks = "test_news_in_a_message_are_no_fault"
    known = frozenset({"kind", "id", "from", "text", "files", "at", "group", "named", "reply", "unread"})

    def message(self, row: dict[str, Any]) -> MessageReceived:
        if row.keys() - self.known:
            raise ValueError("There is no such field.")
        return super().message(row)


class IgnoresMalformedEvents(Echo):
    breaks = "test_a_malformed_message_is_not_swallowed"

    def events(self, batch: list[Any]) -> tuple[Event, ...]:
        found = super().events(batch)
        return tuple(Ignored("unreadable") if isinstance(event, Malformed) else event for event in found)


class DropsMalformedEvents(Echo):
    breaks = "test_a_malformed_message_is_not_swallowed"

    def events(self, batch: list[Any]) -> tuple[Event, ...]:
        return tuple(event for event in super().events(batch) if not isinstance(event, Malformed))


class SwallowsMalformedRequests(Echo):
    breaks = "test_a_malformed_message_is_not_swallowed"

    @hookimpl
    def receive(self, binding: Binding, request: Request) -> Inbound:
        try:
            return super().receive(binding, request)
        except MalformedPayload:
            return Inbound()


class NamesMessagesNone(Echo):
    breaks = "test_a_malformed_message_is_not_swallowed"

    def addressed(self, row: dict[str, Any]) -> Event:
        found, name = super().addressed({**row, "id": "x"}), str(row.get("id"))
        return replace(found, event_id=name, provider_id=name) if isinstance(found, MessageReceived) else found


class AddressesNone(Echo):
    breaks = "test_a_message_of_no_one_is_not_read"

    def sender(self, person: dict[str, Any]) -> Sender:
        name, address = str(person.get("id")), str(person.get("address"))
        return replace(super().sender({**person, "id": "x", "address": "x"}), address=address, stable=name)


class CountsWithoutBounds(Echo):
    breaks = "test_huge_and_deep_values_are_survived"

    def events(self, batch: list[Any]) -> tuple[Event, ...]:
        for payload in batch:
            size = payload.get("named") if isinstance(payload, dict) else 0
            if isinstance(size, float):
                int(size)
        return super().events(batch)


class TrustsTimestamps(Echo):
    breaks = "test_huge_and_deep_values_are_survived"

    @hookimpl
    def receive(self, binding: Binding, request: Request) -> Inbound:
        found = super().receive(binding, request)
        for event in json.loads(request.body)["events"]:
            stamp = event.get("at") if isinstance(event, dict) else None
            if isinstance(stamp, int) and stamp > 0:
                datetime.fromtimestamp(stamp, UTC)
        return found


class ParsesWithoutExpectingDepth(Echo):
    breaks = "test_huge_and_deep_values_are_survived"

    def authenticate(self, settings: EchoSettings, request: Request) -> None:
        super().authenticate(settings, request)
        with suppress(ValueError):
            json.loads(request.body)


def test_a_lie_is_found_out(lie: Any, broken_by: Callable[[type], dict[str, str]]) -> None:
    assert set(broken_by(lie)) == {lie.breaks}
