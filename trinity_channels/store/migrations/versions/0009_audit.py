"""Lists of the audit log, narrowed and paged"""

from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.create_index("audit_listed_of_agent", "audit", ["agent", "id"])
    op.create_index("audit_listed_of_action", "audit", ["action", "id"])
    op.create_index("audit_listed_of_actor", "audit", ["actor", "id"])
    op.create_index("audit_at", "audit", ["at"])
