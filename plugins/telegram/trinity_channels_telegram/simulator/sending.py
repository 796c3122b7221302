"""`sendMessage`, with every reason for which Telegram refuses one. https://core.telegram.org/bots/api#sendmessage."""

from __future__ import annotations

from typing import Any

from trinity_channels_telegram.simulator import formats, rendering
from trinity_channels_telegram.simulator.chats import Bot, Chat, Posted
from trinity_channels_telegram.simulator.keyboards import keyboard
from trinity_channels_telegram.simulator.limits import Limits
from trinity_channels_telegram.simulator.network import Network
from trinity_channels_telegram.simulator.parameters import nested, text, truth, whole
from trinity_channels_telegram.simulator.problems import Problem, bad_request, forbidden

GENERAL = 1
# The effects that everyone may use: https://core.telegram.org/api/effects.
EFFECTS = frozenset({
    "5046509860389126442", "5046589136895476101", "5104841245755180586", "5104858069142078462", "5107584321108051014",
    "5159385139981059251",
})  # fmt: skip


class Sending:
    """Takes messages from bots."""

    def __init__(self, network: Network, limits: Limits) -> None:
        self._network = network
        self._limits = limits

    def send(self, bot: Bot, params: dict[str, Any]) -> dict[str, Any]:
        """Take one message; it is on the phones at once."""
        chat = self.reachable(bot, params)
        shown, entities = formats.read(params)
        rows = keyboard(params)
        _extras(chat, params)
        topic = find_topic(chat, params)
        reply = _reply(chat, params)
        # Last: what is refused for another reason does not count against the limits.
        if self._network.behaviour.flood_control:
            self._limits.send(bot.id, chat, self._network.clock())
        posted = chat.post(
            bot,
            self._network.clock(),
            text=shown,
            entities=entities,
            source=text(params, "text"),
            topic=topic,
            replies_to=reply,
            keyboard=rows,
            by_bot=True,
        )
        # A message ends the sign, in its own topic only.
        chat.typing.pop(topic, None)
        return rendering.message(posted)

    def reachable(self, bot: Bot, params: dict[str, Any]) -> Chat:
        """The chat that a call names.

        Raises:
            Problem: a 400 or 403 that says why the bot cannot write there.
        """
        number = whole(params, "chat_id")
        chat = self._public(text(params, "chat_id")) if number is None else self._known(bot, number)
        # With the new number: bots are expected to go on there.
        if chat.migrated_to is not None:
            raise bad_request("group chat was upgraded to a supergroup chat", migrate_to_chat_id=chat.migrated_to.id)
        match chat.bots.get(bot, "left"), chat.type:
            case "kicked", "private":
                raise forbidden("bot was blocked by the user")
            case "left", "private":
                raise forbidden("bot can't initiate conversation with a user")
            case "kicked", kind:
                raise forbidden(f"bot was kicked from the {kind} chat")
            case "left", kind:
                raise forbidden(f"bot is not a member of the {kind} chat")
        return chat

    def _known(self, bot: Bot, number: int) -> Chat:
        if (chat := self._network.chat(bot, number)) is None:
            raise self._unknown(bot, number)
        return chat

    def _public(self, name: str) -> Chat:
        """A group by its public name; people cannot be found by theirs."""
        if not name:
            raise bad_request("chat_id is empty")
        for chat in self._network.groups.values():
            if chat.username and name.lower() == f"@{chat.username}".lower():
                return chat
        raise bad_request("chat not found")

    def _unknown(self, bot: Bot, number: int) -> Problem:
        if any(other.id == number for other in self._network.bots.values()):
            return forbidden(
                "bot can't send messages to the bot" if number == bot.id else "bot can't send messages to bots"
            )
        return bad_request("chat not found")


def find_topic(chat: Chat, params: dict[str, Any]) -> int | None:
    """The topic that a call names; "General" is never named."""
    number = whole(params, "message_thread_id")
    if not number:
        return None
    topic = chat.topics.get(number)
    if topic is None or number == GENERAL:
        raise bad_request("message thread not found")
    if topic.closed:
        raise bad_request("TOPIC_CLOSED")
    return number


def _reply(chat: Chat, params: dict[str, Any]) -> Posted | None:
    wanted = nested(params, "reply_parameters")
    number = whole(wanted, "message_id")
    found = chat.find(number) if number is not None else None
    if number is not None and found is None and not truth(wanted, "allow_sending_without_reply"):
        raise bad_request("message to be replied not found")
    return found


def _extras(chat: Chat, params: dict[str, Any]) -> None:
    """Refuse what a bot cannot know without having been told."""
    if text(params, "business_connection_id"):  # no person here has a business account
        raise bad_request("business connection not found")
    effect = str(params.get("message_effect_id") or "")
    if effect and (not chat.private or effect not in EFFECTS):
        raise bad_request("EFFECT_ID_INVALID")
