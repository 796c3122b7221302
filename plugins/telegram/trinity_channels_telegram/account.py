"""Opening the bot: whose token it is, and what its owner should know. https://core.telegram.org/bots/api#getme."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from pydantic import BaseModel

from trinity_channels.api import Account, Context, ProviderUnavailable
from trinity_channels_telegram import client
from trinity_channels_telegram.fields import shown, whole
from trinity_channels_telegram.settings import checked
from trinity_channels_telegram.webhook import WebhookInfo, webhook_info

# https://core.telegram.org/bots/faq#my-bot-is-hitting-limits-how-do-i-avoid-this: one message per second to one chat.
PACE = timedelta(seconds=1)

PRIVACY = (
    "The bot's group privacy is on, as it is by default: in groups it sees commands, replies to it and mentions. That is"
    " all it answers there."
)
NO_GROUPS = "The bot cannot be added to groups; @BotFather's /setjoingroups changes that."
TAKEN = (
    "This bot's messages go to {host} at present. Connecting it here takes them away from there, because a bot has one"
    " webhook."
)


async def open_account(settings: BaseModel, ctx: Context) -> Account:
    """Ask who the bot is; errors as the hook `configure` promises."""
    token = checked(settings)
    try:
        bot = await client.read(token, ctx, "getMe")
        info = await webhook_info(token, ctx)
    except client.RefusedError as refused:
        raise ProviderUnavailable(
            f"Telegram did not report who the bot is ({refused}). Try again in a moment."
        ) from None
    return account_of(bot, (*_about_groups(bot), *_about_webhook(info, ctx.webhook_url)))


def account_of(bot: Any, warnings: tuple[str, ...] = ()) -> Account:
    """Read the answer of `getMe`.

    Raises:
        ProviderUnavailable: it names no bot.
    """
    number = whole(bot, "id") if isinstance(bot, dict) else None
    # Every bot has a username, and groups call it by that; without one the answer is not about a bot.
    if not number or not (username := shown(bot, "username")):
        raise ProviderUnavailable("Telegram gave no usable answer about the bot. Try again in a moment.")
    key = str(number)
    return Account(
        # The bot's id, which stays the same when its token is revoked or its username changes.
        key=key,
        sender=f"@{username}",
        display_name=shown(bot, "first_name"),
        pace=PACE,
        warnings=warnings,
        facts={"id": key, "username": username},
    )


def _about_groups(bot: Any) -> Iterator[str]:
    if isinstance(bot, dict) and bot.get("can_join_groups") is False:
        yield NO_GROUPS
    # The setting of the bot as a whole: where it is an administrator of a group it sees everything anyway.
    elif isinstance(bot, dict) and bot.get("can_read_all_group_messages") is False:
        yield PRIVACY


def _about_webhook(info: WebhookInfo, ours: str | None) -> Iterator[str]:
    if info.url and info.host != urlsplit(ours or "").hostname:
        yield TAKEN.format(host=info.host or "another address")
