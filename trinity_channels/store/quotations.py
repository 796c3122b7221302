"""What others quoted of one person in groups: found among messages whose parts name the person's, and taken out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from sqlalchemy import bindparam, func, or_, select, update

from trinity_channels.api import Forwarded, Part, Quoted
from trinity_channels.store import parts
from trinity_channels.store.tables import CONVERSATION, MESSAGE
from trinity_channels.store.tx import Tx

PAGE = 500
"""Messages that are read at once."""

_GROUPS = (
    select(MESSAGE.c.conversation_id)
    .select_from(MESSAGE.join(CONVERSATION, CONVERSATION.c.id == MESSAGE.c.conversation_id))
    .where(MESSAGE.c.contact_id == bindparam("contact"), CONVERSATION.c.is_group.is_(True))
    .distinct()
)
_WORDS = select(MESSAGE.c.provider_id, MESSAGE.c.text).where(
    MESSAGE.c.contact_id == bindparam("contact"), MESSAGE.c.conversation_id == bindparam("conversation")
)
_OTHERS = (
    select(MESSAGE.c.id, MESSAGE.c.parts)
    .where(
        MESSAGE.c.conversation_id == bindparam("conversation"),
        MESSAGE.c.id > bindparam("after"),
        MESSAGE.c.parts.is_not(None),
        func.coalesce(MESSAGE.c.contact_id, 0) != bindparam("contact"),
        # A coarse filter in the database, so that only few messages are parsed.
        or_(MESSAGE.c.parts.contains('"quoted"'), MESSAGE.c.parts.contains('"forwarded"')),
    )
    .order_by(MESSAGE.c.id)
    .limit(PAGE)
)
_PARTS = select(MESSAGE.c.parts).where(MESSAGE.c.id == bindparam("message"))
_SET_PARTS = update(MESSAGE).where(MESSAGE.c.id == bindparam("message")).values(parts=bindparam("parts"))


@dataclass(frozen=True, slots=True)
class Written:
    """What a person wrote in one group: the provider's ids of their messages, and the words."""

    conversation: int
    ids: frozenset[str]
    texts: frozenset[str] = field(repr=False)

    def quoted_in(self, content: Sequence[Part]) -> bool:
        """Whether one of these parts holds their words."""
        return any(self._is_theirs(part) for part in content)

    def without(self, content: Sequence[Part]) -> tuple[Part, ...]:
        """The parts without their words, and without their name beside them."""
        return tuple(self._emptied(part) for part in content)

    def _is_theirs(self, part: Part) -> bool:
        if isinstance(part, Quoted):
            named = part.provider_id in self.ids and bool(part.text or part.author)
            # Some providers quote without an id; then the words themselves are compared.
            return named or (not part.by_agent and part.text in self.texts)
        return isinstance(part, Forwarded) and part.text in self.texts

    def _emptied(self, part: Part) -> Part:
        if isinstance(part, Quoted | Forwarded) and self._is_theirs(part):
            return replace(part, text="", author="")
        return part


def written(tx: Tx, contact: int) -> list[Written]:
    """What a person wrote, by group."""
    found = []
    for conversation in tx.scalars(_GROUPS, int, contact=contact):
        rows = tx.all(_WORDS, contact=contact, conversation=conversation)
        ids = frozenset(row.provider_id for row in rows if row.provider_id)
        found.append(Written(conversation, ids, frozenset(row.text for row in rows if row.text)))
    return found


def find(tx: Tx, contact: int, theirs: Written, after: int) -> list[int]:
    """The messages of others in a group, from an id on, that quote a person."""
    found: list[int] = []
    while rows := tx.all(_OTHERS, conversation=theirs.conversation, contact=contact, after=after):
        found += [row.id for row in rows if theirs.quoted_in(parts.load(row.parts))]
        # In pages, as a group may have any number of messages.
        after = rows[-1].id
    return found


def remove(tx: Tx, theirs: Written, messages: Sequence[int]) -> None:
    """Take a person's words out of messages that quote them."""
    for message in messages:
        if stored := tx.scalar(_PARTS, str, message=message):
            tx.run(_SET_PARTS, message=message, parts=parts.dump(theirs.without(parts.load(stored))))
