"""Whether a group's message is meant for the bot, and what it says without the bot's name.

https://core.telegram.org/bots/api#messageentity — offsets count UTF-16 code units.
"""

from __future__ import annotations

from dataclasses import dataclass

from trinity_channels_telegram.fields import Fields, inner, objects, text, whole

_NAMES = frozenset({"mention", "text_mention", "bot_command"})
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
    """What a message says to the bot, and whether it calls it by name."""

    text: str
    names_bot: bool


def wording(message: Fields, bot: Bot) -> Wording:
    """Read the text or caption, with the bot's name taken out where it only calls the bot.

    At the beginning, at the end and in a command the name is an address; inside a sentence it is part of what is said.
    """
    said, entities = text(message, "text"), objects(message, "entities")
    if not said:
        said, entities = text(message, "caption"), objects(message, "caption_entities")
    named = False
    # From the end, so that offsets of what comes before stay true.
    for entity in sorted(entities, key=lambda one: whole(one, "offset") or 0, reverse=True):
        if entity.get("type") not in _NAMES:
            continue
        start, end = _span(said, entity)
        match entity["type"], said[start:end]:
            case "mention", name if bot.is_named(name):
                named, said = True, _without_name(said, start, end)
            case "text_mention", _ if whole(inner(entity, "user"), "id") == bot.id:
                named, said = True, _without_name(said, start, end)
            case "bot_command", command if bot.is_named(command[command.find("@") :]):
                named, said = True, said[: start + command.find("@")] + said[end:]
    return Wording(said, named)


def replies_to_bot(message: Fields, bot: Bot) -> bool:
    """Whether the message answers one of ours."""
    return whole(inner(replied_to(message), "from"), "id") == bot.id


def replied_to(message: Fields) -> Fields:
    """The message that this one answers; empty if it answers none.

    In a topic every plain message "answers" the service message that opened the topic, which nobody meant. Elsewhere
    `message_thread_id` is the start of a chain of replies, which the first of them does mean.
    """
    reply = inner(message, "reply_to_message")
    opens_topic = message.get("is_topic_message") is True and reply.get("message_id") == message.get(
        "message_thread_id"
    )
    return {} if opens_topic or "forum_topic_created" in reply else reply


def _span(said: str, entity: Fields) -> tuple[int, int]:
    """An entity's place, in characters."""
    offset, length = whole(entity, "offset") or 0, whole(entity, "length") or 0
    if offset < 0 or length <= 0:
        return 0, 0
    if said.isascii():
        return offset, offset + length
    units = said.encode("utf-16-le", "surrogatepass")
    start = len(units[: 2 * offset].decode("utf-16-le", "replace"))
    return start, start + len(units[2 * offset : 2 * (offset + length)].decode("utf-16-le", "replace"))


def _without_name(said: str, start: int, end: int) -> str:
    before, after = said[:start], said[end:]
    if (before and not before[-1].isspace()) or (after and not (after[0].isspace() or after[0] in _CLOSING)):
        return said
    if not any(map(str.isalnum, before)):
        return before + after.lstrip(_AFTER_NAME).lstrip()
    if not any(map(str.isalnum, after)):
        return before.rstrip().rstrip(_AFTER_NAME) + after.lstrip()
    return said
