"""Limits, and what was refused"""

import time

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


# No batch mode: it would copy the table, and with it lose the conditions of the partial indexes.
def upgrade() -> None:
    op.add_column("trinity_channels_turn", sa.Column("cause", sa.String(), nullable=True))
    _texts_are_removed()
    _channels_are_watched()
    _codes_count_mailboxes()
    _emails_end()
    op.create_table(
        "trinity_channels_unknown_webhook",
        sa.Column("hour", sa.BigInteger(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("requests", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("hour", "channel"),
    )
    op.create_index(
        "trinity_channels_access_request_pending",
        "trinity_channels_access_request",
        ["agent"],
        sqlite_where=sa.text("status = 'pending'"),
    )
    _the_host_has_a_budget()


def _the_host_has_a_budget() -> None:
    op.add_column("trinity_channels_message", sa.Column("stranger_id", sa.Integer(), nullable=True))
    op.create_index(
        "trinity_channels_message_notice",
        "trinity_channels_message",
        ["binding_id", "at"],
        sqlite_where=sa.text("origin = 'notice'"),
    )
    op.create_index(
        "trinity_channels_message_to_stranger",
        "trinity_channels_message",
        ["stranger_id", "at"],
        sqlite_where=sa.text("stranger_id IS NOT NULL"),
    )


def _texts_are_removed() -> None:
    op.add_column("trinity_channels_message", sa.Column("cleared_at", sa.BigInteger(), nullable=True))
    op.execute(
        "UPDATE trinity_channels_message SET text = '', parts = NULL, cleared_at = coalesce(received_at, at)"
        " WHERE state IN ('dropped', 'expired', 'erased')"
    )
    op.create_index("trinity_channels_proactive_of_message", "trinity_channels_proactive", ["message_id"])
    op.add_column("trinity_channels_binding", sa.Column("swept_days", sa.Integer(), nullable=True))
    op.create_table(
        "trinity_channels_sweep",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("upto", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "trinity_channels_sweep_left",
        sa.Column("message_id", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("message_id"),
    )
    op.create_table(
        "trinity_channels_erased_block",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("binding_id", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("may_change_hands", sa.Boolean(), nullable=False),
        sa.Column("contact_id", sa.Integer(), nullable=False),
        sa.Column("blocked_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("binding_id", "digest"),
    )
    op.create_index("ix_trinity_channels_erased_block_contact_id", "trinity_channels_erased_block", ["contact_id"])
    for name in ("label", "created_by"):
        op.add_column("trinity_channels_token", sa.Column(name, sa.String(), nullable=False, server_default=""))
    for name in ("expires_at", "last_used_at"):
        op.add_column("trinity_channels_token", sa.Column(name, sa.BigInteger(), nullable=True))
    _list_first_token()


def _list_first_token() -> None:
    """Make the administrator's token of the first start a token like any other, so that it can be listed and revoked."""
    setting = sa.table("trinity_channels_setting", sa.column("name", sa.String()), sa.column("value", sa.String()))
    token = sa.table(
        "trinity_channels_token",
        *(sa.column(name) for name in ("digest", "role", "subject", "label", "created_by", "created_at")),
    )
    first = setting.c.name == "admin_token_digest"
    digest = op.get_bind().execute(sa.select(setting.c.value).where(first)).scalar()
    if digest is not None:
        op.get_bind().execute(
            sa.insert(token).values(
                digest=digest,
                role="admin",
                subject="",
                label="made at the first start",
                created_by="first start",
                created_at=time.time_ns() // 1000,
            )
        )
        op.get_bind().execute(sa.delete(setting).where(first))


def _channels_are_watched() -> None:
    op.create_table(
        "trinity_channels_inbound_hour",
        sa.Column("binding_id", sa.Integer(), nullable=False),
        sa.Column("hour", sa.Integer(), nullable=False),
        sa.Column("conversations", sa.Integer(), nullable=False),
        sa.Column("last_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["binding_id"], ["trinity_channels_binding.id"]),
        sa.PrimaryKeyConstraint("binding_id", "hour"),
    )
    op.create_table(
        "trinity_channels_channel_alert",
        sa.Column("binding_id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("fix", sa.Text(), nullable=False),
        sa.Column("raised_at", sa.BigInteger(), nullable=False),
        sa.Column("cleared_at", sa.BigInteger(), nullable=True),
        sa.Column("mailed_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["binding_id"], ["trinity_channels_binding.id"]),
        sa.PrimaryKeyConstraint("binding_id", "code"),
    )


def _codes_count_mailboxes() -> None:
    op.add_column("trinity_channels_login_code", sa.Column("mailbox", sa.String(), nullable=False, server_default=""))
    op.add_column(
        "trinity_channels_login_code", sa.Column("known", sa.Boolean(), nullable=False, server_default=sa.text("0"))
    )
    op.add_column("trinity_channels_login_code", sa.Column("mailed_at", sa.BigInteger(), nullable=True))
    op.add_column("trinity_channels_login_code", sa.Column("locked_at", sa.BigInteger(), nullable=True))
    op.execute("UPDATE trinity_channels_login_code SET mailbox = email, mailed_at = created_at")
    op.drop_index("trinity_channels_login_code_of_email", "trinity_channels_login_code")
    op.create_index("trinity_channels_login_code_of_mailbox", "trinity_channels_login_code", ["mailbox", "created_at"])
    op.create_table(
        "trinity_channels_known_mailbox",
        sa.Column("contact_id", sa.Integer(), nullable=False),
        sa.Column("mailbox", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["contact_id"], ["trinity_channels_contact.id"]),
        sa.PrimaryKeyConstraint("contact_id", "mailbox"),
    )
    op.create_index("ix_trinity_channels_known_mailbox_mailbox", "trinity_channels_known_mailbox", ["mailbox"])
    op.execute(
        "INSERT INTO trinity_channels_known_mailbox SELECT id, email FROM trinity_channels_contact WHERE email IS NOT NULL"
    )


def _emails_end() -> None:
    op.add_column("trinity_channels_contact", sa.Column("email_source", sa.String(), nullable=True))
    op.add_column("trinity_channels_contact", sa.Column("email_used_at", sa.BigInteger(), nullable=True))
    op.add_column("trinity_channels_contact", sa.Column("email_checked_at", sa.BigInteger(), nullable=True))
    op.add_column("trinity_channels_contact", sa.Column("signed_out_at", sa.BigInteger(), nullable=True))
    op.execute(
        "UPDATE trinity_channels_contact SET email_used_at = coalesce(resolved_at, verified_at) WHERE email IS NOT NULL"
    )
    # Every use of a code is in the audit log. Who used one may have been vouched for since: that is left open.
    op.execute(
        "UPDATE trinity_channels_contact SET email_source = 'provider', email_checked_at = coalesce(resolved_at, verified_at)"
        " WHERE email IS NOT NULL AND 'contact:' || id NOT IN (SELECT actor FROM trinity_channels_audit WHERE action = 'login')"
    )
    op.create_index(
        "trinity_channels_contact_email_used",
        "trinity_channels_contact",
        ["email_used_at"],
        sqlite_where=sa.text("email IS NOT NULL"),
    )
    op.create_index(
        "trinity_channels_contact_email_vouched",
        "trinity_channels_contact",
        ["email_checked_at"],
        sqlite_where=sa.text("email_source = 'provider'"),
    )
