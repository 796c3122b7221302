"""Whether a stored binding still works: one check per question an owner would ask.

https://core.telegram.org/bots/api#getwebhookinfo — a success does not clear the last error, so that is judged by its age
and by whether anything waits.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from trinity_channels.api import Binding, Check, CheckState, Context, FixAction, ProviderUnavailable, Verification
from trinity_channels_telegram import client
from trinity_channels_telegram.account import NO_GROUPS, account_of
from trinity_channels_telegram.settings import settings_of
from trinity_channels_telegram.webhook import WebhookInfo, webhook_info

FRESH = timedelta(hours=1)
# Of those that we register, only these carry something a person says.
NEEDED_UPDATES = frozenset({"message", "callback_query"})

_SET_AGAIN = "Set the webhook at Telegram again."
_SETS = (FixAction.SET_WEBHOOK,)
_PUBLIC_URL = "Check that the Public Chat URL can be reached from the internet, with a valid certificate."


async def run(binding: Binding, ctx: Context) -> Verification:
    """Ask everything that can be asked; errors as the hook `verify` promises."""
    settings = settings_of(binding)
    try:
        bot = await client.read(settings, ctx, "getMe")
        account = account_of(bot)
        info = await webhook_info(settings, ctx)
    except client.RefusedError as refused:
        raise ProviderUnavailable(f"Telegram did not report on the bot ({refused}). Try again in a moment.") from None
    way = _no_webhook(info) if binding.listens else _webhook(info, ctx.webhook_url)
    checks = [_credentials(account.key, binding.account.key), way]
    # What Telegram reports about another program's webhook says nothing about ours.
    if info.url and info.url == ctx.webhook_url:
        checks += [_updates(info), _delivery(info, ctx.now())]
    if bot.get("can_join_groups") is False:
        checks.append(Check("groups", CheckState.WARNING, NO_GROUPS, "Write /setjoingroups to @BotFather."))
    elsewhere = (info.host or "another address") if info.url and info.url != ctx.webhook_url else ""
    return Verification(account, tuple(checks), elsewhere)


def _credentials(found: str, connected: str) -> Check:
    if found != connected:
        return Check(
            "credentials",
            CheckState.FAILED,
            "The bot token belongs to another bot than the one that was connected.",
            "Disconnect, then connect the bot that this agent should answer as.",
            (FixAction.EDIT,),
        )
    return Check("credentials", CheckState.OK, "Telegram accepts the bot token.")


def _no_webhook(info: WebhookInfo) -> Check:
    if not info.url:
        return Check("webhook", CheckState.OK, "The bot has no webhook, so its messages can be fetched.")
    return Check(
        "webhook",
        CheckState.FAILED,
        f"The bot's messages go to {info.host or 'another address'}, so none can be fetched.",
        "If another program uses this bot, stop it there or use another bot here. Then save the settings again.",
        (FixAction.EDIT,),
    )


def _webhook(info: WebhookInfo, ours: str | None) -> Check:
    if ours is None:
        return Check(
            "webhook",
            CheckState.UNKNOWN,
            "This installation has no public address yet, so Telegram cannot send messages here.",
            "Set the Public Chat URL in Settings.",
            (FixAction.SET_PUBLIC_URL,),
        )
    if not info.url:
        return Check("webhook", CheckState.FAILED, "The bot has no webhook: its messages wait.", _SET_AGAIN, _SETS)
    if info.url != ours:
        return Check(
            "webhook",
            CheckState.FAILED,
            f"The bot's webhook points to {info.host or 'another address'}, not to this agent.",
            f"If another program uses this bot, stop it there or use another bot here. {_SET_AGAIN}",
            _SETS,
        )
    return Check("webhook", CheckState.OK, "The bot's webhook points here.")


def _updates(info: WebhookInfo) -> Check:
    missing = NEEDED_UPDATES - info.allowed if info.allowed is not None else frozenset()
    if missing:
        message = f"Telegram was told not to send {' and '.join(sorted(missing))} to this webhook."
        return Check("updates", CheckState.FAILED, message, _SET_AGAIN, _SETS)
    return Check("updates", CheckState.OK, "Telegram sends every kind of message that is needed.")


def _delivery(info: WebhookInfo, now: datetime) -> Check:
    fresh = info.error_at is not None and now - info.error_at < FRESH
    if not fresh and not info.pending:
        return Check("delivery", CheckState.OK, "Telegram gets its messages through.")
    waiting = f"{info.pending} messages wait at Telegram." if info.pending else "Nothing waits at Telegram now."
    if not fresh:
        return Check("delivery", CheckState.WARNING, waiting, "They should arrive within a minute; look again then.")
    # Telegram keeps the last error after a success; with nothing waiting it has been overcome.
    state = CheckState.FAILED if info.pending else CheckState.WARNING
    return Check(
        "delivery",
        state,
        f"Telegram lately met an error here: {info.error}. {waiting}",
        _PUBLIC_URL,
        (FixAction.PROBE,),
    )
