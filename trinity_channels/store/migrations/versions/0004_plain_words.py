"""States and columns by the words of the documentation: held, reconciling, needs_turn."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


# No batch mode: it would copy the table, and with it lose the conditions of the partial indexes. The partial indexes of
# before find the few rows that change, however large the tables are; so they are removed only afterwards.
def upgrade() -> None:
    op.execute("UPDATE message SET state = 'held' WHERE state = 'kept'")
    op.drop_index("message_kept", "message")
    op.create_index("message_held", "message", ["conversation_id", "id"], sqlite_where=sa.text("state = 'held'"))

    op.execute(
        "UPDATE delivery SET state = 'reconciling'"
        " WHERE state IN ('ready', 'sending', 'asking') AND state = 'asking'"  # the condition of the index, word for word
    )
    op.drop_index("delivery_open", "delivery")
    op.create_index(
        "delivery_open",
        "delivery",
        ["conversation_id", "id"],
        sqlite_where=sa.text("state IN ('ready', 'sending', 'reconciling')"),
    )

    op.drop_index("conversation_stirred", "conversation")
    op.alter_column("conversation", "stirred", new_column_name="needs_turn")
    op.create_index("conversation_needs_turn", "conversation", ["id"], sqlite_where=sa.text("needs_turn = 1"))
