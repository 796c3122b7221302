"""When people edited or unsent a message"""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    op.add_column("trinity_channels_message", sa.Column("edited_at", sa.BigInteger(), nullable=True))
    op.add_column("trinity_channels_message", sa.Column("unsent_at", sa.BigInteger(), nullable=True))
