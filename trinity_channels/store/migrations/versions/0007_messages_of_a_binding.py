"""The last messages of a binding"""

from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.create_index("trinity_channels_message_of_binding", "trinity_channels_message", ["binding_id"])
