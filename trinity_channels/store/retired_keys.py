"""Webhook keys that were replaced: they go on working for a while, and are known for good."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import bindparam, insert, select, update

from trinity_channels.store.clock import micros, moment
from trinity_channels.store.news import Subject
from trinity_channels.store.tables import BINDING, RETIRED_KEY
from trinity_channels.store.tx import Tx


@dataclass(frozen=True, slots=True)
class RetiredKey:
    """One of them, sealed. It works until `ends_at`."""

    binding: int
    webhook_key: str = field(repr=False)
    ends_at: datetime


# Copied within the database, sealed as it is: nothing has to be decrypted for it.
_RETIRE = insert(RETIRED_KEY).from_select(
    ["binding_id", "digest", "webhook_key", "retired_at", "ends_at"],
    select(
        BINDING.c.id,
        BINDING.c.webhook_digest,
        BINDING.c.webhook_key,
        bindparam("now"),
        bindparam("ends_at"),
    ).where(BINDING.c.id == bindparam("binding")),
)
_COLUMNS = (RETIRED_KEY.c.binding_id, RETIRED_KEY.c.webhook_key, RETIRED_KEY.c.ends_at)
_BY_DIGEST = (
    select(*_COLUMNS)
    .select_from(RETIRED_KEY.join(BINDING, BINDING.c.id == RETIRED_KEY.c.binding_id))
    .where(
        RETIRED_KEY.c.digest == bindparam("digest"),
        BINDING.c.channel == bindparam("channel"),
        BINDING.c.disconnected_at.is_(None),
    )
)
_DIGESTS = (
    select(BINDING.c.channel, RETIRED_KEY.c.digest)
    .select_from(RETIRED_KEY.join(BINDING, BINDING.c.id == RETIRED_KEY.c.binding_id))
    .where(BINDING.c.disconnected_at.is_(None))
)
_WORKING = (
    select(RETIRED_KEY.c.retired_at, RETIRED_KEY.c.ends_at)
    .where(RETIRED_KEY.c.binding_id == bindparam("binding"), RETIRED_KEY.c.ends_at > bindparam("now"))
    .order_by(RETIRED_KEY.c.ends_at.desc())
    .limit(1)
)
_END = (
    update(RETIRED_KEY)
    .where(RETIRED_KEY.c.binding_id == bindparam("binding"), RETIRED_KEY.c.ends_at > bindparam("now"))
    .values(ends_at=bindparam("now"))
)
_OF_BINDING = select(RETIRED_KEY.c.id, RETIRED_KEY.c.webhook_key).where(
    RETIRED_KEY.c.binding_id == bindparam("binding")
)
_RESEAL = update(RETIRED_KEY).where(RETIRED_KEY.c.id == bindparam("key")).values(webhook_key=bindparam("webhook_key"))


def retire(tx: Tx, binding: int, now: datetime, ends_at: datetime) -> None:
    """Keep the present key of a binding, which is about to be replaced."""
    tx.run(_RETIRE, binding=binding, now=micros(now), ends_at=micros(ends_at))
    tx.tell(Subject.BINDINGS)


def by_digest(tx: Tx, channel: str, digest: str) -> RetiredKey | None:
    """The retired key of a connected binding that has this digest."""
    row = tx.one(_BY_DIGEST, channel=channel, digest=digest)
    return None if row is None else RetiredKey(row.binding_id, row.webhook_key, moment(row.ends_at))


def digests(tx: Tx) -> set[tuple[str, str]]:
    """The retired keys of all connected bindings: their channels and digests."""
    return {(row.channel, row.digest) for row in tx.all(_DIGESTS)}


def working(tx: Tx, binding: int, now: datetime) -> tuple[datetime, datetime] | None:
    """Since when a key of a binding that still works is retired, and until when it works; None if none does."""
    row = tx.one(_WORKING, binding=binding, now=micros(now))
    return None if row is None else (moment(row.retired_at), moment(row.ends_at))


def end(tx: Tx, binding: int, now: datetime) -> None:
    """The present key is in use, so those that were retired stop working."""
    tx.run(_END, binding=binding, now=micros(now))
    tx.tell(Subject.BINDINGS)


def of_binding(tx: Tx, binding: int) -> list[tuple[int, str]]:
    """Id and sealed record of every retired key of a binding."""
    return [(row.id, row.webhook_key) for row in tx.all(_OF_BINDING, binding=binding)]


def reseal(tx: Tx, key: int, webhook_key: str) -> None:
    """Replace a sealed record by the same one under another encryption key."""
    tx.run(_RESEAL, key=key, webhook_key=webhook_key)
