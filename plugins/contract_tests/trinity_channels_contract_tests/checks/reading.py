"""`receive`, second half: pure, quick, and never surprised."""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from http import HTTPStatus

from trinity_channels.api import Event, Inbound, MalformedPayload, Request, SignatureError
from trinity_channels_contract_tests import fuzz
from trinity_channels_contract_tests.audit import watching
from trinity_channels_contract_tests.check import Checks, story
from trinity_channels_contract_tests.expectations import NotApplicable, broken, expect, short, told
from trinity_channels_contract_tests.extras import Signs
from trinity_channels_contract_tests.harness import Harness
from trinity_channels_contract_tests.variants import with_header

# Within 32 bits of seconds, so that only a plugin with a clock of its own fails.
FAR_AWAY = datetime(2037, 7, 7, 7, 7, tzinfo=UTC)
BLOCKED = 0.02
TRIES = 3
# Not UTF-8, nested too deep, other types than an object, broken percent-encoding, and large.
BODIES = (b"\xff\xfe\x00", b"[" * 5000, b"null", b'{"a":' * 500, b"a=%ff%&;=&&", b"x" * 200_000)
VALUES = ("", "-1", "\xff", "no-such-value", "9" * 400, "x" * 9000)


def survives(harness: Harness, request: Request, how: str) -> None:
    """Expect that `receive` answers in the contract's terms, whatever the request."""
    try:
        found = harness.read(request)
    except (SignatureError, MalformedPayload):
        return
    except Exception as error:  # noqa: BLE001  whatever comes out is the finding
        broken(f"{how}: receive let out {told(error)}")
    if not isinstance(found, Inbound):
        broken(f"{how}: receive returned {short(found)}, not Inbound")
    for event in found.events:
        expect(isinstance(event, Event), f"{how}: receive returned {short(event)} among the events")


class Reading(Checks):
    """Translating is a pure function of the request."""

    area = "reading"

    @story("receive", "Turn every failure before the signature is proven into SignatureError (see its docstring).")
    async def test_junk_is_refused_politely(self, harness: Harness) -> None:
        """Whatever a request holds, `receive` raises `SignatureError` or `MalformedPayload`, and nothing else."""
        request = await harness.said("hello")
        for body in BODIES:
            survives(harness, replace(request, body=body), f"body {short(body, 30)}")
        for name in request.headers:
            for value in VALUES:
                survives(harness, with_header(request, name, value), f"header {name}: {short(value, 30)}")
        fuzz.randomly(request, lambda odd: survives(harness, odd, fuzz.difference(request, odd)))

    @story("receive", "After authentication: MalformedPayload for what cannot be, Ignored for what is not known.")
    async def test_an_authentic_oddity_is_named(self, harness: Harness) -> None:
        """An authentic payload with a field missing or strange gives events, `Ignored` or `MalformedPayload`."""
        harness.needs("receive")
        if not isinstance(harness.simulator, Signs):
            raise NotApplicable("the simulator has no method `sign(request)`")
        request = await harness.said("hello")
        for how, odd in fuzz.oddities(request):
            survives(harness, harness.simulator.sign(odd), how)

    @story("receive", "Copy before you change: the host reads the same request again to find out what is wrong.")
    async def test_the_request_is_left_alone(self, harness: Harness) -> None:
        """Reading changes nothing in the request."""
        request = await harness.said("hello")
        headers = dict(request.headers)
        given = replace(request, headers=headers)
        harness.plugin.hook("receive")(binding=harness.binding, request=given)
        expect(headers == request.headers, "the headers were changed")
        # Refused requests are read again for the diagnosis that the owner sees.
        for changed in ({}, {**request.headers, "x-another": "1"}):
            held = dict(changed)
            survives_quietly(harness, replace(request, headers=held))
            expect(held == changed, "the headers of a refused request were changed")

    @story("receive", "Take everything from the request: no clock, no randomness, no counter.")
    async def test_the_same_request_gives_the_same_result(self, harness: Harness) -> None:
        """Reading is pure: the same request gives an equal result each time."""
        request = await harness.said("hello")
        first, second = harness.inbound(request), harness.inbound(request)
        expect(first == second, f"it was {short(first)} and then {short(second)}")

    @story("receive", "Compare times with `request.received_at`, which is the host's clock at that moment.", FAR_AWAY)
    async def test_only_the_requests_clock_counts(self, harness: Harness) -> None:
        """Reading knows no time but `received_at`: requests of another day, read on that day, are authentic."""
        request = await harness.posted("hello")
        try:
            harness.inbound(request)
        except SignatureError as error:
            broken(f"a request received at {request.received_at} was refused: {error}")

    @story("receive", "Everything that is needed is in the request and the binding; the rest belongs into other hooks.")
    async def test_reading_does_no_io(self, harness: Harness) -> None:
        """Reading opens no file, no connection and no process."""
        request = await harness.said("hello")
        harness.inbound(request)
        with watching() as seen:
            harness.inbound(request)
        expect(not seen, f"reading did {', '.join(seen)}")

    @story("receive", "It is called in the event loop, before the provider is answered: compute, never wait.")
    async def test_reading_does_not_wait(self, harness: Harness) -> None:
        """Reading never blocks."""
        request = await harness.said("are you there?")
        # The least of several: a busy machine interrupts occasionally, a blocking hook always waits.
        waited = min(_waited(harness, request) for _ in range(TRIES))
        expect(waited < BLOCKED, f"reading one request waited {waited:.2f} s without computing")

    @story("receive", "Answer with what the provider takes for success; `Response()` is an empty 200.")
    async def test_a_message_is_acknowledged(self, harness: Harness) -> None:
        """The provider is answered with a success, so that it does not repeat what is stored already."""
        response = harness.inbound(await harness.said("hello")).response
        success = HTTPStatus.OK <= response.status < HTTPStatus.MULTIPLE_CHOICES
        expect(success, f"the answer has status {response.status}")


def survives_quietly(harness: Harness, request: Request) -> None:
    """Read a request that may be refused in any way."""
    with suppress(Exception):
        harness.plugin.hook("receive")(binding=harness.binding, request=request)


def _waited(harness: Harness, request: Request) -> float:
    wall, busy = time.perf_counter(), time.thread_time()
    harness.inbound(request)
    # Time that passed without computing; computing is not waiting, however slow the machine.
    return (time.perf_counter() - wall) - (time.thread_time() - busy)
