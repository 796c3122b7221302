"""Policies, shares and access requests."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import bindparam, delete, false, func, select, true, update

from trinity_channels.store.clock import micros, moment
from trinity_channels.store.statements import NO_LIMIT, among, insert
from trinity_channels.store.states import MessageState
from trinity_channels.store.storable import storable_json
from trinity_channels.store.tables import ACCESS_REQUEST, BINDING, CONTACT, CONVERSATION, MESSAGE, POLICY, SHARE
from trinity_channels.store.tables.indexes import in_states
from trinity_channels.store.tx import Row, Tx


@dataclass(frozen=True, slots=True)
class Share:
    """An e-mail that may use an agent. `id` is None where another system keeps the shares and has none.

    A `created_at` without a time zone is in UTC: Trinity stored them so until 2026.
    """

    email: str
    allow_proactive: bool
    created_by: str
    created_at: datetime
    id: int | None = None

    def __post_init__(self) -> None:
        if self.created_at.tzinfo is None:
            object.__setattr__(self, "created_at", self.created_at.replace(tzinfo=UTC))


@dataclass(frozen=True, slots=True)
class AccessRequest:
    """A person's request to use an agent; `status` is pending, approved or denied."""

    id: int
    agent: str
    email: str
    channel: str
    conversation: int
    status: str
    requested_at: datetime
    decided_at: datetime | None
    decided_by: str | None

    @property
    def outcome(self) -> str:
        """The status as people are told it: buttons, pages, mails and commands say "decline"."""
        return "declined" if self.status == "denied" else self.status


