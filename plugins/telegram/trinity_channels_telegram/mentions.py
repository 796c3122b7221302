"""Whether a group's message is meant for the bot, and what it says without the bot's name.

https://core.telegram.org/bots/api#messageentity.
"""

from __future__ import annotations

from dataclasses import dataclass

from trinity_channels_telegram.fields import Fields, inner, objects, text, whole
from trinity_channels_telegram.formatting import written_out
from trinity_channels_telegram.rich import names_in, rich_text

_AFTER_NAME = ",:;"
_CLOSING = ",:;.!?…"


@dataclass(frozen=True, slots=True)
class Bot:
    """The bot that a binding answers as."""

    id: int
    username: str

    def is_named(self, name: str) -> bool:
        """Whether `name` is `@` and the username, in any case."""
        return bool(self.username) and name.lower() == f"@{self.username}".lower()


@dataclass(frozen=True, slots=True)
class Wording:
    """What a message says to the bot, and whether it calls it by name; `whole` is the text with that name."""

    text: str
    names_bot: bool
    whole: str


def wording(message: Fields, bot: Bot) -> Wording:
    """Read the text, caption or rich message, with the bot's name taken out where it only calls the bot.

    At the beginning, at the end and in a command the name is an address; inside a sentence it is part of what is said.
    """
    if "rich_message" in message and (rich := rich_text(inner(message, "rich_message"))):
        return _rich_wording(rich, message, bot)
    kind = "text" if text(message, "text") else "caption"
    said, spans = written_out(
        text(message, kind), objects(message, "entities" if kind == "text" else "caption_entities")
    )
    complete, named = said, False
    # From the end, so that offsets of what comes before stay true.
    for start, end, entity in sorted(spans, key=lambda span: span.start, reverse=True):
        match entity.get("type"), said[start:end]:
            case "mention", name if bot.is_named(name):
                named, said = True, _without_name(said, start, end)
            case "text_mention", _ if is_bot(inner(entity, "user"), bot):
                named, said = True, _without_name(said, start, end)
            # `/login@support_bot a@b.co`: only the bot's name is cut out, the command stays.
            case "bot_command", command if bot.is_named(command[command.find("@") :]):
                named, said = True, said[: start + command.find("@")] + said[end:]
    return Wording(said, named, complete)


def _rich_wording(said: str, message: Fields, bot: Bot) -> Wording:
    complete, named = said, False
    for name, user in names_in(inner(message, "rich_message")):
        # Rich messages have no offsets: a name is found by its words.
        command, at, addressee = name.partition("@")
        if is_bot(user, bot) or bot.is_named(at + addressee):
            named = True
            if command.startswith("/"):
                said = said.replace(name, command, 1)
            elif said.startswith(name):
                said = _without_name(said, 0, len(name))
    return Wording(said, named, complete)


def is_bot(user: Fields, bot: Bot) -> bool:
    """Whether this user is the bot."""
    return bool(bot.id) and whole(user, "id") == bot.id


def replies_to_bot(message: Fields, bot: Bot) -> bool:
    """Whether the message answers one of ours, here or in another topic or chat."""
    elsewhere = inner(inner(inner(message, "external_reply"), "origin"), "sender_user")
    return is_bot(inner(replied_to(message), "from"), bot) or is_bot(elsewhere, bot)


def replied_to(message: Fields) -> Fields:
    """The message that this one answers; empty if it answers none.

    In a topic every plain message "answers" the service message that opened the topic, which is not meant. Elsewhere
    `message_thread_id` is the start of a chain of replies, which the first of them does mean.
    """
    reply = inner(message, "reply_to_message")
    opens_topic = message.get("is_topic_message") is True and reply.get("message_id") == message.get(
        "message_thread_id"
    )
    return {} if opens_topic or "forum_topic_created" in reply else reply


def _without_name(said: str, start: int, end: int) -> str:
    """The text without the name that stands there, unless it is part of a sentence."""
    before, after = said[:start], said[end:]
    if (before and not before[-1].isspace()) or (after and not (after[0].isspace() or after[0] in _CLOSING)):
        return said
    if not any(map(str.isalnum, before)):
        return before + after.lstrip(_AFTER_NAME).lstrip()
    if not any(map(str.isalnum, after)):
        return before.rstrip().rstrip(_AFTER_NAME) + after.lstrip()
    return said
