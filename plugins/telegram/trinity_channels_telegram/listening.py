"""Fetching updates by long polling. https://core.telegram.org/bots/api#getupdates.

Nothing signs an update here: it is the answer to our own call, made with the bot's token.
"""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from typing import Any

from trinity_channels.api import (
    Binding,
    ConfigurationError,
    Context,
    Deliver,
    Event,
    Inbound,
    ProviderUnavailable,
    unreadable,
)
from trinity_channels_telegram import client, inbound
from trinity_channels_telegram.fields import whole
from trinity_channels_telegram.settings import settings_of
from trinity_channels_telegram.webhook import ALLOWED_UPDATES, webhook_info

POLL = 25
"""Seconds that Telegram waits for the first update: routers and proxies forget connections that are silent for longer."""
PATIENCE = 5.0
"""Seconds of a pause that Telegram asks for; a longer one is the host's to wait for."""
MOST = 16
"""Updates in an answer. Telegram would give 100: several megabytes where they are long and answer long ones."""
PACE = 1.0
"""Seconds before the next question after an answer that came at once and brought nothing new."""


async def listen(binding: Binding, ctx: Context, deliver: Deliver) -> None:
    """Take the webhook away, then ask again and again; errors as the hook `listen` promises."""
    settings = settings_of(binding)
    try:
        # Telegram gives no updates to bots with a webhook. What waits stays.
        if where := (await webhook_info(settings, ctx)).url:
            # Otherwise two programs would take the bot from each other again and again, each for a while.
            if where != ctx.webhook_url and not binding.claims:
                raise _taken()
            await client.read(settings, ctx, "deleteWebhook")
        await _poll(binding, ctx, deliver)
    except client.RefusedError as refused:
        raise _trouble(refused) from None


async def _poll(binding: Binding, ctx: Context, deliver: Deliver) -> None:
    clock = asyncio.get_running_loop().time
    after: int | None = None
    most, wait = MOST, 0  # at first, so that it shows at once whether it works
    quiet = 0.0  # before when an answer without news has come at once
    while True:
        try:
            updates = await _updates(binding, ctx, after, wait, most)
        except client.UnreadableError:
            if most == 1:
                raise
            # A backlog of long messages may be more than the host's client reads, or than the line carries in time.
            most, wait = 1, 0
            continue
        # After an answer without updates all that came before is forgotten at Telegram, and the next number may be a
        # lower one: https://core.telegram.org/bots/api#update
        before, after = after, await _hand_over(updates, binding, deliver)
        if after in {None, before} and clock() < quiet:
            await asyncio.sleep(PACE)
        most, wait, quiet = min(2 * most, MOST), POLL, clock() + POLL / 2


async def _updates(binding: Binding, ctx: Context, after: int | None, wait: int, most: int) -> list[Any]:
    """What has come after an update; with that Telegram forgets all up to it."""
    parameters: dict[str, object] = {"timeout": wait, "limit": most, "allowed_updates": ALLOWED_UPDATES}
    if after is not None:
        parameters["offset"] = after + 1
    told = await client.read(settings_of(binding), ctx, "getUpdates", parameters, patience=PATIENCE, wait=wait)
    if not isinstance(told, list):
        raise ProviderUnavailable("Telegram gave no usable answer about new messages.")
    return told


async def _hand_over(updates: list[Any], binding: Binding, deliver: Deliver) -> int | None:
    """Have each update stored, in Telegram's order; returns the number of the last one, None without any.

    Raises:
        ProviderUnavailable: none of them has a number, so that they cannot be left behind.
    """
    if not updates:
        await deliver(Inbound())
    numbers = [whole(one, "update_id") if isinstance(one, dict) else None for one in updates]
    after: int | None = None
    if updates and numbers.count(None) == len(numbers):
        raise ProviderUnavailable("Telegram gave no usable answer about new messages.")
    for update, number in zip(updates, numbers, strict=True):
        await deliver(Inbound(_events(update, binding)))
        # What has no number is left behind with the next one that has.
        after = after if number is None else number
    return after


def _events(update: Any, binding: Binding) -> tuple[Event, ...]:
    try:
        return inbound.read(update, binding).events
    except Exception as error:  # noqa: BLE001  whatever it is, it would come again without end, and all later ones would wait
        return (unreadable(error),)


def _trouble(refused: client.RefusedError) -> ConfigurationError | ProviderUnavailable:
    if refused.code != HTTPStatus.CONFLICT:
        return ProviderUnavailable(f"Telegram does not give the bot's messages ({refused}).")
    if refused.speaks_of("webhook"):
        return _taken()
    return ProviderUnavailable(
        "Another program fetches this bot's messages, too, and each gets only some of them. Stop it there, or give this"
        " agent a bot of its own."
    )


def _taken() -> ConfigurationError:
    return ConfigurationError(
        "Another program has set a webhook for this bot, so its messages go there. Stop it there, or give this agent a"
        " bot of its own; then connect the bot here again.",
        field="bot_token",
        refused=True,
    )
