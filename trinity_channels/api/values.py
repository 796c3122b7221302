"""The values that pass between the host and a plugin: all frozen, none holding a database row or a connection."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

import httpx
from pydantic import BaseModel, SecretStr

from trinity_channels.api.websocket import OpenWebSocket, no_websockets

# --- one agent connected to one account ---


@dataclass(frozen=True, slots=True)
class Account:
    """What the provider says about an account.

    `key` identifies the account at the provider: two bindings never share one. `sender` is the address that people see.
    `pace` is the least time between two messages to one person, or altogether if it is shared by all people. `facts` is
    what the plugin itself wants to know of the account when it reads a webhook, such as its own user id; stored in the
    open, so no secrets.
    """

    key: str
    sender: str
    display_name: str = ""
    sandbox: bool = False
    pace: timedelta = timedelta(0)
    pace_shared: bool = False
    warnings: tuple[str, ...] = ()
    facts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Binding:
    """One agent connected to one provider account, secrets open. `settings` is an instance of the manifest's model.

    `webhook_secret` is the host's, different for every webhook address, for providers that repeat a secret we choose.
    `listens`: messages are fetched by `listen`, and no webhook is to be set. `claims`: of one that listens, its owner has
    entered the settings and it was not connected since; what another program has set up in the way may be taken away.
    """

    settings: BaseModel
    account: Account
    # Empty unless the host has made one: a plugin that needs it must refuse an empty secret.
    webhook_secret: SecretStr = field(default_factory=lambda: SecretStr(""))
    listens: bool = False
    claims: bool = False


@dataclass(frozen=True, slots=True)
class Context:
    """What the host lends to an asynchronous hook.

    Attributes:
        http: pooled client with time-outs (connect 5 s, read 15 s) and without cookies; never close it. An answer that is
            read as a whole has at most 4 MB, decompressed: a longer one raises `httpx.RemoteProtocolError`, after which the
            request may have been taken. Files are read with `http.stream`, with a limit of the plugin's own.
        now: the current time, timezone-aware UTC.
        webhook_url: our address for this binding; None while no public URL is set. Where the plugin has
            `receive`, a binding that listens has one, too: what still comes there is taken.
        api_base_url: replaces every host of the provider; None means the provider's own.
        websocket: opens a WebSocket, see `OpenWebSocket`; the hook that opened it closes it.
    """

    http: httpx.AsyncClient = field(repr=False)
    now: Callable[[], datetime]
    webhook_url: str | None = None
    api_base_url: str | None = None
    websocket: OpenWebSocket = field(default=no_websockets, repr=False)


class CheckState(StrEnum):
    """The outcome of one look at a provider's configuration."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"
    UNKNOWN = "unknown"


class FixAction(StrEnum):
    """What the host offers to do about a finding: pages draw a button for it, the API and the commands say how it is done.

    Attributes:
        EDIT: enter the account's settings again.
        VERIFY: ask the provider once more.
        SET_WEBHOOK: point the provider at our webhook; for accounts whose webhook `register_webhook` can set.
        SEE_WEBHOOK: look at the webhook URL, to enter it in the provider's console.
        PROBE: send a signed probe through the public address.
        TEST_MESSAGE: send a test message.
        SEE_FAILED_TURNS: look at the questions without an answer, and have them answered.
        RESEND: send what failed once more.
        SET_PUBLIC_URL: enter the public address of the host; for administrators.
        SEE_CLIENTS: look at the people who wrote, and block some.
        SET_POLICY: choose who may use the agent.
        SET_ESCALATION: enter how people reach a person.
    """

    EDIT = "edit"
    VERIFY = "verify"
    SET_WEBHOOK = "set_webhook"
    SEE_WEBHOOK = "see_webhook"
    PROBE = "probe"
    TEST_MESSAGE = "test_message"
    SEE_FAILED_TURNS = "see_failed_turns"
    RESEND = "resend"
    SET_PUBLIC_URL = "set_public_url"
    SEE_CLIENTS = "see_clients"
    SET_POLICY = "set_policy"
    SET_ESCALATION = "set_escalation"


@dataclass(frozen=True, slots=True)
class Check:
    """One thing `verify` looked at: what was found, and what to do about it.

    `fix` is for people, without commands and addresses of the API: `actions` name what the host itself can do, in the order
    in which it is done.
    """

    code: str
    state: CheckState
    message: str
    fix: str = ""
    actions: tuple[FixAction, ...] = ()


@dataclass(frozen=True, slots=True)
class Verification:
    """What `verify` found: the account as it is now and one check per question asked.

    `elsewhere` names the host that the provider posts to where that is another webhook than `ctx.webhook_url`; never the
    rest of that address, which may be someone's secret. Empty if it posts here, or nowhere, or does not tell.
    """

    account: Account
    checks: tuple[Check, ...] = ()
    elsewhere: str = ""


# --- in ---


@dataclass(frozen=True, slots=True)
class Request:
    """A raw webhook request; header names are lower-case.

    `url` is the public address that the owner gave the provider, with the raw query string. `received_at` is for
    signatures that are good for a time only; without it they are not good.
    """

    method: str
    url: str
    # Headers and bodies hold signatures, secrets and people's words, so they stay out of logs.
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    # Handed in, because `receive` may not look at a clock.
    received_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Response:
    """What the provider is answered."""

    status: int = 200
    body: bytes = b""
    media_type: str = "text/plain"


@dataclass(frozen=True, slots=True)
class Sender:
    """Who wrote. `address` answers this person now; `stable`, where the provider has one, is never given to another person.

    A person is recognised by `stable` first. `address` alone (a phone number) may pass to another person: when it arrives
    with another `stable`, or without one after 90 days without a message from its holder, the host takes it for a new
    person, who inherits nothing.
    """

    address: str
    stable: str | None = None
    name: str = ""


@dataclass(frozen=True, slots=True)
class Identity:
    """What the provider knows of a sender: every address, the name they chose, an e-mail only if the provider proved it."""

    addresses: tuple[str, ...]
    name: str = ""
    verified_email: str | None = None
