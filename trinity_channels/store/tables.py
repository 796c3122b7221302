"""The tables, private to `store/`. Times are microseconds since 1970 UTC; secrets are sealed before they come here.

Partial indexes cover the work that is open, so that finding it never grows with what is done.
"""

from __future__ import annotations

from typing import ClassVar

from sqlalchemy import BigInteger, Column, Index, Text, UniqueConstraint, text
from sqlmodel import Field, SQLModel


def _open_work(name: str, column: str, *states: str) -> Index:
    """An index of the rows in these states; SQLite takes it only for a query that words the condition the same way."""
    listed = ", ".join(f"'{state}'" for state in states)
    condition = text(f"state IN ({listed})" if len(states) > 1 else f"state = {listed}")
    return Index(name, column, "id", sqlite_where=condition)


class SettingRow(SQLModel, table=True):
    """A setting that is changed while the host runs."""

    __tablename__: ClassVar[str] = "setting"
    name: str = Field(primary_key=True)
    value: str


class AgentSettingRow(SQLModel, table=True):
    """A setting of one agent that is changed while the host runs."""

    __tablename__: ClassVar[str] = "agent_setting"
    agent: str = Field(primary_key=True)
    name: str = Field(primary_key=True)
    value: str


class BindingRow(SQLModel, table=True):
    """One agent on one channel; it outlives a disconnect, so that people and history do.

    `refused_since`: when the first webhook was refused for its signature whose message has not been fetched since.
    `swept_days`: the retention by which its messages were last looked at.
    """

    __tablename__: ClassVar[str] = "binding"
    __table_args__ = (
        UniqueConstraint("agent", "channel"),
        Index(
            "binding_account",
            "channel",
            "account_key",
            unique=True,
            sqlite_where=text("disconnected_at IS NULL"),
        ),
    )
    id: int | None = Field(default=None, primary_key=True)
    agent: str
    channel: str
    account_key: str
    sender: str
    display_name: str
    sandbox: bool
    pace: int = Field(sa_type=BigInteger)
    pace_shared: bool
    facts: str = Field(sa_column=Column(Text, nullable=False))
    settings: str = Field(sa_column=Column(Text, nullable=False))
    secrets: str = Field(sa_column=Column(Text, nullable=False))
    webhook_key: str
    webhook_digest: str = Field(unique=True)
    created_at: int = Field(sa_type=BigInteger)
    updated_at: int = Field(sa_type=BigInteger)
    disconnected_at: int | None = Field(default=None, sa_type=BigInteger)
    signature_failed_at: int | None = Field(default=None, sa_type=BigInteger)
    signature_cause: str | None = None
    refused_since: int | None = Field(default=None, sa_type=BigInteger)
    swept_days: int | None = None
    send_failed_at: int | None = Field(default=None, sa_type=BigInteger)
    send_failure: str | None = None


class RetiredKeyRow(SQLModel, table=True):
    """A webhook key that was replaced; its address answers until `ends_at`, and after that says that it is gone."""

    __tablename__: ClassVar[str] = "retired_key"
    id: int | None = Field(default=None, primary_key=True)
    binding_id: int = Field(foreign_key="binding.id", index=True)
    digest: str = Field(unique=True)
    webhook_key: str
    retired_at: int = Field(sa_type=BigInteger)
    ends_at: int = Field(sa_type=BigInteger)


class BindingNoticeRow(SQLModel, table=True):
    """The newest of one kind of thing that the owner of a binding has to act on."""

    __tablename__: ClassVar[str] = "binding_notice"
    binding_id: int = Field(foreign_key="binding.id", primary_key=True)
    code: str = Field(primary_key=True)
    detail: str = Field(sa_column=Column(Text, nullable=False))
    at: int = Field(sa_type=BigInteger)


class UnknownWebhookRow(SQLModel, table=True):
    """Requests of one hour to webhook addresses of one channel that no binding has."""

    __tablename__: ClassVar[str] = "unknown_webhook"
    hour: int = Field(sa_type=BigInteger, primary_key=True)
    channel: str = Field(primary_key=True)
    requests: int = Field(sa_type=BigInteger)


class ContactRow(SQLModel, table=True):
    """One person on one binding, with what they have proved and what they were told.

    `stopped_at`: they wrote STOP to us. `unreachable_at`: the provider reported that they want no messages; until they
    write again. `email_source` and its like: see `verified_emails`. `signed_out_at`: by the person or the owner, until
    the person signs in again.
    """

    __tablename__: ClassVar[str] = "contact"
    __table_args__ = (
        Index("contact_email_used", "email_used_at", sqlite_where=text("email IS NOT NULL")),
        Index("contact_email_vouched", "email_checked_at", sqlite_where=text("email_source = 'provider'")),
    )
    id: int | None = Field(default=None, primary_key=True)
    binding_id: int = Field(foreign_key="binding.id")
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


