"""The values that pass between the host and a plugin: all frozen, none holding a database row or a connection."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

import httpx
from pydantic import BaseModel, SecretStr

# --- what a channel is ---


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a channel marks up text, as pairs of opening and closing marks; an empty pair means "cannot show it".

    `quote` starts each quoted line, once per level; `quote_block`, if set, goes around the outermost quote instead.
    `fence_language` goes around a fence whose language is known, which it may name as `{language}`; empty: `fence` does,
    and the language is dropped. `link` is a format with `{text}` and `{url}`: one that starts with `{text}` shows the
    address, any other hides it behind the text. `escape` replaces single characters of plain text and addresses;
    `escape_code` does so inside code. A channel without escapes leaves both empty. `hugging` says that the marks are the
    channel's own plain characters, which work only next to a word boundary and within one line, and that nothing escapes
    them: a literal character that would act as a mark is then followed or preceded by U+200B.
    """

    bold: tuple[str, str] = ("", "")
    italic: tuple[str, str] = ("", "")
    strike: tuple[str, str] = ("", "")
    code: tuple[str, str] = ("", "")
    fence: tuple[str, str] = ("", "")
    fence_language: tuple[str, str] = ("", "")
    quote: str = "> "
    quote_block: tuple[str, str] = ("", "")
    bullet: str = "- "
    link: str = "{text} ({url})"
    escape: Mapping[str, str] = field(default_factory=dict)
    escape_code: Mapping[str, str] = field(default_factory=dict)
    hugging: bool = False


@dataclass(frozen=True, slots=True)
class Limits:
    """What one outbound message may hold. `text` is counted in UTF-16 code units, the strictest count in use."""

    text: int


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a plugin can do beyond the required hooks. Each one that names a hook must come with it, and the reverse.

    Attributes:
        indicate: shows "typing" or "read"; seconds that one indication lasts, 0 for none. Hook `indicate`.
        indicate_repeats: the same message may be indicated again when that time is over.
        receipts: the furthest state that receipts report, None for no receipts. Delivered through `receive`.
        find_sent: seconds after an attempt from which a send that `find_sent` does not see is surely absent; 0 for no hook.
        list_missed: how far back inbound messages can be listed after an outage; zero for none. Hook `list_missed`.
        register_webhook: our webhook can be set at the provider by API. Hook `register_webhook`.
        simulator: a local provider ships with the plugin. Hook `simulator`.
        groups: group conversations are received.
        verified_email: `resolve_identity` may return an e-mail that the provider has verified.
    """

    indicate: float = 0
    indicate_repeats: bool = False
    receipts: DeliveryState | None = None
    find_sent: float = 0
    list_missed: timedelta = timedelta(0)
    register_webhook: bool = False
    simulator: bool = False
    groups: bool = False
    verified_email: bool = False


@dataclass(frozen=True, slots=True)
class AddressFormat:
    """How a person's address is typed: the API's field for it, a regular expression it matches whole, an example."""

    field: str = "to"
    pattern: str = r"\S{1,200}"
    example: str = ""


@dataclass(frozen=True, slots=True)
class SetupStep:
    """One step an owner takes in the provider's console.

    `sandbox` limits it to sandbox (True) or real (False) senders. `connected` marks what is to do between connecting
    the account and the first message; health repeats these steps until one has arrived.
    """

    title: str
    text: str
    sandbox: bool | None = None
    connected: bool = False


@dataclass(frozen=True, slots=True)
class Response:
    """What the provider is answered."""

    status: int = 200
    body: bytes = b""
    media_type: str = "text/plain"


@dataclass(frozen=True, slots=True)
class Channel:
    """A plugin's manifest: everything the host knows of a channel without asking the provider.

    `name` is also the entry point's name, the URL segment and the log field. `provider` names the variable that moves its
    API to another host: `<PROVIDER>_API_BASE_URL`. `settings` has secrets as `SecretStr`; during a rotation a second
    one counts too, in a setting called like the first with `_secondary` behind it. `acknowledgement` answers
    webhooks with an unknown key. `auto` says whether a proactive message may choose this channel by itself, `auto_rank`
    which of several it chooses: the lowest. `command_mark` is what people put before a chat command where the messenger
    keeps "/" for itself; "/" is understood too.
    """

    name: str
    title: str
    provider: str
    settings: type[BaseModel]
    limits: Limits
    dialect: Dialect
    capabilities: Capabilities = Capabilities()
    address: AddressFormat = AddressFormat()
    acknowledgement: Response = Response()
    reply_window: timedelta | None = None
    auto: bool = True
    auto_rank: int = 100
    command_mark: str = "/"
    setup_steps: tuple[SetupStep, ...] = ()


# --- one agent connected to one account ---


@dataclass(frozen=True, slots=True)
class Account:
    """What the provider says about an account.

    `key` identifies the account at the provider: two bindings never share one. `sender` is the address that people see.
    `pace` is the least time between two messages to one person, or altogether if it is shared by everybody. `facts` is
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
    webhook_secret: SecretStr = field(default_factory=lambda: SecretStr(""))


