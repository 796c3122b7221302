"""Which keys wait for a run, and which run of each is the latest: for several processes with one database"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    op.create_table(
        "trinity_channels_wake",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("scheduled", sa.Boolean(), nullable=False),
        sa.Column("lease", sa.BigInteger(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("key"),
    )
    op.create_index(
        "trinity_channels_wake_due",
        "trinity_channels_wake",
        ["due_at"],
        sqlite_where=sa.text("due_at IS NOT NULL"),
    )
    op.create_index(
        "trinity_channels_wake_scheduled", "trinity_channels_wake", ["key"], sqlite_where=sa.text("scheduled")
    )
