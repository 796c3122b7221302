"""Alembic's entry: runs on the connection that `store.migrate` hands over."""

from alembic import context
from sqlmodel import SQLModel

from trinity_channels.store import tables

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=SQLModel.metadata, render_as_batch=True)
assert tables  # noqa: S101  imported for its metadata
with context.begin_transaction():
    context.run_migrations()