@dataclass(frozen=True, slots=True)
class Context:
    """What the host lends to an asynchronous hook.

    Attributes:
        http: pooled client with time-outs (connect 5 s, read 15 s); never close it.
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


@dataclass(frozen=True, slots=True)
class Check:
    """One thing `verify` looked at: what was found, and what to do about it."""

    code: str
    state: CheckState
    message: str
    fix: str = ""


@dataclass(frozen=True, slots=True)
class Verification:
    """What `verify` found: the account as it is now and one check per question asked."""

    account: Account
    checks: tuple[Check, ...] = ()


# --- in ---


@dataclass(frozen=True, slots=True)
class Request:
    """A raw webhook request; header names are lower-case.

    `url` is the public address that the owner gave the provider, with the raw query string. `received_at` is for
    signatures that are good for a time only; without it they are not good.
    """

    method: str
    url: str
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    received_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Sender:
    """Who wrote. `address` answers this person now; `stable`, where the provider has one, is never given to another person.

    A person is recognised by `stable` first. `address` alone (a phone number) may pass to somebody else: when it arrives
    with another `stable`, the host takes it for a new person, who inherits nothing.
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


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that came with a message, not fetched. `ref` is the plugin's own handle; `size` is what the sender claims."""

    ref: str = field(repr=False)
    media_type: str
    name: str = ""
    size: int | None = None


@dataclass(frozen=True, slots=True)
class Location:
    """A place that somebody shared, degrees WGS 84."""

    latitude: float
    longitude: float
    label: str = ""
    address: str = ""


@dataclass(frozen=True, slots=True)
class Button:
    """A tapped button: what it showed and the payload it carried."""

    text: str
    payload: str = ""


class OptOut(StrEnum):
    """A keyword about proactive messages that the provider has already understood and answered."""

    STOP = "stop"
    START = "start"
    HELP = "help"


@dataclass(frozen=True, slots=True)
class MessageReceived:
    """A person wrote.

    `event_id` is the same when the provider repeats the request, and different for every other message of the binding.
    `conversation` is None where `sender.address` answers it: the one direct chat. Otherwise it is the address that answers
    this chat, group or thread, and `group` says whether several people write there: then only messages addressed to the
    agent are events, the others are `Ignored`. `provider_id` names the message to `indicate`. `raw` is what the
    provider sent.
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
    replies_to: str | None = None
    opt_out: OptOut | None = None
    sent_at: datetime | None = None
    raw: Mapping[str, object] = field(default_factory=dict, repr=False)


class DeliveryState(StrEnum):
    """How far a message got, in the order in which it gets there; `FAILED` ends it."""

    QUEUED = "queued"
    SENT = "sent"
    DELIVERED = "delivered"
    READ = "read"
    FAILED = "failed"


class FailureKind(StrEnum):
    """Who can do something about a failed message.

    `PERMANENT` nobody; `LATER` time; `OPERATOR` whoever runs the account; `RECIPIENT` the person.
    """

    PERMANENT = "permanent"
    LATER = "later"
    OPERATOR = "operator"
    RECIPIENT = "recipient"


@dataclass(frozen=True, slots=True)
class Failure:
    """Why the provider did not deliver: its code, who can act, a plain sentence, and its own page about the code."""

    code: str
    kind: FailureKind
    message: str
    url: str = ""


@dataclass(frozen=True, slots=True)
class ReceiptReceived:
    """The provider reports how far a message of ours got. `delivery` is `OutboundMessage.id` where it is echoed."""

    provider_id: str
    state: DeliveryState
    delivery: str | None = None
    failure: Failure | None = None


@dataclass(frozen=True, slots=True)
class Ignored:
    """An authentic event that nothing is done about; `kind` is counted."""

    kind: str


Event = MessageReceived | ReceiptReceived | Ignored


@dataclass(frozen=True, slots=True)
class Inbound:
    """What one authentic request held, in order, and what the provider is to be answered once that is stored."""

    events: tuple[Event, ...] = ()
    response: Response = Response()


# --- out ---


@dataclass(frozen=True, slots=True)
class OutboundMessage:
    """One provider message: text in the channel's dialect within its limit, to an address that the plugin issued.

    `id` is ours, short and URL-safe; a plugin whose provider echoes something hands it over, so that receipts find back.
    """

    id: str
    to: str
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the provider said when it took a message: its id and first state. It proves acceptance, not delivery."""

    provider_id: str
    state: DeliveryState = DeliveryState.QUEUED
    failure: Failure | None = None