class AddressRow(SQLModel, table=True):
    """One address of a contact; `stable` ones are never given to somebody else."""

    __tablename__: ClassVar[str] = "address"
    __table_args__ = (UniqueConstraint("binding_id", "value"),)
    id: int | None = Field(default=None, primary_key=True)
    binding_id: int
    value: str
    contact_id: int = Field(foreign_key="contact.id", index=True)
    stable: bool


class ConversationRow(SQLModel, table=True):
    """A direct chat or a group. `stirred`: something else than a message calls for a step.

    `disclosed_at` is when it was last told that an AI agent answers, and `disclosed_by` the message that did so.
    """

    __tablename__: ClassVar[str] = "conversation"
    __table_args__ = (
        UniqueConstraint("binding_id", "key"),
        Index("conversation_stirred", "id", sqlite_where=text("stirred = 1")),
    )
    id: int | None = Field(default=None, primary_key=True)
    binding_id: int
    key: str
    contact_id: int | None = Field(default=None, foreign_key="contact.id", index=True)
    address: str
    is_group: bool = False
    last_inbound_at: int = Field(sa_type=BigInteger)
    stirred: bool = False
    disclosed_at: int | None = Field(default=None, sa_type=BigInteger)
    disclosed_by: int | None = None
    created_at: int = Field(sa_type=BigInteger)


class MessageRow(SQLModel, table=True):
    """One message of either side. `state`: waiting → (kept) → answering → answered, or failed.

    `at` is when it was written, `received_at` when it was stored here; the former may be much earlier after an outage.
    `released_at` is when the gate opened for a message that was kept, `cleared_at` when its text and parts were removed.
    `stranger_id` is the contact without a verified e-mail for whom the host said it.

    Others never reach the agent: handled (a command), dropped, expired, erased, and notice (what the host itself says).
    """

    __tablename__: ClassVar[str] = "message"
    __table_args__ = (
        UniqueConstraint("binding_id", "event_id"),
        Index("message_of_conversation", "conversation_id", "id"),
        Index("message_of_contact", "contact_id", "at"),
        Index("message_of_turn", "turn_id", sqlite_where=text("turn_id IS NOT NULL")),
        _open_work("message_open", "conversation_id", "waiting"),
        _open_work("message_kept", "conversation_id", "kept"),
        Index("message_notice", "binding_id", "at", sqlite_where=text("origin = 'notice'")),
        Index("message_to_stranger", "stranger_id", "at", sqlite_where=text("stranger_id IS NOT NULL")),
    )
    id: int | None = Field(default=None, primary_key=True)
    binding_id: int
    conversation_id: int = Field(foreign_key="conversation.id")
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


class TurnRow(SQLModel, table=True):
    """One run of an agent. `state`: open → done | failed.

    `cause`: why it is parked if the agent did not fail: `late` (too old to be answered unasked) or `host`.
    """

    __tablename__: ClassVar[str] = "turn"
    __table_args__ = (
        _open_work("turn_open", "conversation_id", "open"),
        _open_work("turn_failed", "state", "failed"),
        Index(
            "turn_answered",
            "binding_id",
            "updated_at",
            "id",
            sqlite_where=text("state = 'done' AND reason IS NULL"),
        ),
    )
    id: int | None = Field(default=None, primary_key=True)
    key: str
    conversation_id: int = Field(foreign_key="conversation.id")
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


class DeliveryRow(SQLModel, table=True):
    """A provider message. `state`: ready → sending → (asking) → queued → sent → delivered → read; or failed; or unknown."""

    __tablename__: ClassVar[str] = "delivery"
    __table_args__ = (
        Index("delivery_of_conversation", "conversation_id", "id"),
        _open_work("delivery_open", "conversation_id", "ready", "sending", "asking"),
        _open_work("delivery_parked", "binding_id", "failed", "unknown"),
    )
    id: int | None = Field(default=None, primary_key=True)
    binding_id: int
    conversation_id: int = Field(foreign_key="conversation.id")
    message_id: int = Field(foreign_key="message.id", index=True)
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


class LoginCodeRow(SQLModel, table=True):
    """A mailed code, as a keyed hash; dead ones stay for the limits, which count the `mailbox` that an e-mail leads to.

    `known`: when it was made, the e-mail could use the agent, or somebody had verified it before. `locked_at`: a wrong
    guess at it was one too many, and the contact gets no code for this mailbox for a day.
    """

    __tablename__: ClassVar[str] = "login_code"
    __table_args__ = (
        Index("login_code_of_contact", "contact_id", "created_at"),
        Index("login_code_of_mailbox", "mailbox", "created_at"),
        Index("login_code_of_binding", "binding_id", "created_at"),
    )
    id: int | None = Field(default=None, primary_key=True)
    binding_id: int
    contact_id: int
    email: str
    mailbox: str = Field(sa_column_kwargs={"server_default": ""})
    known: bool = Field(default=False, sa_column_kwargs={"server_default": text("0")})
    digest: str
    guesses: int = 0
    live: bool = True
    created_at: int = Field(sa_type=BigInteger)
    expires_at: int = Field(sa_type=BigInteger)
    mailed_at: int | None = Field(default=None, sa_type=BigInteger)
    locked_at: int | None = Field(default=None, sa_type=BigInteger)


