"""`send`, where the provider may have the message although nothing says so: every doubt is `SendUnknown`."""

from __future__ import annotations

import httpx

from trinity_channels.api import Fault, Receipt, SendDeferred, SendUnknown
from trinity_channels_contract_tests.check import Checks, story
from trinity_channels_contract_tests.checks.sending import (
    absence_is_not_final,
    cuts_are_unknown,
    expect_outcome,
    server_errors_are_not_final,
    slowness_is_unknown,
)
from trinity_channels_contract_tests.expectations import Seen, broken, expect, short, told
from trinity_channels_contract_tests.handover import Handover, handover
from trinity_channels_contract_tests.harness import Harness
from trinity_channels_contract_tests.meddling import answers, breaks, breaks_midway, edits, meddling
from trinity_channels_contract_tests.odd import Edit, Place, edits_of, whole
from trinity_channels_contract_tests.outcomes import failure_of, holds, hooks, send_failure, send_outcome
from trinity_channels_contract_tests.transport import BAD_GATEWAY, Meddling

TEXT = "taken, but was it?"
HTML, JSON = {"content-type": "text/html"}, {"content-type": "application/json"}
SERVER_ERRORS = {
    "500 without words": (500, b"", {}),
    "502 of a proxy": (502, BAD_GATEWAY, HTML),
    "503 in JSON": (503, b'{"error": "try again later"}', JSON),
    "504 of a proxy": (504, BAD_GATEWAY, HTML),
    "520 of a proxy": (520, BAD_GATEWAY, HTML),
    "408 of a proxy": (408, b"", {}),
}
BEFORE = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
AFTER = (
    httpx.ReadError,
    httpx.WriteError,
    httpx.CloseError,
    httpx.ReadTimeout,
    httpx.WriteTimeout,
    httpx.RemoteProtocolError,
    httpx.DecodingError,
)


class Taken(Checks):
    """Messages that the provider has, and whose answer says something else."""

    area = "sending"

    @story("send", "Map every 5xx to SendUnknown: the provider may have stored the message before it failed.")
    async def test_a_server_error_may_hide_a_taken_message(self, harness: Harness) -> None:
        """A 5xx after the message was taken is `SendUnknown`: nothing in it tells it from one after which it was not."""
        if not await holds(harness, server_errors_are_not_final):
            return  # test_a_server_error_is_not_final says so
        found = await handover(harness)
        for how, answer in SERVER_ERRORS.items():
            with harness.aspects(how):
                await _unknown(harness, found, answers(*answer, taken=True), f"answered with {how}")
        message = await harness.message(TEXT)
        if not harness.strikes(Fault.SERVER_ERROR_AFTER):
            fix = "Let the simulator take the message, and then answer as for SERVER_ERROR."
            broken("the simulator does not know the fault SERVER_ERROR_AFTER", fix)
        with harness.aspects("the provider's own"):
            expect_outcome(await send_failure(harness, message), SendUnknown, "after the provider's own server error")

    @story(
        "send",
        "Only ConnectError, ConnectTimeout and PoolTimeout prove that nothing was sent; the rest is SendUnknown.",
    )
    async def test_every_broken_connection_is_unknown(self, harness: Harness) -> None:
        """Whatever httpx raises once there was a connection leaves a send unknown, and before that it is not final."""
        if not await holds(harness, cuts_are_unknown, slowness_is_unknown, absence_is_not_final):
            return  # the checks with the provider's own faults say so
        found = await handover(harness)
        for error in AFTER:
            with harness.aspects(error.__name__):
                await _unknown(harness, found, breaks(error, taken=True), f"with httpx.{error.__name__}")
        await _unknown(harness, found, breaks_midway, "with a connection that broke in the middle of the answer")
        for early in BEFORE:
            with harness.aspects(early.__name__):
                message, how = await harness.message(TEXT), f"with httpx.{early.__name__}"
                with meddling(harness, breaks(early, taken=False), found.at):
                    expect_outcome(await send_failure(harness, message, how), (SendUnknown, SendDeferred), how)

    @story("send", "A receipt needs the id from the answer. Without it, and after any other 2xx, it is SendUnknown.")
    async def test_an_odd_answer_to_a_send_is_unknown(self, harness: Harness) -> None:
        """A 2xx with a page, another kind of JSON, nothing, or without the message's id is `SendUnknown`.

        That is about the call that sends. A call that prepares it may be answered so, and the message sent nevertheless.
        """
        found = await handover(harness)
        for at, call in enumerate(found.before):
            # With a provider of its own: a send that goes on may prepare another way for all later ones.
            async with harness.another() as other:
                for kind, meddle in whole(call, taken=False):
                    how = f"with {call.request.method} {call.path} answered with {kind}"
                    with harness.aspects(f"before, {kind}"):
                        await _prepared(other, at, meddle, how)
        for kind, meddle in whole(found.call, taken=True):
            with harness.aspects(kind):
                await _unknown(harness, found, meddle, f"answered with {kind}")
        naming = _name_of(found, await handover(harness))
        for edit in edits_of(found.call):
            with harness.aspects(edit.how):
                await _receipt_or_unknown(harness, found.at, edit, names=edit.place in naming)


