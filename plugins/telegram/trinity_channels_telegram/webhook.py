"""Pointing the bot here, and reading where it points. https://core.telegram.org/bots/api#setwebhook."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlsplit

from trinity_channels.api import Binding, ConfigurationError, Context, ProviderUnavailable
from trinity_channels_telegram import client
from trinity_channels_telegram.fields import shown, whole
from trinity_channels_telegram.settings import TelegramSettings, settings_of

# Edits and changes of membership are counted as ignored at present.
ALLOWED_UPDATES = ("message", "edited_message", "callback_query", "my_chat_member")
MAX_CONNECTIONS = 40
"""Telegram's own default; said because `setWebhook` forgets what is left out."""
PATIENCE = 2.0
"""Seconds: a second `setWebhook` within one second is refused, as when an owner saves twice."""

_SECRET = re.compile(r"[A-Za-z0-9_-]{1,256}")


@dataclass(frozen=True, slots=True)
class WebhookInfo:
    """What `getWebhookInfo` reports. `allowed` is None for Telegram's default, which holds all that we need."""

    url: str = ""
    pending: int = 0
    error: str = ""
    error_at: datetime | None = None
    allowed: frozenset[str] | None = None

    @property
    def host(self) -> str | None:
        """The host it points to, which may be shown; the rest of an address may be a person's secret."""
        try:
            return urlsplit(self.url).hostname
        except ValueError:
            return None


async def register(binding: Binding, ctx: Context) -> None:
    """Point the bot at `ctx.webhook_url`; errors as the hook `register_webhook` promises."""
    settings, secret = settings_of(binding), binding.webhook_secret.get_secret_value()
    if not _SECRET.fullmatch(secret):
        raise ConfigurationError("The webhook's secret must be 1 to 256 letters, digits, _ or -.")
    if ctx.webhook_url is None:
        raise ConfigurationError("There is no public address yet.")
    try:
        await client.read(
            settings,
            ctx,
            "setWebhook",
            {
                "url": ctx.webhook_url,
                "secret_token": secret,
                "allowed_updates": ALLOWED_UPDATES,
                "max_connections": MAX_CONNECTIONS,
            },
            patience=PATIENCE,
        )
        # `setWebhook` answers True even if another program sets its own address in the same second; the last one wins.
        info = await webhook_info(settings, ctx)
    except client.RefusedError as refused:
        raise ConfigurationError(
            f"Telegram does not accept the webhook's address: {refused.words}. It needs a public"
            " HTTPS address on port 443, 80, 88 or 8443; check the public address of this host.",
            refused=True,
        ) from None
    if info.url != ctx.webhook_url:
        raise ConfigurationError(
            f"Telegram took the webhook, but now sends to {info.host or 'nowhere'}: another program uses this bot."
            " Stop it there, or give this agent a bot of its own.",
            refused=True,
        )


async def unregister(binding: Binding, ctx: Context) -> None:
    """Take our webhook back; errors as the hook `unregister_webhook` promises. What waits is kept by Telegram for a day."""
    settings = settings_of(binding)
    try:
        # The bot may serve another program by now.
        if (await webhook_info(settings, ctx)).url == ctx.webhook_url:
            await client.read(settings, ctx, "deleteWebhook")
    except client.RefusedError as refused:
        raise ProviderUnavailable(f"Telegram did not take the webhook back ({refused}).") from None


async def webhook_info(settings: TelegramSettings, ctx: Context) -> WebhookInfo:
    """Ask where the bot points; errors as `client.read` has."""
    told = await client.read(settings, ctx, "getWebhookInfo")
    if not isinstance(told, dict) or not isinstance(told.get("url"), str):
        raise ProviderUnavailable("Telegram did not report where the bot's webhook points. Try again in a moment.")
    allowed = told.get("allowed_updates")
    return WebhookInfo(
        url=told["url"],
        pending=max(whole(told, "pending_update_count") or 0, 0),
        error=shown(told, "last_error_message"),
        error_at=_time(whole(told, "last_error_date")),
        allowed=frozenset(map(str, allowed)) if isinstance(allowed, list) else None,
    )


def _time(seconds: int | None) -> datetime | None:
    try:
        return None if seconds is None else datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return None
