"""The shape of the database: known without alembic, and the same that alembic knows."""

from __future__ import annotations

from alembic.config import Config
from alembic.script import ScriptDirectory

from trinity_channels.store import migrate


def test_the_newest_revision_is_read_from_the_file_names() -> None:
    config = Config()
    config.set_main_option("script_location", str(migrate._SCRIPTS))
    assert migrate.newest() == ScriptDirectory.from_config(config).get_current_head()
