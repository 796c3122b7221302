"""Alembic's entry: runs on the connection that `store.migrate` hands over."""

from alembic import context
from sqlmodel import SQLModel

from trinity_channels.store import alert_tables, retention_tables, tables

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=SQLModel.metadata, render_as_batch=True)
assert tables  # noqa: S101  imported for its metadata
assert retention_tables  # noqa: S101  see above
assert alert_tables  # noqa: S101  see above
with context.begin_transaction():
    context.run_migrations()
