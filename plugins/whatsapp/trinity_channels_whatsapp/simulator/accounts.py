"""Accounts, their keys and tokens, their senders; and who may ask."""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from trinity_channels_whatsapp.simulator.messages import MessageLog
from trinity_channels_whatsapp.simulator.problems import Problem
from trinity_channels_whatsapp.simulator.sids import SANDBOX_ADDRESS, new_sid
from trinity_channels_whatsapp.simulator.templates import Template


@dataclass(slots=True)
class WebhookConfiguration:
    """Where a sender posts; the names are those of the Senders API. Empty means nowhere."""

    callback_url: str = ""
    callback_method: str = "POST"
    fallback_url: str = ""
    fallback_method: str = "POST"
    status_callback_url: str = ""
    status_callback_method: str = "POST"


@dataclass(slots=True, eq=False)
class Sender:
    """A number that an account may send from; the sandbox's is shared, but its configuration is the account's."""

    address: str
    account: Account = field(repr=False)
    name: str
    sid: str = field(default_factory=lambda: new_sid("XE"))
    status: str = "ONLINE"
    webhook: WebhookConfiguration = field(default_factory=WebhookConfiguration)
    advanced_opt_out: bool = False
    opted_out: set[str] = field(default_factory=set)
    last_sent: datetime | None = None

    @property
    def sandbox(self) -> bool:
        return self.address == SANDBOX_ADDRESS


@dataclass(slots=True, eq=False)
class Account:
    """A Twilio account. `token` signs webhooks and opens the API; `secondary` only opens it, until it is promoted."""

    sid: str
    token: str = field(repr=False)
    name: str
    created: datetime
    type: str = "Full"
    status: str = "active"
    sandbox_code: str = ""
    secondary: str | None = field(default=None, repr=False)
    keys: dict[str, str] = field(default_factory=dict, repr=False)
    senders: dict[str, Sender] = field(default_factory=dict)
    services: dict[str, Sender] = field(default_factory=dict)
    templates: dict[str, Template] = field(default_factory=dict)
    messages: MessageLog = field(default_factory=MessageLog, repr=False)

    @property
    def connected(self) -> list[Sender]:
        """The senders that post to a webhook, a number of its own before the sandbox."""
        return sorted((one for one in self.senders.values() if one.webhook.callback_url), key=lambda one: one.sandbox)

    @property
    def sandbox(self) -> Sender:
        return self.senders[SANDBOX_ADDRESS]


@dataclass(frozen=True, slots=True)
class Principal:
    """Who makes a request. A key may send but not read the account itself."""

    account: Account
    by_key: bool


class Accounts:
    """All accounts; numbered, so that their credentials are well-formed and visibly not real."""

    def __init__(self) -> None:
        self._accounts: dict[str, Account] = {}
        self._key_owners: dict[str, Account] = {}
        self._tokens = 0

    def add(self, name: str, now: datetime, *, kind: str = "Full", status: str = "active") -> Account:
        number = len(self._accounts) + 1
        account = Account(f"AC{number:032x}", self.new_token(), name, now, kind, status)
        account.sandbox_code = "silver-otter" if number == 1 else f"silver-otter-{number}"
        account.senders[SANDBOX_ADDRESS] = Sender(SANDBOX_ADDRESS, account, "Twilio Sandbox")
        self._accounts[account.sid] = account
        return account

    def __iter__(self) -> Iterator[Account]:
        return iter(self._accounts.values())

    def regenerate(self, account: Account) -> None:
        """Replace the Auth Token: the old one opens and signs nothing from now on."""
        account.token = self.new_token()

    def new_token(self) -> str:
        self._tokens += 1
        # Looks like a token to code, and like none to a person or a scanner for leaked secrets.
        return f"feedface{self._tokens:024x}"

    def add_key(self, account: Account) -> tuple[str, str]:
        number = len(self._key_owners) + 1
        sid, secret = f"SK{number:032x}", f"FakeSecretOfKey{number:017d}"
        account.keys[sid] = secret
        self._key_owners[sid] = account
        return sid, secret

    def by_sid(self, sid: str) -> Account | None:
        return self._accounts.get(sid)

    def by_sandbox_code(self, code: str) -> Account | None:
        return next((one for one in self._accounts.values() if one.sandbox_code == code.lower()), None)

    def authenticate(self, authorization: str) -> Principal:
        """Check HTTP Basic credentials: account and token, or key and secret.

        Raises:
            Problem: 20003, whatever is wrong with them.
        """
        user, password = _basic(authorization)
        if (account := self._accounts.get(user)) is not None:
            # An unpromoted secondary token opens the API but signs nothing. https://www.twilio.com/docs/iam/api/authtoken
            if any(_same(password, token) for token in (account.token, account.secondary) if token):
                return Principal(account, by_key=False)
        elif (account := self._key_owners.get(user)) is not None and _same(password, account.keys[user]):
            return Principal(account, by_key=True)
        raise Problem(20003)


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(), other.encode())


def _basic(authorization: str) -> tuple[str, str]:
    scheme, _, encoded = authorization.partition(" ")
    try:
        user, found, password = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        raise Problem(20003) from None
    if scheme.lower() != "basic" or not found:
        raise Problem(20003)
    return user, password
