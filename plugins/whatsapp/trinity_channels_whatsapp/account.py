"""Opening the account: whose it is, and whether it may be used.

https://www.twilio.com/docs/iam/api/account — the answer holds the Auth Token in clear, so nothing of it is kept but the
name, and nothing is logged.
"""

from __future__ import annotations

from datetime import timedelta

from pydantic import BaseModel

from trinity_channels.api import Account, ConfigurationError, Context, ProviderUnavailable
from trinity_channels_whatsapp.addresses import SANDBOX
from trinity_channels_whatsapp.client import Api
from trinity_channels_whatsapp.fields import text
from trinity_channels_whatsapp.settings import WhatsAppSettings

# https://www.twilio.com/docs/whatsapp/sandbox#whatsapp-sandbox-limitations: one message every three seconds.
SANDBOX_PACE = timedelta(seconds=3)
TRIAL = "This is a Twilio trial account: at most 50 messages a day, and only to numbers verified in the Twilio Console."

# Refused at once: on such an account every single message would fail later, with 20005 or 30002.
_UNUSABLE = frozenset({"suspended", "closed"})


async def open_account(settings: BaseModel, ctx: Context) -> Account:
    """Fetch the account with its own credentials; errors as the hook `configure` promises."""
    if not isinstance(settings, WhatsAppSettings):
        raise TypeError(f"These are {type(settings).__name__}, not WhatsAppSettings.")
    # An owner who looks must see that the first token has ended, although the second still carries the messages.
    api = Api(settings, ctx, only_first_token=True)
    record = await api.read("GET", f"{api.account}.json")
    # A proxy may answer 200 with JSON of its own; only the record of an account has a sid.
    if not text(record, "sid"):
        raise ProviderUnavailable("Twilio gave no usable answer about the account. Try again in a moment.")
    status = text(record, "status")
    if status in _UNUSABLE:
        raise ConfigurationError(
            f"Twilio says that this account is {status}. Sign in to the Twilio Console to have it reopened, or"
            " connect another account.",
            field="account_sid",
            refused=True,
        )
    sandbox = settings.from_number == SANDBOX
    # The answer also holds `auth_token`: take the fields one by one, never the record.
    return Account(
        key=settings.account_sid,
        sender=settings.from_number,
        display_name=text(record, "friendly_name"),
        sandbox=sandbox,
        pace=SANDBOX_PACE if sandbox else timedelta(0),
        pace_shared=sandbox,
        warnings=(TRIAL,) if text(record, "type") == "Trial" else (),
    )
