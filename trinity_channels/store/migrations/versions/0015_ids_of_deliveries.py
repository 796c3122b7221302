"""What providers are told a delivery is called, the same in every attempt"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    op.add_column("trinity_channels_delivery", sa.Column("uid", sa.String(), nullable=True))
    # What was attempted is called by its number at the provider, which may still report it, or be asked for it. The others
    # get a UUID when they are attempted.
    attempted, number = "attempts > 0 OR attempted_at IS NOT NULL", "CAST(id AS VARCHAR)"
    if op.get_bind().dialect.name == "postgresql":
        # The table and its indexes are written again, one after another. To update the rows leaves all of them twice, and
        # took nine times as long.
        op.execute(
            'ALTER TABLE trinity_channels_delivery ALTER COLUMN uid TYPE VARCHAR COLLATE "C" '
            f"USING CASE WHEN {attempted} THEN {number} END"
        )
    else:
        op.execute(f"UPDATE trinity_channels_delivery SET uid = {number} WHERE {attempted}")  # noqa: S608  constants
    op.create_index("ix_trinity_channels_delivery_uid", "trinity_channels_delivery", ["uid"])
