"""What `listen` says of a provider that stops answering after it has worked: the owner is shown it, and no secret."""

from __future__ import annotations

import asyncio
import traceback
from dataclasses import replace
from http import HTTPStatus
from itertools import pairwise

import httpx

from trinity_channels.api import Binding, ConfigurationError, Fault, ProviderUnavailable, SendDeferred
from trinity_channels_contract_tests.check import Checks, story
from trinity_channels_contract_tests.checks.listening import listener, listening
from trinity_channels_contract_tests.expectations import NotApplicable, expect, told
from trinity_channels_contract_tests.fetching import Listening
from trinity_channels_contract_tests.harness import Harness
from trinity_channels_contract_tests.meddling import answers, meddling
from trinity_channels_contract_tests.odd import PAGE
from trinity_channels_contract_tests.outcomes import NETWORK_FAULTS, failure_of
from trinity_channels_contract_tests.transport import Carry, NetworkFault
from trinity_channels_contract_tests.variants import secrets_of, with_other_secrets

TOLD = 300.0
"""Seconds of an outage after which the owner must be able to see it."""
MOST = 100
"""Calls in that time that are too many: a plugin may try again by itself, with pauses."""
UNUSABLE = {
    "an empty object": (200, b"{}", {"content-type": "application/json"}),
    "a page": (200, PAGE, {"content-type": "text/html"}),
    "a server error": (500, b'{"error": "oops"}', {"content-type": "application/json"}),
}


