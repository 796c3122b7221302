"""What a provider answers is not always what it promised: pages of proxies, missing fields, redirects, silence."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from trinity_channels.api import (
    Account,
    ChannelError,
    CheckState,
    ConfigurationError,
    Identity,
    MessageReceived,
    ProviderUnavailable,
    Quoted,
    Receipt,
    SendDeferred,
    SendUnknown,
    Verification,
)
from trinity_channels_contract_tests import fuzz
from trinity_channels_contract_tests.check import Checks, story
from trinity_channels_contract_tests.expectations import Seen, broken, expect, short, told
from trinity_channels_contract_tests.handover import Shape, handover
from trinity_channels_contract_tests.harness import PATIENCE, Harness
from trinity_channels_contract_tests.meddling import answers, edits, hangs, meddling
from trinity_channels_contract_tests.odd import ELSEWHERE, edits_of, extremes_of, whole
from trinity_channels_contract_tests.outcomes import Call as Hook
from trinity_channels_contract_tests.outcomes import hooks
from trinity_channels_contract_tests.transport import Call, Meddling, NetworkFault

ALL = "every hook"
TEXT = "taken, whatever is answered"
REDIRECTS = (301, 302, 307, 308)


@dataclass(frozen=True, slots=True)
class Reading:
    """What may come out of a hook whose provider answers oddly: these errors, and values that pass."""

    errors: tuple[type[ChannelError], ...]
    passes: Callable[[Harness, Any], bool]
    whole: bool = False
    """Whether a value may come out although a whole answer was odd: of hooks that only tell, or return nothing."""


UNAVAILABLE = (ProviderUnavailable,)
READING: dict[str, Reading] = {
    "configure": Reading((ProviderUnavailable, ConfigurationError), lambda _, found: isinstance(found, Account)),
    "verify": Reading((ProviderUnavailable, ConfigurationError), lambda _, found: isinstance(found, Verification)),
    "resolve_identity": Reading(
        UNAVAILABLE,
        lambda harness, found: (
            isinstance(found, Identity)
            and harness.heard_from.sender.address in found.addresses
            and isinstance(found.name, str)
            and (found.verified_email is None or isinstance(found.verified_email, str))
        ),
        whole=True,
    ),
    "indicate": Reading((ChannelError,), lambda _, found: found is None, whole=True),
    "find_sent": Reading(UNAVAILABLE, lambda _, found: found is None or _is_receipt(found)),
    "list_missed": Reading((ProviderUnavailable, ConfigurationError), lambda _, found: _are_messages(found)),
    "resolve_quoted": Reading(UNAVAILABLE, lambda _, found: isinstance(found, Quoted) and isinstance(found.text, str)),
    "register_webhook": Reading((ProviderUnavailable, ConfigurationError), lambda _, found: found is None, whole=True),
    "unregister_webhook": Reading((ChannelError,), lambda _, found: found is None, whole=True),
}


def _is_receipt(found: object) -> bool:
    return isinstance(found, Receipt) and isinstance(found.provider_id, str) and found.provider_id not in {"", "None"}


def _are_messages(found: object) -> bool:
    return isinstance(found, list) and all(
        isinstance(one, MessageReceived) and isinstance(one.event_id, str) and one.event_id not in {"", "None"}
        for one in found
    )


class Answers(Checks):
    """What holds for every hook that asks the provider, whatever is answered."""

    area = "manners"

    @story(ALL, "Read answers with `trinity_channels.api.http`: what is not the object you expect is no answer.")
    async def test_an_odd_answer_is_no_answer(self, harness: Harness) -> None:
        """A 200 with a page, with another kind of JSON or with nothing is an error of the contract, and invents nothing."""
        for one in await _asking(harness):
            # Each call alone, and all of them: what a hook learns from another call it may tell.
            for at in one.places:
                for kind, meddle in whole(one.calls[at or 0], taken=False):
                    with harness.aspects(f"{one.name}, {kind}"):
                        outcome = await _outcome(harness, one.hook, meddle, at)
                        one.passes(harness, outcome, f"answered with {kind}", whole=one.is_all(at))
                        one.leaves_open(outcome, kind)

    @story(ALL, "Look at the type of every field before you use it, and take a wrong one for a missing one.")
    async def test_odd_fields_are_survived(self, harness: Harness) -> None:
        """A field that is missing or of another type gives an error of the contract, or a value that does not need it."""
        for one in await _asking(harness):
            for at, call in enumerate(one.calls):
                for edit in edits_of(call):
                    with harness.aspects(f"{one.name}, {edit.how}"):
                        outcome = await _outcome(harness, one.hook, edits(edit), at)
                        listed = len(edit.place) == 1 and isinstance(edit.held, list)
                        one.passes(harness, outcome, f"answered with {edit.how}", hides=listed)
                        if edit.takes_away:
                            one.names_the_same(harness, outcome, edit.how)
        _stays(harness)

    @story(
        ALL, "Read numbers and texts as `api.fields` does; expect OverflowError and UnicodeError wherever you convert."
    )
    async def test_extreme_answers_are_survived(self, harness: Harness) -> None:
        """Huge numbers, infinity, NaN, deep nesting, NUL and half characters in an answer break no hook that reads it."""
        for one in await _asking(harness):
            for at, call in enumerate(one.calls):
                # What people wrote holds anything; of the provider's own words those that Python cannot convert will do.
                kinds = fuzz.EXTREMES if one.name == "list_missed" else fuzz.BREAKING
                for how, change in extremes_of(call, kinds):
                    outcome = await _outcome(harness, one.hook, edits(change), at)
                    with harness.aspects(f"{one.name}, {how}"):
                        one.passes(harness, outcome, f"answered with {how}", hides=False)

    @story(ALL, "Follow no redirects: `http.ask` does not, and httpx does not unless it is told to.")
    async def test_redirects_are_not_followed(self, harness: Harness) -> None:
        """An answer that leads to another host is not followed: the credentials would go there."""
        asking = await _asking(harness)
        found, message = await handover(harness), await harness.message(TEXT)
        send = hooks(harness, message)["send"]
        for one in [*asking, Asked("send", send, [*found.before, found.call], None)]:
            for at in range(len(one.calls)):
                for status in REDIRECTS:
                    meddle = answers(status, headers={"location": f"http://{ELSEWHERE}/api"}, taken=False)
                    outcome = await _outcome(harness, one.hook, meddle, at)
                    how = f"redirected with {status}"
                    expect(ELSEWHERE not in harness.transport.strays, f"{how}, {one.name} called another host")
                    if one.name == "send":
                        fails = isinstance(outcome, SendDeferred | SendUnknown)
                        expect(fails, f"{how}, send came to {_said(outcome)}, which is neither put off nor unknown")
                    else:
                        one.passes(harness, outcome, how, whole=one.is_all(at))

    @story(ALL, "Let asyncio.CancelledError through: catch `Exception`, never `BaseException`.")
    async def test_a_cancelled_hook_ends(self, harness: Harness) -> None:
        """A hook that is cancelled while it waits for the provider ends at once, by the cancellation and nothing else."""
        for name, hook in hooks(harness, await harness.message(TEXT)).items():
            calls = len(await _calls(harness, hook))
            for at in range(calls):
                if name == "send":  # the message that is sent twice would be taken for another's
                    hook = hooks(harness, await harness.message(TEXT))["send"]  # noqa: PLW2901
                await _cancelled(harness, name, hook, at)

    @story(ALL, "Leave sending to `send`: the host knows nothing of what other hooks write, and people read it.")
    async def test_only_send_sends(self, harness: Harness) -> None:
        """No hook but `send` makes the call that hands a message over, neither to a person nor to anyone else."""
        texts = ("the first of two", "the other one")
        # Two people where there are two, so that the person's address is not taken for a part of the provider's.
        shape = Shape(*[((await handover(harness, text)).call, text) for text in texts])
        message = await harness.message(TEXT)
        for name, hook in hooks(harness, message).items():
            if name == "send":
                continue
            before = harness.arrived()
            calls = await _calls(harness, hook)
            # What these three write to the person is what other checks look for.
            if harness.arrived() != before and name in {"configure", "verify", "indicate"}:
                continue
            sent = [call for call in calls if shape.fits(call.request)]
            expect(
                not sent, f"{name} made the call that sends: {sent[0].request.method} {sent[0].path}" if sent else ""
            )


@dataclass(frozen=True, slots=True)
class Asked:
    """A hook that asks the provider: the calls that it makes usually, and what comes of them."""

    name: str
    hook: Hook
    calls: list[Call]
    usual: object

    @property
    def places(self) -> list[int | None]:
        """The numbers of its calls, and None for all of them together."""
        return [*range(len(self.calls)), None] if len(self.calls) > 1 else [None]

    def is_all(self, at: int | None) -> bool:
        """Whether no call is left that was answered as usual."""
        return at is None or len(self.calls) == 1

    def passes(self, harness: Harness, outcome: object, how: str, *, whole: bool = False, hides: bool = True) -> None:
        """Expect what the hook may come to; `whole`: it was told nothing, `hides`: not what there is."""
        how, reading = f"{how}, {self.name}", READING[self.name]
        if isinstance(outcome, Exception):
            expect(isinstance(outcome, reading.errors), f"{how} let out {_said(outcome)}")
            blames = whole and isinstance(outcome, ConfigurationError)
            expect(not blames, f"{how} blamed the settings: {_said(outcome)}")
            return
        lost = hides and self.usual and self.name in {"find_sent", "list_missed"} and not outcome
        expect(not lost, f"{how} returned {outcome!r}, as if there were nothing")
        expect(not whole or reading.whole, f"{how} returned {short(outcome)}, as if it had been told")
        promised = reading.passes(harness, outcome)
        expect(promised, f"{how} returned {short(outcome)}, of which something is missing or of another type")

    def leaves_open(self, outcome: object, kind: str) -> None:
        """Expect `verify` to judge nothing that it was not told."""
        if not isinstance(self.usual, Verification) or not isinstance(outcome, Verification):
            return
        states = {check.code: check.state for check in self.usual.checks}
        for check in outcome.checks:
            judged = check.state not in {CheckState.UNKNOWN, states.get(check.code, check.state)}
            expect(
                not judged, f"answered with {kind}, verify said that {check.code} is {check.state}: it was not told so"
            )

    def names_the_same(self, harness: Harness, outcome: object, how: str) -> None:
        """Expect the connected account. One that is another each time is found by another check."""
        if _is_ours(harness, self.usual) and not isinstance(outcome, Exception):
            expect(_is_ours(harness, outcome), f"answered with {how}, {self.name} named another account")


async def _asking(harness: Harness) -> list[Asked]:
    """The hooks that ask the provider, but `send`."""
    # What was taken can be found and listed, so that an answer that hides it is noticed.
    message = await harness.message(TEXT)
    await harness.hand_over(message)
    await harness.simulator.settle()
    await asyncio.sleep(harness.manifest.capabilities.find_sent)
    asking = []
    for name, hook in hooks(harness, message).items():
        if name in READING and await _tells(harness, name, hook):
            before = len(harness.transport.calls)
            usual = await _outcome(harness, hook, None)
            calls = harness.transport.calls[before:]
            # What is wrong without any odd answer is found by another check.
            if calls and not isinstance(usual, Exception) and READING[name].passes(harness, usual):
                asking.append(Asked(name, hook, calls, usual))
    # The last of them has taken the webhook back.
    if harness.plugin.offers("register_webhook"):
        await _outcome(harness, hooks(harness, message)["register_webhook"], None)
    return asking


async def _tells(harness: Harness, name: str, hook: Hook) -> bool:
    """Whether a hook says that the provider is down. Otherwise the check of this hook says so, and it is enough."""
    harness.transport.fault = NetworkFault.HTML_ERROR
    outcome = await _outcome(harness, hook, None)
    harness.transport.fault = NetworkFault.NONE
    if isinstance(outcome, Exception):
        return isinstance(outcome, READING[name].errors) and not isinstance(outcome, ConfigurationError)
    return READING[name].whole and READING[name].passes(harness, outcome)


async def _calls(harness: Harness, hook: Hook) -> list[Call]:
    before = len(harness.transport.calls)
    await _outcome(harness, hook, None)
    return harness.transport.calls[before:]


async def _outcome(harness: Harness, hook: Hook, meddle: Meddling | None, at: int | None = None) -> object:
    """What a hook returns, or the exception that it raises."""
    try:
        if meddle is None:
            return await harness.wait(hook())
        with meddling(harness, meddle, at):
            return await harness.wait(hook())
    # The harness's own finding (such as a missing time-out) is not an exception of the hook.
    except Seen:
        raise
    except Exception as error:  # noqa: BLE001  every exception is a finding
        return error


def _is_ours(harness: Harness, outcome: object) -> bool:
    """Whether a hook names the connected account."""
    found = outcome.account if isinstance(outcome, Verification) else outcome
    ours = harness.binding.account
    return isinstance(found, Account) and (found.key, found.sender) == (ours.key, ours.sender)


def _said(outcome: object) -> str:
    return told(outcome) if isinstance(outcome, Exception) else short(outcome)


def _stays(harness: Harness) -> None:
    # Other hosts that are called are another check's finding.
    called = ELSEWHERE in harness.transport.strays
    expect(not called, "an address that an answer named was called, with the credentials")


async def _cancelled(harness: Harness, name: str, hook: Hook, at: int) -> None:
    meddle, asked = hangs()
    with meddling(harness, meddle, at):
        task = asyncio.ensure_future(hook())
        waiting = asyncio.ensure_future(asked.wait())
        await asyncio.wait({task, waiting}, timeout=PATIENCE, return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        if task.done():
            return  # it did not ask this time; what came of it is another check's
        task.cancel()
        await asyncio.wait({task}, timeout=PATIENCE)
    how = f"cancelled in its call number {at + 1}, {name}"
    if not task.done():
        broken(f"{how} went on")
    if not task.cancelled():
        error = task.exception()
        broken(f"{how} {f'raised {told(error)}' if error else f'returned {short(task.result())}'}")
