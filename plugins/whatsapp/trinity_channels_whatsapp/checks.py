"""Whether a stored binding still works: one check per question an owner would ask.

Senders: https://www.twilio.com/docs/whatsapp/api/senders. What they cannot tell, or tell strangely, is UNKNOWN: a look
at the webhook must not make good credentials look bad.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from trinity_channels.api import Binding, ChannelError, Check, CheckState, Context, FixAction, Verification
from trinity_channels_whatsapp.account import open_account
from trinity_channels_whatsapp.client import Api
from trinity_channels_whatsapp.senders import RegisteredSender, find_sender, host_of
from trinity_channels_whatsapp.settings import WhatsAppSettings, settings_of
from trinity_channels_whatsapp.setup_steps import SANDBOX_CONSOLE, SENDER_CONSOLE

_SEE = (FixAction.SEE_WEBHOOK,)
_SETS = (FixAction.SET_WEBHOOK, FixAction.SEE_WEBHOOK)


async def run(binding: Binding, ctx: Context) -> Verification:
    """Ask everything that can be asked; errors as the hook `verify` promises."""
    settings = settings_of(binding)
    account = await open_account(settings, ctx)
    checks = [
        Check("credentials", CheckState.OK, "Twilio accepts the Account SID and the Auth Token."),
        *(
            Check("trial", CheckState.WARNING, warning, "Upgrade in the Twilio Console.")
            for warning in account.warnings
        ),
    ]
    elsewhere = ""
    if account.sandbox:
        checks.append(_sandbox(ctx.webhook_url))
    else:
        found, elsewhere = await _sender(settings, ctx)
        checks.extend(found)
    if settings.messaging_service_sid:
        checks.append(_service())
    return Verification(account, tuple(checks), elsewhere)


def _sandbox(webhook_url: str | None) -> Check:
    return Check(
        "webhook",
        CheckState.UNKNOWN,
        "Twilio does not report where the sandbox points; only its console shows it.",
        f'{SANDBOX_CONSOLE}: "When a message comes in" must be {_target(webhook_url)}, method HTTP POST.',
        _SEE,
    )


def _service() -> Check:
    return Check(
        "messaging_service",
        CheckState.UNKNOWN,
        "The sender is used through a Messaging Service, whose own webhook may take the place of the sender's.",
        "Twilio Console → Messaging → Services → your service → Integration: choose"
        ' "Defer to sender\'s webhook", or enter the same webhook URL there.',
        _SEE,
    )


async def _sender(settings: WhatsAppSettings, ctx: Context) -> tuple[tuple[Check, ...], str]:
    """What there is to say of the sender, and the host that it posts to where that is not our webhook."""
    try:
        sender = await find_sender(Api(settings, ctx))
    except ChannelError:  # see the module's docstring
        unknown = (
            Check(
                "sender",
                CheckState.UNKNOWN,
                "Twilio did not report which WhatsApp senders this account has.",
                f"Look it up: {SENDER_CONSOLE}.",
                (FixAction.VERIFY,),
            ),
            Check(
                "webhook",
                CheckState.UNKNOWN,
                "Twilio did not report where the sender points.",
                _webhook_fix(ctx.webhook_url),
                _SEE,
            ),
        )
        return unknown, ""
    if sender is None:
        missing = (
            Check(
                "sender",
                CheckState.FAILED,
                "This account has no WhatsApp sender with this number.",
                f"Compare the WhatsApp From Number with {SENDER_CONSOLE}, or connect the account that owns the number.",
                (FixAction.EDIT,),
            ),
        )
        return missing, ""
    elsewhere = host_of(sender.url) if sender.url and sender.url != ctx.webhook_url else ""
    return (_status(sender), _webhook(sender, ctx.webhook_url)), elsewhere


def _status(sender: RegisteredSender) -> Check:
    # ONLINE:UPDATING receives and sends too, while a changed webhook is being applied.
    if sender.status.partition(":")[0] == "ONLINE":
        return Check("sender", CheckState.OK, "The WhatsApp sender is online.")
    reasons = f" It says: {'; '.join(sender.reasons)}" if sender.reasons else ""
    return Check(
        "sender",
        CheckState.FAILED,
        f"The WhatsApp sender is not online; Twilio calls it {sender.status}.{reasons}",
        f"{SENDER_CONSOLE} → your sender shows what is missing.",
        (FixAction.VERIFY,),
    )


def _webhook(sender: RegisteredSender, webhook_url: str | None) -> Check:
    if webhook_url is None:
        return Check(
            "webhook",
            CheckState.UNKNOWN,
            "This installation has no public address yet, so there is nothing to compare with.",
            "Set the Public Chat URL in Settings.",
            (FixAction.SET_PUBLIC_URL,),
        )
    fix = _webhook_fix(webhook_url)
    if not sender.url:
        return Check("webhook", CheckState.FAILED, "The sender has no webhook: messages go nowhere.", fix, _SETS)
    if sender.url != webhook_url:
        if sender.updating:
            return Check(
                "webhook",
                CheckState.UNKNOWN,
                "Twilio is still applying a change of the sender's webhook.",
                f"Verify again in a minute. {fix}",
                (FixAction.VERIFY, FixAction.SEE_WEBHOOK),
            )
        where = _where(sender.url, webhook_url)
        return Check("webhook", CheckState.FAILED, f"The sender's webhook points to {where}.", fix, _SETS)
    if sender.method != "POST":
        return Check(
            "webhook", CheckState.FAILED, f"The sender's webhook uses HTTP {sender.method} instead of POST.", fix, _SETS
        )
    return Check("webhook", CheckState.OK, "The sender's webhook points here.")


def _where(url: str, ours: str) -> str:
    """Where else a webhook leads, without its path: that may hold the key of another installation."""
    if (host := host_of(url)) != host_of(ours):
        return f"another host, {host}"
    same = urlsplit(url)[:2] == urlsplit(ours)[:2]
    return "another path here" if same else "this host with another scheme or port"


def _webhook_fix(webhook_url: str | None) -> str:
    return (
        f"{SENDER_CONSOLE} → your sender: set the webhook for incoming messages to {_target(webhook_url)}, HTTP POST."
    )


def _target(webhook_url: str | None) -> str:
    return webhook_url or "the webhook URL that appears once the Public Chat URL is set"
