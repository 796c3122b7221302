"""What passes between people and agents: the events that a request holds, and the messages that are sent."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from trinity_channels.api.content import Attachment, Button, Forwarded, Location, Note, Part, Quoted
from trinity_channels.api.values import Response, Sender


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
    `OutboundMessage.reply_to`. `sent_at` is the moment that the provider names, with its zone; None only if it names none.
    `raw` is what the provider sent.
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
    such as an id, the kind or the writer, without words of people; `cause` is what reading it has raised, if that was not
    foreseen: the log shows where. A message without a text is not malformed.
    """

    reason: str
    cause: Exception | None = field(default=None, compare=False, repr=False)


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
    response: Response = field(default_factory=Response)


Deliver = Callable[[Inbound], Awaitable[None]]
"""What `listen` is given: it returns once the events are stored, and raises `NotStored` if they could not be."""


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