class KnownMailboxRow(SQLModel, table=True):
    """A mailbox that a contact has verified, now or earlier: strangers cannot use up what signs them in again."""

    __tablename__: ClassVar[str] = "known_mailbox"
    contact_id: int = Field(foreign_key="contact.id", primary_key=True)
    mailbox: str = Field(primary_key=True, index=True)


class PolicyRow(SQLModel, table=True):
    """Who may chat with an agent, where that differs from the default."""

    __tablename__: ClassVar[str] = "policy"
    agent: str = Field(primary_key=True)
    policy: str
    groups: str


class ShareRow(SQLModel, table=True):
    """An e-mail that may use an agent."""

    __tablename__: ClassVar[str] = "share"
    __table_args__ = (UniqueConstraint("agent", "email"),)
    id: int | None = Field(default=None, primary_key=True)
    agent: str
    email: str
    allow_proactive: bool = False
    created_by: str
    created_at: int = Field(sa_type=BigInteger)


class AccessRequestRow(SQLModel, table=True):
    """One wish of one e-mail to use one agent. `owner_told` and `notice_due` say which news are still to be brought."""

    __tablename__: ClassVar[str] = "access_request"
    __table_args__ = (
        UniqueConstraint("agent", "email"),
        Index("access_request_of_conversation", "conversation_id"),
        Index("access_request_pending", "agent", sqlite_where=text("status = 'pending'")),
        Index("access_request_untold", "agent", sqlite_where=text("owner_told = 0")),
    )
    id: int | None = Field(default=None, primary_key=True)
    agent: str
    email: str
    channel: str
    conversation_id: int
    status: str
    requested_at: int = Field(sa_type=BigInteger)
    decided_at: int | None = Field(default=None, sa_type=BigInteger)
    decided_by: str | None = None
    owner_told: bool = False
    notice_due: bool = False


class TokenRow(SQLModel, table=True):
    """A bearer token of the API, as a hash. `created_by` is the audit actor; `last_used_at` is exact to the minute."""

    __tablename__: ClassVar[str] = "token"
    id: int | None = Field(default=None, primary_key=True)
    digest: str = Field(unique=True)
    role: str
    subject: str
    label: str = Field(default="", sa_column_kwargs={"server_default": ""})
    created_by: str = Field(default="", sa_column_kwargs={"server_default": ""})
    created_at: int = Field(sa_type=BigInteger)
    expires_at: int | None = Field(default=None, sa_type=BigInteger)
    last_used_at: int | None = Field(default=None, sa_type=BigInteger)


class AuditRow(SQLModel, table=True):
    """One thing that somebody did."""

    __tablename__: ClassVar[str] = "audit"
    __table_args__ = (Index("audit_of_agent", "agent", "action", "at"),)
    id: int | None = Field(default=None, primary_key=True)
    at: int = Field(sa_type=BigInteger)
    actor: str
    action: str
    agent: str
    channel: str
    details: str = Field(sa_column=Column(Text, nullable=False))


class ProactiveRow(SQLModel, table=True):
    """One proactive message as it was asked for; its state is that of the deliveries of `message_id`."""

    __tablename__: ClassVar[str] = "proactive"
    __table_args__ = (
        UniqueConstraint("agent", "idempotency_key"),
        Index("proactive_of_recipient", "agent", "email", "created_at"),
        Index("proactive_of_message", "message_id"),
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
SETTING = SQLModel.metadata.tables["setting"]
AGENT_SETTING = SQLModel.metadata.tables["agent_setting"]
BINDING = SQLModel.metadata.tables["binding"]
RETIRED_KEY = SQLModel.metadata.tables["retired_key"]
BINDING_NOTICE = SQLModel.metadata.tables["binding_notice"]
UNKNOWN_WEBHOOK = SQLModel.metadata.tables["unknown_webhook"]
CONTACT = SQLModel.metadata.tables["contact"]
ADDRESS = SQLModel.metadata.tables["address"]
CONVERSATION = SQLModel.metadata.tables["conversation"]
MESSAGE = SQLModel.metadata.tables["message"]
TURN = SQLModel.metadata.tables["turn"]
DELIVERY = SQLModel.metadata.tables["delivery"]
LOGIN_CODE = SQLModel.metadata.tables["login_code"]
KNOWN_MAILBOX = SQLModel.metadata.tables["known_mailbox"]
POLICY = SQLModel.metadata.tables["policy"]
SHARE = SQLModel.metadata.tables["share"]
ACCESS_REQUEST = SQLModel.metadata.tables["access_request"]
TOKEN = SQLModel.metadata.tables["token"]
AUDIT = SQLModel.metadata.tables["audit"]
PROACTIVE = SQLModel.metadata.tables["proactive"]
