"""Pages of an agent's people"""

from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.create_index(
        "trinity_channels_contact_of_binding", "trinity_channels_contact", ["binding_id", "id", "email", "blocked_at"]
    )
