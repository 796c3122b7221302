"""Lists of conversations: what failed in each of them"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.create_index(
        "trinity_channels_turn_failed_here",
        "trinity_channels_turn",
        ["conversation_id", "id"],
        sqlite_where=sa.text("state = 'failed'"),
    )
    op.create_index(
        "trinity_channels_delivery_parked_here",
        "trinity_channels_delivery",
        ["conversation_id", "id"],
        sqlite_where=sa.text("state IN ('failed', 'unknown')"),
    )
