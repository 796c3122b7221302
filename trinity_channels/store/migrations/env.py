"""Alembic's entry: runs on the connection that `store.migrate` hands over."""

from alembic import context

from trinity_channels.store import migrate, tables
from trinity_channels.store.tables.row import METADATA

connection = context.config.attributes["connection"]
context.configure(
    connection=connection, target_metadata=METADATA, render_as_batch=True, version_table=migrate.VERSION_TABLE
)
assert tables  # noqa: S101  imported for its metadata
with context.begin_transaction():
    context.run_migrations()
