"""Lies about what people said, and who they are; each class is one."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

from trinity_channels.api import (
    Binding,
    Context,
    Event,
    Identity,
    Inbound,
    MessageReceived,
    Request,
    Sender,
    hookimpl,
)
from trinity_channels_contract_tests.echo import Echo
from trinity_channels_contract_tests.echo.manifest import MANIFEST


class StripsTexts(Echo):
    breaks = "test_a_text_is_received_as_written"

    def message(self, row: dict[str, Any]) -> MessageReceived:
        return super().message({**row, "text": str(row["text"]).strip()})


class GivesFilesOneHandle(Echo):
    breaks = "test_a_file_is_an_attachment"

    def message(self, row: dict[str, Any]) -> MessageReceived:
        return super().message({**row, "files": [{**file, "url": "x"} for file in row["files"]]})


class CallsFilesBytes(Echo):
    breaks = "test_a_file_is_an_attachment"

    def message(self, row: dict[str, Any]) -> MessageReceived:
        return super().message(
            {**row, "files": [{**file, "type": "application/octet-stream"} for file in row["files"]]}
        )


class TidiesTexts(Echo):
    breaks = "test_a_text_is_received_as_written"

    def message(self, row: dict[str, Any]) -> MessageReceived:
        return super().message({**row, "text": unicodedata.normalize("NFC", str(row["text"]))})


class DropsEmoji(Echo):
    breaks = "test_a_text_is_received_as_written"

    def message(self, row: dict[str, Any]) -> MessageReceived:
        return super().message({**row, "text": str(row["text"]).encode("ascii", "ignore").decode()})


class InsistsOnText(Echo):
    breaks = "test_an_empty_text_is_no_fault"

    def addressed(self, row: dict[str, Any]) -> Event:
        if row["text"] == "":
            raise ValueError("The message has no text.")
        return super().addressed(row)


class SeesAGroupInEveryChat(Echo):
    breaks = "test_a_message_says_who_and_where"

    def message(self, row: dict[str, Any]) -> MessageReceived:
        return replace(super().message(row), group=True)


class ForgetsTheTimeZone(Echo):
    breaks = "test_a_message_says_who_and_where"

    def message(self, row: dict[str, Any]) -> MessageReceived:
        return replace(super().message(row), sent_at=datetime.fromisoformat(row["at"]).replace(tzinfo=None))


class CountsAttempts(Echo):
    breaks = "test_a_repeated_webhook_has_the_same_id"

    @hookimpl
    def receive(self, binding: Binding, request: Request) -> Inbound:
        found = super().receive(binding, request)
        attempt = request.headers.get("x-echo-attempt", "1")
        return found if attempt == "1" else Inbound(tuple(_renamed(event, attempt) for event in found.events))


def _renamed(event: Event, attempt: str) -> Event:
    return replace(event, event_id=f"{event.event_id}#{attempt}") if isinstance(event, MessageReceived) else event


class NamesMessagesByTheirText(Echo):
    breaks = "test_two_messages_have_two_ids"

    def message(self, row: dict[str, Any]) -> MessageReceived:
        return replace(super().message(row), event_id=f"{row['from']['id']}:{row['text']}")


class MakesIdsOfMoments(Echo):
    breaks = "test_two_messages_have_two_ids"

    def message(self, row: dict[str, Any]) -> MessageReceived:
        moment = row["at"].partition(".")[0]
        return replace(super().message(row), event_id=f"{row['from']['id']}:{moment}:{row['text']}")


class LosesFiles(Echo):
    breaks = "test_a_file_is_an_attachment"

    def message(self, row: dict[str, Any]) -> MessageReceived:
        return super().message({**row, "files": []})


class IsShockedByNews(Echo):
    breaks = "test_an_unknown_event_is_ignored"

    def event(self, payload: dict[str, Any]) -> Event:
        found = super().event(payload)
        if payload["kind"] == "sunrise":
            raise ValueError("There is no such event.")
        return found


# --- who they are ---


class GivesANewIdEachTime(Echo):
    breaks = "test_a_person_keeps_their_address"

    def message(self, row: dict[str, Any]) -> MessageReceived:
        found = super().message(row)
        return replace(found, sender=replace(found.sender, stable=f"{found.sender.stable}/{row['id']}"))


class TakesEverybodyForOne(Echo):
    breaks = "test_two_people_are_two"

    def sender(self, person: dict[str, Any]) -> Sender:
        return replace(super().sender(person), stable="everybody")


class CutsAddresses(Echo):
    breaks = "test_two_people_are_two"

    def sender(self, person: dict[str, Any]) -> Sender:
        found = super().sender(person)
        return replace(found, address=f"{found.address[:-1]}1", stable=None)


class AddressesNobody(Echo):
    breaks = "test_an_address_answers_its_person"

    def sender(self, person: dict[str, Any]) -> Sender:
        found = super().sender(person)
        return found if found.address.endswith("1") else replace(found, address="echo:999999")


class LosesTheAddress(Echo):
    breaks = "test_an_identity_holds_the_address"

    @hookimpl
    async def resolve_identity(self, binding: Binding, sender: Sender, ctx: Context) -> Identity:
        return replace(await super().resolve_identity(binding, sender, ctx), addresses=("echo:100099",))


class ClaimsAnEmail(Echo):
    breaks = "test_no_email_is_claimed_undeclared"
    manifest = replace(MANIFEST, capabilities=replace(MANIFEST.capabilities, verified_email=False))


class LetsTheTransportSpeak(Echo):
    breaks = "test_resolving_says_if_the_provider_is_down"

    @hookimpl
    async def resolve_identity(self, binding: Binding, sender: Sender, ctx: Context) -> Identity:
        await self.request(binding.settings, ctx, "GET", "/account")
        return await super().resolve_identity(binding, sender, ctx)


def test_a_lie_is_found_out(lie: Any, broken_by: Callable[[type], dict[str, str]]) -> None:
    assert set(broken_by(lie)) == {lie.breaks}
