"""The simulator itself: what the demo, the tests and the contract kit hold in their hands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from starlette.types import ASGIApp

from trinity_channels.api import Context, Fault, Request
from trinity_channels.simulation import Clock
from trinity_channels_telegram.simulator.api import application
from trinity_channels_telegram.simulator.behaviour import Behaviour
from trinity_channels_telegram.simulator.chats import Bot, Chat, Topic
from trinity_channels_telegram.simulator.delivery import SECRET_HEADER, Call, Delivery
from trinity_channels_telegram.simulator.methods import Methods
from trinity_channels_telegram.simulator.network import FIRST_BOT, FIRST_GROUP, FIRST_PERSON, Network
from trinity_channels_telegram.simulator.phones import Phone
from trinity_channels_telegram.simulator.problems import Problem
from trinity_channels_telegram.simulator.updates import Updates
from trinity_channels_telegram.simulator.webhook_address import is_loopback


class TelegramSimulator:
    """Telegram's Bot API on this machine: not Telegram, and with no connection to it.

    It refuses what Telegram refuses, flood control included. Where it is more lenient: bots have nine methods, and send
    text only; names are not resolved and certificates not looked at (`webhook_address.py`); entities may cross each other
    (`formats.py`); some kinds of buttons are taken as they are (`keyboards.py`). Telegram lets short bursts pass where
    this allows one message a second.

    Attributes:
        app: the API and the phone page, to serve at `ctx.api_base_url`.
        bot: the default bot, the one that phones write to unless told otherwise.
        behaviour: switches for duplicates, flood control and the like.
    """

    def __init__(self, ctx: Context) -> None:
        self._network = Network(Clock(ctx.now))
        # No public address leads to a host of the demo, which runs beside the simulator.
        self._network.behaviour.any_webhook = is_loopback(ctx.api_base_url)
        # They need each other: a method may wake deliveries, and a webhook's answer may call a method.
        self._methods = Methods(self._network, lambda: self._delivery)
        self._delivery = Delivery(self._network, ctx.http, self._execute)
        self._updates = Updates(self._network, self._delivery)
        self.behaviour: Behaviour = self._network.behaviour
        self.bot = self.add_bot("Simulated bot", "simulated_bot")
        self.app: ASGIApp = application(self._network, self._methods, self._delivery, self.phone)

    # --- the Simulator protocol ---

    def settings(self, bot: Bot | None = None) -> Mapping[str, str]:
        """Working settings for a binding to `bot`, or to the default one."""
        return {"bot_token": (bot or self.bot).token}

    def connect(self, webhook_url: str) -> None:
        """Nothing is left to do: a Telegram bot is pointed at the host by the host's own `setWebhook`."""

    def phone(self, name: str, address: str | None = None, *, bot: Bot | None = None) -> Phone:
        """A person's phone; the same one for the same name.

        The bot may write to it once the person has written anything, as pressing Start does.

        Args:
            name: first name.
            address: the person's identifier; an invented one if None.
            bot: the bot this person talks to.
        """
        if (known := self._network.people.get(name)) is not None:
            return known
        number = int(address) if address else FIRST_PERSON + len(self._network.people)
        if number <= 0 or any(number == other.id for other in self._network.people.values()):
            raise ValueError(f"{address!r} is not a valid identifier for a new person")
        username = "".join(character for character in name.lower() if character.isascii() and character.isalnum())
        phone = Phone(name, number, f"{username}_sim" if username else "", bot or self.bot, self._updates)
        self._network.people[name] = phone
        return phone

    def inject(self, fault: Fault, times: int = 1) -> None:
        """Let the next `times` sends fail this way."""
        self._network.faults.inject(fault, times)

    def inject_polling(self, fault: Fault, times: int = 1) -> None:
        """Let the next `times` calls of `getUpdates` fail this way."""
        self._network.poll_faults.inject(fault, times)

    def forgive_polling(self) -> None:
        """Let `getUpdates` work again."""
        self._network.poll_faults.forgive()

    def is_polled(self, bot: Bot | None = None) -> bool:
        """Whether a bot, or the default one, waits for its updates now."""
        return self._delivery.polling.is_waiting(bot or self.bot)

    def advance(self, by: timedelta) -> None:
        """Move the provider's clock forward; `settle` then repeats the webhooks that have become due."""
        self._network.clock.advance(by)

    async def repeat_last_webhook(self) -> int:
        """Post the latest message's update once more; returns the host's status."""
        return await self._delivery.repeat()

    async def settle(self) -> None:
        """Wait until every update that is due has been answered; what failed waits for its time, see `advance`."""
        self._delivery.wake()
        await self._network.background.settle()

    # --- more than the protocol: what lets the contract kit see further ---

    async def posts_unknown(self) -> None:
        """Post an update of a kind that does not exist yet."""
        await self._updates.teleport(self.phone("Somebody"))

    def sign(self, request: Request) -> Request:
        """Put the default bot's secret on a request; it is all that Telegram vouches with, whatever the body."""
        return replace(request, headers={**request.headers, SECRET_HEADER.lower(): self.bot.webhook.secret})

    # --- what @BotFather does ---

    def add_bot(self, name: str, username: str) -> Bot:
        """Make another bot."""
        number = FIRST_BOT + len(self._network.bots)
        bot = Bot(number, f"{number}:{'FakeTokenOfTheSimulator':-<35}", name, username)
        self._network.bots[bot.token] = bot
        return bot

    def revoke_token(self, bot: Bot | None = None) -> str:
        """Give a bot another token; the old one stops working, and the webhook goes with it."""
        chosen = bot or self.bot
        self._network.revoke_token(chosen)
        return chosen.token

    # --- what happens in groups ---

    async def group(
        self, title: str, *phones: Phone, forum: bool = False, kind: str = "supergroup", username: str = ""
    ) -> Chat:
        """Found a group; its first member adds the bot. With a `username` it is public.

        One without a named founder has the bot as an administrator, who sees all that is said.
        """
        founder = phones[0] if phones else self.phone("Somebody")
        number = FIRST_GROUP - len(self._network.groups)
        chat = Chat(number, kind, title, username, forum=forum, members=[founder, *phones[1:]])
        self._network.groups[chat.id] = chat
        chat.post(founder, self._network.clock(), more={"supergroup_chat_created": True})
        await self._updates.change_bot(founder, chat, founder.bot, "member" if phones else "administrator")
        return chat

    def topic(self, group: Chat, name: str) -> Topic:
        """Open a topic in the bot's name, as programs do; so every plain message in it "answers" the bot."""
        more = {"forum_topic_created": {"name": name, "icon_color": 7322096}}
        root = group.post(self.bot, self._network.clock(), more=more)
        root.topic = root.number
        topic = group.topics[root.number] = Topic(root, name)
        return topic

    async def remove_bot(self, group: Chat) -> None:
        """Throw the bot out."""
        await self._updates.change_bot(group.members[0], group, self.bot, "kicked")

    async def migrate(self, group: Chat) -> Chat:
        """Turn a group into a supergroup with another identifier; both chats tell it."""
        new = Chat(FIRST_GROUP - len(self._network.groups), "supergroup", group.title, members=group.members)
        new.bots = dict(group.bots)
        self._network.groups[new.id] = new
        admin = group.members[0]
        await self._updates.say(admin, group, more={"migrate_to_chat_id": new.id})
        group.migrated_to = new
        await self._updates.say(admin, new, more={"migrate_from_chat_id": group.id})
        return new

    # --- what there is to look at ---

    @property
    def webhook_calls(self) -> Sequence[Call]:
        """The latest webhooks with the host's answers, oldest first."""
        return tuple(self._delivery.calls)

    async def _execute(self, bot: Bot, call: dict[str, Any]) -> None:
        try:
            self._methods.call(bot, str(call["method"]), call)
        except Problem:
            return  # no one is notified
