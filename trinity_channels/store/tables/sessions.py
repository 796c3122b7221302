"""The tables of signing in to the pages."""

from __future__ import annotations

from typing import ClassVar

from sqlalchemy import BigInteger, Index
from sqlmodel import Field

from trinity_channels.store.tables.row import METADATA, Row


class PageSessionRow(Row, table=True):
    """A browser that is signed in; `digest` is that of its cookie.

    `credential` is the digest of the token it was opened with, empty if a mailed link opened it. `used_at` is exact to the
    minute.
    """

    __tablename__: ClassVar[str] = "trinity_channels_page_session"
    __table_args__ = (
        Index("trinity_channels_page_session_of_subject", "role", "subject"),
        Index("trinity_channels_page_session_used", "used_at"),
        Index("trinity_channels_page_session_created", "created_at"),
    )
    id: int | None = Field(default=None, primary_key=True)
    digest: str = Field(unique=True)
    role: str
    subject: str
    credential: str
    created_at: int = Field(sa_type=BigInteger)
    used_at: int = Field(sa_type=BigInteger)


class SignInLinkRow(Row, table=True):
    """A request for a link by mail, kept for the limits as well; `mailbox` and `source` are keyed digests.

    `digest` and `email` are empty if no mail was sent, because the address belongs to no owner.
    """

    __tablename__: ClassVar[str] = "trinity_channels_sign_in_link"
    __table_args__ = (
        Index("trinity_channels_sign_in_link_digest", "digest"),
        Index("trinity_channels_sign_in_link_of_mailbox", "mailbox", "created_at"),
        Index("trinity_channels_sign_in_link_of_source", "source", "created_at"),
        Index("trinity_channels_sign_in_link_created", "created_at"),
    )
    id: int | None = Field(default=None, primary_key=True)
    digest: str
    email: str
    mailbox: str
    source: str
    created_at: int = Field(sa_type=BigInteger)
    used_at: int | None = Field(default=None, sa_type=BigInteger)


PAGE_SESSION = METADATA.tables["trinity_channels_page_session"]
SIGN_IN_LINK = METADATA.tables["trinity_channels_sign_in_link"]
