"""Whom entries of the audit log are about. They hold ids, so that an erased person is not named there any more."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Select, Table, func, select

from trinity_channels.store.audit import Entry, contact_of
from trinity_channels.store.people import KNOWN
from trinity_channels.store.tables import (
    ACCESS_REQUEST,
    ADDRESS,
    BINDING,
    CONTACT,
    CONVERSATION,
    DELIVERY,
    PROACTIVE,
    TOKEN,
    TURN,
)
from trinity_channels.store.tx import Row, Tx


@dataclass(frozen=True, slots=True)
class KnownContact:
    """A contact who is not erased. `email` is the verified one, `address` one of theirs; each may be empty, and the name."""

    channel: str
    name: str = field(repr=False)
    email: str = field(repr=False)
    address: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Told:
    """An entry with what its ids stand for now.

    Attributes:
        entry: what was recorded.
        actor: the contact who acted; None if they are erased, or another kind of actor did.
        about: the contact it was done with; None if they are erased, or it concerned none.
        in_group: it concerned a group chat.
        email: the e-mail it was done with; empty if the person is erased, None if that is not known or it concerned none.
        user: how an account that acted is called, where its id is no e-mail; empty if that is not known.
        token: the label of the token; empty if it has none.
    """

    entry: Entry
    actor: KnownContact | None = field(default=None, repr=False)
    about: KnownContact | None = field(default=None, repr=False)
    in_group: bool = False
    email: str | None = field(default=None, repr=False)
    token: str = ""
    user: str = field(default="", repr=False)


Ids = Collection[int | str]
Found = Mapping[int | str, Row]


def contacts(ids: Ids) -> Select[Any]:
    """The statement for contacts; the erased are not among them."""
    address = select(func.min(ADDRESS.c.value)).where(ADDRESS.c.contact_id == CONTACT.c.id).scalar_subquery()
    return (
        select(CONTACT.c.id, BINDING.c.channel, CONTACT.c.name, CONTACT.c.email, address.label("address"))
        .select_from(CONTACT.join(BINDING, BINDING.c.id == CONTACT.c.binding_id))
        .where(CONTACT.c.id.in_(ids), KNOWN)
    )


def _of_chat(table: Table) -> Callable[[Ids], Select[Any]]:
    """Makes the statement for rows of a table with the conversation that they belong to."""
    joined = table.join(CONVERSATION, CONVERSATION.c.id == table.c.conversation_id)
    return lambda ids: (
        select(table.c.id, CONVERSATION.c.contact_id, CONVERSATION.c.is_group)
        .select_from(joined)
        .where(table.c.id.in_(ids))
    )


CHATS: Mapping[str, Callable[[Ids], Select[Any]]] = {
    "conversation": lambda ids: select(CONVERSATION.c.id, CONVERSATION.c.contact_id, CONVERSATION.c.is_group).where(
        CONVERSATION.c.id.in_(ids)
    ),
    "delivery": _of_chat(DELIVERY),
    "turn": _of_chat(TURN),
}
"""Statements by the detail whose ids lead to a chat."""
WORDS: Mapping[str, Callable[[Ids], Select[Any]]] = {
    "request": lambda ids: select(ACCESS_REQUEST.c.id, ACCESS_REQUEST.c.email).where(ACCESS_REQUEST.c.id.in_(ids)),
    "message": lambda ids: select(PROACTIVE.c.id, PROACTIVE.c.email).where(PROACTIVE.c.id.in_(ids)),
    "token": lambda ids: select(TOKEN.c.id, TOKEN.c.label).where(TOKEN.c.id.in_(ids)),
}
"""The same by the detail whose ids lead to an e-mail or a label."""


def told(tx: Tx, entries: Sequence[Entry]) -> list[Told]:
    """Entries with what their ids stand for now. Each kind of id is looked up once for all of them."""
    chats = {kind: _found(tx, entries, kind, statement) for kind, statement in CHATS.items()}
    words = {kind: _found(tx, entries, kind, statement) for kind, statement in WORDS.items()}
    acted = [contact_of(one.actor) for one in entries]
    led = [_led(one, chats) for one in entries]
    clients = [_client(one, row) for one, row in zip(entries, led, strict=True)]
    known = _known(tx, {one for one in (*acted, *clients) if one is not None})
    return [
        Told(
            entry=one,
            actor=known.get(actor) if actor else None,
            about=known.get(client) if client else None,
            in_group=row is not None and bool(row.is_group),
            email=_email(one, words),
            token=_label(one, words["token"]),
        )
        for one, actor, client, row in zip(entries, acted, clients, led, strict=True)
    ]


def _found(tx: Tx, entries: Sequence[Entry], kind: str, statement: Callable[[Ids], Select[Any]]) -> Found:
    ids = {one for entry in entries if isinstance(one := entry.details.get(kind), int | str)}
    return {row.id: row for row in tx.query(statement(ids))} if ids else {}


def _known(tx: Tx, ids: Ids) -> Mapping[int, KnownContact]:
    return {
        row.id: KnownContact(row.channel, row.name, row.email or "", row.address or "")
        for row in (tx.query(contacts(ids)) if ids else ())
    }


def _led(entry: Entry, chats: Mapping[str, Found]) -> Row | None:
    """The chat that an entry is about."""
    return next((row for kind, found in chats.items() if (row := found.get(_id(entry, kind)))), None)


def _client(entry: Entry, chat: Row | None) -> int | None:
    client = entry.details.get("client", chat.contact_id if chat else None)
    return client if isinstance(client, int) else None


def _email(entry: Entry, words: Mapping[str, Found]) -> str | None:
    if "email" in entry.details:
        email = entry.details["email"]
        return email if isinstance(email, str) else ""
    if "request" in entry.details:  # deleted only with the person
        row = words["request"].get(_id(entry, "request"))
        return row.email if row else ""
    row = words["message"].get(_id(entry, "message"))  # deleted with its text, too
    return row.email if row else None


def _label(entry: Entry, tokens: Found) -> str:
    if isinstance(label := entry.details.get("label"), str):
        return label
    row = tokens.get(_id(entry, "token"))
    return str(row.label) if row else ""


def _id(entry: Entry, kind: str) -> int | str:
    one = entry.details.get(kind)
    return one if isinstance(one, int | str) else ""