_POLICY = select(POLICY.c.policy, POLICY.c.groups).where(POLICY.c.agent == bindparam("agent"))
_SET_POLICY = insert(POLICY).values(agent=bindparam("agent"), policy=bindparam("policy"), groups=bindparam("groups"))
_SET_POLICY = _SET_POLICY.on_conflict_do_update(
    index_elements=["agent"], set_={"policy": _SET_POLICY.excluded.policy, "groups": _SET_POLICY.excluded.groups}
)
_SHARE = (SHARE.c.email, SHARE.c.allow_proactive, SHARE.c.created_by, SHARE.c.created_at, SHARE.c.id)
_SHARES = (
    select(*_SHARE)
    .where(SHARE.c.agent == bindparam("agent"), SHARE.c.email > bindparam("after"))
    .order_by(SHARE.c.email)
    .limit(bindparam("most"))
)
_COUNT_SHARES = select(func.count()).where(SHARE.c.agent == bindparam("agent"))
_ONE_SHARE = select(*_SHARE).where(SHARE.c.agent == bindparam("agent"), SHARE.c.email == bindparam("email"))
_GRANT = (
    insert(SHARE)
    .values(
        agent=bindparam("agent"),
        email=bindparam("email"),
        allow_proactive=False,
        created_by=bindparam("by"),
        created_at=bindparam("now"),
    )
    # What is shared already keeps its consent to proactive messages.
    .on_conflict_do_nothing(index_elements=["agent", "email"])
)
_REVOKE = delete(SHARE).where(SHARE.c.agent == bindparam("agent"), SHARE.c.email == bindparam("email"))
_CONSENT = (
    update(SHARE)
    .where(SHARE.c.agent == bindparam("agent"), SHARE.c.email == bindparam("email"))
    .values(allow_proactive=bindparam("allow"))
)
_REQUEST = (
    ACCESS_REQUEST.c.id,
    ACCESS_REQUEST.c.agent,
    ACCESS_REQUEST.c.email,
    ACCESS_REQUEST.c.channel,
    ACCESS_REQUEST.c.conversation_id,
    ACCESS_REQUEST.c.status,
    ACCESS_REQUEST.c.requested_at,
    ACCESS_REQUEST.c.decided_at,
    ACCESS_REQUEST.c.decided_by,
)
_REQUEST_OF = select(*_REQUEST).where(
    ACCESS_REQUEST.c.agent == bindparam("agent"), ACCESS_REQUEST.c.email == bindparam("email")
)
_REQUEST_BY_ID = select(*_REQUEST).where(
    ACCESS_REQUEST.c.agent == bindparam("agent"), ACCESS_REQUEST.c.id == bindparam("request")
)
_ANY_REQUEST = select(*_REQUEST).where(ACCESS_REQUEST.c.id == bindparam("request"))
_ASK = insert(ACCESS_REQUEST).values(
    agent=bindparam("agent"),
    email=bindparam("email"),
    channel=bindparam("channel"),
    conversation_id=bindparam("conversation"),
    status="pending",
    requested_at=bindparam("now"),
    owner_told=False,
    notice_due=False,
)
# One row per person and agent: an earlier request is asked again, with nothing left of the decision about it.
_ASK = _ASK.on_conflict_do_update(
    index_elements=["agent", "email"],
    set_={
        "channel": _ASK.excluded.channel,
        "conversation_id": _ASK.excluded.conversation_id,
        "status": "pending",
        "requested_at": _ASK.excluded.requested_at,
        "decided_at": None,
        "decided_by": None,
        "owner_told": False,
        "notice_due": False,
    },
)
_DECIDE = (
    update(ACCESS_REQUEST)
    # Two owners may decide at once, or one twice through the mail; the first counts.
    .where(ACCESS_REQUEST.c.id == bindparam("request"), ACCESS_REQUEST.c.status == "pending")
    .values(
        status=bindparam("decision"),
        decided_at=bindparam("now"),
        decided_by=bindparam("by"),
        owner_told=True,
        notice_due=True,
    )
)
_DUE = select(*_REQUEST).where(
    ACCESS_REQUEST.c.conversation_id == bindparam("conversation"), ACCESS_REQUEST.c.notice_due.is_(true())
)
_NOTICE_GIVEN = update(ACCESS_REQUEST).where(ACCESS_REQUEST.c.id == bindparam("request")).values(notice_due=False)
# Written as in the condition of its index: SQLite does not use that for `IS 0`.
_NOT_TOLD = ACCESS_REQUEST.c.owner_told == false()
_IS_UNTOLD = (_NOT_TOLD, ACCESS_REQUEST.c.agent == bindparam("agent"))
_UNTOLD = (
    select(*_REQUEST)
    .where(*_IS_UNTOLD)
    .order_by(ACCESS_REQUEST.c.requested_at, ACCESS_REQUEST.c.id)
    .limit(bindparam("most"))
)
_COUNT_UNTOLD = select(func.count().label("number"), func.max(ACCESS_REQUEST.c.requested_at).label("newest_at")).where(
    *_IS_UNTOLD
)
_UNTOLD_AGENTS = select(ACCESS_REQUEST.c.agent).where(_NOT_TOLD).distinct()
_OWNER_TOLD = (
    update(ACCESS_REQUEST)
    # Up to a time: what was asked while the mail was on its way is for the next one.
    .where(*_IS_UNTOLD, ACCESS_REQUEST.c.requested_at <= bindparam("upto"))
    .values(owner_told=True)
)
_LAST_ACTIVE = (
    select(CONTACT.c.email, func.max(CONVERSATION.c.last_inbound_at).label("last_active"))
    .select_from(
        CONTACT.join(CONVERSATION, CONVERSATION.c.contact_id == CONTACT.c.id).join(
            BINDING, BINDING.c.id == CONTACT.c.binding_id
        )
    )
    .where(
        among(CONTACT.c.email, bindparam("emails")),
        BINDING.c.agent == bindparam("agent"),
    )
    .group_by(CONTACT.c.email)
)
_HELD_OF_AGENT = (
    select(MESSAGE.c.conversation_id)
    .select_from(
        MESSAGE.join(CONVERSATION, CONVERSATION.c.id == MESSAGE.c.conversation_id).join(
            BINDING, BINDING.c.id == CONVERSATION.c.binding_id
        )
    )
    .where(in_states(MESSAGE.c.state, MessageState.HELD), BINDING.c.agent == bindparam("agent"))
    .distinct()
)


def policies(tx: Tx, agent: str) -> tuple[str, str] | None:
    """The stored policies of an agent, for direct chats and for groups; None for the defaults."""
    row = tx.one(_POLICY, agent=agent)
    return None if row is None else (str(row.policy), str(row.groups))


def set_policies(tx: Tx, agent: str, value: str, groups: str) -> None:
    """Store an agent's policies, for direct chats and for groups."""
    tx.run(_SET_POLICY, agent=agent, policy=value, groups=groups)


def shares(tx: Tx, agent: str, *, after: str = "", most: int | None = None) -> list[Share]:
    """The e-mails an agent is shared with, in order: those behind `after`, at most `most`."""
    # A negative limit is none.
    return [_share(row) for row in tx.all(_SHARES, agent=agent, after=after, most=NO_LIMIT if most is None else most)]


def share_count(tx: Tx, agent: str) -> int:
    """How many e-mails an agent is shared with."""
    return tx.number(_COUNT_SHARES, agent=agent)


def share(tx: Tx, agent: str, email: str) -> Share | None:
    """The share of one e-mail."""
    row = tx.one(_ONE_SHARE, agent=agent, email=email)
    return None if row is None else _share(row)


def _share(row: Row) -> Share:
    return Share(row.email, bool(row.allow_proactive), row.created_by, moment(row.created_at), row.id)


