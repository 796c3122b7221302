"""Lies of `receive` about who may speak, and about being a pure function; each class is one."""

from __future__ import annotations

import base64
import json
import time
import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

from trinity_channels.api import (
    Binding,
    Context,
    Event,
    Ignored,
    Inbound,
    Malformed,
    MalformedPayload,
    MessageReceived,
    Request,
    Response,
    SignatureError,
    Simulator,
    hookimpl,
)
from trinity_channels_contract_tests.echo import Echo, EchoSimulator
from trinity_channels_contract_tests.echo.manifest import EchoSettings
from trinity_channels_contract_tests.echo.webhooks import ODD


class SignsNoBody(Echo):
    breaks = "test_a_changed_body_is_refused"

    def signed(self, url: str, stamp: str, body: bytes) -> bytes:
        return f"{url}\n{stamp}".encode()


class SignsNoAddress(Echo):
    breaks = "test_a_changed_address_is_refused"

    def signed(self, url: str, stamp: str, body: bytes) -> bytes:
        return stamp.encode() + body


class ComparesTheBeginning(Echo):
    breaks = "test_a_changed_signature_is_refused"

    def same(self, wanted: bytes, presented: bytes) -> bool:
        return presented != b"" and wanted.startswith(presented[:16])


class ComparesInLowerCase(Echo):
    breaks = "test_a_signature_in_other_letters_is_refused"

    def same(self, wanted: bytes, presented: bytes) -> bool:
        return base64.b64encode(bytes.fromhex(wanted.decode())).lower() == presented.lower()

    @hookimpl
    def simulator(self, ctx: Context) -> Simulator:
        class SignsInBase64(EchoSimulator):
            def _signature(self, url: str, stamp: str, body: bytes) -> str:
                return base64.b64encode(bytes.fromhex(super()._signature(url, stamp, body))).decode()

        return SignsInBase64(ctx, self.signed)


class TakesWhatIsNotSigned(Echo):
    breaks = "test_a_missing_signature_is_refused"

    def authenticate(self, settings: EchoSettings, request: Request) -> None:
        if "x-echo-signature" in request.headers:
            super().authenticate(settings, request)


class StumblesOverAMissingSignature(Echo):
    breaks = "test_a_missing_signature_is_refused"

    def authenticate(self, settings: EchoSettings, request: Request) -> None:
        request.headers["x-echo-signature"]
        super().authenticate(settings, request)


class KnowsASecretByHeart(Echo):
    breaks = "test_another_secret_is_refused"

    def secrets(self, settings: EchoSettings) -> list[bytes]:
        return [b"fake-echo-secret-5678"]


class ForgetsTheSecondSecret(Echo):
    breaks = "test_both_secrets_count_during_rotation"

    def secrets(self, settings: EchoSettings) -> list[bytes]:
        return super().secrets(settings)[:1]


class TrustsReceipts(Echo):
    breaks = "test_receipts_are_authenticated_too"

    def authenticate(self, settings: EchoSettings, request: Request) -> None:
        if b'"receipt"' not in request.body:
            super().authenticate(settings, request)


# --- how it reads ---


class DecodesFirst(Echo):
    breaks = "test_junk_is_refused_politely"

    def authenticate(self, settings: EchoSettings, request: Request) -> None:
        request.body.decode()
        super().authenticate(settings, request)


class ParsesFirst(Echo):
    breaks = "test_junk_is_refused_politely"

    def authenticate(self, settings: EchoSettings, request: Request) -> None:
        int(request.headers.get("x-echo-attempt", "1"))
        super().authenticate(settings, request)


class SaysNoByFalse(Echo):
    breaks = "test_junk_is_refused_politely"

    @hookimpl
    def receive(self, binding: Binding, request: Request) -> Inbound:
        if request.body.startswith(b"xx"):
            return cast("Inbound", False)  # noqa: FBT003  the lie
        return super().receive(binding, request)


class StumblesOverOddities(Echo):
    breaks = "test_an_authentic_oddity_is_named"

    @hookimpl
    def receive(self, binding: Binding, request: Request) -> Inbound:
        found = super().receive(binding, request)
        for payload in json.loads(request.body)["events"]:
            if payload and payload["kind"] == "message":
                payload["from"]["name"].title()
        return found


class SaysNothingAboutOddities(Echo):
    breaks = "test_an_authentic_oddity_is_named"

    @hookimpl
    def receive(self, binding: Binding, request: Request) -> Inbound:
        try:
            return super().receive(binding, request)
        except MalformedPayload:
            return cast("Inbound", None)


