"""Identities: addresses that stay, differ, and can be answered."""

from __future__ import annotations

from dataclasses import replace

from trinity_channels.api import ChannelError, Identity, MessageReceived, Sender
from trinity_channels_contract_tests.check import Checks, story
from trinity_channels_contract_tests.expectations import NotApplicable, broken, expect, short, told
from trinity_channels_contract_tests.harness import Harness
from trinity_channels_contract_tests.outcomes import says_unavailable
from trinity_channels_contract_tests.variants import neighbour


class Identifying(Checks):
    """`Sender` and `resolve_identity`."""

    area = "identity"

    @story("receive: `Sender`", "Build the address from what names the person, in one spelling, and from nothing else.")
    async def test_a_person_keeps_their_address(self, harness: Harness) -> None:
        """A person who writes twice has the same address and the same stable id."""
        first, second = [(await harness.hears(text)).sender for text in ("hello", "are you there?")]
        expect(first.address == second.address, f"{first.address!r} became {second.address!r}")
        expect(first.stable == second.stable, f"the stable id {first.stable!r} became {second.stable!r}")

    @story("receive: `Sender`", "Use the whole identifier: senders with the same address or stable id share a contact.")
    async def test_two_people_are_two(self, harness: Harness) -> None:
        """Two people have different addresses and different stable ids."""
        zoe = (await harness.hears("hello")).sender
        ada = (await harness.hears("hello", harness.simulator.phone("Ada"))).sender
        expect(zoe.address != ada.address, f"two people have the address {zoe.address!r}")
        expect(zoe.stable is None or zoe.stable != ada.stable, f"two people have the stable id {zoe.stable!r}")

    @story("send, receive: `Sender`", "`send` must accept `Sender.address` as it is, and reach this person with it.")
    async def test_an_address_answers_its_person(self, harness: Harness) -> None:
        """What is sent to a sender's address arrives at that person's phone, and at no other phone."""
        phones = [harness.phone, harness.simulator.phone("Ada")]
        addresses = [(await harness.hears("hello", phone)).sender.address for phone in phones]
        if len(set(addresses)) < len(addresses):
            return  # test_two_people_are_two says so
        for phone, address in zip(phones, addresses, strict=True):
            # The text names its phone, so that a mix-up shows wherever it arrives.
            await harness.send(f"for {phone.address}", address)
        await harness.simulator.settle()
        for phone in phones:
            texts = [text for text in harness.arrived(phone) if text.startswith("for ")]
            expect(texts == [f"for {phone.address}"], f"{short(texts)} arrived at the phone with {phone.address}")

    @story("resolve_identity", "Start `addresses` with `sender.address`, and add what else the provider knows.")
    async def test_an_identity_holds_the_address(self, harness: Harness) -> None:
        """The identity's addresses contain the sender's, each once."""
        heard = await harness.hears("hello")
        found = await _resolve(harness, heard)
        expect(heard.sender.address in found.addresses, f"{heard.sender.address!r} is not in {found.addresses!r}")
        expect(len(set(found.addresses)) == len(found.addresses), f"an address is there twice: {found.addresses!r}")
        expect(isinstance(found.addresses, tuple), f"addresses is a {type(found.addresses).__name__}, not a tuple")

    @story("resolve_identity", "Leave it None, or declare `verified_email` if the provider itself has verified it.")
    async def test_no_email_is_claimed_undeclared(self, harness: Harness) -> None:
        """An e-mail is only claimed by plugins that declare `verified_email`: it opens what was shared with it."""
        found = await _resolve(harness, await harness.hears("hello"))
        declared = harness.manifest.capabilities.verified_email
        expect(declared or found.verified_email is None, f"{found.verified_email!r} is claimed without the capability")

    @story(
        "resolve_identity", "Return `Identity((sender.address,), sender.name)` for a 404: asking again changes nothing."
    )
    async def test_an_unknown_person_is_not_an_outage(self, harness: Harness) -> None:
        """Someone whom the provider does not know, or does not know any more, has an identity with their address."""
        known = (await harness.hears("hello")).sender
        if known.address not in (await _identity(harness, known)).addresses:
            return  # test_an_identity_holds_the_address says so
        address, stable = neighbour(known.address), known.stable and neighbour(known.stable)
        for sender in (Sender(address, stable, "Ida"), Sender(address), replace(known, address=address, name="")):
            try:
                found = await _identity(harness, sender)
            except ChannelError as error:
                broken(f"for an address that it does not know, it raised {told(error)}")
            expect(sender.address in found.addresses, f"{sender.address!r} is not in {found.addresses!r}")

    @story("resolve_identity", "Keep nothing between two calls: no dict of the module, no lru_cache.")
    async def test_accounts_do_not_share_people(self, harness: Harness) -> None:
        """An address that is Zoe's in one account and Ada's in another is told apart: nothing is kept between calls."""
        met = await harness.hears("hello")
        first = await _resolve(harness, met)
        async with harness.elsewhere() as other:
            try:
                ada = other.simulator.phone("Ada", harness.phone.address)
            except Exception as error:
                raise NotApplicable(f"the simulator cannot give Ada the address {harness.phone.address!r}") from error
            heard = await other.hears("hello", ada)
            second = await _resolve(other, heard)
        seen = {
            "the name": (first.name, second.name),
            "the e-mail": (first.verified_email, second.verified_email),
            "the sender's name": (met.sender.name, heard.sender.name),
        }
        for what, (zoes, adas) in seen.items():
            # Where people have no names of their own, the same one proves nothing.
            shared = zoes and "zoe" in zoes.lower() and zoes == adas
            expect(not shared, f"{what} of the second account's person is {adas!r}, which is that of the first one's")

    @story("resolve_identity", "Map transport errors and 5xx to ProviderUnavailable; the turn is tried again.")
    async def test_resolving_says_if_the_provider_is_down(self, harness: Harness) -> None:
        """While the provider is down, an identity is resolved without it or is `ProviderUnavailable`."""
        await says_unavailable(harness, "resolve_identity", only=False)


async def _resolve(harness: Harness, heard: MessageReceived) -> Identity:
    return await _identity(harness, heard.sender, heard.conversation)


async def _identity(harness: Harness, sender: Sender, conversation: str | None = None) -> Identity:
    return await harness.ask(
        "resolve_identity",
        Identity,
        binding=harness.binding,
        sender=sender,
        ctx=harness.ctx,
        conversation=conversation,
    )
