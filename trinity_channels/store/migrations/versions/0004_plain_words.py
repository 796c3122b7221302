"""States and columns by the words of the documentation: held, reconciling, needs_turn."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


# No batch mode: it would copy the table, and with it lose the conditions of the partial indexes. The partial indexes of
# before find the few rows that change, however large the tables are; so they are removed only afterwards.
def upgrade() -> None:
    op.execute("UPDATE trinity_channels_message SET state = 'held' WHERE state = 'kept'")
    op.drop_index("trinity_channels_message_kept", "trinity_channels_message")
    op.create_index(
        "trinity_channels_message_held",
        "trinity_channels_message",
        ["conversation_id", "id"],
        sqlite_where=sa.text("state = 'held'"),
    )

    op.execute(
        "UPDATE trinity_channels_delivery SET state = 'reconciling'"
        " WHERE state IN ('ready', 'sending', 'asking') AND state = 'asking'"  # the condition of the index, word for word
    )
    op.drop_index("trinity_channels_delivery_open", "trinity_channels_delivery")
    op.create_index(
        "trinity_channels_delivery_open",
        "trinity_channels_delivery",
        ["conversation_id", "id"],
        sqlite_where=sa.text("state IN ('ready', 'sending', 'reconciling')"),
    )

    op.drop_index("trinity_channels_conversation_stirred", "trinity_channels_conversation")
    op.alter_column("trinity_channels_conversation", "stirred", new_column_name="needs_turn")
    op.create_index(
        "trinity_channels_conversation_needs_turn",
        "trinity_channels_conversation",
        ["id"],
        sqlite_where=sa.text("needs_turn = 1"),
    )
