"""The first tables"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "trinity_channels_access_request",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("agent", sa.String(), nullable=False),
        sa.Column("email", sa.String(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("conversation_id", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("requested_at", sa.BigInteger(), nullable=False),
        sa.Column("decided_at", sa.BigInteger(), nullable=True),
        sa.Column("decided_by", sa.String(), nullable=True),
        sa.Column("owner_told", sa.Boolean(), nullable=False),
        sa.Column("notice_due", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("agent", "email"),
    )
    with op.batch_alter_table("trinity_channels_access_request", schema=None) as batch_op:
        batch_op.create_index("trinity_channels_access_request_of_conversation", ["conversation_id"], unique=False)
        batch_op.create_index(
            "trinity_channels_access_request_untold",
            ["agent"],
            unique=False,
            sqlite_where=sa.text("owner_told = 0"),
        )

    op.create_table(
        "trinity_channels_audit",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("agent", sa.String(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("details", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("trinity_channels_audit", schema=None) as batch_op:
        batch_op.create_index("trinity_channels_audit_of_agent", ["agent", "action", "at"], unique=False)

    op.create_table(
        "trinity_channels_binding",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("agent", sa.String(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("account_key", sa.String(), nullable=False),
        sa.Column("sender", sa.String(), nullable=False),
        sa.Column("display_name", sa.String(), nullable=False),
        sa.Column("sandbox", sa.Boolean(), nullable=False),
        sa.Column("pace", sa.BigInteger(), nullable=False),
        sa.Column("pace_shared", sa.Boolean(), nullable=False),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.Column("settings", sa.Text(), nullable=False),
        sa.Column("secrets", sa.Text(), nullable=False),
        sa.Column("webhook_key", sa.String(), nullable=False),
        sa.Column("webhook_digest", sa.String(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("disconnected_at", sa.BigInteger(), nullable=True),
        sa.Column("signature_failed_at", sa.BigInteger(), nullable=True),
        sa.Column("signature_cause", sa.String(), nullable=True),
        sa.Column("send_failed_at", sa.BigInteger(), nullable=True),
        sa.Column("send_failure", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("agent", "channel"),
        sa.UniqueConstraint("webhook_digest"),
    )
    with op.batch_alter_table("trinity_channels_binding", schema=None) as batch_op:
        batch_op.create_index(
            "trinity_channels_binding_account",
            ["channel", "account_key"],
            unique=True,
            sqlite_where=sa.text("disconnected_at IS NULL"),
        )

    op.create_table(
        "trinity_channels_login_code",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("binding_id", sa.Integer(), nullable=False),
        sa.Column("contact_id", sa.Integer(), nullable=False),
        sa.Column("email", sa.String(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("guesses", sa.Integer(), nullable=False),
        sa.Column("live", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("trinity_channels_login_code", schema=None) as batch_op:
        batch_op.create_index("trinity_channels_login_code_of_binding", ["binding_id", "created_at"], unique=False)
        batch_op.create_index("trinity_channels_login_code_of_contact", ["contact_id", "created_at"], unique=False)
        batch_op.create_index("trinity_channels_login_code_of_email", ["email", "created_at"], unique=False)

    op.create_table(
        "trinity_channels_policy",
        sa.Column("agent", sa.String(), nullable=False),
        sa.Column("policy", sa.String(), nullable=False),
        sa.Column("groups", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("agent"),
    )
    op.create_table(
        "trinity_channels_proactive",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("agent", sa.String(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("email", sa.String(), nullable=False),
        sa.Column("idempotency_key", sa.String(), nullable=True),
        sa.Column("fingerprint", sa.String(), nullable=False),
        sa.Column("message_id", sa.Integer(), nullable=False),
        sa.Column("created_by", sa.String(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("agent", "idempotency_key"),
    )
    with op.batch_alter_table("trinity_channels_proactive", schema=None) as batch_op:
        batch_op.create_index("trinity_channels_proactive_of_recipient", ["agent", "email", "created_at"], unique=False)

    op.create_table(
        "trinity_channels_setting",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("value", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "trinity_channels_share",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("agent", sa.String(), nullable=False),
        sa.Column("email", sa.String(), nullable=False),
        sa.Column("allow_proactive", sa.Boolean(), nullable=False),
        sa.Column("created_by", sa.String(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("agent", "email"),
    )
    op.create_table(
        "trinity_channels_token",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("digest"),
    )
    op.create_table(
        "trinity_channels_contact",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("binding_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("email", sa.String(), nullable=True),
        sa.Column("verified_at", sa.BigInteger(), nullable=True),
        sa.Column("blocked_at", sa.BigInteger(), nullable=True),
        sa.Column("stopped_at", sa.BigInteger(), nullable=True),
        sa.Column("resolved_at", sa.BigInteger(), nullable=True),
        sa.Column("prompted_at", sa.BigInteger(), nullable=True),
        sa.Column("pending_told_at", sa.BigInteger(), nullable=True),
        sa.Column("limit_told_at", sa.BigInteger(), nullable=True),
        sa.Column("hinted_at", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["binding_id"],
            ["trinity_channels_binding.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("trinity_channels_contact", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_trinity_channels_contact_email"), ["email"], unique=False)

    op.create_table(
        "trinity_channels_address",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("binding_id", sa.Integer(), nullable=False),
        sa.Column("value", sa.String(), nullable=False),
        sa.Column("contact_id", sa.Integer(), nullable=False),
        sa.Column("stable", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["contact_id"],
            ["trinity_channels_contact.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("binding_id", "value"),
    )
    with op.batch_alter_table("trinity_channels_address", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_trinity_channels_address_contact_id"), ["contact_id"], unique=False)

    op.create_table(
        "trinity_channels_conversation",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("binding_id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("contact_id", sa.Integer(), nullable=True),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("is_group", sa.Boolean(), nullable=False),
        sa.Column("last_inbound_at", sa.BigInteger(), nullable=False),
        sa.Column("stirred", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["contact_id"],
            ["trinity_channels_contact.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("binding_id", "key"),
    )
    with op.batch_alter_table("trinity_channels_conversation", schema=None) as batch_op:
        batch_op.create_index(
            "trinity_channels_conversation_stirred",
            ["id"],
            unique=False,
            sqlite_where=sa.text("stirred = 1"),
        )
        batch_op.create_index(batch_op.f("ix_trinity_channels_conversation_contact_id"), ["contact_id"], unique=False)

    op.create_table(
        "trinity_channels_message",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("binding_id", sa.Integer(), nullable=False),
        sa.Column("conversation_id", sa.Integer(), nullable=False),
        sa.Column("contact_id", sa.Integer(), nullable=True),
        sa.Column("event_id", sa.String(), nullable=True),
        sa.Column("provider_id", sa.String(), nullable=True),
        sa.Column("origin", sa.String(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("notes", sa.Text(), nullable=True),
        sa.Column("opt_out", sa.String(), nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("turn_id", sa.Integer(), nullable=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["conversation_id"],
            ["trinity_channels_conversation.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("binding_id", "event_id"),
    )
    with op.batch_alter_table("trinity_channels_message", schema=None) as batch_op:
        batch_op.create_index(
            "trinity_channels_message_kept",
            ["conversation_id", "id"],
            unique=False,
            sqlite_where=sa.text("state = 'kept'"),
        )
        batch_op.create_index("trinity_channels_message_of_contact", ["contact_id", "at"], unique=False)
        batch_op.create_index("trinity_channels_message_of_conversation", ["conversation_id", "id"], unique=False)
        batch_op.create_index(
            "trinity_channels_message_of_turn",
            ["turn_id"],
            unique=False,
            sqlite_where=sa.text("turn_id IS NOT NULL"),
        )
        batch_op.create_index(
            "trinity_channels_message_open",
            ["conversation_id", "id"],
            unique=False,
            sqlite_where=sa.text("state = 'waiting'"),
        )

    op.create_table(
        "trinity_channels_turn",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("conversation_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("retries", sa.Integer(), nullable=False),
        sa.Column("next_at", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["conversation_id"],
            ["trinity_channels_conversation.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("trinity_channels_turn", schema=None) as batch_op:
        batch_op.create_index(
            "trinity_channels_turn_failed",
            ["state", "id"],
            unique=False,
            sqlite_where=sa.text("state = 'failed'"),
        )
        batch_op.create_index(
            "trinity_channels_turn_open",
            ["conversation_id", "id"],
            unique=False,
            sqlite_where=sa.text("state = 'open'"),
        )

    op.create_table(
        "trinity_channels_delivery",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("binding_id", sa.Integer(), nullable=False),
        sa.Column("conversation_id", sa.Integer(), nullable=False),
        sa.Column("message_id", sa.Integer(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("provider_id", sa.String(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_at", sa.BigInteger(), nullable=True),
        sa.Column("attempted_at", sa.BigInteger(), nullable=True),
        sa.Column("failure_code", sa.String(), nullable=True),
        sa.Column("failure_kind", sa.String(), nullable=True),
        sa.Column("failure", sa.String(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["conversation_id"],
            ["trinity_channels_conversation.id"],
        ),
        sa.ForeignKeyConstraint(
            ["message_id"],
            ["trinity_channels_message.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("trinity_channels_delivery", schema=None) as batch_op:
        batch_op.create_index("trinity_channels_delivery_of_conversation", ["conversation_id", "id"], unique=False)
        batch_op.create_index(
            "trinity_channels_delivery_open",
            ["conversation_id", "id"],
            unique=False,
            sqlite_where=sa.text("state IN ('ready', 'sending', 'asking')"),
        )
        batch_op.create_index(batch_op.f("ix_trinity_channels_delivery_message_id"), ["message_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_trinity_channels_delivery_provider_id"), ["provider_id"], unique=False)
