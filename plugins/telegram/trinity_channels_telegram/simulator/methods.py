"""The Bot API's methods. https://core.telegram.org/bots/api#available-methods."""

from __future__ import annotations

import re
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from trinity_channels_telegram.simulator import rendering, webhook_address
from trinity_channels_telegram.simulator.chats import TYPING, Bot, Webhook
from trinity_channels_telegram.simulator.delivery import Delivery
from trinity_channels_telegram.simulator.limits import Limits
from trinity_channels_telegram.simulator.network import Network
from trinity_channels_telegram.simulator.parameters import Params, strings, text, truth, whole
from trinity_channels_telegram.simulator.problems import Problem, bad_request
from trinity_channels_telegram.simulator.sending import Sending, find_topic

LONGEST_SECRET = 256
ACTIONS = frozenset({
    "choose_sticker", "find_location", "record_video", "record_video_note", "record_voice", "typing",
    "upload_document", "upload_photo", "upload_video", "upload_video_note", "upload_voice",
})  # fmt: skip

_SECRET = re.compile(r"[A-Za-z0-9_-]*")

Method = Callable[[Bot, Params], object]


class Methods:
    """What bots can call, by name in lower case, as Telegram takes them in any; but for `getUpdates`, which waits."""

    def __init__(self, network: Network, delivery: Callable[[], Delivery]) -> None:
        self._network = network
        self._delivery = delivery
        self._limits = Limits()
        self._sending = Sending(network, self._limits)
        self._methods: dict[str, Method] = {
            "answercallbackquery": self._answer_query,
            "deletewebhook": self._delete_webhook,
            "getchat": self._chat,
            "getme": _me,
            "getwebhookinfo": self._webhook_info,
            "sendchataction": self._action,
            "sendmessage": self._sending.send,
            "setwebhook": self._set_webhook,
        }

    def call(self, bot: Bot, method: str, params: Params) -> object:
        """Run one method.

        Raises:
            Problem: whatever Telegram would say.
        """
        run = self._methods.get(method.lower())
        if run is None:
            raise Problem(HTTPStatus.NOT_FOUND, "Not Found: method not found")
        return run(bot, params)

    def _set_webhook(self, bot: Bot, params: Params) -> bool:
        url, secret = text(params, "url"), text(params, "secret_token")
        if self._network.behaviour.flood_control:
            # Before the address is looked at: a refused call counts here.
            self._limits.set_webhook(bot.id, self._network.clock())
        if url:
            webhook_address.check(url, anywhere=self._network.behaviour.any_webhook)
        if len(secret) > LONGEST_SECRET:
            raise bad_request("secret token is too long")
        if not _SECRET.fullmatch(secret):
            raise bad_request("secret token contains unallowed characters")
        allowed = strings(params, "allowed_updates")
        # Everything but the kinds of updates is forgotten when it is not said again.
        bot.webhook = Webhook(
            url=url,
            secret=secret,
            # https://core.telegram.org/bots/api#setwebhook: 1 to 100, 40 by default.
            max_connections=min(max(whole(params, "max_connections") or 40, 1), 100),
            allowed=bot.webhook.allowed if allowed is None else tuple(allowed),
            set_at=self._network.clock(),
        )
        self._drop(bot, params)
        self._delivery().polling.end(bot, "terminated by setWebhook request")
        # What has waited for an address goes to the new one.
        self._delivery().wake()
        return True

    def _delete_webhook(self, bot: Bot, params: Params) -> bool:
        bot.webhook = Webhook(allowed=bot.webhook.allowed)
        self._drop(bot, params)
        return True

    def _drop(self, bot: Bot, params: Params) -> None:
        if truth(params, "drop_pending_updates"):
            self._delivery().forget(bot)

    def _webhook_info(self, bot: Bot, _: Params) -> dict[str, Any]:
        webhook = bot.webhook
        info: dict[str, Any] = {
            "url": webhook.url,
            "has_custom_certificate": False,
            "pending_update_count": self._delivery().pending(bot),
        }
        if webhook.url:
            info["max_connections"] = webhook.max_connections
        if webhook.error_at is not None:
            info |= {
                "last_error_date": int(webhook.error_at.timestamp()),
                "last_error_message": webhook.error,
            }
        return info | ({"allowed_updates": list(webhook.allowed)} if webhook.allowed else {})

    def _action(self, bot: Bot, params: Params) -> bool:
        chat = self._sending.reachable(bot, params)
        if text(params, "action") not in ACTIONS:
            raise bad_request("wrong parameter action in request")
        chat.typing[find_topic(chat, params)] = self._network.clock() + TYPING
        return True

    def _answer_query(self, bot: Bot, params: Params) -> bool:
        # A query can be answered once.
        expires = bot.queries.pop(text(params, "callback_query_id"), None)
        if expires is None or expires <= self._network.clock():
            raise bad_request("query is too old and response timeout expired or query ID is invalid")
        return True

    def _chat(self, bot: Bot, params: Params) -> dict[str, Any]:
        return rendering.full_chat(self._sending.reachable(bot, params))


def _me(bot: Bot, _: Params) -> dict[str, Any]:
    return bot.user | {
        "can_join_groups": bot.joins_groups,
        "can_read_all_group_messages": not bot.privacy,
        "supports_inline_queries": False,
    }
