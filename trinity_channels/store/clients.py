"""The people of an agent, a page of them at a time, and how many of them a policy lets in."""

from __future__ import annotations

import heapq
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain

from sqlalchemy import (
    ClauseElement,
    Select,
    and_,
    bindparam,
    case,
    exists,
    func,
    literal_column,
    or_,
    select,
    true,
    tuple_,
)

from trinity_channels.store import people
from trinity_channels.store.clock import EPOCH, micros
from trinity_channels.store.people import ListedContact
from trinity_channels.store.place import Place
from trinity_channels.store.statements import NO_LIMIT, among, holding, holds
from trinity_channels.store.states import MessageState
from trinity_channels.store.storable import storable_json
from trinity_channels.store.tables import ADDRESS, BINDING, CONTACT, CONVERSATION, MESSAGE
from trinity_channels.store.tables.indexes import in_states
from trinity_channels.store.tx import Tx

_Active = tuple[int, int]
"""When a contact last wrote, in microseconds, and who."""
_FIRST = 2**63 - 1
"""Before everyone."""


@dataclass(frozen=True, slots=True)
class Counts:
    """People, or messages of theirs: of everyone who is not blocked, of those with a verified e-mail, and with a share."""

    everyone: int = 0
    verified: int = 0
    shared: int = 0

    def __add__(self, other: Counts) -> Counts:
        return Counts(self.everyone + other.everyone, self.verified + other.verified, self.shared + other.shared)


@dataclass(frozen=True, slots=True)
class Connection:
    """A binding of an agent."""

    binding: int
    channel: str
    connected: bool


_CONNECTIONS = select(BINDING.c.id, BINDING.c.channel, BINDING.c.disconnected_at).where(
    BINDING.c.agent == bindparam("agent")
)
_HAS_ADDRESS = exists().where(ADDRESS.c.contact_id == CONTACT.c.id)
_ACTIVE = select(CONTACT.c.id, people.LAST_ACTIVE.label("active")).where(CONTACT.c.binding_id == bindparam("binding"))


def _called(*spellings: str) -> Select[tuple[int, int]]:
    """Those who are called so, in one of the spellings that parameters have, or whose e-mail or address holds `words`."""
    return _ACTIVE.where(
        or_(
            *(holds(CONTACT.c.name, bindparam(one)) for one in spellings),
            holds(CONTACT.c.email, bindparam("words")),
            # All addresses of the binding in one go, rather than those of each contact.
            CONTACT.c.id.in_(
                select(ADDRESS.c.contact_id).where(
                    ADDRESS.c.binding_id == bindparam("binding"),
                    holds(ADDRESS.c.value, bindparam("words")),
                )
            ),
        )
    )


_HAS_GROUPS = exists().where(CONVERSATION.c.binding_id == bindparam("binding"), CONVERSATION.c.is_group == true())
_ONLY_IN_GROUPS = _ACTIVE.where(_HAS_GROUPS, _HAS_ADDRESS, ~exists().where(CONVERSATION.c.contact_id == CONTACT.c.id))


def _page(active: Select[tuple[int, int]]) -> Select[tuple[int, int]]:
    """Those after a place, the last active first. All are sorted: an index would cost a page for every message stored."""
    # The limit takes none away. Without it SQLite works out each time three times: to filter, to sort and to show.
    one = active.limit(literal_column(str(NO_LIMIT))).subquery("active_contact")
    place = tuple_(bindparam("active"), bindparam("contact"))
    return (
        select(one.c.id, one.c.active.label("active"))
        .where(one.c.active.is_not(None), tuple_(one.c.active, one.c.id) < place)
        .order_by(one.c.active.desc(), one.c.id.desc())
        .limit(bindparam("most"))
    )


# By their conversations, which takes a quarter of the time of asking for the conversations of each contact.
_IN_DIRECT_CHATS = (
    select(CONVERSATION.c.contact_id.label("id"), CONVERSATION.c.last_inbound_at.label("active"))
    .where(
        CONVERSATION.c.binding_id == bindparam("binding"),
        CONVERSATION.c.contact_id.is_not(None),
        people.NOT_ERASED,
        tuple_(CONVERSATION.c.last_inbound_at, CONVERSATION.c.contact_id)
        < tuple_(bindparam("active"), bindparam("contact")),
    )
    .order_by(CONVERSATION.c.last_inbound_at.desc(), CONVERSATION.c.contact_id.desc())
    .limit(bindparam("most"))
)
_LAST_ACTIVE = (_IN_DIRECT_CHATS, _page(_ONLY_IN_GROUPS))
_FOUND = _page(_called("words"))
_FOUND_SPELT = _page(_called("words", "lower", "upper", "titled"))
_SHARED = among(CONTACT.c.email, bindparam("shared"))
# A sum, so that SQLite goes through the contacts by their covering index; the index of the addresses answers for each.
_REACHED = (CONTACT.c.id + literal_column("0")).in_(select(ADDRESS.c.contact_id))
_IN_REACH = and_(CONTACT.c.blocked_at.is_(None), _REACHED)
_NUMBERS = (
    func.count().label("everyone"),
    func.count(CONTACT.c.email).label("verified"),
    func.count(case((_SHARED, 1))).label("shared"),
)
_PEOPLE = select(*_NUMBERS).where(CONTACT.c.binding_id == bindparam("binding"), _IN_REACH)
_MESSAGES = (
    select(*_NUMBERS)
    .select_from(
        MESSAGE.join(CONVERSATION, CONVERSATION.c.id == MESSAGE.c.conversation_id).join(
            CONTACT, CONTACT.c.id == CONVERSATION.c.contact_id
        )
    )
    .where(
        in_states(MESSAGE.c.state, MessageState.HELD),
        MESSAGE.c.at >= bindparam("written_since"),
        # A sum, so that SQLite begins with what is held, which is less than all conversations of the binding.
        CONVERSATION.c.binding_id + literal_column("0") == bindparam("binding"),
        CONVERSATION.c.last_inbound_at > bindparam("open_since"),
        _IN_REACH,
    )
)


