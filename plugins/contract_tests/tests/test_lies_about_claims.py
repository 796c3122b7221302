"""Lies about groups, and capabilities that are declared and not there; each class is one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from trinity_channels.api import (
    Binding,
    Context,
    Event,
    Following,
    FollowState,
    Identity,
    Ignored,
    MessageChanged,
    MessageReceived,
    Sender,
    Simulator,
    hookimpl,
)
from trinity_channels_contract_tests.echo import Echo, EchoSimulator
from trinity_channels_contract_tests.echo.manifest import MANIFEST


class TakesGroupsForDirectChats(Echo):
    breaks = "test_a_group_is_not_a_direct_chat"

    def message(self, row: dict[str, Any]) -> MessageReceived:
        return replace(super().message(row), group=False)


class AnswersThePersonInstead(Echo):
    breaks = "test_a_group_is_not_a_direct_chat"

    def message(self, row: dict[str, Any]) -> MessageReceived:
        found = super().message(row)
        return replace(found, conversation=found.sender.address) if found.group else found


class TakesTheGroupForAPerson(Echo):
    breaks = "test_a_group_is_not_a_direct_chat"

    def message(self, row: dict[str, Any]) -> MessageReceived:
        found = super().message(row)
        return replace(found, sender=Sender("echo:100050", "g"), group=True) if found.group else found


class HearsNoGroups(Echo):
    breaks = "test_a_group_is_not_a_direct_chat"

    def addressed(self, row: dict[str, Any]) -> Event:
        return super().addressed(row) if row["group"] is None else Ignored("group")


class DeclaresNoGroups(Echo):
    breaks = "test_a_group_is_not_a_direct_chat"
    manifest = replace(MANIFEST, capabilities=replace(MANIFEST.capabilities, groups=False))


class ShowsNoGroups(Echo):
    breaks = "test_a_group_is_not_a_direct_chat"

    class Simulator(EchoSimulator):
        group = None  # type: ignore[assignment]

    @hookimpl
    def simulator(self, ctx: Context) -> Simulator:
        return self.Simulator(ctx, self.signed)


class ListensToChatter(Echo):
    breaks = "test_chatter_in_a_group_is_ignored"

    def addressed(self, row: dict[str, Any]) -> Event:
        return self.message(row)


class FindsItsNameInQuestions(Echo):
    breaks = "test_chatter_in_a_group_is_ignored"

    def addressed(self, row: dict[str, Any]) -> Event:
        return super().addressed({**row, "named": row["named"] or "?" in row["text"]})


class FindsItsNameInTexts(Echo):
    breaks = "test_chatter_in_a_group_is_ignored"

    def addressed(self, row: dict[str, Any]) -> Event:
        return super().addressed({**row, "named": row["named"] is True or "Echo" in row["text"]})


class AnswersForOthers(Echo):
    breaks = "test_chatter_in_a_group_is_ignored"

    def addressed(self, row: dict[str, Any]) -> Event:
        return super().addressed({**row, "named": bool(row["named"])})


class MixesGroupsUp(Echo):
    breaks = "test_an_answer_reaches_its_group"

    def message(self, row: dict[str, Any]) -> MessageReceived:
        found = super().message(row)
        return replace(found, conversation="echo:g1") if found.group else found


class OpensAGroupForEachPerson(Echo):
    breaks = "test_an_answer_reaches_its_group"

    def message(self, row: dict[str, Any]) -> MessageReceived:
        found = super().message(row)
        return replace(found, conversation=f"echo:g{found.sender.address[5:]}") if found.group else found


# --- capabilities, and events ---


class IndicatesNothing(Echo):
    breaks = "test_indicating_reaches_the_provider"
    manifest = replace(MANIFEST, capabilities=replace(MANIFEST.capabilities, indicate_ends=False))

    @hookimpl
    async def indicate(self, binding: Binding, message_id: str, ctx: Context) -> None:
        return


class IndicatesAtAnUnknownPlace(Echo):
    breaks = "test_indicating_reaches_the_provider"
    manifest = replace(MANIFEST, capabilities=replace(MANIFEST.capabilities, indicate_ends=False))

    @hookimpl
    async def indicate(self, binding: Binding, message_id: str, ctx: Context) -> None:
        await self.person(binding, Sender(f"typing:{message_id}"), ctx)


class PromisesEmails(Echo):
    breaks = "test_a_declared_email_is_seen"

    @hookimpl
    async def resolve_identity(self, binding: Binding, sender: Sender, ctx: Context) -> Identity:
        return replace(await super().resolve_identity(binding, sender, ctx), verified_email=None)


class OverlooksCorrections(Echo):
    breaks = "test_a_correction_is_read"

    def event(self, payload: dict[str, Any]) -> Event:
        return Ignored("changed") if payload["kind"] == "changed" else super().event(payload)


class TakesCorrectionsForMessages(Echo):
    breaks = "test_a_correction_is_read"

    def event(self, payload: dict[str, Any]) -> Event:
        if payload["kind"] == "changed":
            about = {"files": [], "group": None, "named": False}
            return self.message({**payload, **about, "id": f"{payload['id']}-2"})
        return super().event(payload)


class KeepsWhatWasTakenBack(Echo):
    breaks = "test_a_correction_is_read"

    def change(self, row: dict[str, Any]) -> MessageChanged:
        return replace(super().change(row), text=row["text"] or "")


class NamesTheCorrection(Echo):
    breaks = "test_a_correction_is_read"

    def change(self, row: dict[str, Any]) -> MessageChanged:
        return replace(super().change(row), provider_id=f"{row['id']}-2")


class OverlooksBlocking(Echo):
    breaks = "test_blocking_is_read"

    def event(self, payload: dict[str, Any]) -> Event:
        return Ignored("followed") if payload["kind"] == "followed" else super().event(payload)


class NeverForgivesBlocking(Echo):
    breaks = "test_blocking_is_read"

    def following(self, row: dict[str, Any]) -> Following:
        return replace(super().following(row), state=FollowState.BLOCKED)


def test_a_lie_is_found_out(lie: Any, broken_by: Callable[[type], dict[str, str]]) -> None:
    assert set(broken_by(lie)) == {lie.breaks}
