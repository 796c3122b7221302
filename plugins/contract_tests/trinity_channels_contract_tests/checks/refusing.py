"""`send`, where the provider says no: for a moment, to this person, or until someone does something."""

from __future__ import annotations

import json
import math
import re
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from email.utils import format_datetime

from trinity_channels.api import FailureKind, Fault, SendDeferred, SendRejected, SendUnknown
from trinity_channels_contract_tests.check import Checks, story
from trinity_channels_contract_tests.expectations import NotApplicable, broken, expect, told
from trinity_channels_contract_tests.handover import handover
from trinity_channels_contract_tests.harness import Harness
from trinity_channels_contract_tests.meddling import answers, meddling
from trinity_channels_contract_tests.odd import Edit, edits_of
from trinity_channels_contract_tests.outcomes import send_failure
from trinity_channels_contract_tests.payloads import leaves
from trinity_channels_contract_tests.transport import Call

TEXT = "will this be taken?"
HEADER = "retry-after"
PAUSE = timedelta(seconds=120)
HUNDRED = 100
"""A pause so many times as long as Retry-After comes of another unit."""
MILLISECONDS = re.compile(r"milli|(_|[a-z])(ms|Ms|MS)$|^ms$")
"""Names of fields that count in milliseconds."""
NONSENSE = ("", "soon", "nan", "inf", "-5", "1e999", "9" * 400, "\xb2", "1, 2")
KINDS_OF_REFUSAL = (FailureKind.PERMANENT, FailureKind.RECIPIENT)
KINDS_OF_EXHAUSTION = (FailureKind.OPERATOR, FailureKind.LATER)


class Refusing(Checks):
    """Refusals, and what they ask for."""

    area = "sending"

    @story("send", "Use `http.retry_after`: it reads every form, and gives None for what is no pause.")
    async def test_any_pause_is_understood(self, harness: Harness) -> None:
        """A rate limit is `SendDeferred` in whatever form it names its pause: as a date, not at all, or as nonsense."""
        limited = await _limited(harness)
        if limited is None:
            return  # test_a_rate_limit_is_deferred says so
        expect(not (longer := limited.longer), longer, "Read each pause in the unit that the provider counts it in.")
        # A provider may name the pause in the body, and then the header means nothing.
        reads = [await limited.pause(form) for form in ("7", "11")] == [7, 11]
        moment = harness.now() + PAUSE
        pause = await limited.pause(format_datetime(moment, usegmt=True))
        left = (moment - harness.now()).total_seconds()
        near = pause is None or left - 1 <= pause <= PAUSE.total_seconds()
        expect(near or not reads, f"Retry-After is a moment in {left:.0f} s, and retry_after is {pause}")
        for form in (None, format_datetime(harness.now() - PAUSE, usegmt=True), *NONSENSE):
            await limited.pause(form)
        for edit in edits_of(limited.call):
            await limited.pause("7", edit)

    @story(
        "send", "Map what the provider says of the recipient to SendRejected(Failure(code, FailureKind.RECIPIENT, …))."
    )
    async def test_a_refused_recipient_is_final(self, harness: Harness) -> None:
        """A recipient who is refused is `SendRejected`, and the failure blames neither the operator nor the moment."""
        await _rejected(harness, Fault.REFUSED, KINDS_OF_REFUSAL)

    @story("send", "Map a used-up quota to SendRejected(Failure(code, FailureKind.OPERATOR, …)), also if it is a 429.")
    async def test_an_exhausted_quota_is_not_retried(self, harness: Harness) -> None:
        """A quota that is used up is `SendRejected`, for the operator or for later: trying again in a moment is useless."""
        await _rejected(harness, Fault.EXHAUSTED, KINDS_OF_EXHAUSTION)


async def _rejected(harness: Harness, fault: Fault, kinds: tuple[FailureKind, ...]) -> None:
    message, before = await harness.message(TEXT), harness.arrived()
    if not harness.strikes(fault):
        if fault is Fault.EXHAUSTED:
            raise NotApplicable("the simulator's provider has no quota")
        broken(f"the simulator does not know the fault {fault.name}", "Give it the provider's answer to this fault.")
    error = await send_failure(harness, message)
    if not isinstance(error, SendRejected):
        broken(f"with {fault.name.lower()}, send raised {type(error).__name__}: {error}, so it is tried again")
    kind = error.failure.kind
    expect(kind in kinds, f"the failure's kind is {kind}, not {' or '.join(kinds)}")
    expect(error.failure.message and error.failure.code, "the failure has no message or no code")
    expect(harness.arrived() == before, "the message arrived nevertheless: the simulator's refusal accepts it")


@dataclass(frozen=True, slots=True)
class Limited:
    """The provider's own answer to too many messages, to be given with another pause."""

    harness: Harness
    at: int
    call: Call
    asked: float | None
    """The pause that came of it as it was."""

    @property
    def longer(self) -> str:
        """In which unit the pause was misread, empty if it was not."""
        response = self.call.response
        if response is None or not isinstance(self.asked, int | float):
            return ""
        seconds = response.headers.get(HEADER, "")
        if seconds.isdecimal() and self.asked > HUNDRED * max(int(seconds), 1):
            return f"Retry-After is {seconds} seconds, and retry_after is {self.asked:g}"
        with suppress(ValueError, RecursionError):
            for path, held in leaves(json.loads(response.content)):
                if held == self.asked and path and MILLISECONDS.search(str(path[-1])):
                    return f"{path[-1]} is {held} milliseconds, and retry_after is {self.asked:g} seconds"
        return ""

    async def pause(self, form: str | None, edit: Edit | None = None) -> float | None:
        """The pause of the `SendDeferred` that comes of it with this Retry-After, and one change of its body."""
        response = self.call.response
        if response is None:
            return broken("the simulator's fault RATE_LIMITED breaks the connection")
        headers = {name: held for name, held in response.headers.items() if name not in {HEADER, "content-length"}}
        if form is not None:
            headers[HEADER] = form
        body = response.content if edit is None else json.dumps(edit(json.loads(response.content))).encode()
        how = f"with {response.status_code} and {f'Retry-After: {form[:30]}' if form is not None else 'no Retry-After'}"
        message = await self.harness.message(TEXT)
        with meddling(self.harness, answers(response.status_code, body, headers, taken=False), self.at):
            error = await send_failure(self.harness, message)
        if edit is not None and isinstance(error, SendUnknown):
            return None  # such an answer may as well be no answer
        how += f" and {edit.how}" if edit else ""
        if not isinstance(error, SendDeferred):
            broken(f"{how}, send raised {told(error)}")
        pause = error.retry_after
        number = isinstance(pause, int | float) and not isinstance(pause, bool)
        good = pause is None or (number and math.isfinite(pause) and pause >= 0)
        expect(good, f"{how}, retry_after is {pause!r}")
        return pause


async def _limited(harness: Harness) -> Limited | None:
    """The answer to too many messages; None if it does not put the message off."""
    at = (await handover(harness)).at
    message = await harness.message(TEXT)
    harness.simulator.inject(Fault.RATE_LIMITED)
    error = await send_failure(harness, message)
    if not isinstance(error, SendDeferred):
        return None
    return Limited(harness, at, harness.transport.calls[-1], error.retry_after)
