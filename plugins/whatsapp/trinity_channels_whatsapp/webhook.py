"""Pointing a registered sender here. https://www.twilio.com/docs/whatsapp/api/senders#update-a-whatsapp-sender.

The sandbox is not among the senders: its webhook is set in the Twilio Console only.
"""

from __future__ import annotations

import re
from http import HTTPStatus

from trinity_channels.api import Binding, ConfigurationError, Context, ProviderUnavailable, http
from trinity_channels_whatsapp.addresses import SANDBOX
from trinity_channels_whatsapp.answers import RefusedError
from trinity_channels_whatsapp.client import Api, credentials_refused, shown
from trinity_channels_whatsapp.senders import SENDERS, RegisteredSender, find_sender
from trinity_channels_whatsapp.settings import settings_of
from trinity_channels_whatsapp.setup_steps import OVERRIDES, SANDBOX_CONSOLE, SENDER_CONSOLE

BY_HAND = f"It can be set by hand: {SENDER_CONSOLE} → your sender."

_SID = re.compile(r"XE[0-9a-zA-Z]{1,64}")
# About the moment, not about the address or what the account may do.
_PASSING = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.CONFLICT, HTTPStatus.TOO_MANY_REQUESTS})


async def register(binding: Binding, ctx: Context) -> None:
    """Point the sender at `ctx.webhook_url`; errors as the hook `register_webhook` promises."""
    settings = settings_of(binding)
    if ctx.webhook_url is None:
        raise ConfigurationError("There is no public address yet.")
    if settings.from_number == SANDBOX:
        raise ConfigurationError(
            f"The sandbox's webhook can be set in the Twilio Console only: {SANDBOX_CONSOLE}, "
            f'"When a message comes in" = {ctx.webhook_url}, HTTP POST.',
            refused=True,
        )
    api = Api(settings, ctx)
    try:
        sender = await find_sender(api)
    except ProviderUnavailable as error:
        raise ProviderUnavailable(f"{error.message} {BY_HAND}") from None
    if sender is None or not _SID.fullmatch(sender.sid):
        raise ConfigurationError(
            "This account has no WhatsApp sender with this number. Compare the WhatsApp From Number with"
            f" {SENDER_CONSOLE}, or connect the account that owns the number.",
            field="from_number",
            refused=True,
        )
    await _change(api, sender, _webhook(sender, ctx.webhook_url))


def _webhook(sender: RegisteredSender, ours: str) -> dict[str, str]:
    # Overrides that an owner has chosen for our address are kept; another service's are not ours to take over.
    overrides = sender.overrides if sender.url == ours and sender.overrides else OVERRIDES
    webhook = {"callback_url": f"{ours}#{overrides}", "callback_method": "POST"}
    # Every message of ours names its own status callback, so another service's may stay.
    if sender.status_url in {"", ours}:
        webhook |= {"status_callback_url": ours, "status_callback_method": "POST"}
    return webhook


async def _change(api: Api, sender: RegisteredSender, webhook: dict[str, str]) -> None:
    try:
        # Answered with 202: Twilio applies the change within moments.
        await api.call("POST", f"{SENDERS}/{sender.sid}", json={"webhook": webhook})
    except RefusedError as refused:
        raise _refusal(refused, api, webhook["callback_url"].partition("#")[0]) from None
    except http.CallError as error:
        raise http.reading(error, "Twilio") from None


def _refusal(refused: RefusedError, api: Api, url: str) -> ConfigurationError | ProviderUnavailable:
    if refused.status == HTTPStatus.UNAUTHORIZED:
        return credentials_refused(refused, api.settings)
    # Without words it is a page of some proxy, which judges neither the address nor the account.
    final = HTTPStatus.BAD_REQUEST <= refused.status < HTTPStatus.INTERNAL_SERVER_ERROR and refused.words
    if not final or refused.status in _PASSING:
        return ProviderUnavailable(f"{refused}. Try again in a moment. {BY_HAND}")
    # Its path holds our key, and what is said here may be mailed.
    words = shown(refused.words.replace(url, "the webhook URL"), api.settings)
    return ConfigurationError(
        f"Twilio does not set the webhook (code {refused.code}): {words}. {BY_HAND}", refused=True
    )
