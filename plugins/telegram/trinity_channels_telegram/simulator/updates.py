"""What people do becomes updates for the bots that may know of it. https://core.telegram.org/bots/features#privacy-mode."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from trinity_channels_telegram.simulator import rendering
from trinity_channels_telegram.simulator.chats import Bot, Chat, Person, Posted
from trinity_channels_telegram.simulator.delivery import Delivery
from trinity_channels_telegram.simulator.entities import found_in
from trinity_channels_telegram.simulator.network import Network

DAY = timedelta(hours=24)
QUERY_LIFE = timedelta(seconds=150)
NAMES = frozenset({"bot_command", "mention"})
PRESENT = frozenset({"member", "administrator"})


class Updates:
    """Carries what phones send."""

    def __init__(self, network: Network, delivery: Delivery) -> None:
        self._network = network
        self._delivery = delivery

    def now(self) -> datetime:
        return self._network.clock()

    def number(self) -> int:
        return self._network.chance.randrange(10**15, 10**18)

    async def say(self, phone: Person, chat: Chat, text: str = "", **fields: Any) -> Posted:
        """Post a message and let the bots know that see it. Writing to a bot opens the chat with it, as Start does."""
        # People see one group, whatever its number is by now.
        chat = chat.migrated_to or chat
        if chat.private and chat.bots[phone.bot] == "left":
            chat.bots[phone.bot] = "member"
        sender = fields.pop("sender", phone)
        marked = fields.pop("entities", ())
        entities = tuple(sorted((*marked, *found_in(text)), key=lambda entity: (entity.offset, -entity.length)))
        posted = chat.post(sender, self.now(), text=text, entities=entities, **fields)
        for bot in list(chat.bots):
            if chat.bots[bot] in PRESENT and _sees(bot, posted):
                await self.tell(bot, "message", posted)
        return posted

    async def edit(self, phone: Person, message: Posted, text: str) -> None:  # noqa: ARG002 -- the protocol's signature
        """Change a message."""
        message.text, message.entities, message.edited = text, found_in(text), self.now()
        for bot in list(message.chat.bots):
            if message.chat.bots[bot] in PRESENT and _sees(bot, message):
                await self.tell(bot, "edited_message", message)

    async def tap(self, phone: Person, message: Posted, button: dict[str, str]) -> None:
        """Tap a button; its spinner turns until the bot answers the query."""
        bot = message.sender
        assert isinstance(bot, Bot)  # noqa: S101 -- only bots have buttons
        query = str(self.number())
        bot.queries[query] = self.now() + QUERY_LIFE
        payload = {
            "id": query,
            "from": phone.user,
            "message": rendering.message(message),
            "chat_instance": str(self.number()),
            "data": button["callback_data"],
        }
        # Queries expire after 150 seconds in Telegram's published server; messages after a day.
        await self._delivery.offer(bot, "callback_query", payload, ("query", phone.id), _nothing, QUERY_LIFE)

    async def change_bot(self, phone: Person, chat: Chat, bot: Bot, status: str) -> None:
        """Let a bot in, or throw it out; which it is told either way."""
        before, chat.bots[bot] = chat.bots.get(bot, "left"), status
        payload = {
            "chat": rendering.chat(chat),
            "from": phone.user,
            "date": int(self.now().timestamp()),
            "old_chat_member": rendering.member(bot.user, before),
            "new_chat_member": rendering.member(bot.user, status),
        }
        await self._delivery.offer(bot, "my_chat_member", payload, ("member", chat.id), _nothing, DAY)

    async def teleport(self, phone: Person) -> None:
        """Do what Telegram does not offer yet."""
        queue = ("teleport", phone.id)
        await self._delivery.offer(phone.bot, "teleport", {"from": phone.user}, queue, _nothing, DAY, unasked=True)

    async def tell(self, bot: Bot, kind: str, posted: Posted) -> None:
        """Send a message to one bot."""

        def seen() -> None:
            posted.seen = True

        await self._delivery.offer(bot, kind, rendering.message(posted), ("chat", posted.chat.id), seen, DAY)


def _nothing() -> None:
    """Delivery of this is not checked."""


def _sees(bot: Bot, posted: Posted) -> bool:
    """Whether privacy mode shows a message to a bot."""
    chat = posted.chat
    if chat.private or not bot.privacy or chat.bots[bot] == "administrator":
        return True
    # Privacy mode hides nothing that is meant for the bot: an answer to it, its name, its command.
    if posted.replies_to is not None and posted.replies_to.sender is bot:
        return True
    if {"migrate_to_chat_id", "migrate_from_chat_id", "new_chat_members"} & set(posted.more):
        return True
    names = (entity.of(posted.text) for entity in posted.entities if entity.type in NAMES)
    return any(_calls(bot, posted, name) for name in names)


def _calls(bot: Bot, posted: Posted, name: str) -> bool:
    command, _, addressee = name.rpartition("@")
    if name.startswith("/") and not command:  # a bare command goes to the bot that spoke last
        last = next((one.sender for one in reversed(posted.chat.messages) if one.by_bot), None)
        return last is bot
    return addressee.lower() == bot.username.lower()
