"""The groups of a binding, to be counted"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.create_index(
        "trinity_channels_conversation_groups",
        "trinity_channels_conversation",
        ["binding_id", "address"],
        sqlite_where=sa.text("is_group = 1"),
    )