async def _prepared(harness: Harness, at: int, meddle: Meddling, how: str) -> None:
    """Expect no final failure after an odd answer to a call that takes nothing, and no receipt unless it went on."""
    message = await harness.message(TEXT)
    with meddling(harness, meddle, at) as made:
        error = await failure_of(harness, hooks(harness, message)["send"])
    if error is not None:
        expect_outcome(send_outcome(error, f"{how}, "), (SendUnknown, SendDeferred), how)
    expect(error is not None or len(made) > at + 1, f"{how}, send returned a receipt without a further call")


async def _unknown(harness: Harness, found: Handover, meddle: Meddling, how: str) -> None:
    """Expect `SendUnknown` after a call that was taken."""
    message = await harness.message(TEXT)
    with meddling(harness, meddle, found.at):
        error = await failure_of(harness, hooks(harness, message)["send"])
    how = f"{how} after the message was taken, send"
    expect(error is not None, f"{how} returned a receipt")
    expect(isinstance(error, SendUnknown), f"{how} raised {told(error) if error else ''}")


def _name_of(one: Handover, other: Handover) -> set[Place]:
    """Where the answer holds what the message's id is made of: it is in the id, and differs between two messages."""
    others = {edit.place: edit.held for edit in edits_of(other.call)}
    return {
        edit.place
        for edit in edits_of(one.call)
        if not isinstance(edit.held, dict | list)
        and edit.held != others.get(edit.place)
        and str(edit.held) in one.name
        and str(others.get(edit.place)) in other.name
    }


async def _receipt_or_unknown(harness: Harness, at: int, edit: Edit, *, names: bool) -> None:
    """Expect a receipt with the message's id, or `SendUnknown`; the latter if the field that `names` it is no name."""
    message = await harness.message(TEXT)
    held: list[str] = []

    def change(answer: object) -> object:
        held.append(str(edit.found_in(answer)))
        return edit(answer)

    result: object = None
    with meddling(harness, edits(change), at):
        try:
            result = await harness.wait(hooks(harness, message)["send"]())
        except (Seen, SendUnknown) as error:
            if isinstance(error, Seen):
                raise
            return
        except Exception as error:  # noqa: BLE001  whatever comes out is the finding
            broken(f"answered with {edit.how}, send let out {told(error)}")
    if not isinstance(result, Receipt):
        broken(f"answered with {edit.how}, send returned {short(result)}")
    name = result.provider_id
    expect(isinstance(name, str) and name not in {"", "None"}, f"answered with {edit.how}, the provider id is {name!r}")
    if names and edit.takes_away and held:
        expect(
            held[0] in name, f"answered with {edit.how}, the provider id is {name!r}, which the answer does not hold"
        )
