"""The tables of people, what they and the agents wrote, and what is on its way to them."""

from __future__ import annotations

from typing import ClassVar

from sqlalchemy import BigInteger, Column, Index, Text, UniqueConstraint
from sqlmodel import Field

from trinity_channels.store.states import OPEN_DELIVERIES, PARKED_DELIVERIES, MessageState, TurnState
from trinity_channels.store.tables.indexes import condition, flag, open_work, partial
from trinity_channels.store.tables.row import METADATA, Row


class ContactRow(Row, table=True):
    """One person on one binding, with what they have proved and what they were told.

    `stopped_at`: they wrote STOP to us. `unreachable_at`: the provider reported that they want no messages; until they
    write again. `email_source` and its like: see `verified_emails`. `signed_out_at`: by the person or the owner, until
    the person signs in again.
    """

    __tablename__: ClassVar[str] = "trinity_channels_contact"
    __table_args__ = (
        # With what the counts of a policy ask for, which read every entry of a binding.
        Index("trinity_channels_contact_of_binding", "binding_id", "id", "email", "blocked_at"),
        partial("trinity_channels_contact_email_used", "email_used_at", where="email IS NOT NULL"),
        partial("trinity_channels_contact_email_vouched", "email_checked_at", where="email_source = 'provider'"),
    )
    id: int | None = Field(default=None, primary_key=True)
    binding_id: int = Field(foreign_key="trinity_channels_binding.id")
    name: str = ""
    email: str | None = Field(default=None, index=True)
    email_source: str | None = None
    verified_at: int | None = Field(default=None, sa_type=BigInteger)
    email_used_at: int | None = Field(default=None, sa_type=BigInteger)
    email_checked_at: int | None = Field(default=None, sa_type=BigInteger)
    signed_out_at: int | None = Field(default=None, sa_type=BigInteger)
    blocked_at: int | None = Field(default=None, sa_type=BigInteger)
    stopped_at: int | None = Field(default=None, sa_type=BigInteger)
    unreachable_at: int | None = Field(default=None, sa_type=BigInteger)
    resolved_at: int | None = Field(default=None, sa_type=BigInteger)
    prompted_at: int | None = Field(default=None, sa_type=BigInteger)
    pending_told_at: int | None = Field(default=None, sa_type=BigInteger)
    limit_told_at: int | None = Field(default=None, sa_type=BigInteger)
    hinted_at: int | None = Field(default=None, sa_type=BigInteger)
    awaited_told_at: int | None = Field(default=None, sa_type=BigInteger)
    pointed_at: int | None = Field(default=None, sa_type=BigInteger)
    created_at: int = Field(sa_type=BigInteger)


class AddressRow(Row, table=True):
    """One address of a contact; `stable` ones are never given to another person."""

    __tablename__: ClassVar[str] = "trinity_channels_address"
    __table_args__ = (UniqueConstraint("binding_id", "value"),)
    id: int | None = Field(default=None, primary_key=True)
    binding_id: int
    value: str
    contact_id: int = Field(foreign_key="trinity_channels_contact.id", index=True)
    stable: bool


class ConversationRow(Row, table=True):
    """A direct chat or a group. `needs_turn`: something else than a message calls for a step.

    `disclosed_at` is when it was last told that an AI agent answers, and `disclosed_by` the message that did so.
    """

    __tablename__: ClassVar[str] = "trinity_channels_conversation"
    __table_args__ = (
        UniqueConstraint("binding_id", "key"),
        partial("trinity_channels_conversation_needs_turn", "id", where=flag("needs_turn")),
        partial("trinity_channels_conversation_groups", "binding_id", "address", where=flag("is_group")),
    )
    id: int | None = Field(default=None, primary_key=True)
    binding_id: int
    key: str
    contact_id: int | None = Field(default=None, foreign_key="trinity_channels_contact.id", index=True)
    address: str
    is_group: bool = False
    last_inbound_at: int = Field(sa_type=BigInteger)
    needs_turn: bool = False
    disclosed_at: int | None = Field(default=None, sa_type=BigInteger)
    disclosed_by: int | None = None
    created_at: int = Field(sa_type=BigInteger)


class MessageRow(Row, table=True):
    """One message of either side; `state` is a `MessageState`.

    `at` is when it was written, `received_at` when it was stored here; the former may be much earlier after an outage.
    `released_at` is when the gate opened for a message that was held, `cleared_at` when its text and parts were removed.
    `edited_at` and `unsent_at` are when the provider told of it.
    `stranger_id` is the contact without a verified e-mail for whom the host said it. `reply_token` came with it from the
    provider, and is good until `reply_until`; `answers_id` is the message that this one answers.
    """

    __tablename__: ClassVar[str] = "trinity_channels_message"
    __table_args__ = (
        UniqueConstraint("binding_id", "event_id"),
        Index("trinity_channels_message_of_conversation", "conversation_id", "id"),
        Index(
            "trinity_channels_message_of_binding", "binding_id"
        ),  # in the order of the ids, which every index of SQLite ends with
        Index("trinity_channels_message_of_contact", "contact_id", "at"),
        partial("trinity_channels_message_of_turn", "turn_id", where="turn_id IS NOT NULL"),
        open_work("trinity_channels_message_open", "conversation_id", MessageState.WAITING),
        open_work("trinity_channels_message_held", "conversation_id", MessageState.HELD),
        partial("trinity_channels_message_notice", "binding_id", "at", where="origin = 'notice'"),
        partial("trinity_channels_message_to_stranger", "stranger_id", "at", where="stranger_id IS NOT NULL"),
    )
    id: int | None = Field(default=None, primary_key=True)
    binding_id: int
    conversation_id: int = Field(foreign_key="trinity_channels_conversation.id")
    contact_id: int | None = None
    event_id: str | None = None
    provider_id: str | None = None
    origin: str
    text: str = Field(sa_column=Column(Text, nullable=False))
    parts: str | None = Field(default=None, sa_column=Column(Text))
    album: str | None = None
    opt_out: str | None = None
    state: str
    turn_id: int | None = None
    at: int = Field(sa_type=BigInteger)
    received_at: int | None = Field(default=None, sa_type=BigInteger)
    released_at: int | None = Field(default=None, sa_type=BigInteger)
    cleared_at: int | None = Field(default=None, sa_type=BigInteger)
    stranger_id: int | None = None
    reply_token: str | None = None
    reply_until: int | None = Field(default=None, sa_type=BigInteger)
    answers_id: int | None = None
    edited_at: int | None = Field(default=None, sa_type=BigInteger)
    unsent_at: int | None = Field(default=None, sa_type=BigInteger)


