"""Bindings as rows: settings open, secrets and webhook key sealed by the caller."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import bindparam, case, distinct, func, insert, select, true, update

from trinity_channels.api import Account
from trinity_channels.store import notices
from trinity_channels.store.clock import micros, moment
from trinity_channels.store.news import Subject
from trinity_channels.store.statements import position
from trinity_channels.store.storable import storable
from trinity_channels.store.tables import BINDING, CONVERSATION
from trinity_channels.store.tx import Row, Tx
from trinity_channels.visible import cleaned_name


@dataclass(frozen=True, slots=True)
class StoredBinding:
    """A binding as it lies in the database; `secrets` maps fields to sealed records.

    `refused_since`: webhooks were refused for their signature from then on, and what they brought was not fetched yet.
    """

    id: int
    agent: str
    channel: str
    account: Account
    settings: Mapping[str, object]
    secrets: Mapping[str, str] = field(repr=False)
    webhook_key: str = field(repr=False)
    connected: bool
    signature_failed_at: datetime | None
    signature_cause: str | None
    send_failure: str | None
    refused_since: datetime | None
    send_failed_at: datetime | None
    listens: bool


_COLUMNS = (
    BINDING.c.id,
    BINDING.c.agent,
    BINDING.c.channel,
    BINDING.c.account_key,
    BINDING.c.sender,
    BINDING.c.display_name,
    BINDING.c.sandbox,
    BINDING.c.pace,
    BINDING.c.pace_shared,
    BINDING.c.facts,
    BINDING.c.settings,
    BINDING.c.secrets,
    BINDING.c.webhook_key,
    BINDING.c.disconnected_at,
    BINDING.c.signature_failed_at,
    BINDING.c.signature_cause,
    BINDING.c.send_failure,
    BINDING.c.refused_since,
    BINDING.c.send_failed_at,
    BINDING.c.listens,
)
_BY_AGENT = select(*_COLUMNS).where(BINDING.c.agent == bindparam("agent"), BINDING.c.channel == bindparam("channel"))
_BY_ID = select(*_COLUMNS).where(BINDING.c.id == bindparam("binding"))
_BY_DIGEST = select(*_COLUMNS).where(
    # A digest, so that a copy of the database gives no working address away.
    BINDING.c.webhook_digest == bindparam("digest"),
    BINDING.c.channel == bindparam("channel"),
    BINDING.c.disconnected_at.is_(None),
)
_ALL = select(*_COLUMNS).order_by(BINDING.c.id)
_DIGESTS = select(BINDING.c.channel, BINDING.c.webhook_digest).where(BINDING.c.disconnected_at.is_(None))
_LISTENING = select(BINDING.c.id, BINDING.c.updated_at).where(
    BINDING.c.disconnected_at.is_(None), BINDING.c.listens == true()
)
_LISTENS = select(BINDING.c.id).where(
    BINDING.c.id == bindparam("binding"),
    BINDING.c.disconnected_at.is_(None),
    BINDING.c.listens == true(),
    BINDING.c.updated_at == bindparam("version"),
)
_USAGE = (
    select(BINDING.c.channel, func.count().label("number"))
    .where(BINDING.c.disconnected_at.is_(None))
    .group_by(BINDING.c.channel)
)
_HOLDER = select(BINDING.c.agent).where(
    BINDING.c.channel == bindparam("channel"),
    BINDING.c.account_key == bindparam("account_key"),
    BINDING.c.agent != bindparam("agent"),
    BINDING.c.disconnected_at.is_(None),
)
_VALUES: dict[str, object] = {
    "account_key": bindparam("account_key"),
    "sender": bindparam("sender"),
    "display_name": bindparam("display_name"),
    "sandbox": bindparam("sandbox"),
    "pace": bindparam("pace"),
    "pace_shared": bindparam("pace_shared"),
    "facts": bindparam("facts"),
    "settings": bindparam("settings"),
    "secrets": bindparam("secrets"),
    "updated_at": bindparam("now"),
    "disconnected_at": None,
    "listens": bindparam("listens"),
    # Entered again, so what was wrong before may be right now.
    "signature_failed_at": None,
    "signature_cause": None,
    "send_failed_at": None,
    "send_failure": None,
}
_INSERT = insert(BINDING).values(
    agent=bindparam("agent"),
    channel=bindparam("channel"),
    webhook_key=bindparam("webhook_key"),
    webhook_digest=bindparam("webhook_digest"),
    created_at=bindparam("now"),
    **_VALUES,
)
# What was refused while another account was connected is not this one's.
_UPDATE = (
    update(BINDING)
    .where(BINDING.c.id == bindparam("binding"))
    .values(
        refused_since=case((BINDING.c.account_key == bindparam("account_key"), BINDING.c.refused_since), else_=None),
        **_VALUES,
    )
)
_ROTATE = (
    update(BINDING)
    .where(BINDING.c.id == bindparam("binding"))
    .values(
        webhook_key=bindparam("webhook_key"),
        webhook_digest=bindparam("webhook_digest"),
        updated_at=bindparam("now"),
        signature_failed_at=None,
        signature_cause=None,
    )
)
_RESEAL = (
    update(BINDING)
    .where(BINDING.c.id == bindparam("binding"))
    .values(secrets=bindparam("secrets"), webhook_key=bindparam("webhook_key"))
)
_DISCONNECT = (
    update(BINDING)
    .where(BINDING.c.id == bindparam("binding"), BINDING.c.disconnected_at.is_(None))
    # Without the secrets, but with its row: people, conversations and the address at the provider are found again.
    .values(disconnected_at=bindparam("now"), secrets="{}", refused_since=None, updated_at=bindparam("now"))
)
_CHANGED_SINCE = BINDING.c.updated_at > bindparam("now")
_SIGNATURE_FAILED = (
    update(BINDING)
    .where(BINDING.c.id == bindparam("binding"))
    .values(
        # The diagnosis takes a while: its finding may be about settings that were replaced since.
        signature_failed_at=case((_CHANGED_SINCE, BINDING.c.signature_failed_at), else_=bindparam("now")),
        signature_cause=case((_CHANGED_SINCE, BINDING.c.signature_cause), else_=bindparam("cause")),
        # The first refusal stays: from there on messages may be missing.
        refused_since=func.coalesce(BINDING.c.refused_since, bindparam("now")),
    )
)
_FETCHED = (
    update(BINDING)
    .where(BINDING.c.id == bindparam("binding"), BINDING.c.refused_since.is_not(None))
    # Refused again since: then there is still something to fetch, from this time on.
    .values(refused_since=case((BINDING.c.signature_failed_at > bindparam("upto"), bindparam("upto")), else_=None))
)
_NEWEST_CHANGE = select(func.max(BINDING.c.updated_at)).where(BINDING.c.disconnected_at.is_(None))
_LAST_INBOUND = select(func.max(CONVERSATION.c.last_inbound_at)).where(
    CONVERSATION.c.binding_id == bindparam("binding"),
    # Neither a test conversation, where no person writes, nor one that was imported and not written in since.
    CONVERSATION.c.last_inbound_at >= CONVERSATION.c.created_at,
)
_ADDRESS = CONVERSATION.c.address
# Up to the mark, where there is one.
_GROUP = func.substr(
    _ADDRESS,
    1,
    func.coalesce(func.nullif(position(_ADDRESS, bindparam("thread_mark")), 0) - 1, func.length(_ADDRESS)),
)
_GROUPS = select(func.count(distinct(_GROUP))).where(
    CONVERSATION.c.binding_id == bindparam("binding"), CONVERSATION.c.is_group == true()
)


def of_agent(tx: Tx, agent: str, channel: str) -> StoredBinding | None:
    """The binding of an agent on a channel, connected or not."""
    return _stored(tx.one(_BY_AGENT, agent=agent, channel=channel))


def by_id(tx: Tx, binding: int) -> StoredBinding | None:
    """One binding."""
    return _stored(tx.one(_BY_ID, binding=binding))


def by_digest(tx: Tx, channel: str, digest: str) -> StoredBinding | None:
    """The connected binding whose webhook key has this digest."""
    return _stored(tx.one(_BY_DIGEST, channel=channel, digest=digest))


def every(tx: Tx) -> list[StoredBinding]:
    """Every binding, connected or not."""
    return [stored for row in tx.all(_ALL) if (stored := _stored(row))]


def usage(tx: Tx) -> dict[str, int]:
    """The number of connected agents by channel."""
    return {row.channel: row.number for row in tx.all(_USAGE)}


def holder(tx: Tx, channel: str, account_key: str, *, other_than: str) -> str | None:
    """The other agent that this account is connected to."""
    return tx.scalar(_HOLDER, str, channel=channel, account_key=account_key, agent=other_than)


def save(
    tx: Tx,
    agent: str,
    channel: str,
    account: Account,
    *,
    settings: Mapping[str, object],
    secrets: Mapping[str, str],
    new_key: tuple[str, str],
    now: datetime,
    listens: bool = False,
) -> int:
    """Connect, or connect again; the webhook key stays unless the binding is new. `new_key` is (sealed, digest)."""
    values: dict[str, object] = {
        "account_key": account.key,
        "sender": account.sender,
        "display_name": storable(cleaned_name(account.display_name)),
        "sandbox": account.sandbox,
        "pace": account.pace // timedelta(microseconds=1),
        "pace_shared": account.pace_shared,
        "facts": json.dumps(dict(account.facts)),
        "settings": json.dumps(settings),
        "secrets": json.dumps(secrets),
        "listens": listens,
        "now": micros(now),
    }
    # Also a disconnected one: connecting again must not lose the history.
    known = of_agent(tx, agent, channel)
    if known is None:
        tx.run(_INSERT, agent=agent, channel=channel, webhook_key=new_key[0], webhook_digest=new_key[1], **values)
    else:
        tx.run(_UPDATE, binding=known.id, **values)
    tx.tell(Subject.BINDINGS)
    saved = of_agent(tx, agent, channel)
    assert saved is not None  # noqa: S101  written in this transaction
    return saved.id


def listening(tx: Tx) -> dict[int, int]:
    """The connected bindings that listen; by their ids, a number that changes with each change of their settings."""
    return {row.id: row.updated_at for row in tx.all(_LISTENING)}


def listens(tx: Tx, binding: int, version: int) -> bool:
    """Whether a binding listens, with the settings of the version that `listening` has told."""
    return tx.one(_LISTENS, binding=binding, version=version) is not None


def digests(tx: Tx) -> set[tuple[str, str]]:
    """The webhook keys of all connected bindings: their channels and digests."""
    return {(row.channel, row.webhook_digest) for row in tx.all(_DIGESTS)}


def rotate(tx: Tx, binding: int, new_key: tuple[str, str], now: datetime) -> None:
    """Give a binding another webhook key; see `retired_keys` for the old one."""
    tx.run(_ROTATE, binding=binding, webhook_key=new_key[0], webhook_digest=new_key[1], now=micros(now))
    notices.end(tx, binding, notices.ADDRESS_KEPT)
    tx.tell(Subject.BINDINGS)


def reseal(tx: Tx, binding: int, secrets: Mapping[str, str], webhook_key: str) -> None:
    """Replace sealed records by the same secrets under another key."""
    tx.run(_RESEAL, binding=binding, secrets=json.dumps(secrets), webhook_key=webhook_key)


def disconnect(tx: Tx, binding: int, now: datetime) -> bool:
    """Forget the secrets; people, conversations and the webhook key stay. False if it was not connected."""
    tx.tell(Subject.BINDINGS)
    return tx.run(_DISCONNECT, binding=binding, now=micros(now)) > 0


def signature_failed(tx: Tx, binding: int, cause: str, now: datetime) -> None:
    """Keep why a webhook was refused; its cause is dropped if the binding has been changed since: it may be gone."""
    tx.run(_SIGNATURE_FAILED, binding=binding, cause=cause, now=micros(now))


def fetched(tx: Tx, binding: int, upto: datetime) -> None:
    """What was refused up to a time has been fetched, or was not the provider's."""
    tx.run(_FETCHED, binding=binding, upto=micros(upto))


