"""The values that pass between the host and a plugin: all frozen, none holding a database row or a connection."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

import httpx
from pydantic import BaseModel, SecretStr

from trinity_channels.api.content import Attachment, Button, Forwarded, Location, Note, Part, Quoted

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
    """

    settings: BaseModel
    account: Account
    # Empty unless the host has made one: a plugin that needs it must refuse an empty secret.
    webhook_secret: SecretStr = field(default_factory=lambda: SecretStr(""))


@dataclass(frozen=True, slots=True)
class Context:
    """What the host lends to an asynchronous hook.

    Attributes:
        http: pooled client with time-outs (connect 5 s, read 15 s) and without cookies; never close it. An answer that is
            read as a whole has at most 4 MB, decompressed: a longer one raises `httpx.RemoteProtocolError`, after which the
            request may have been taken. Files are read with `http.stream`, with a limit of the plugin's own.
        now: the current time, timezone-aware UTC.
        webhook_url: our address for this binding; None while no public URL is set.
        api_base_url: replaces every host of the provider; None means the provider's own.
    """

    http: httpx.AsyncClient = field(repr=False)
    now: Callable[[], datetime]
    webhook_url: str | None = None
    api_base_url: str | None = None


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


class OptOut(StrEnum):
    """A keyword about proactive messages that the provider has already understood and answered."""

    STOP = "stop"
    START = "start"
    HELP = "help"


@dataclass(frozen=True, slots=True)
class ReplyToken:
    """What a provider gives with a message for answering it, such as a right to one free reply; opaque to the host.

    It is not handed back after `expires_at`; None: it does not expire.
    """

    token: str = field(repr=False)
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class MessageReceived:
    """A person wrote.

    `event_id` is the same when the provider repeats the request, and different for every other message of the binding.
    `conversation` is None where `sender.address` answers it: the one direct chat. Otherwise it is the address that answers
    this chat, group or thread, and `group` says whether several people write there: then only messages addressed to the
    agent are events, the others are `Ignored`. `provider_id` names the message to `indicate`. In a direct chat every
    message that a person sends is an event: what has no text and no part that fits is a `Note` of kind `UNSUPPORTED`.
    `album` is the provider's name for several messages that were sent as one. `reply_token` comes back in
    `OutboundMessage.reply_to`. `raw` is what the provider sent.
    """

    event_id: str
    sender: Sender
    text: str
    provider_id: str
    conversation: str | None = None
    group: bool = False
    attachments: tuple[Attachment, ...] = ()
    location: Location | None = None
    button: Button | None = None
    quoted: Quoted | None = None
    forwarded: Forwarded | None = None
    notes: tuple[Note, ...] = ()
    album: str | None = None
    opt_out: OptOut | None = None
    sent_at: datetime | None = None
    raw: Mapping[str, object] = field(default_factory=dict, repr=False)
    reply_token: ReplyToken | None = None

    @property
    def parts(self) -> tuple[Part, ...]:
        """Everything but the text, in the order in which an agent is told of it."""
        # What a message answers comes first: the rest is understood from it.
        single = (self.quoted, self.forwarded, self.location, self.button)
        return (*(part for part in single if part is not None), *self.attachments, *self.notes)


class DeliveryState(StrEnum):
    """How far a message got, in the order in which it gets there; `FAILED` ends it."""

    QUEUED = "queued"
    SENT = "sent"
    DELIVERED = "delivered"
    READ = "read"
    FAILED = "failed"


class FailureKind(StrEnum):
    """Who can do something about a failed message.

    `PERMANENT` no one; `LATER` time; `OPERATOR` the operator of the account; `RECIPIENT` the person.
    """

    PERMANENT = "permanent"
    LATER = "later"
    OPERATOR = "operator"
    RECIPIENT = "recipient"


@dataclass(frozen=True, slots=True)
class Failure:
    """Why the provider did not deliver: its code, who can act, a plain sentence, and its own page about the code.

    `opted_out`: the person has told the provider that they want no messages (a keyword it handles itself, a blocked bot).
    The host then sends nothing proactive until they write again.
    """

    code: str
    kind: FailureKind
    message: str
    url: str = ""
    opted_out: bool = False