class TurnRow(Row, table=True):
    """One run of an agent; `state` is a `TurnState`.

    `cause`: why it is parked if the agent did not fail: `late` (too old to be answered unasked) or `host`. `run`: what the
    agent's runtime calls the run that works on it since `run_at`.
    """

    __tablename__: ClassVar[str] = "trinity_channels_turn"
    __table_args__ = (
        open_work("trinity_channels_turn_open", "conversation_id", TurnState.OPEN),
        open_work("trinity_channels_turn_failed", "state", TurnState.FAILED),
        open_work("trinity_channels_turn_failed_here", "conversation_id", TurnState.FAILED),
        partial(
            "trinity_channels_turn_answered",
            "binding_id",
            "updated_at",
            "id",
            where=f"{condition([TurnState.DONE])} AND reason IS NULL",
        ),
    )
    id: int | None = Field(default=None, primary_key=True)
    key: str
    conversation_id: int = Field(foreign_key="trinity_channels_conversation.id")
    binding_id: int | None = None
    state: str
    attempts: int
    retries: int
    next_at: int | None = Field(default=None, sa_type=BigInteger)
    reason: str | None = None
    created_at: int = Field(sa_type=BigInteger)
    updated_at: int = Field(sa_type=BigInteger)
    resubmitted_at: int | None = Field(default=None, sa_type=BigInteger)
    cause: str | None = None
    run: str | None = None
    run_at: int | None = Field(default=None, sa_type=BigInteger)


class UnwantedRunRow(Row, table=True):
    """A run at the agent's own host that is to be ended there; `key` is its turn's."""

    __tablename__: ClassVar[str] = "trinity_channels_unwanted_run"
    __table_args__ = (Index("trinity_channels_unwanted_run_due", "next_at"),)
    id: int | None = Field(default=None, primary_key=True)
    agent: str = Field(index=True)
    channel: str
    conversation_id: int
    key: str
    run: str
    since: int = Field(sa_type=BigInteger)
    attempts: int
    next_at: int = Field(sa_type=BigInteger)


class DeliveryRow(Row, table=True):
    """A provider message; `state` is an `OutboxState`. `uid` is its id for the provider since it was first attempted."""

    __tablename__: ClassVar[str] = "trinity_channels_delivery"
    __table_args__ = (
        Index("trinity_channels_delivery_of_conversation", "conversation_id", "id"),
        open_work("trinity_channels_delivery_open", "conversation_id", *OPEN_DELIVERIES),
        open_work("trinity_channels_delivery_parked", "binding_id", *PARKED_DELIVERIES),
        open_work("trinity_channels_delivery_parked_here", "conversation_id", *PARKED_DELIVERIES),
    )
    id: int | None = Field(default=None, primary_key=True)
    binding_id: int
    conversation_id: int = Field(foreign_key="trinity_channels_conversation.id")
    message_id: int = Field(foreign_key="trinity_channels_message.id", index=True)
    address: str
    text: str = Field(sa_column=Column(Text, nullable=False))
    state: str
    provider_id: str | None = Field(default=None, index=True)
    attempts: int = 0
    next_at: int | None = Field(default=None, sa_type=BigInteger)
    attempted_at: int | None = Field(default=None, sa_type=BigInteger)
    failure_code: str | None = None
    failure_kind: str | None = None
    failure: str | None = None
    created_at: int = Field(sa_type=BigInteger)
    updated_at: int = Field(sa_type=BigInteger)
    resent_at: int | None = Field(default=None, sa_type=BigInteger)
    uid: str | None = Field(default=None, index=True)


class ProactiveRow(Row, table=True):
    """One proactive message as it was asked for; its state is that of the deliveries of `message_id`."""

    __tablename__: ClassVar[str] = "trinity_channels_proactive"
    __table_args__ = (
        UniqueConstraint("agent", "idempotency_key"),
        Index("trinity_channels_proactive_of_recipient", "agent", "email", "created_at"),
        Index("trinity_channels_proactive_of_message", "message_id"),
    )
    id: str = Field(primary_key=True)
    agent: str
    channel: str
    email: str
    idempotency_key: str | None = None
    fingerprint: str
    message_id: int
    created_by: str
    created_at: int = Field(sa_type=BigInteger)


# The same tables for SQLAlchemy Core, which every statement is written in.


CONTACT = METADATA.tables["trinity_channels_contact"]
ADDRESS = METADATA.tables["trinity_channels_address"]
CONVERSATION = METADATA.tables["trinity_channels_conversation"]
MESSAGE = METADATA.tables["trinity_channels_message"]
TURN = METADATA.tables["trinity_channels_turn"]
UNWANTED_RUN = METADATA.tables["trinity_channels_unwanted_run"]
DELIVERY = METADATA.tables["trinity_channels_delivery"]
PROACTIVE = METADATA.tables["trinity_channels_proactive"]
