"""The registered senders of an account, and where each posts. https://www.twilio.com/docs/whatsapp/api/senders."""

from __future__ import annotations

from contextlib import aclosing
from dataclasses import dataclass
from urllib.parse import urlsplit

from trinity_channels_whatsapp.client import Api
from trinity_channels_whatsapp.fields import Fields, inner, objects, text

SENDERS = "https://messaging.twilio.com/v2/Channels/Senders"
# Enough for 200 senders; Twilio registers at most 20 for a verified business, 50 on request.
MAX_PAGES = 10
PAGE_SIZE = "20"  # Twilio's own default for WhatsApp


@dataclass(frozen=True, slots=True)
class RegisteredSender:
    """A sender, the webhook that it calls, and why it is offline.

    `url` has no connection overrides: they stand after # in the address, and are in `overrides`.
    """

    sid: str
    status: str
    url: str
    overrides: str
    method: str
    status_url: str
    reasons: tuple[str, ...]

    @classmethod
    def read(cls, resource: Fields) -> RegisteredSender:
        """Read a resource; a field of another type than expected counts as missing."""
        webhook = inner(resource, "webhook")
        url, _, overrides = text(webhook, "callback_url").partition("#")
        return cls(
            sid=text(resource, "sid"),
            status=text(resource, "status"),
            url=url,
            overrides=overrides,
            # POST is Twilio's default where the sender names no method.
            method=(text(webhook, "callback_method") or "POST").upper(),
            status_url=text(webhook, "status_callback_url").partition("#")[0],
            reasons=tuple(filter(None, (text(one, "message") for one in objects(resource, "offline_reasons") or ()))),
        )

    @property
    def updating(self) -> bool:
        """Whether a change was taken and is not applied yet."""
        return self.status.partition(":")[2] == "UPDATING"


async def find_sender(api: Api) -> RegisteredSender | None:
    """Look for the binding's own number among the senders of the account; None if it is not there.

    Raises:
        ConfigurationError, ProviderUnavailable: as `Api.read`.
    """
    query = {"Channel": "whatsapp", "PageSize": PAGE_SIZE}
    async with aclosing(api.walk(SENDERS, "senders", query, pages=MAX_PAGES)) as senders:
        async for sender in senders:
            if sender.get("sender_id") == api.settings.from_number:
                return RegisteredSender.read(sender)
    return None


def host_of(url: str) -> str:
    """The host of an address, which may be shown; its path may hold the key of another installation."""
    try:
        host = urlsplit(url).hostname
    # What was typed into the console need not be a URL: an unclosed bracket is enough to raise.
    except ValueError:
        host = None
    return host or "another address"
