"""Limits, and what was refused"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


# No batch mode: it would copy the table, and with it lose the conditions of the partial indexes.
def upgrade() -> None:
    op.create_table(
        "unknown_webhook",
        sa.Column("hour", sa.BigInteger(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("requests", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("hour", "channel"),
    )
    op.create_index("access_request_pending", "access_request", ["agent"], sqlite_where=sa.text("status = 'pending'"))
