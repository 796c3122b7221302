"""What providers are told a delivery is called, the same in every attempt"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    op.add_column("trinity_channels_delivery", sa.Column("uid", sa.String(), nullable=True))
    # What was attempted is called by its number at the provider, which may still report it, or be asked for it. The others
    # get a UUID when they are attempted.
    op.execute(
        "UPDATE trinity_channels_delivery SET uid = CAST(id AS VARCHAR) WHERE attempts > 0 OR attempted_at IS NOT NULL"
    )
    op.create_index("ix_trinity_channels_delivery_uid", "trinity_channels_delivery", ["uid"])