class ReadsOnlyTheFirstEvent(Echo):
    breaks = "test_every_event_of_a_request_counts"

    def events(self, batch: list[Any]) -> tuple[Event, ...]:
        return super().events(batch[:1])


class StopsAtWhatItIgnores(Echo):
    breaks = "test_every_event_of_a_request_counts"

    def events(self, batch: list[Any]) -> tuple[Event, ...]:
        found = super().events(batch)
        ignored = next((index for index, event in enumerate(found) if isinstance(event, Ignored)), len(found))
        return found[: ignored + 1]


class KeepsOneMessageOfAPerson(Echo):
    breaks = "test_every_event_of_a_request_counts"

    def events(self, batch: list[Any]) -> tuple[Event, ...]:
        found = super().events(batch)
        latest = {getattr(event, "sender", index): event for index, event in enumerate(found)}
        return tuple(latest.values())


class ReadsTheFirstOfEachEntry(Echo):
    """Its provider has the events of an account in an entry of their own."""

    breaks = "test_every_event_of_a_request_counts"

    class Simulator(EchoSimulator):
        def batch(self, event: dict[str, Any]) -> dict[str, Any]:
            return {"events": [{"account": "acc-1", "changes": [event]}]}

    @hookimpl
    def simulator(self, ctx: Context) -> Simulator:
        return self.Simulator(ctx, self.signed)

    def events(self, batch: list[Any]) -> tuple[Event, ...]:
        return tuple(self.first(entry) for entry in batch)

    def first(self, entry: Any) -> Event:
        try:
            return self.one(entry["changes"][0])
        except ODD:
            return Malformed("an entry lacks its changes")


class GivesTheBatchUp(Echo):
    breaks = "test_a_malformed_event_leaves_its_neighbours"

    def events(self, batch: list[Any]) -> tuple[Event, ...]:
        found = super().events(batch)
        if any(isinstance(event, Malformed) for event in found):
            raise MalformedPayload("Echo's webhook lacks a field that Echo always sends.")
        return found


class EndsWithAMalformedEvent(Echo):
    breaks = "test_a_malformed_event_leaves_its_neighbours"

    def events(self, batch: list[Any]) -> tuple[Event, ...]:
        found = super().events(batch)
        malformed = next((index for index, event in enumerate(found) if isinstance(event, Malformed)), len(found))
        return found[: malformed + 1]


class EatsTheSignature(Echo):
    breaks = "test_the_request_is_left_alone"

    @hookimpl
    def receive(self, binding: Binding, request: Request) -> Inbound:
        found = super().receive(binding, request)
        cast("dict[str, str]", request.headers).pop("x-echo-signature")
        return found


class LooksAtTheClock(Echo):
    breaks = "test_the_same_request_gives_the_same_result"

    def message(self, row: dict[str, Any]) -> MessageReceived:
        found = super().message(row)
        assert found.sent_at is not None
        return replace(found, sent_at=found.sent_at.replace(microsecond=datetime.now(UTC).microsecond))


class ThrowsDice(Echo):
    breaks = "test_the_same_request_gives_the_same_result"

    def message(self, row: dict[str, Any]) -> MessageReceived:
        return replace(super().message(row), raw={"trace": uuid.uuid4().hex})


class TrustsItsOwnClock(Echo):
    breaks = "test_only_the_requests_clock_counts"

    def in_time(self, stamp: str, request: Request) -> None:
        if abs(time.time() - float(stamp)) > 400 * 86_400:
            raise SignatureError("The request is too old.")


class KeepsADiary(Echo):
    breaks = "test_reading_does_no_io"

    @hookimpl
    def receive(self, binding: Binding, request: Request) -> Inbound:
        Path("/dev/null").write_bytes(request.body)
        return super().receive(binding, request)


class TakesANap(Echo):
    breaks = "test_reading_does_not_wait"

    def message(self, row: dict[str, Any]) -> MessageReceived:
        if "there" in str(row["text"]):
            time.sleep(0.03)
        return super().message(row)


class AnswersWithAnError(Echo):
    breaks = "test_a_message_is_acknowledged"

    @hookimpl
    def receive(self, binding: Binding, request: Request) -> Inbound:
        return replace(super().receive(binding, request), response=Response(500))


def test_a_lie_is_found_out(lie: Any, broken_by: Callable[[type], dict[str, str]]) -> None:
    assert set(broken_by(lie)) == {lie.breaks}
