"""Messages as structured parts"""

import json

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


# No batch mode: it would copy the table, and with it lose the conditions of the partial indexes.
def upgrade() -> None:
    op.add_column("trinity_channels_message", sa.Column("parts", sa.Text(), nullable=True))
    op.add_column("trinity_channels_message", sa.Column("album", sa.String(), nullable=True))
    op.add_column("trinity_channels_message", sa.Column("received_at", sa.BigInteger(), nullable=True))
    op.add_column("trinity_channels_binding", sa.Column("refused_since", sa.BigInteger(), nullable=True))
    op.add_column("trinity_channels_contact", sa.Column("unreachable_at", sa.BigInteger(), nullable=True))
    op.add_column("trinity_channels_contact", sa.Column("awaited_told_at", sa.BigInteger(), nullable=True))
    op.add_column("trinity_channels_contact", sa.Column("pointed_at", sa.BigInteger(), nullable=True))
    op.create_table(
        "trinity_channels_agent_setting",
        sa.Column("agent", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("value", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("agent", "name"),
    )
    op.add_column("trinity_channels_message", sa.Column("released_at", sa.BigInteger(), nullable=True))
    op.add_column("trinity_channels_conversation", sa.Column("disclosed_at", sa.BigInteger(), nullable=True))
    op.add_column("trinity_channels_conversation", sa.Column("disclosed_by", sa.Integer(), nullable=True))
    op.add_column("trinity_channels_turn", sa.Column("resubmitted_at", sa.BigInteger(), nullable=True))
    _webhook_keys_retire()
    op.add_column("trinity_channels_delivery", sa.Column("resent_at", sa.BigInteger(), nullable=True))
    _turns_know_their_binding()
    _notes_become_parts()
    op.drop_column("trinity_channels_message", "notes")
    op.create_index(
        "trinity_channels_delivery_parked",
        "trinity_channels_delivery",
        ["binding_id", "id"],
        sqlite_where=sa.text("state IN ('failed', 'unknown')"),
    )


def _webhook_keys_retire() -> None:
    op.create_table(
        "trinity_channels_retired_key",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("binding_id", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("webhook_key", sa.String(), nullable=False),
        sa.Column("retired_at", sa.BigInteger(), nullable=False),
        sa.Column("ends_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["binding_id"], ["trinity_channels_binding.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("digest"),
    )
    op.create_index("ix_trinity_channels_retired_key_binding_id", "trinity_channels_retired_key", ["binding_id"])
    op.create_table(
        "trinity_channels_binding_notice",
        sa.Column("binding_id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["binding_id"], ["trinity_channels_binding.id"]),
        sa.PrimaryKeyConstraint("binding_id", "code"),
    )


def _turns_know_their_binding() -> None:
    op.add_column("trinity_channels_turn", sa.Column("binding_id", sa.Integer(), nullable=True))
    op.execute(
        "UPDATE trinity_channels_turn SET binding_id = (SELECT binding_id FROM trinity_channels_conversation WHERE id = trinity_channels_turn.conversation_id)"
    )
    op.create_index(
        "trinity_channels_turn_answered",
        "trinity_channels_turn",
        ["binding_id", "updated_at", "id"],
        sqlite_where=sa.text("state = 'done' AND reason IS NULL"),
    )


def _notes_become_parts() -> None:
    """What was kept as sentences stays one sentence a part."""
    connection = op.get_bind()
    message = sa.table("trinity_channels_message", sa.column("id"), sa.column("notes"), sa.column("parts"))
    for identity, notes in connection.execute(
        sa.select(message.c.id, message.c.notes).where(message.c.notes.is_not(None))
    ):
        parts = [{"part": "note", "kind": "other", "data": {"text": note}} for note in json.loads(notes)]
        connection.execute(sa.update(message).where(message.c.id == identity).values(parts=json.dumps(parts)))
