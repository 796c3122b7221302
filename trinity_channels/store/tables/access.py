"""The tables of who may use an agent or the API, and of what was done."""

from __future__ import annotations

from typing import ClassVar

from sqlalchemy import BigInteger, Column, Index, Text, UniqueConstraint, false
from sqlmodel import Field

from trinity_channels.store.tables.indexes import flag, partial
from trinity_channels.store.tables.row import METADATA, Row


class LoginCodeRow(Row, table=True):
    """A mailed code, as a keyed hash; dead ones stay for the limits, which count the `mailbox` that an e-mail leads to.

    `known`: when it was made, the e-mail could use the agent, or someone had verified it before. `locked_at`: a wrong
    guess at it was one too many, and the contact gets no code for this mailbox for a day.
    """

    __tablename__: ClassVar[str] = "trinity_channels_login_code"
    __table_args__ = (
        Index("trinity_channels_login_code_of_contact", "contact_id", "created_at"),
        Index("trinity_channels_login_code_of_mailbox", "mailbox", "created_at"),
        Index("trinity_channels_login_code_of_binding", "binding_id", "created_at"),
    )
    id: int | None = Field(default=None, primary_key=True)
    binding_id: int
    contact_id: int
    email: str
    mailbox: str = Field(sa_column_kwargs={"server_default": ""})
    known: bool = Field(default=False, sa_column_kwargs={"server_default": false()})
    digest: str
    guesses: int = 0
    live: bool = True
    created_at: int = Field(sa_type=BigInteger)
    expires_at: int = Field(sa_type=BigInteger)
    mailed_at: int | None = Field(default=None, sa_type=BigInteger)
    locked_at: int | None = Field(default=None, sa_type=BigInteger)


class KnownMailboxRow(Row, table=True):
    """A mailbox that a contact has verified, now or earlier: strangers cannot use up what signs them in again."""

    __tablename__: ClassVar[str] = "trinity_channels_known_mailbox"
    contact_id: int = Field(foreign_key="trinity_channels_contact.id", primary_key=True)
    mailbox: str = Field(primary_key=True, index=True)


class PolicyRow(Row, table=True):
    """Who may chat with an agent, where that differs from the default."""

    __tablename__: ClassVar[str] = "trinity_channels_policy"
    agent: str = Field(primary_key=True)
    policy: str
    groups: str


class ShareRow(Row, table=True):
    """An e-mail that may use an agent."""

    __tablename__: ClassVar[str] = "trinity_channels_share"
    __table_args__ = (UniqueConstraint("agent", "email"),)
    id: int | None = Field(default=None, primary_key=True)
    agent: str
    email: str
    allow_proactive: bool = False
    created_by: str
    created_at: int = Field(sa_type=BigInteger)


class AccessRequestRow(Row, table=True):
    """A request of one e-mail to use one agent. `owner_told` and `notice_due` say which notices are still to be sent."""

    __tablename__: ClassVar[str] = "trinity_channels_access_request"
    __table_args__ = (
        UniqueConstraint("agent", "email"),
        Index("trinity_channels_access_request_of_conversation", "conversation_id"),
        partial("trinity_channels_access_request_pending", "agent", where="status = 'pending'"),
        partial("trinity_channels_access_request_untold", "agent", where=flag("owner_told", value=False)),
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


class TokenRow(Row, table=True):
    """A bearer token of the API, as a hash. `created_by` is the audit actor; `last_used_at` is exact to the minute."""

    __tablename__: ClassVar[str] = "trinity_channels_token"
    id: int | None = Field(default=None, primary_key=True)
    digest: str = Field(unique=True)
    role: str
    subject: str
    label: str = Field(default="", sa_column_kwargs={"server_default": ""})
    created_by: str = Field(default="", sa_column_kwargs={"server_default": ""})
    created_at: int = Field(sa_type=BigInteger)
    expires_at: int | None = Field(default=None, sa_type=BigInteger)
    last_used_at: int | None = Field(default=None, sa_type=BigInteger)


class AuditRow(Row, table=True):
    """One recorded action."""

    __tablename__: ClassVar[str] = "trinity_channels_audit"
    __table_args__ = (
        Index("trinity_channels_audit_of_agent", "agent", "action", "at"),
        # Lists go on by id, newest first, for each way to narrow them.
        Index("trinity_channels_audit_listed_of_agent", "agent", "id"),
        Index("trinity_channels_audit_listed_of_action", "action", "id"),
        Index("trinity_channels_audit_listed_of_actor", "actor", "id"),
        Index("trinity_channels_audit_at", "at"),
    )
    id: int | None = Field(default=None, primary_key=True)
    at: int = Field(sa_type=BigInteger)
    actor: str
    action: str
    agent: str
    channel: str
    details: str = Field(sa_column=Column(Text, nullable=False))


LOGIN_CODE = METADATA.tables["trinity_channels_login_code"]
KNOWN_MAILBOX = METADATA.tables["trinity_channels_known_mailbox"]
POLICY = METADATA.tables["trinity_channels_policy"]
SHARE = METADATA.tables["trinity_channels_share"]
ACCESS_REQUEST = METADATA.tables["trinity_channels_access_request"]
TOKEN = METADATA.tables["trinity_channels_token"]
AUDIT = METADATA.tables["trinity_channels_audit"]
