"""Which message an answer is to, and the token with which a provider lets it be answered"""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    op.add_column("trinity_channels_message", sa.Column("reply_token", sa.String(), nullable=True))
    op.add_column("trinity_channels_message", sa.Column("reply_until", sa.BigInteger(), nullable=True))
    op.add_column("trinity_channels_message", sa.Column("answers_id", sa.Integer(), nullable=True))
