"""Notices about a binding: what came that nothing could be done about, until the owner has acted."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, delete, select

from trinity_channels.store.clock import micros, moment
from trinity_channels.store.statements import insert
from trinity_channels.store.storable import storable
from trinity_channels.store.tables import BINDING, BINDING_NOTICE
from trinity_channels.store.tx import Tx

RETIRED_ADDRESS = "retired_address"
"""A message came to a webhook address that does not work any more."""
WITHHELD = {one: f"withheld_{one}" for one in ("contact", "conversation", "binding")}
"""Messages of the host's own were withheld, by the budget that was used up."""
VERIFIED = "verified"
"""What the provider said when it was last asked whether the binding works; `verified` alone gives it."""
WEBHOOK_TO_SET = "webhook_to_set"
"""The provider has to be told where our webhook is, or a secret of it; see `WebhooksToSet`."""

LISTENING = "listening"
"""The state of the connection of a binding that listens; `listening` alone gives it."""
ADDRESS_KEPT = "address_kept"
"""The webhook's address was brought along by an import, and leads to the platform again once the binding is disconnected;
no notice to people, and it stays until the address is another."""


@dataclass(frozen=True, slots=True)
class Notice:
    """The newest of its kind. `detail` says what came and how to fix it, where the plugin knows that."""

    code: str
    detail: str
    at: datetime


@dataclass(frozen=True, slots=True)
class ToSet:
    """A connected binding whose provider has to be told our webhook."""

    binding: int
    agent: str
    channel: str


_NEW = insert(BINDING_NOTICE).values(
    binding_id=bindparam("binding"), code=bindparam("code"), detail=bindparam("detail"), at=bindparam("now")
)
_PUT = _NEW.on_conflict_do_update(
    index_elements=["binding_id", "code"], set_={"detail": _NEW.excluded.detail, "at": _NEW.excluded.at}
)
_SINCE = (
    select(BINDING_NOTICE.c.code, BINDING_NOTICE.c.detail, BINDING_NOTICE.c.at)
    .where(
        BINDING_NOTICE.c.binding_id == bindparam("binding"),
        BINDING_NOTICE.c.at > bindparam("since"),
        *(BINDING_NOTICE.c.code != code for code in (VERIFIED, LISTENING, ADDRESS_KEPT)),
    )
    .order_by(BINDING_NOTICE.c.code)
)
_ONE = select(BINDING_NOTICE.c.code, BINDING_NOTICE.c.detail, BINDING_NOTICE.c.at).where(
    BINDING_NOTICE.c.binding_id == bindparam("binding"), BINDING_NOTICE.c.code == bindparam("code")
)
_OF_BINDING = delete(BINDING_NOTICE).where(BINDING_NOTICE.c.binding_id == bindparam("binding"))
_CLEAR = _OF_BINDING.where(BINDING_NOTICE.c.code != ADDRESS_KEPT)
_END = _OF_BINDING.where(BINDING_NOTICE.c.code == bindparam("code"))
_KEPT = select(BINDING_NOTICE.c.code).where(
    BINDING_NOTICE.c.binding_id == bindparam("binding"), BINDING_NOTICE.c.code == ADDRESS_KEPT
)
_TO_SET = (
    select(BINDING.c.id, BINDING.c.agent, BINDING.c.channel)
    .join(BINDING_NOTICE, BINDING_NOTICE.c.binding_id == BINDING.c.id)
    .where(BINDING_NOTICE.c.code == bindparam("code"), BINDING.c.disconnected_at.is_(None))
    .order_by(BINDING.c.id)
)


def put(tx: Tx, binding: int, code: str, detail: str, now: datetime) -> None:
    """Keep a notice in place of an older one with the same code."""
    tx.run(_PUT, binding=binding, code=code, detail=storable(detail), now=micros(now))


def since(tx: Tx, binding: int, when: datetime) -> list[Notice]:
    """The notices of a binding that are newer than `when`, by code."""
    return [Notice(row.code, row.detail, moment(row.at)) for row in tx.all(_SINCE, binding=binding, since=micros(when))]


def verified(tx: Tx, binding: int) -> Notice | None:
    """What the provider has said; None if it was not asked since the settings have changed."""
    return _one(tx, binding, VERIFIED)


def listening(tx: Tx, binding: int) -> Notice | None:
    """The state of a connection; None if it was not tried since the settings have changed."""
    return _one(tx, binding, LISTENING)


def _one(tx: Tx, binding: int, code: str) -> Notice | None:
    row = tx.one(_ONE, binding=binding, code=code)
    return Notice(row.code, row.detail, moment(row.at)) if row else None


def clear(tx: Tx, binding: int) -> None:
    """The owner has acted."""
    tx.run(_CLEAR, binding=binding)


def end(tx: Tx, binding: int, code: str) -> None:
    """One thing has been done."""
    tx.run(_END, binding=binding, code=code)


def keeps_address(tx: Tx, binding: int) -> bool:
    """Whether a binding has the webhook's address that it was imported with."""
    return tx.one(_KEPT, binding=binding) is not None


def webhooks_to_set(tx: Tx) -> list[ToSet]:
    """The connected bindings with `WEBHOOK_TO_SET`."""
    return [ToSet(row.id, row.agent, row.channel) for row in tx.all(_TO_SET, code=WEBHOOK_TO_SET)]
