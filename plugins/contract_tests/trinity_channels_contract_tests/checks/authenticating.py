"""`receive`, first half: who may speak. Every request here came from the simulator, and then something was changed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from pydantic import SecretStr, ValidationError

from trinity_channels.api import Binding, ReceiptReceived, Request, SignatureError
from trinity_channels_contract_tests.check import Checks, story
from trinity_channels_contract_tests.expectations import NotApplicable, broken, expect
from trinity_channels_contract_tests.extras import Signs
from trinity_channels_contract_tests.forging import NO_SECRETS, forged
from trinity_channels_contract_tests.harness import Harness
from trinity_channels_contract_tests.outcomes import refused
from trinity_channels_contract_tests.variants import (
    neighbour,
    other_bodies,
    other_urls,
    secrets_of,
    stranger,
    with_header,
    with_settings,
)

SECONDARY = "_secondary"
HEXADECIMAL = re.compile(r"(\w+=)?[0-9a-f]+|[\d.:+-]*", re.IGNORECASE)
"""Numbers, which are the same in capital and small letters, and what has none."""
TEXT = "please water the plants"


def proofs(harness: Harness, request: Request) -> list[str]:
    """The headers without which a request is not authentic."""
    found = []
    for name in request.headers:
        try:
            harness.read(with_header(request, name, None))
        except SignatureError:
            found.append(name)
        except Exception:  # noqa: BLE001, S112  what came out instead is another check's finding
            continue
    return found


class Authenticating(Checks):
    """Only what the provider sent is read."""

    area = "authenticity"

    @story("receive", "Compare the signature over the raw body; never over what was parsed from it.")
    async def test_a_changed_body_is_refused(self, harness: Harness) -> None:
        """A body that was changed after it was signed is a `SignatureError`."""
        request = await harness.said(TEXT)
        # Read as it was first: a change that reads the same, such as another order of fields, proves nothing.
        original = harness.inbound(request)
        for how, changed in other_bodies(request, TEXT).items():
            with harness.aspects(how):
                refused(harness, changed, f"body with {how}", original)

    @story("receive", "Sign `request.url` as it is, with path and query; it is the address that the owner registered.")
    async def test_a_changed_address_is_refused(self, harness: Harness) -> None:
        """A request that was signed for another address is a `SignatureError`."""
        request = await harness.said(TEXT)
        for how, changed in other_urls(request).items():
            with harness.aspects(how):
                refused(harness, changed, how)

    @story("receive", "Compare the whole signature with hmac.compare_digest.")
    async def test_a_changed_signature_is_refused(self, harness: Harness) -> None:
        """A header that proves a request is compared whole: changed at its end or start, or blank, it proves nothing."""
        request = await harness.said(TEXT)
        for name in proofs(harness, request):
            value = request.headers[name]
            # Comparing a prefix or a suffix only is a mistake that one changed end would not show.
            for changed in (neighbour(value), neighbour(value[::-1])[::-1], ""):
                refused(harness, with_header(request, name, changed), f"header {name} changed")

    @story("receive", "Compare signatures as they are: in base64, capital and small letters are different.")
    async def test_a_signature_in_other_letters_is_refused(self, harness: Harness) -> None:
        """A header that proves a request is compared letter by letter: in other case it proves nothing."""
        request = await harness.said(TEXT)
        names = [name for name in proofs(harness, request) if not HEXADECIMAL.fullmatch(request.headers[name])]
        if not names:
            raise NotApplicable("requests are proven by hexadecimal numbers")
        for name in names:
            refused(
                harness, with_header(request, name, request.headers[name].swapcase()), f"header {name} in other case"
            )

    @story("receive", "Look the header up with a default, and refuse the default: fail closed.")
    async def test_a_missing_signature_is_refused(self, harness: Harness) -> None:
        """A request without its headers is a `SignatureError`."""
        request = await harness.said(TEXT)
        refused(harness, replace(request, headers={}), "no headers at all")
        harmless = {"content-type", "content-length", "host", "user-agent", "accept", "accept-encoding", "connection"}
        kept = {name: value for name, value in request.headers.items() if name in harmless}
        refused(harness, replace(request, headers=kept), "no header of the provider")

    @story("receive", "Use this binding's secrets and no others: no default, no empty key, no environment.")
    async def test_another_secret_is_refused(self, harness: Harness) -> None:
        """A request signed with another account's secret is a `SignatureError`."""
        request = await harness.said(TEXT)
        harness.binding = stranger(harness.manifest, harness.simulator.settings(), harness.binding)
        refused(harness, request, "another account's secret")

    @story("receive", "Try every secret that is set: while it is rotated, the provider signs with either.")
    async def test_both_secrets_count_during_rotation(self, harness: Harness) -> None:
        """While a secret is rotated, requests signed with the old one or the new one are read."""
        harness.needs("receive")
        given, known = harness.simulator.settings(), secrets_of(harness.settings)
        names = [name for name in harness.manifest.settings.model_fields if name.removesuffix(SECONDARY) in known]
        rotating = [name for name in names if name.endswith(SECONDARY)]
        # By name, as the contract has it: `<secret>_secondary` is the second of two.
        if not rotating:
            raise NotApplicable(f"no setting is called <secret>{SECONDARY}")
        request = await harness.said(TEXT)
        for name in rotating:
            first = name.removesuffix(SECONDARY)
            old, new = known[first], neighbour(known[first])
            for primary, secondary in ((old, new), (new, old)):
                settings = with_settings(harness.manifest, given, **{first: primary, name: secondary})
                which = "the first" if primary == old else "the second"
                _accepted(harness, request, replace(harness.binding, settings=settings), f"{which} of two secrets")

    @story(
        "receive", "Leave out what is unset or empty before you make keys of secrets: `if secret`, not `is not None`."
    )
    async def test_an_empty_secret_is_not_a_key(self, harness: Harness) -> None:
        """Where a second secret is unset or blank, or the host's own is empty, it signs nothing."""
        request = await harness.said(TEXT)
        names, good = proofs(harness, request), harness.binding
        for how, binding in _without_secrets(harness):
            harness.binding = binding
            for key in NO_SECRETS:
                for name in names:
                    refused(harness, with_header(request, name, key), f"with {how}, header {name}: {key!r}")
                if isinstance(harness.simulator, Signs) and (one := forged(harness.simulator, request, key)):
                    refused(harness, one, f"with {how}, signed with the key {key!r}")
        harness.binding = good

    @story("receive", "Authenticate before looking at what kind of event it is: receipts are webhooks like any other.")
    async def test_receipts_are_authenticated_too(self, harness: Harness) -> None:
        """A receipt that was signed with another secret is a `SignatureError`, just as a message is."""
        harness.needs("receive")
        before = len(harness.host.requests)
        await harness.send(TEXT)
        await harness.simulator.settle()
        told = [one for one in harness.host.since(before) if _is_receipt(harness, one)]
        if not told:
            raise NotApplicable("no receipts came")
        request = await harness.said(TEXT)
        harness.binding = stranger(harness.manifest, harness.simulator.settings(), harness.binding)
        try:
            harness.read(request)
        except SignatureError:
            refused(harness, told[0], "a receipt signed with another secret")
        # Otherwise test_another_secret_is_refused says so, for every kind of event.


def _without_secrets(harness: Harness) -> Iterator[tuple[str, Binding]]:
    """The account with no more secrets than it needs, by what is missing."""
    yield "no second secret", harness.binding
    for name in harness.manifest.settings.model_fields:
        for blank in ("", " ") if name.endswith(SECONDARY) else ():
            try:
                settings = with_settings(harness.manifest, harness.simulator.settings(), **{name: blank})
            except ValidationError:
                continue  # which is best
            yield f"{name} {blank!r}", replace(harness.binding, settings=settings)
    yield "an empty secret of the host", replace(harness.binding, webhook_secret=SecretStr(""))


def _accepted(harness: Harness, request: Request, binding: Binding, how: str) -> None:
    try:
        harness.inbound(request, binding)
    except SignatureError:
        broken(f"a request signed with {how} was refused")


def _is_receipt(harness: Harness, request: Request) -> bool:
    events = harness.inbound(request).events
    expect(events, "an authentic request gave no event; what does not concern us is `Ignored`")
    return any(isinstance(event, ReceiptReceived) for event in events)