@dataclass(frozen=True, slots=True)
class ReceiptReceived:
    """The provider reports how far a message of ours got. `delivery` is `OutboundMessage.id` where it is echoed."""

    provider_id: str
    state: DeliveryState
    delivery: str | None = None
    failure: Failure | None = None


@dataclass(frozen=True, slots=True)
class Ignored:
    """An authentic event that nothing is done about; `kind` is counted.

    `detail` is set where the owner has to act, such as for a message to a number that the binding does not answer for:
    one or two sentences that say what came and how to fix it, shown in health and written to the log. Addresses in it
    are masked.
    """

    kind: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Malformed:
    """One event of an authentic batch that the provider cannot have sent like this, in place of that event.

    The others are stored, and the provider is answered as usual, since it would repeat all of them; this one is logged.
    Where nothing else came, the host answers 400, as for `MalformedPayload`. `reason` says what is missing or impossible,
    without words of people.
    """

    reason: str


@dataclass(frozen=True, slots=True)
class MessageChanged:
    """A person has corrected a message, or taken it back (`text` is None).

    `provider_id`, `conversation` and `sender.address` are those of the `MessageReceived`. The host corrects the text that it
    has stored, also where it waits for an agent; what was answered is not answered again, and other parts of the message
    stay. A message that the host does not know, or whose text it has removed, is not concerned. Changes that are not seen,
    such as a preview that appears, are `Ignored`.
    """

    provider_id: str
    sender: Sender
    text: str | None = field(repr=False)
    conversation: str | None = None


class FollowState(StrEnum):
    """What a person has done with the direct chat.

    Attributes:
        JOINED: opened it, or added our account; nothing was written yet.
        BLOCKED: blocked our account, or left. Nothing proactive is sent until they write again, or unblock it.
        UNBLOCKED: took that back.
    """

    JOINED = "joined"
    BLOCKED = "blocked"
    UNBLOCKED = "unblocked"


@dataclass(frozen=True, slots=True)
class Following:
    """A person has joined, blocked or unblocked our account; `at` is when, since such events may come late."""

    sender: Sender
    state: FollowState
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class BindingState:
    """The provider reports what became of the account: its token was revoked, the app removed, the account suspended.

    With `works` false the owner is alerted at once and health shows it, until a check of `verify` finds nothing wrong, the
    settings are entered again, or an event with `works` says that it is over. `message` says in a sentence what happened,
    `fix` how to put it right; both are for people, free of secrets and numbers. `code` is the provider's word, for the log.
    """

    code: str
    works: bool
    message: str = ""
    fix: str = ""


Event = MessageReceived | ReceiptReceived | MessageChanged | Following | BindingState | Malformed | Ignored


@dataclass(frozen=True, slots=True)
class Inbound:
    """What one authentic request held, in order, and what the provider is to be answered once that is stored."""

    events: tuple[Event, ...] = ()
    response: Response = Response()


# --- out ---


@dataclass(frozen=True, slots=True)
class ReplyTo:
    """The message that is answered: `MessageReceived.provider_id` of the newest one, for quotes and threads.

    `token` is what came with it (`MessageReceived.reply_token`). Only the first message of an answer has it, and only until
    it expires: such tokens are mostly good for one call. An earlier attempt may have used it up, so a plugin must be able to
    send without it.
    """

    provider_id: str
    token: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class OutboundMessage:
    """One provider message: text in the channel's dialect within its limit, to an address that the plugin issued.

    `id` is ours: a UUID in lower case, 36 characters, unique across all hosts and the same in every attempt of one message.
    It is fit for an idempotency key (see `Capabilities.idempotent`), and a plugin whose provider echoes something hands it
    over, so that receipts find back. A message that is sent again after the provider refused it, or reported that it failed,
    has another id, since a provider that recognises the first would not send it. (Messages that an earlier release has
    attempted keep their numbers.) `reply_to` is what it answers; None for a message that nothing has asked for.
    """

    id: str
    to: str
    text: str = field(repr=False)
    reply_to: ReplyTo | None = None


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the provider said when it took a message: its id and first state. It proves acceptance, not delivery."""

    provider_id: str
    state: DeliveryState = DeliveryState.QUEUED
    failure: Failure | None = None
