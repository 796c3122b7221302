"""The tables of who may use an agent or the API, and of what was done."""

from __future__ import annotations

from typing import ClassVar

from sqlalchemy import BigInteger, Column, Index, Text, UniqueConstraint, text
from sqlmodel import Field, SQLModel


class LoginCodeRow(SQLModel, table=True):
    """A mailed code, as a keyed hash; dead ones stay for the limits, which count the `mailbox` that an e-mail leads to.

    `known`: when it was made, the e-mail could use the agent, or someone had verified it before. `locked_at`: a wrong
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
    """A request of one e-mail to use one agent. `owner_told` and `notice_due` say which notices are still to be sent."""

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
    """One recorded action."""

    __tablename__: ClassVar[str] = "audit"
    __table_args__ = (
        Index("audit_of_agent", "agent", "action", "at"),
        # Lists go on by id, newest first, for each way to narrow them.
        Index("audit_listed_of_agent", "agent", "id"),
        Index("audit_listed_of_action", "action", "id"),
        Index("audit_listed_of_actor", "actor", "id"),
        Index("audit_at", "at"),
    )
    id: int | None = Field(default=None, primary_key=True)
    at: int = Field(sa_type=BigInteger)
    actor: str
    action: str
    agent: str
    channel: str
    details: str = Field(sa_column=Column(Text, nullable=False))


LOGIN_CODE = SQLModel.metadata.tables["login_code"]
KNOWN_MAILBOX = SQLModel.metadata.tables["known_mailbox"]
POLICY = SQLModel.metadata.tables["policy"]
SHARE = SQLModel.metadata.tables["share"]
ACCESS_REQUEST = SQLModel.metadata.tables["access_request"]
TOKEN = SQLModel.metadata.tables["token"]
AUDIT = SQLModel.metadata.tables["audit"]