def last_active(tx: Tx, agent: str, emails: Collection[str]) -> dict[str, datetime]:
    """When people with these verified e-mails last wrote to an agent; without those who never have."""
    rows = tx.all(_LAST_ACTIVE, agent=agent, emails=storable_json(sorted(emails)))
    return {row.email: moment(row.last_active) for row in rows}


def grant(tx: Tx, agent: str, email: str, by: str, now: datetime) -> bool:
    """Share an agent; False if it was shared already."""
    return tx.run(_GRANT, agent=agent, email=email, by=by, now=micros(now)) > 0


def revoke(tx: Tx, agent: str, email: str) -> bool:
    """Take a share away; False if there was none."""
    return tx.run(_REVOKE, agent=agent, email=email) > 0


def consent(tx: Tx, agent: str, email: str, *, allow: bool) -> bool:
    """Allow or forbid proactive messages to a shared e-mail; False if it is not shared."""
    return tx.run(_CONSENT, agent=agent, email=email, allow=allow) > 0


def request_of(tx: Tx, agent: str, email: str) -> AccessRequest | None:
    """The one access request of an e-mail for an agent."""
    return _request(tx.one(_REQUEST_OF, agent=agent, email=email))


def request(tx: Tx, agent: str, identity: int) -> AccessRequest | None:
    """An agent's access request by id."""
    return _request(tx.one(_REQUEST_BY_ID, agent=agent, request=identity))


def any_request(tx: Tx, identity: int) -> AccessRequest | None:
    """An access request by id, of whatever agent."""
    return _request(tx.one(_ANY_REQUEST, request=identity))


def requests(tx: Tx, agent: str | None, status: str | None) -> list[AccessRequest]:
    """The newest 500 access requests first; `agent` None means those of every agent, `status` None means all."""
    statement = select(*_REQUEST).order_by(ACCESS_REQUEST.c.requested_at.desc(), ACCESS_REQUEST.c.id.desc())
    if agent is not None:
        statement = statement.where(ACCESS_REQUEST.c.agent == agent)
    if status:
        statement = statement.where(ACCESS_REQUEST.c.status == status)
    return [found for row in tx.query(statement.limit(500)) if (found := _request(row))]


def ask(tx: Tx, agent: str, email: str, channel: str, conversation: int, now: datetime) -> None:
    """Open an access request, or open the e-mail's earlier one again."""
    tx.run(_ASK, agent=agent, email=email, channel=channel, conversation=conversation, now=micros(now))


def decide(tx: Tx, identity: int, decision: str, by: str, now: datetime) -> bool:
    """Settle a pending request; the person is still to be told. False if it was settled already."""
    return tx.run(_DECIDE, request=identity, decision=decision, by=by, now=micros(now)) > 0


def notices_due(tx: Tx, conversation: int) -> list[AccessRequest]:
    """Decisions that the people of a conversation have not been told."""
    return [found for row in tx.all(_DUE, conversation=conversation) if (found := _request(row))]


def notice_given(tx: Tx, identity: int) -> None:
    """The person has been told the decision."""
    tx.run(_NOTICE_GIVEN, request=identity)


@dataclass(frozen=True, slots=True)
class Untold:
    """The pending requests of an agent that its owner has had no mail about: the oldest, how many, when the newest came."""

    oldest: list[AccessRequest]
    number: int
    newest_at: datetime


def untold(tx: Tx, agent: str, most: int) -> Untold | None:
    """What the owner has not heard of, with the `most` oldest requests; None if there is nothing."""
    counted = tx.one(_COUNT_UNTOLD, agent=agent)
    if counted is None or not counted.number:
        return None
    found = [one for row in tx.all(_UNTOLD, agent=agent, most=most) if (one := _request(row))]
    return Untold(found, counted.number, moment(counted.newest_at))


def agents_with_untold(tx: Tx) -> list[str]:
    """Agents whose owner has not heard of all requests."""
    return tx.scalars(_UNTOLD_AGENTS, str)


def owner_told(tx: Tx, agent: str, upto: datetime) -> None:
    """The owner has had a mail about every request that was made up to a time."""
    tx.run(_OWNER_TOLD, agent=agent, upto=micros(upto))


def conversations_with_held(tx: Tx, agent: str) -> list[int]:
    """Conversations of an agent in which messages are held."""
    return tx.scalars(_HELD_OF_AGENT, int, agent=agent)


def _request(row: Row | None) -> AccessRequest | None:
    if row is None:
        return None
    return AccessRequest(
        id=row.id,
        agent=row.agent,
        email=row.email,
        channel=row.channel,
        conversation=row.conversation_id,
        status=row.status,
        requested_at=moment(row.requested_at),
        decided_at=moment(row.decided_at),
        decided_by=row.decided_by,
    )
