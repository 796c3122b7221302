"""Addresses of erased people, as keyed hashes, by which an import leaves those people out"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    op.create_table(
        "trinity_channels_erased_address",
        sa.Column("binding_id", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("binding_id", "digest"),
    )
