"""Optional hooks, as far as they are declared."""

from __future__ import annotations

from dataclasses import replace

from trinity_channels.api import ChannelError, MessageReceived, Quoted
from trinity_channels_contract_tests.check import Checks, story
from trinity_channels_contract_tests.extras import WritesUnaddressed
from trinity_channels_contract_tests.outcomes import BAD_WEATHER, failure_of, hooks, says_unavailable
from trinity_channels_contract_tests.stage import Stage
from trinity_channels_contract_tests.verdict import NotApplicable, expect, short, told
from trinity_channels_contract_tests.wire import Weather


class Optional(Checks):
    """Capabilities `indicate`, `list_missed`, `register_webhook` and `resolve_quoted`."""

    area = "optional"

    @story("indicate", "Let only ChannelError out: it is best effort, and a failure must cost nothing.")
    async def test_indicating_is_harmless(self, stage: Stage) -> None:
        """An indication sends no message and fails, if it does, with a `ChannelError`."""
        stage.needs("indicate")
        before = stage.arrived()
        message = await stage.message("hello")
        error = await failure_of(stage, hooks(stage, message)["indicate"])
        expect(error is None, f"it raised {told(error) if error else ''}")
        expect(stage.arrived() == before, "the person received a message")
        for weather in (*BAD_WEATHER, Weather.SILENT):
            stage.wire.weather = weather
            error = await failure_of(stage, hooks(stage, message)["indicate"])
            harmless = error is None or isinstance(error, ChannelError)
            expect(harmless, f"with the provider {weather.name.lower()}, it raised {told(error) if error else ''}")

    @story("list_missed", "Page through the whole time since `since`, sort oldest first, leave out what we sent.")
    async def test_missed_messages_are_listed(self, stage: Stage) -> None:
        """What was written while the host was down is listed, oldest first, as if it had been received."""
        stage.needs("list_missed")
        since = stage.now()
        stage.host.online = False
        for text in ("is anybody there?", "hello?"):
            await stage.phone.says(text)
        await stage.simulator.settle()
        missed = [one for one in await _missed(stage, since) if one.text != "good morning"]
        expect([one.text for one in missed] == ["is anybody there?", "hello?"], f"it listed {short(missed)}")
        expect(len({one.event_id for one in missed}) == len(missed), "two of them have one event id")
        address = stage.heard_from.sender.address
        expect(all(one.sender.address == address for one in missed), "a listed message has another sender")

    @story("list_missed", "Use the id that the webhook carries as `event_id`; the host knows messages by it.")
    async def test_listed_messages_are_recognised(self, stage: Stage) -> None:
        """A message that was received already is listed under the same event id, and nothing that we sent is."""
        stage.needs("list_missed")
        since = stage.now()
        received = await stage.hears("received and listed")
        await stage.send("one of ours")
        texts = {one.text: one for one in await _missed(stage, since)}
        expect("one of ours" not in texts, "it listed what we had sent")
        listed = texts.get("received and listed")
        ours = listed.event_id if listed else None
        expect(ours == received.event_id, f"received as {received.event_id!r}, listed as {ours!r}")

    @story("list_missed", "Map transport errors, 5xx and pages that are no JSON to ProviderUnavailable.")
    async def test_listing_says_if_the_provider_is_down(self, stage: Stage) -> None:
        """While the provider is down, a listing is `ProviderUnavailable`, not an empty list."""
        stage.needs("list_missed")
        await says_unavailable(stage, "list_missed", only=True)

    @story("register_webhook", "Set `ctx.webhook_url` as it is, every time you are called.")
    async def test_the_webhook_is_registered(self, stage: Stage) -> None:
        """After registering another address, messages come there, and they are authentic."""
        stage.needs("register_webhook")
        elsewhere = f"{stage.webhook_url}-new"
        call = stage.subject.hook("register_webhook")(
            binding=stage.binding, ctx=replace(stage.ctx, webhook_url=elsewhere)
        )
        await stage.wait(call)
        request = await stage.said("hello")
        expect(request.url.startswith(elsewhere), f"the next message came to {request.url}")

    @story("register_webhook", "Map transport errors, 5xx and pages that are no JSON to ProviderUnavailable.")
    async def test_registering_says_if_the_provider_is_down(self, stage: Stage) -> None:
        """While the provider is down, registering is `ProviderUnavailable`, so that the owner can try again."""
        stage.needs("register_webhook")
        await says_unavailable(stage, "register_webhook", only=True)

    @story("resolve_quoted", "Read the one message by its id, and give its words as `receive` gives a message's text.")
    async def test_a_quoted_message_is_read(self, stage: Stage) -> None:
        """A message that the host was never given is read by its id, with its words, and so is one of ours."""
        stage.needs("resolve_quoted")
        ours = await stage.send("one of ours")
        found = await _quoted(stage, ours.provider_id)
        expect((found.text, found.by_agent) == ("one of ours", True), f"our own message was read as {short(found)}")
        if not isinstance(stage.simulator, WritesUnaddressed):
            raise NotApplicable("the simulator has no method `writes_unaddressed`")
        theirs = await _quoted(stage, await stage.simulator.writes_unaddressed("the lamp is broken"))
        read = theirs.text, theirs.by_agent
        expect(read == ("the lamp is broken", False), f"a person's message was read as {short(theirs)}")

    @story("resolve_quoted", "Return `Quoted(provider_id=message_id)` for what the provider does not have.")
    async def test_a_quoted_message_is_not_invented(self, stage: Stage) -> None:
        """An id that names nothing has no words; it is not an error of the plugin's."""
        stage.needs("resolve_quoted")
        for name in ("", "nothing", "C0NOTHING/1.2", stage.heard_from.provider_id[:-1] + "x"):
            found = await _quoted(stage, name)
            expect(not found.text, f"{name!r}, which names nothing, was read as {short(found)}")

    @story("resolve_quoted", "Map transport errors, 5xx and pages that are no JSON to ProviderUnavailable.")
    async def test_quoting_says_if_the_provider_is_down(self, stage: Stage) -> None:
        """While the provider is down, a quoted message is `ProviderUnavailable`, not an empty one."""
        stage.needs("resolve_quoted")
        await says_unavailable(stage, "resolve_quoted", only=True)


async def _quoted(stage: Stage, message_id: str) -> Quoted:
    return await stage.ask("resolve_quoted", Quoted, binding=stage.binding, message_id=message_id, ctx=stage.ctx)


async def _missed(stage: Stage, since: object) -> list[MessageReceived]:
    return await stage.ask("list_missed", list, binding=stage.binding, since=since, ctx=stage.ctx)
