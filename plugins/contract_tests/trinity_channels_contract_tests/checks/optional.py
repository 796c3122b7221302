"""Optional hooks, as far as they are declared."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from dataclasses import replace
from functools import partial

from trinity_channels.api import ChannelError, MessageReceived, Quoted
from trinity_channels_contract_tests.check import Checks, story
from trinity_channels_contract_tests.expectations import NotApplicable, expect, short, told
from trinity_channels_contract_tests.extras import WritesUnaddressed
from trinity_channels_contract_tests.harness import RESPITE, Harness
from trinity_channels_contract_tests.outcomes import NETWORK_FAULTS, failure_of, hooks, revoked, says_unavailable
from trinity_channels_contract_tests.transport import NetworkFault

LATER = 600.0
"""Seconds of virtual time, in which a provider tries again what a host has missed."""


class Optional(Checks):
    """Capabilities `indicate`, `list_missed`, `register_webhook`, `unregister_webhook` and `resolve_quoted`."""

    area = "optional"

    @story("indicate", "Let only ChannelError out: it is best effort, and a failure must cost nothing.")
    async def test_indicating_is_harmless(self, harness: Harness) -> None:
        """An indication sends no message and fails, if it does, with a `ChannelError`."""
        harness.needs("indicate")
        before = harness.arrived()
        message = await harness.message("hello")
        error = await failure_of(harness, hooks(harness, message)["indicate"])
        expect(error is None, f"it raised {told(error) if error else ''}")
        expect(harness.arrived() == before, "the person received a message")
        # Also while the network is broken: that is when it must cost nothing.
        for fault in (*NETWORK_FAULTS, NetworkFault.SILENT):
            harness.transport.fault = fault
            error = await failure_of(harness, hooks(harness, message)["indicate"])
            harmless = error is None or isinstance(error, ChannelError)
            expect(harmless, f"with the provider {fault.name.lower()}, it raised {told(error) if error else ''}")

    @story(
        "indicate", "With `done`, take the sign away; or leave `indicate_ends` out, and the host calls only to begin."
    )
    async def test_an_indication_ends(self, harness: Harness) -> None:
        """With `indicate_ends`, `done` takes the sign away: by another call than the one that shows it."""
        harness.needs("indicate")
        if not harness.manifest.capabilities.indicate_ends:
            raise NotApplicable("capability indicate_ends is not declared")
        before = harness.arrived()
        begun = await _indicated(harness, done=False)
        if harness.arrived() != before:
            return  # test_indicating_is_harmless says so
        ended = await _indicated(harness, done=True)
        expect(ended, "with `done`, it called nothing: the sign stays")
        expect(ended != begun, "with `done`, it made the same calls as without: the sign begins again")
        expect(harness.arrived() == before, "the person received a message")
        for fault in NETWORK_FAULTS:
            harness.transport.fault = fault
            first, last = [await failure_of(harness, partial(_indicate, harness, done=done)) for done in (False, True)]
            if first is None or isinstance(first, ChannelError):
                harmless = last is None or isinstance(last, ChannelError)
                expect(harmless, f"with the provider {fault.name.lower()}, it raised {told(last) if last else ''}")

    @story("list_missed", "Page through the whole time since `since`, sort oldest first, leave out what we sent.")
    async def test_missed_messages_are_listed(self, harness: Harness) -> None:
        """What was written while the host was down is listed, oldest first, as if it had been received."""
        harness.needs("list_missed")
        since = harness.now()
        # From here on the provider's webhooks are refused, and only its list has the messages.
        harness.host.online = False
        for text in ("is anybody there?", "hello?"):
            await harness.phone.says(text)
        await harness.simulator.settle()
        # A listing may reach back a minute further than asked, for clocks that differ, and then holds the greeting.
        missed = [one for one in await _missed(harness, since) if one.text != "good morning"]
        expect([one.text for one in missed] == ["is anybody there?", "hello?"], f"it listed {short(missed)}")
        expect(len({one.event_id for one in missed}) == len(missed), "two of them have one event id")
        address = harness.heard_from.sender.address
        expect(all(one.sender.address == address for one in missed), "a listed message has another sender")

    @story("list_missed", "Use the id that the webhook carries as `event_id`; the host knows messages by it.")
    async def test_listed_messages_are_recognised(self, harness: Harness) -> None:
        """A message that was received already is listed under the same event id, and nothing that we sent is."""
        harness.needs("list_missed")
        since = harness.now()
        received = await harness.hears("received and listed")
        await harness.send("one of ours")
        texts = {one.text: one for one in await _missed(harness, since)}
        expect("one of ours" not in texts, "it listed what we had sent")
        listed = texts.get("received and listed")
        ours = listed.event_id if listed else None
        expect(ours == received.event_id, f"received as {received.event_id!r}, listed as {ours!r}")

    @story("list_missed", "Map transport errors, 5xx and pages that are not JSON to ProviderUnavailable.")
    async def test_listing_says_if_the_provider_is_down(self, harness: Harness) -> None:
        """While the provider is down, a listing is `ProviderUnavailable`, not an empty list."""
        harness.needs("list_missed")
        await says_unavailable(harness, "list_missed", only=True)

    @story("register_webhook", "Set `ctx.webhook_url` as it is, every time you are called.")
    async def test_the_webhook_is_registered(self, harness: Harness) -> None:
        """After registering another address, messages come there, and they are authentic."""
        harness.needs("register_webhook")
        elsewhere = f"{harness.webhook_url}-new"
        call = harness.plugin.hook("register_webhook")(
            binding=harness.binding, ctx=replace(harness.ctx, webhook_url=elsewhere)
        )
        await harness.wait(call)
        request = await harness.said("hello")
        expect(request.url.startswith(elsewhere), f"the next message came to {request.url}")

    @story("verify", "Name the host of another webhook in `Verification.elsewhere`, and nothing more of its address.")
    async def test_another_webhook_is_named(self, harness: Harness) -> None:
        """While the provider posts to another webhook, `verify` names its host, and no key of its path."""
        harness.needs("register_webhook")
        ours = await harness.wait(harness.plugin.hook("verify")(binding=harness.binding, ctx=harness.ctx))
        expect(ours.elsewhere == "", f"it posts to us, and `verify` says to {ours.elsewhere!r}")
        other = replace(harness.ctx, webhook_url=f"{harness.webhook_url}-new")
        await harness.wait(harness.plugin.hook("register_webhook")(binding=harness.binding, ctx=other))
        if not (await harness.said("hello")).url.startswith(f"{harness.webhook_url}-new"):
            raise NotApplicable("the other webhook was not registered")
        found = await harness.wait(harness.plugin.hook("verify")(binding=harness.binding, ctx=harness.ctx))
        expect(found.elsewhere, "it posts to another webhook, and `verify` does not say so")
        expect("/" not in found.elsewhere, f"more than the host: {found.elsewhere!r}")

    @story("register_webhook", "Map transport errors, 5xx and pages that are not JSON to ProviderUnavailable.")
    async def test_registering_says_if_the_provider_is_down(self, harness: Harness) -> None:
        """While the provider is down, registering is `ProviderUnavailable`, so that the owner can try again."""
        harness.needs("register_webhook")
        await says_unavailable(harness, "register_webhook", only=True)

    @story("unregister_webhook", "Remove the webhook from the account that `register_webhook` has set.")
    async def test_the_webhook_is_taken_back(self, harness: Harness) -> None:
        """After it was taken back, nothing is posted to our webhook any more."""
        harness.needs("unregister_webhook")
        await harness.wait(harness.plugin.hook("register_webhook")(binding=harness.binding, ctx=harness.ctx))
        await harness.wait(harness.plugin.hook("unregister_webhook")(binding=harness.binding, ctx=harness.ctx))
        before = len(harness.host.requests)
        await harness.phone.says("is anybody there?")
        await harness.simulator.settle()
        expect(not harness.host.since(before), "the next message was still posted to us")

    @story("unregister_webhook", "Look where the provider posts to, and leave another program's webhook alone.")
    async def test_another_webhook_is_left_alone(self, harness: Harness) -> None:
        """A webhook that points elsewhere is not taken back with ours."""
        harness.needs("unregister_webhook")
        # Longer than ours, and shorter: neither may be taken for ours by its beginning.
        for elsewhere in (f"{harness.webhook_url}-new", harness.webhook_url[:-1]):
            other = replace(harness.ctx, webhook_url=elsewhere)
            await harness.wait(harness.plugin.hook("register_webhook")(binding=harness.binding, ctx=other))
            if (await harness.said("hello")).url.partition("?")[0] != elsewhere:
                return  # test_the_webhook_is_registered says so
            await harness.wait(harness.plugin.hook("unregister_webhook")(binding=harness.binding, ctx=harness.ctx))
            before = len(harness.host.requests)
            await harness.phone.says("is anybody there?")
            await harness.simulator.settle()
            expect(harness.host.since(before), f"another program's webhook, {elsewhere}, was removed")
            await asyncio.sleep(RESPITE)

    @story("unregister_webhook", "Leave out what drops pending messages, such as Telegram's `drop_pending_updates`.")
    async def test_what_waits_is_not_dropped(self, harness: Harness) -> None:
        """What people wrote while the host was down still comes after the webhook was taken back and set again."""
        harness.needs("unregister_webhook")
        async with harness.another() as control:
            if not await _comes_later(control):
                raise NotApplicable("the simulator's provider does not bring later what the host has missed")
        came = await _comes_later(harness, "unregister_webhook")
        expect(came, "a message that waited at the provider did not come after the webhook was set again")

    @story("unregister_webhook", "Let only ChannelError out: disconnecting does not depend on it.")
    async def test_taking_back_is_harmless(self, harness: Harness) -> None:
        """Taking the webhook back, also twice, lets nothing out but a `ChannelError` that says if the provider is down."""
        harness.needs("unregister_webhook")
        await says_unavailable(harness, "unregister_webhook", only=True)
        call = hooks(harness, await harness.message("hello"))["unregister_webhook"]
        for how in ("the first time", "again", "with revoked credentials"):
            if how == "with revoked credentials":
                revoked(harness)
            error = await failure_of(harness, call)
            harmless = error is None or isinstance(error, ChannelError)
            expect(harmless, f"called {how}, it raised {told(error) if error else ''}")

    @story("resolve_quoted", "Read the one message by its id, and give its words as `receive` gives a message's text.")
    async def test_a_quoted_message_is_read(self, harness: Harness) -> None:
        """A message that the host was never given is read by its id, with its words, and so is one of ours."""
        harness.needs("resolve_quoted")
        ours = await harness.send("one of ours")
        found = await _quoted(harness, ours.provider_id)
        expect((found.text, found.by_agent) == ("one of ours", True), f"our own message was read as {short(found)}")
        if not isinstance(harness.simulator, WritesUnaddressed):
            raise NotApplicable("the simulator has no method `writes_unaddressed`")
        theirs = await _quoted(harness, await harness.simulator.writes_unaddressed("the lamp is broken"))
        read = theirs.text, theirs.by_agent
        expect(read == ("the lamp is broken", False), f"a person's message was read as {short(theirs)}")

    @story("resolve_quoted", "Return `Quoted(provider_id=message_id)` for what the provider does not have.")
    async def test_a_quoted_message_is_not_invented(self, harness: Harness) -> None:
        """An id that names nothing has no words; it is not an error of the plugin's."""
        harness.needs("resolve_quoted")
        for name in ("", "nothing", "C0NOTHING/1.2", harness.heard_from.provider_id[:-1] + "x"):
            found = await _quoted(harness, name)
            expect(not found.text, f"{name!r}, which names nothing, was read as {short(found)}")

    @story("resolve_quoted", "Map transport errors, 5xx and pages that are not JSON to ProviderUnavailable.")
    async def test_quoting_says_if_the_provider_is_down(self, harness: Harness) -> None:
        """While the provider is down, a quoted message is `ProviderUnavailable`, not an empty one."""
        harness.needs("resolve_quoted")
        await says_unavailable(harness, "resolve_quoted", only=True)


