"""What a message holds besides its text: the parts a plugin reads, the host stores, and an agent is told in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that came with a message, not fetched. `ref` is the plugin's own handle; `size` is what the sender claims."""

    # Hidden from logs: the handle may be the file's address.
    ref: str = field(repr=False)
    media_type: str
    name: str = ""
    size: int | None = None


@dataclass(frozen=True, slots=True)
class Location:
    """A place that the sender shared, degrees WGS 84."""

    latitude: float
    longitude: float
    label: str = ""
    address: str = ""


@dataclass(frozen=True, slots=True)
class Button:
    """A tapped button: what it showed and the payload it carried."""

    text: str
    payload: str = ""


@dataclass(frozen=True, slots=True)
class Quoted:
    """What a message replies to.

    Attributes:
        text: the quoted words, or the chosen passage of them. Empty where the provider names only the message: the host
            then looks its words up by `provider_id`, and asks the hook `resolve_quoted` if it does not know them. The host
            keeps at most 2,000 characters.
        provider_id: the provider's id of the quoted message, as in `MessageReceived.provider_id` and
            `Receipt.provider_id`; None for what was said elsewhere.
        author: the name of who wrote it, as they chose it; empty if unknown.
        by_agent: our own account wrote it.
    """

    text: str = field(default="", repr=False)
    provider_id: str | None = None
    author: str = field(default="", repr=False)
    by_agent: bool = False


@dataclass(frozen=True, slots=True)
class Forwarded:
    """Words that are not the sender's own.

    `author` is where they come from (a person's or a channel's name; empty if unknown). With `text` those words stand
    beside the sender's comment; without it the whole message was forwarded.
    """

    author: str = field(default="", repr=False)
    text: str = field(default="", repr=False)


class NoteKind(StrEnum):
    """What else a message can hold. In brackets the keys of `Note.data`; every key may be missing.

    Attributes:
        FORM: a form was filled in [`answers`: the fields by name, or text; `title`].
        CHOICE: a row of a list was chosen [`id`, `title`, `description`].
        ORDER: goods were ordered [`items`: list of objects, `text`].
        REFERRAL: the person came from an advertisement or a link [`source`, `headline`, `text`, `url`].
        CONTACT: a contact card [`name`, `phone`, `card`: a vCard].
        SHARED: people or chats were picked for a bot [`names`: list].
        POLL: a poll or quiz [`question`, `options`: list, `text`].
        CHECKLIST: a list of tasks, or a change of one [`title`, `tasks`: list of objects with `text` and `done`, `event`:
            "added" or "marked" where only these tasks of the list are meant].
        STORY: a story was forwarded or answered [`author`].
        GAME: a game [`title`, `text`].
        WEB_APP: data of a web app [`data`, `button`].
        PAYMENT: an invoice, a payment or paid media [`event`: "invoice", "paid" or "paid_media", `title`, `text`,
            `amount`: in whole units, such as "1.45", `currency`].
        CARD: a preview, table or other block beside the text [`text`, `title`, `url`].
        OTHER: said in words [`text`: a sentence without subject, such as "joined by a link"].
        UNSUPPORTED: something that cannot be shown [`type`: the provider's name for it].
    """

    FORM = "form"
    CHOICE = "choice"
    ORDER = "order"
    REFERRAL = "referral"
    CONTACT = "contact"
    SHARED = "shared"
    POLL = "poll"
    CHECKLIST = "checklist"
    STORY = "story"
    GAME = "game"
    WEB_APP = "web_app"
    PAYMENT = "payment"
    CARD = "card"
    OTHER = "other"
    UNSUPPORTED = "unsupported"


@dataclass(frozen=True, slots=True)
class Note:
    """Content that has no field of its own: its kind, and its data as JSON values."""

    kind: NoteKind
    data: Mapping[str, object] = field(default_factory=dict, repr=False)


Part = Attachment | Location | Button | Quoted | Forwarded | Note