def connections(tx: Tx, agent: str) -> list[Connection]:
    """Where an agent is, or was, connected."""
    return [Connection(row.id, row.channel, row.disconnected_at is None) for row in tx.all(_CONNECTIONS, agent=agent)]


def page(tx: Tx, agent: str, *, after: Place | None = None, most: int, words: str = "") -> list[ListedContact]:
    """The people who wrote to an agent, those who wrote last first.

    Args:
        tx: the transaction.
        agent: its name.
        after: where an earlier page has ended; None for the first.
        most: how many at most.
        words: only those whose name, verified e-mail or address contains this.
    """
    place = (micros(after.at), after.id) if after else (_FIRST, _FIRST)
    bindings = [one.binding for one in connections(tx, agent)]
    found = _matching(tx, bindings, place, most, words) if words else _last_active(tx, bindings, place, most)
    return people.listed(tx, [contact for _, contact in found])


def _matching(tx: Tx, bindings: Sequence[int], place: _Active, most: int, words: str) -> list[_Active]:
    statement, spellings = _FOUND, {"words": words}
    if not words.isascii():  # of which alone the databases ignore the case
        statement = _FOUND_SPELT
        spellings |= {"lower": words.lower(), "upper": words.upper(), "titled": words.title()}
    patterns = {name: holding(one) for name, one in spellings.items()}
    found = [_next(tx, statement, one, place, most, **patterns) for one in bindings]
    return heapq.nlargest(most, chain.from_iterable(found))


def _last_active(tx: Tx, bindings: Sequence[int], place: _Active, most: int) -> list[_Active]:
    found: dict[_Active, None] = {}
    wanted = most
    while True:
        # One channel at a time, so that each is found by its index.
        rows = (_next(tx, statement, one, place, wanted) for one in bindings for statement in _LAST_ACTIVE)
        chosen = heapq.nlargest(wanted, chain.from_iterable(rows))
        # With each conversation of a contact beside the newest, the contact comes once more.
        active = people.last_active(tx, {contact for _, contact in chosen})
        found |= dict.fromkeys(one for one in chosen if active.get(one[1]) == one[0])
        if len(found) >= most or len(chosen) < wanted:
            return list(found)[:most]
        place, wanted = chosen[-1], 4 * wanted  # a contact may have thousands of them


def _next(tx: Tx, statement: ClauseElement, binding: int, place: _Active, most: int, **given: object) -> list[_Active]:
    rows = tx.all(statement, binding=binding, active=place[0], contact=place[1], most=most, **given)
    return [(row.active, row.id) for row in rows]


def place_of(contact: ListedContact) -> Place:
    """Where a page ends whose last entry is this contact."""
    return Place(contact.last_active or EPOCH, contact.id)


def counts(tx: Tx, binding: int, shared: Collection[str]) -> Counts:
    """The people of a binding; `shared` are the e-mails that the agent is shared with."""
    row = tx.one(_PEOPLE, binding=binding, shared=storable_json(sorted(shared)))
    return Counts(row.everyone, row.verified, row.shared) if row else Counts()


def held_counts(
    tx: Tx, binding: int, shared: Collection[str], *, written_since: datetime, open_since: datetime | None
) -> Counts:
    """The held messages of a binding, by who wrote them.

    Args:
        tx: the transaction.
        binding: its id.
        shared: the e-mails that the agent is shared with.
        written_since: what is older is not answered any more.
        open_since: people who last wrote before can be answered only when they write again; None if they always can.
    """
    row = tx.one(
        _MESSAGES,
        binding=binding,
        shared=storable_json(sorted(shared)),
        written_since=micros(written_since),
        open_since=micros(open_since) if open_since else -1,
    )
    return Counts(row.everyone, row.verified, row.shared) if row else Counts()