async def _quoted(harness: Harness, message_id: str) -> Quoted:
    asked = {"binding": harness.binding, "ctx": harness.ctx, "conversation": harness.heard_from.conversation}
    return await harness.ask("resolve_quoted", Quoted, message_id=message_id, **asked)


async def _missed(harness: Harness, since: object) -> list[MessageReceived]:
    return await harness.ask("list_missed", list, binding=harness.binding, since=since, ctx=harness.ctx)


async def _comes_later(harness: Harness, *first: str) -> bool:
    """Whether what was written while the host was down comes after these hooks, and the webhook is set again."""
    made = hooks(harness, await harness.message("hello"))
    harness.host.online = False
    writing = asyncio.ensure_future(harness.phone.says("is anybody there?"))
    await asyncio.wait({writing}, timeout=1)
    for hook in first:
        await failure_of(harness, made[hook])
    harness.host.online = True
    before = len(harness.host.requests)
    await failure_of(harness, made["register_webhook"])
    await asyncio.sleep(LATER)
    await asyncio.wait({writing}, timeout=LATER)
    events = [event for request in harness.host.since(before) for event in harness.inbound(request).events]
    return any(isinstance(event, MessageReceived) and event.text == "is anybody there?" for event in events)


def _indicate(harness: Harness, *, done: bool) -> Awaitable[object]:
    heard = harness.heard_from
    called: Awaitable[object] = harness.plugin.hook("indicate")(
        binding=harness.binding,
        message_id=heard.provider_id,
        ctx=harness.ctx,
        conversation=heard.conversation,
        address=heard.conversation or heard.sender.address,
        done=done,
    )
    return called


async def _indicated(harness: Harness, *, done: bool) -> list[tuple[str, str, bytes]]:
    """The calls that an indication makes."""
    before = len(harness.transport.calls)
    await harness.wait(_indicate(harness, done=done))
    requests = [call.request for call in harness.transport.calls[before:]]
    return [(one.method, str(one.url), one.content) for one in requests]