def newest_change(tx: Tx) -> datetime | None:
    """When the newest of the connected bindings was connected, or its settings were changed."""
    return tx.scalar(_NEWEST_CHANGE, moment)


def last_inbound(tx: Tx, binding: int) -> datetime | None:
    """When a person last wrote to a binding, since it is here: what is known of before an import does not count."""
    return tx.scalar(_LAST_INBOUND, moment, binding=binding)


def groups(tx: Tx, binding: int, thread_mark: str) -> int:
    """How many groups people have written to a binding in; `thread_mark` as in `AddressFormat`."""
    # An empty mark would be found in front of every address. This one is in no address that a plugin may issue.
    return tx.number(_GROUPS, binding=binding, thread_mark=thread_mark or "\n")


def _stored(row: Row | None) -> StoredBinding | None:
    if row is None:
        return None
    return StoredBinding(
        id=row.id,
        agent=row.agent,
        channel=row.channel,
        account=Account(
            key=row.account_key,
            sender=row.sender,
            display_name=row.display_name,
            sandbox=bool(row.sandbox),
            pace=timedelta(microseconds=row.pace),
            pace_shared=bool(row.pace_shared),
            facts=json.loads(row.facts),
        ),
        settings=json.loads(row.settings),
        secrets=json.loads(row.secrets),
        webhook_key=row.webhook_key,
        connected=row.disconnected_at is None,
        signature_failed_at=moment(row.signature_failed_at),
        signature_cause=row.signature_cause,
        send_failure=row.send_failure,
        refused_since=moment(row.refused_since),
        send_failed_at=moment(row.send_failed_at),
        listens=bool(row.listens),
    )
