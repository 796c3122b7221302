"""Signing in to the pages"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.create_table(
        "trinity_channels_page_session",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("credential", sa.String(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("used_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("digest"),
    )
    op.create_index("trinity_channels_page_session_of_subject", "trinity_channels_page_session", ["role", "subject"])
    op.create_index("trinity_channels_page_session_used", "trinity_channels_page_session", ["used_at"])
    op.create_index("trinity_channels_page_session_created", "trinity_channels_page_session", ["created_at"])
    op.create_table(
        "trinity_channels_sign_in_link",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("email", sa.String(), nullable=False),
        sa.Column("mailbox", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("used_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("trinity_channels_sign_in_link_digest", "trinity_channels_sign_in_link", ["digest"])
    op.create_index(
        "trinity_channels_sign_in_link_of_mailbox", "trinity_channels_sign_in_link", ["mailbox", "created_at"]
    )
    op.create_index(
        "trinity_channels_sign_in_link_of_source", "trinity_channels_sign_in_link", ["source", "created_at"]
    )
    op.create_index("trinity_channels_sign_in_link_created", "trinity_channels_sign_in_link", ["created_at"])
