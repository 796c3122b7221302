"""The tables of what is removed with time, and of what stays of people who were erased."""

from __future__ import annotations

from typing import ClassVar

from sqlalchemy import BigInteger, UniqueConstraint
from sqlmodel import Field

from trinity_channels.store.tables.row import METADATA, Row


class SweepRow(Row, table=True):
    """How far one sweep over the messages has come: those up to the id `upto` have been looked at."""

    __tablename__: ClassVar[str] = "trinity_channels_sweep"
    name: str = Field(primary_key=True)
    upto: int


class SweepLeftRow(Row, table=True):
    """A message that a sweep passed over because it was still open work; it is looked at again."""

    __tablename__: ClassVar[str] = "trinity_channels_sweep_left"
    message_id: int = Field(primary_key=True)


class ErasedBlockRow(Row, table=True):
    """An address of someone who was blocked when they were erased, as a keyed hash; `contact_id` is their empty row.

    `may_change_hands`: they also had a stable address, so that someone else with a stable one may hold this one by now.
    """

    __tablename__: ClassVar[str] = "trinity_channels_erased_block"
    __table_args__ = (UniqueConstraint("binding_id", "digest"),)
    id: int | None = Field(default=None, primary_key=True)
    binding_id: int
    digest: str
    may_change_hands: bool
    contact_id: int = Field(index=True)
    blocked_at: int = Field(sa_type=BigInteger)


class ErasedAddressRow(Row, table=True):
    """An address of someone who was erased, blocked or not, as a keyed hash: an import leaves it out."""

    __tablename__: ClassVar[str] = "trinity_channels_erased_address"
    binding_id: int = Field(primary_key=True)
    digest: str = Field(primary_key=True)


SWEEP = METADATA.tables["trinity_channels_sweep"]
SWEEP_LEFT = METADATA.tables["trinity_channels_sweep_left"]
ERASED_BLOCK = METADATA.tables["trinity_channels_erased_block"]
ERASED_ADDRESS = METADATA.tables["trinity_channels_erased_address"]
