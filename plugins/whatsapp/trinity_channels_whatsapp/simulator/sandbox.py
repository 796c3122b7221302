"""The shared sandbox number: who joined whose sandbox. https://www.twilio.com/docs/whatsapp/sandbox."""

from __future__ import annotations

from dataclasses import dataclass

from trinity_channels.simulation import Clock
from trinity_channels_whatsapp.simulator.accounts import Account, Accounts
from trinity_channels_whatsapp.simulator.phones import Phone

WELCOME = (
    "Twilio Sandbox: ✅ You are all set! The sandbox can now send/receive messages from whatsapp:+14155238886. "
    "Reply stop to leave the sandbox any time."
)
LEFT = "Twilio Sandbox: You have left the sandbox. Reply join followed by its name to come back."
STRANGER = (
    "Twilio Sandbox: ⚠️ Your number is not connected to a Sandbox. You need to connect it first by sending "
    "join <sandbox name>."
)
NO_SUCH = "Twilio Sandbox: ⚠️ Could not join the sandbox, there is none of that name."


@dataclass(frozen=True, slots=True)
class Routing:
    """Where a message to the sandbox number goes: to `account`'s webhook, or it is answered with `notice`."""

    account: Account | None = None
    notice: str = ""
    opens_window: bool = False


def route(text: str, phone: Phone, accounts: Accounts, clock: Clock) -> Routing:
    """Handle joining and leaving, and find the sandbox that everything else is for."""
    word, _, code = text.strip().partition(" ")
    if word.lower() == "join" and code:
        if (account := accounts.by_sandbox_code(code.strip())) is None:
            return Routing(notice=NO_SUCH)
        phone.join(account, clock())
        return Routing(account, WELCOME, opens_window=True)
    joined = phone.sandbox_account(clock())
    # After joining: a stranger's join code must work.
    if joined is None:
        return Routing(notice=STRANGER)
    if text.strip().lower() == "stop":
        phone.leave()
        return Routing(joined, LEFT)
    return Routing(joined, opens_window=True)
