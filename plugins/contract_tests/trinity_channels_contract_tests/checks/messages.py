"""Events: what people write, and how the host gets it."""

from __future__ import annotations

from trinity_channels.api import Ignored, MessageReceived, Phone
from trinity_channels_contract_tests.check import Checks, story
from trinity_channels_contract_tests.expectations import NotApplicable, expect, short
from trinity_channels_contract_tests.extras import PostsUnknown, SendsMedia
from trinity_channels_contract_tests.harness import Harness

TEXTS = {
    "lines": "two\nlines\n\nand a third",
    "punctuation": "a=1&b=2 100% + <b>\"quoted\" 'text'</b> \\ / ? # ; :",
    "emoji": "👍🏽 👩‍👩‍👧‍👦 🇨🇭",  # surrogate pairs, joiners, flags
    "right to left": "שלום עולם، مرحبا",
    "composed letters": "e\u0301 and \u00e9 are two texts",
    "marks": "*not bold* _not italic_ `not code`",
    "length": "long " * 200 + "end",
    "outer blanks": "\n  indented, with blanks behind it \n",
}
PNG = b"\x89PNG\r\n\x1a\n" + b"fake picture"


class Messages(Checks):
    """Messages become `MessageReceived`."""

    area = "messages"

    @story("receive", "Decode once, as UTF-8, and hand the text on as it is: no trimming, no normalising.")
    async def test_a_text_is_received_as_written(self, harness: Harness) -> None:
        """Lines, punctuation, emoji, right-to-left and long texts arrive as they were written."""
        for kind, text in TEXTS.items():
            message = await harness.hears(text)
            with harness.aspects(kind):
                expect(message.text == text, f"{short(text, 60)} was received as {short(message.text, 60)}")

    @story("receive", "Take a missing or blank text for an empty one, also in a text message: it is not malformed.")
    async def test_an_empty_text_is_no_fault(self, harness: Harness) -> None:
        """A message without text is received as an empty text or ignored."""
        # A simulator may also post nothing, as its provider does.
        for event in await harness.events(harness.phone.says("")):
            blank = isinstance(event, Ignored) or (isinstance(event, MessageReceived) and not event.text)
            expect(blank, f"it became {short(event)}")

    @story("receive", "`sender.address` names this person; `group` is only for chats where several people write.")
    async def test_a_message_says_who_and_where(self, harness: Harness) -> None:
        """A message names itself and a sender that can be answered, in the direct chat and not in a group."""
        message = await harness.hears("hello")
        expect(message.event_id and message.provider_id, "event_id or provider_id is empty")
        # Numbers and texts would be two ids for one message in the database.
        expect(isinstance(message.event_id, str), f"event_id is {message.event_id!r}, not text")
        expect(message.conversation != "", "conversation is empty; None means that sender.address answers it")
        expect(not message.group, "group is True in a direct chat")
        expect(message.opt_out is None, "an ordinary text became an opt-out")
        at = message.sent_at
        expect(at is None or at.tzinfo is not None, f"sent_at {at} has no time zone")

    @story("receive", "Use the id that the provider gives the message, not one of the delivery attempt.")
    async def test_a_repeated_webhook_has_the_same_id(self, harness: Harness) -> None:
        """A webhook that the provider posts again has the same event id, so that the host drops it."""
        first = await harness.said("hello")
        # One fault, one failure: each check reports only what it is about.
        if harness.inbound(first) != harness.inbound(first):
            return  # test_the_same_request_gives_the_same_result says so
        again = await harness.brought(harness.simulator.repeat_last_webhook())
        ids = harness.received(first).event_id, harness.received(again).event_id
        expect(ids[0] == ids[1], f"the same message was {ids[0]!r} and then {ids[1]!r}")

    @story("receive", "Do not make ids of text, sender or time: people do write the same thing twice.")
    async def test_two_messages_have_two_ids(self, harness: Harness) -> None:
        """Two messages have two event ids, also with the same text by the same person in the same second."""
        found = await harness.events(_twice(harness.phone, "yes"))
        said = [event for event in found if isinstance(event, MessageReceived)]
        expect(len(said) == 2, f"the same text twice in a second became {len(said)} messages, as if they had one id")  # noqa: PLR2004
        said += [await harness.hears("no"), await harness.hears("yes", harness.simulator.phone("Ada"))]
        ids = [message.event_id for message in said]
        expect(len(set(ids)) == len(ids), f"{len(ids)} messages got the event ids {', '.join(map(repr, ids))}")

    @story("receive", "Name the file in `attachments`; fetching it is not the business of `receive`.")
    async def test_a_file_is_an_attachment(self, harness: Harness) -> None:
        """A file becomes an attachment with a handle of its own and its media type, beside its caption."""
        phone = harness.phone
        if not isinstance(phone, SendsMedia):
            raise NotApplicable("the simulator's phones have no method `sends_media`")
        message = harness.received(await harness.brought(phone.sends_media(PNG, "image/png", "my cat")))
        expect(len(message.attachments) == 1, f"one file became {len(message.attachments)} attachments")
        [file] = message.attachments
        expect(
            file.ref and "/" in file.media_type, f"the attachment has no handle or no media type: {file.media_type!r}"
        )
        with harness.aspects("media type"):
            expect(file.media_type.startswith("image/"), f"an image/png became {file.media_type!r}")
        other = harness.received(await harness.brought(phone.sends_media(PNG + b"another", "image/png", "my cat")))
        refs = {one.ref for one in (file, *other.attachments)}
        with harness.aspects("handle"):
            fix = (
                "Take the provider's id or address of the file for `ref`; the simulator gives each file one of its own."
            )
            expect(len(refs) > 1, "two files have the same handle, as if it were fixed, or the file's name", fix)
        with harness.aspects("caption"):
            expect(message.text == "my cat", f"the caption became {message.text!r}")

    @story("receive", "End the match with Ignored(kind): providers add kinds of events without notice.")
    async def test_an_unknown_event_is_ignored(self, harness: Harness) -> None:
        """An authentic event of an unknown kind is `Ignored` and acknowledged."""
        if not isinstance(harness.simulator, PostsUnknown):
            raise NotApplicable("the simulator has no method `posts_unknown()`")
        async with harness.hearing() as came:
            await harness.simulator.posts_unknown()
        expect(came or not harness.plugin.receives, "posts_unknown() posted no webhook")
        for one in came:
            found = harness.inbound(one)
            ignored = found.events and all(isinstance(event, Ignored) for event in found.events)
            expect(ignored, f"it became {short(found.events)}, not Ignored")


async def _twice(phone: Phone, text: str) -> None:
    await phone.says(text)
    await phone.says(text)