class Outages(Checks):
    """Capability `listen`, once the connection has worked."""

    area = "optional"

    @story("listen", "Let ProviderUnavailable out, at the latest after a minute or two of attempts of your own.")
    async def test_a_later_outage_is_told(self, harness: Harness) -> None:
        """An outage that begins while it listens ends it within minutes with `ProviderUnavailable`, so the owner is told."""
        binding = listener(harness)
        for fault in (*NETWORK_FAULTS, NetworkFault.SILENT):
            async with listening(harness, binding) as heard:
                await heard.begins()
                before, harness.transport.fault = harness.transport.attempts, fault
                error = await _ended(harness, heard)
                harness.transport.fault = NetworkFault.NONE
                attempts, how = harness.transport.attempts - before, f"with the provider {fault.name.lower()} later"
                expect(attempts < MOST, f"{how}, it asked {attempts} times in {TOLD:.0f} seconds")
                expect(heard.task.done(), f"{how}, it went on for {TOLD:.0f} seconds, and the owner sees a connection")
            expect(isinstance(error, ProviderUnavailable), f"{how}, it {_how(error)}")

    @story("listen", "Raise ProviderUnavailable for answers that you cannot use, at the latest after a few in a row.")
    async def test_unusable_answers_later_are_told(self, harness: Harness) -> None:
        """A provider that answers something else from some moment on is an outage, and is not asked without a pause."""
        binding = listener(harness)
        for how, (status, body, headers) in UNUSABLE.items():
            if status != HTTPStatus.OK:
                continue  # test_a_later_outage_is_told is about these
            async with listening(harness, binding) as heard:
                await heard.begins()
                with meddling(harness, answers(status, body, headers, taken=False)) as made:
                    await _ended(harness, heard)
                expect(len(made) < MOST, f"with {how} for every answer, it asked without a pause")
                expect(heard.task.done(), f"with {how} for every answer, it went on for {TOLD:.0f} seconds")

    @story(
        "listen", "Pass the pause on, in `ProviderUnavailable(…, retry_after=…)`, or wait for it before you ask again."
    )
    async def test_a_pause_is_kept_while_listening(self, harness: Harness) -> None:
        """A provider that asks for a pause while it listens is not asked sooner: the error names it, or it is waited for."""
        binding = listener(harness)
        refusal, pause = await _busy(harness)
        refuse = answers(refusal.status_code, refusal.content, dict(refusal.headers), taken=False)
        moments: list[float] = []

        async def meddle(request: httpx.Request, carry: Carry) -> httpx.Response:
            moments.append(asyncio.get_running_loop().time())
            return await refuse(request, carry)

        async with listening(harness, binding) as heard:
            await heard.begins()
            with meddling(harness, meddle):
                error = await _ended(harness, heard)
        soonest = min((later - sooner for sooner, later in pairwise(moments)), default=pause)
        expect(soonest >= pause - 1, f"asked for a pause of {pause:.0f} seconds, it asked again after {soonest:.1f}")
        if isinstance(error, ProviderUnavailable) and moments:
            named = error.retry_after
            expect(
                named is not None and named >= pause - 1, f"of a pause of {pause:.0f} seconds its error says {named}"
            )

    @story("listen", "Map the provider's 401/403 to ConfigurationError in every call, not only in the first.")
    async def test_credentials_revoked_later_are_told(self, harness: Harness) -> None:
        """Credentials that are revoked while it listens end it with `ConfigurationError`, and the owner is alerted."""
        binding = listener(harness)
        refusal = await _refusal(harness, binding)
        if refusal is None:
            return  # test_listening_tells_revoked_credentials says so
        headers = {name: held for name, held in refusal.headers.items() if name != "content-length"}
        async with listening(harness, binding) as heard:
            await heard.begins()
            before = harness.transport.attempts
            harness.transport.meddling = answers(refusal.status_code, refusal.content, headers, taken=False)
            error = await _ended(harness, heard)
            harness.transport.meddling = None
            expect(heard.task.done(), f"it went on for {TOLD:.0f} seconds with credentials that the provider refuses")
        if isinstance(error, ProviderUnavailable) and harness.transport.attempts == before:
            return  # a connection broke, and it is the next call of the hook that asks
        expect(isinstance(error, ConfigurationError), f"it {_how(error)}, not with ConfigurationError")

    @story("listen", "Write what went wrong for people; the settings are not part of it.")
    async def test_errors_of_listening_hold_nothing_confidential(self, harness: Harness) -> None:
        """No error that ends `listen`, nor its causes, shows a secret: not that of the first answer, nor of a later one."""
        binding = listener(harness)
        for how, (status, body, headers) in UNUSABLE.items():
            for later in (False, True):
                unusable = answers(status, body, headers, taken=False)
                harness.transport.meddling = None if later else unusable
                async with listening(harness, binding) as heard:
                    if later:
                        await heard.begins()
                        harness.transport.meddling = unusable
                    error = await _ended(harness, heard)
                    harness.transport.meddling = None
                text = "".join(traceback.format_exception(error)) + repr(vars(error)) if error else ""
                for name, secret in secrets_of(binding.settings).items():
                    when = "a later call" if later else "the first call"
                    expect(secret not in text, f"{when} was answered with {how}, and its error shows {name}")


async def _ended(harness: Harness, heard: Listening) -> BaseException | None:
    """Wait until it ends because of what has just been changed; what it raised."""
    harness.sockets.cut()  # what holds a connection asks only when that ends
    await asyncio.wait([heard.task], timeout=TOLD)
    return heard.task.exception() if heard.task.done() and not heard.task.cancelled() else None


async def _refusal(harness: Harness, binding: Binding) -> httpx.Response | None:
    """What the provider answers to wrong credentials; None if listening does not end with that."""
    wrong = with_other_secrets(harness.manifest, harness.simulator.settings())
    async with listening(harness, replace(binding, settings=wrong)) as heard:
        error = await _ended(harness, heard)
    return harness.transport.calls[-1].response if isinstance(error, ConfigurationError) else None


async def _busy(harness: Harness) -> tuple[httpx.Response, float]:
    """What the provider answers when it is asked too often, and the pause that it asks for, as `send` reads it."""
    if harness.strikes(Fault.RATE_LIMITED):
        error = await failure_of(harness, lambda: harness.send("hello"))
        answer = harness.transport.calls[-1].response
        if isinstance(error, SendDeferred) and error.retry_after and answer is not None:
            return answer, error.retry_after
    raise NotApplicable("the provider asks for no pause")


def _how(error: BaseException | None) -> str:
    return f"ended with {told(error)}" if error else "returned"
