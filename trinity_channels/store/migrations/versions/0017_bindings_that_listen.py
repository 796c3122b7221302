"""Whether messages of a binding are fetched, or come by webhook"""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    op.add_column(
        "trinity_channels_binding", sa.Column("listens", sa.Boolean(), nullable=False, server_default=sa.false())
    )
