"""Lists of the audit log, narrowed and paged"""

from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.create_index("trinity_channels_audit_listed_of_agent", "trinity_channels_audit", ["agent", "id"])
    op.create_index("trinity_channels_audit_listed_of_action", "trinity_channels_audit", ["action", "id"])
    op.create_index("trinity_channels_audit_listed_of_actor", "trinity_channels_audit", ["actor", "id"])
    op.create_index("trinity_channels_audit_at", "trinity_channels_audit", ["at"])
