"""The shape of the database: known without alembic, and the same that alembic knows."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

from trinity_channels.store import migrate

SCRIPTS = Config()
SCRIPTS.set_main_option("script_location", str(migrate.SCRIPTS))


def at_revision(path: Path, revision: str) -> str:
    """A database as an earlier version left it; its address."""
    url = f"sqlite:///{path}"
    with create_engine(url, poolclass=NullPool).begin() as connection:
        config = Config()
        config.set_main_option("script_location", str(migrate.SCRIPTS))
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
    return url


def test_the_newest_revision_is_read_from_the_file_names() -> None:
    assert migrate.newest() == ScriptDirectory.from_config(SCRIPTS).get_current_head()


def test_turns_of_an_earlier_version_know_their_binding(tmp_path: Path) -> None:
    file = tmp_path / "old.db"
    url = at_revision(file, "0001")
    with closing(sqlite3.connect(file)) as database, database:
        database.execute(
            "INSERT INTO trinity_channels_conversation (id, binding_id, key, address, is_group, "
            "last_inbound_at, stirred, created_at)"
            " VALUES (5, 3, 'k', 'a', 0, 0, 0, 0)"
        )
        database.execute(
            "INSERT INTO trinity_channels_turn (id, key, conversation_id, state, attempts, retries, created_at, updated_at)"
            " VALUES (7, 't', 5, 'failed', 1, 0, 0, 0)"
        )

    migrate.upgrade(url)

    with closing(sqlite3.connect(file)) as database:
        assert database.execute("SELECT binding_id FROM trinity_channels_turn WHERE id = 7").fetchone() == (3,)


def test_the_first_admin_token_of_an_earlier_version_is_a_token_like_any_other(tmp_path: Path) -> None:
    file = tmp_path / "old.db"
    url = at_revision(file, "0002")
    with closing(sqlite3.connect(file)) as database, database:
        database.execute(
            "INSERT INTO trinity_channels_setting (name, value) VALUES ('admin_token_digest', 'fake-digest')"
        )

    migrate.upgrade(url)

    with closing(sqlite3.connect(file)) as database:
        found = database.execute("SELECT digest, role, created_by, expires_at FROM trinity_channels_token").fetchall()
        assert found == [("fake-digest", "admin", "first start", None)]
        assert database.execute("SELECT * FROM trinity_channels_setting").fetchall() == []


def test_texts_that_an_earlier_version_kept_of_dropped_messages_are_removed(tmp_path: Path) -> None:
    file = tmp_path / "old.db"
    url = at_revision(file, "0002")
    states = ("dropped", "expired", "erased", "answered", "kept")
    with closing(sqlite3.connect(file)) as database, database:
        database.executemany(
            "INSERT INTO trinity_channels_message (binding_id, conversation_id, origin, text, parts, state, at)"
            " VALUES (1, 1, 'person', 'words', '[]', ?, 5)",
            [(state,) for state in states],
        )

    migrate.upgrade(url)

    with closing(sqlite3.connect(file)) as database:
        rows = database.execute(
            "SELECT state, text, parts, cleared_at FROM trinity_channels_message ORDER BY id"
        ).fetchall()
    assert rows[:3] == [(one, "", None, 5) for one in states[:3]]
    assert rows[3:] == [("answered", "words", "[]", None), ("held", "words", "[]", None)]


def test_open_work_of_an_earlier_version_is_found_under_the_words_of_today(tmp_path: Path) -> None:
    file = tmp_path / "old.db"
    url = at_revision(file, "0003")
    with closing(sqlite3.connect(file)) as database, database:
        database.execute(
            "INSERT INTO trinity_channels_conversation (id, binding_id, key, address, is_group, "
            "last_inbound_at, stirred, created_at)"
            " VALUES (1, 1, 'contact:1', 'a', 0, 0, 1, 0)"
        )
        database.execute(
            "INSERT INTO trinity_channels_message (id, binding_id, conversation_id, origin, text, state, at)"
            " VALUES (1, 1, 1, 'person', 'words', 'kept', 0)"
        )
        database.executemany(
            "INSERT INTO trinity_channels_delivery (binding_id, conversation_id, message_id, address, text, "
            "state, attempts, created_at,"
            " updated_at) VALUES (1, 1, 1, 'a', 'words', ?, 0, 0, 0)",
            [("ready",), ("asking",), ("sent",)],
        )

    migrate.upgrade(url)

    with closing(sqlite3.connect(file)) as database:
        assert database.execute("SELECT id FROM trinity_channels_conversation WHERE needs_turn = 1").fetchall() == [
            (1,)
        ]
        assert database.execute("SELECT id FROM trinity_channels_message WHERE state = 'held'").fetchall() == [(1,)]
        states = database.execute("SELECT state FROM trinity_channels_delivery ORDER BY id").fetchall()
    assert states == [("ready",), ("reconciling",), ("sent",)]


def test_emails_of_an_earlier_version_have_an_age_and_the_source_that_is_on_record(tmp_path: Path) -> None:
    file = tmp_path / "old.db"
    url = at_revision(file, "0002")
    with closing(sqlite3.connect(file)) as database, database:
        database.executemany(
            "INSERT INTO trinity_channels_contact (id, binding_id, name, email, verified_at, resolved_at, created_at)"
            " VALUES (?, 1, '', ?, ?, ?, 0)",
            [(1, "zoe@example.org", 10, 30), (2, "yan@example.org", 20, None), (3, None, None, 40)],
        )
        database.execute(
            "INSERT INTO trinity_channels_audit (at, actor, action, agent, channel, details)"
            " VALUES (10, 'contact:1', 'login', 'support', 'x', '{}')"
        )

    migrate.upgrade(url)

    with closing(sqlite3.connect(file)) as database:
        rows = database.execute(
            "SELECT id, email_source, email_used_at, email_checked_at FROM trinity_channels_contact ORDER BY id"
        )
        assert rows.fetchall() == [(1, None, 30, None), (2, "provider", 20, 20), (3, None, None, None)]


def test_codes_of_an_earlier_version_count_for_their_mailbox_and_verified_e_mails_are_known(tmp_path: Path) -> None:
    file = tmp_path / "old.db"
    url = at_revision(file, "0002")
    with closing(sqlite3.connect(file)) as database, database:
        database.execute(
            "INSERT INTO trinity_channels_contact (id, binding_id, name, email, created_at) VALUES (5, 1, '', 'z@e.org', 0)"
        )
        database.execute("INSERT INTO trinity_channels_contact (id, binding_id, name, created_at) VALUES (6, 1, '', 0)")
        database.execute(
            "INSERT INTO trinity_channels_login_code (id, binding_id, contact_id, email, digest, guesses, "
            "live, created_at, expires_at)"
            " VALUES (7, 1, 5, 'z@e.org', 'x', 0, 1, 3, 4)"
        )

    migrate.upgrade(url)

    with closing(sqlite3.connect(file)) as database:
        codes = database.execute(
            "SELECT mailbox, known, mailed_at, locked_at FROM trinity_channels_login_code"
        ).fetchall()
        known = database.execute("SELECT contact_id, mailbox FROM trinity_channels_known_mailbox").fetchall()
    assert codes == [("z@e.org", 0, 3, None)]
    assert known == [(5, "z@e.org")]


def test_what_was_attempted_keeps_the_number_that_its_provider_knows(tmp_path: Path) -> None:
    """The provider may still report it by that, or be asked for it; what waits gets a UUID when it is attempted."""
    file = tmp_path / "old.db"
    url = at_revision(file, "0013")
    rows = [
        (1, "ready", 0, None),
        (2, "ready", 3, 5),
        (3, "sending", 1, 5),
        (4, "reconciling", 0, 5),
        (5, "read", 1, 5),
    ]
    with closing(sqlite3.connect(file)) as database, database:
        database.executemany(
            "INSERT INTO trinity_channels_delivery (id, binding_id, conversation_id, message_id, address, text, state,"
            " attempts, attempted_at, created_at, updated_at) VALUES (?, 1, 1, 1, 'a', 't', ?, ?, ?, 0, 0)",
            rows,
        )

    migrate.upgrade(url)

    with closing(sqlite3.connect(file)) as database:
        found = database.execute("SELECT id, uid FROM trinity_channels_delivery ORDER BY id").fetchall()
        assert found == [(1, None), (2, "2"), (3, "3"), (4, "4"), (5, "5")]
