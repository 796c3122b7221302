"""The tables of what is connected, and of settings that are changed while the host runs."""

from __future__ import annotations

from typing import ClassVar

from sqlalchemy import BigInteger, Column, Text, UniqueConstraint, false
from sqlmodel import Field

from trinity_channels.store.tables.indexes import partial
from trinity_channels.store.tables.row import METADATA, Row


class SettingRow(Row, table=True):
    """A setting that is changed while the host runs."""

    __tablename__: ClassVar[str] = "trinity_channels_setting"
    name: str = Field(primary_key=True)
    value: str


class AgentSettingRow(Row, table=True):
    """A setting of one agent that is changed while the host runs."""

    __tablename__: ClassVar[str] = "trinity_channels_agent_setting"
    agent: str = Field(primary_key=True)
    name: str = Field(primary_key=True)
    value: str


class BindingRow(Row, table=True):
    """One agent on one channel; it outlives a disconnect, so that people and history do.

    `refused_since`: when the first webhook was refused for its signature whose message has not been fetched since.
    `listens`: messages are fetched, and come by no webhook. `swept_days`: the retention by which its messages were last
    looked at.
    """

    __tablename__: ClassVar[str] = "trinity_channels_binding"
    __table_args__ = (
        UniqueConstraint("agent", "channel"),
        partial(
            "trinity_channels_binding_account",
            "channel",
            "account_key",
            unique=True,
            where="disconnected_at IS NULL",
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
    listens: bool = Field(default=False, sa_column_kwargs={"server_default": false()})


class RetiredKeyRow(Row, table=True):
    """A webhook key that was replaced; its address answers until `ends_at`, and after that says that it is gone."""

    __tablename__: ClassVar[str] = "trinity_channels_retired_key"
    id: int | None = Field(default=None, primary_key=True)
    binding_id: int = Field(foreign_key="trinity_channels_binding.id", index=True)
    digest: str = Field(unique=True)
    webhook_key: str
    retired_at: int = Field(sa_type=BigInteger)
    ends_at: int = Field(sa_type=BigInteger)


class BindingNoticeRow(Row, table=True):
    """The newest of one kind of thing that the owner of a binding has to act on."""

    __tablename__: ClassVar[str] = "trinity_channels_binding_notice"
    binding_id: int = Field(foreign_key="trinity_channels_binding.id", primary_key=True)
    code: str = Field(primary_key=True)
    detail: str = Field(sa_column=Column(Text, nullable=False))
    at: int = Field(sa_type=BigInteger)


class UnknownWebhookRow(Row, table=True):
    """Requests of one hour to webhook addresses of one channel that no binding has."""

    __tablename__: ClassVar[str] = "trinity_channels_unknown_webhook"
    hour: int = Field(sa_type=BigInteger, primary_key=True)
    channel: str = Field(primary_key=True)
    requests: int = Field(sa_type=BigInteger)


SETTING = METADATA.tables["trinity_channels_setting"]
AGENT_SETTING = METADATA.tables["trinity_channels_agent_setting"]
BINDING = METADATA.tables["trinity_channels_binding"]
RETIRED_KEY = METADATA.tables["trinity_channels_retired_key"]
BINDING_NOTICE = METADATA.tables["trinity_channels_binding_notice"]
UNKNOWN_WEBHOOK = METADATA.tables["trinity_channels_unknown_webhook"]
