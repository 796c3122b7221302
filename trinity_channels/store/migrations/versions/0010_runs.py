"""Runs that go on at the agent's own host, to be followed there"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.add_column("trinity_channels_turn", sa.Column("run", sa.String(), nullable=True))
    op.add_column("trinity_channels_turn", sa.Column("run_at", sa.BigInteger(), nullable=True))
