"""Twilio's console on the phone page: the credentials, and the webhook of each sender."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from trinity_channels.simulation import ConsoleAction, ConsolePage, WebhookField
from trinity_channels_whatsapp.simulator.accounts import Account, Accounts, Sender

SENDERS = ("Messaging", "Senders", "WhatsApp Senders")
SANDBOX = ("Messaging", "Try WhatsApp", "Sandbox settings")


def console_pages(accounts: Accounts) -> Iterator[ConsolePage]:
    """The pages of every account."""
    for account in accounts:
        yield ConsolePage(
            account.sid,
            f"Account: {account.name}",
            values={"Account SID": account.sid, "Auth Token": account.token},
            actions={"regenerate": ConsoleAction("Regenerate the Auth Token", partial(accounts.regenerate, account))},
        )
        for sender in sorted(account.senders.values(), key=lambda one: one.sandbox):
            yield _sender(account, sender)


def _sender(account: Account, sender: Sender) -> ConsolePage:
    async def enter(url: str) -> None:
        sender.webhook.callback_url = url

    values = {"WhatsApp From Number": sender.address}
    if sender.sandbox:
        values["What testers send first"] = f"join {account.sandbox_code}"
    return ConsolePage(
        sender.sid,
        "Sandbox" if sender.sandbox else f"Sender {sender.address.removeprefix('whatsapp:')}",
        path=SANDBOX if sender.sandbox else (*SENDERS, sender.name),
        values=values,
        webhook=WebhookField(
            "When a message comes in" if sender.sandbox else "Webhook URL", sender.webhook.callback_url, enter
        ),
    )
