"""What a manifest claims is seen once; so are events for which the simulator has a method."""

from __future__ import annotations

from starlette.types import Message, Receive, Scope, Send

from trinity_channels.api import Event, Following, FollowState, Identity, MessageChanged, MessageReceived
from trinity_channels_contract_tests.check import Checks, story
from trinity_channels_contract_tests.expectations import NotApplicable, expect, short
from trinity_channels_contract_tests.extras import Blocks, Corrects, TakesBack
from trinity_channels_contract_tests.harness import Harness
from trinity_channels_contract_tests.outcomes import failure_of, hooks

GOOD = 400
"""HTTP statuses from here on are refusals."""


class Claiming(Checks):
    """Capabilities `indicate` and `verified_email`, and the events `MessageChanged` and `Following`."""

    area = "messages"

    @story("indicate", "Make the provider's call for it, with the id and the address as `receive` gave them.")
    async def test_indicating_reaches_the_provider(self, harness: Harness) -> None:
        """With `indicate`, the provider is asked to show something, and takes it."""
        harness.needs("indicate")
        statuses: list[int] = []

        async def counting(scope: Scope, receive: Receive, send: Send) -> None:
            async def counted(message: Message) -> None:
                statuses.extend([message["status"]] if message["type"] == "http.response.start" else [])
                await send(message)

            await harness.simulator.app(scope, receive, counted)

        message = await harness.message("hello")
        harness.transport.app = counting
        await failure_of(harness, hooks(harness, message)["indicate"])
        expect(statuses, "capability indicate is declared, and the provider was asked for nothing")
        expect(any(status < GOOD for status in statuses), f"the provider refused it with {statuses}")

    @story("resolve_identity", "Ask the provider for the address, or leave `verified_email` out of the capabilities.")
    async def test_a_declared_email_is_seen(self, harness: Harness) -> None:
        """With `verified_email`, at least one of two people has an address that the provider has verified."""
        if not harness.manifest.capabilities.verified_email:
            raise NotApplicable("capability verified_email is not declared")
        found = []
        for phone in (harness.phone, harness.simulator.phone("Ada")):
            heard = await harness.hears("hello", phone)
            resolved = await harness.ask(
                "resolve_identity",
                Identity,
                binding=harness.binding,
                sender=heard.sender,
                ctx=harness.ctx,
                conversation=heard.conversation,
            )
            found.append(resolved.verified_email)
        expect(any(found), "verified_email=True is declared, and no one has an e-mail")
        expect(all("@" in one for one in found if one), f"an e-mail is not one: {short(found)}")

    @story("receive", "Return `MessageChanged` with the `provider_id` of the message, not that of the change.")
    async def test_a_correction_is_read(self, harness: Harness) -> None:
        """An edited message is `MessageChanged` with its new words, one that was taken back has none."""
        phone = harness.phone
        if not isinstance(phone, Corrects | TakesBack):
            raise NotApplicable("the simulator's phones have no method `corrects` or `takes_back`")
        heard = await harness.hears("water the lamp")
        if isinstance(phone, Corrects):
            _is_change(heard, await harness.events(phone.corrects("water the plants")), "water the plants")
        if isinstance(phone, TakesBack):
            _is_change(heard, await harness.events(phone.takes_back()), None)

    @story("receive", "Return `Following` with the person as `sender`, for the provider's events about the account.")
    async def test_blocking_is_read(self, harness: Harness) -> None:
        """A person who blocks the account is `Following` as blocked, and as unblocked when they take that back."""
        phone = harness.phone
        if not isinstance(phone, Blocks):
            raise NotApplicable("the simulator's phones have no methods `blocks` and `unblocks`")
        address = harness.heard_from.sender.address
        for act, state in ((phone.blocks, FollowState.BLOCKED), (phone.unblocks, FollowState.UNBLOCKED)):
            found = [event for event in await harness.events(act()) if isinstance(event, Following)]
            states = [(one.sender.address, one.state) for one in found]
            expect(states == [(address, state)], f"what {address!r} did is {state}, and was read as {short(states)}")


def _is_change(heard: MessageReceived, events: list[Event], text: str | None) -> None:
    changes = {
        (one.provider_id, one.sender.address, one.conversation, one.text)
        for one in events
        if isinstance(one, MessageChanged)
    }
    wanted = heard.provider_id, heard.sender.address, heard.conversation, text
    expect(changes == {wanted}, f"a change to {text!r} of {heard.provider_id!r} was read as {short(events)}")
    again = any(isinstance(one, MessageReceived) for one in events)
    expect(not again, "the change was also read as another message, which would be answered again")
