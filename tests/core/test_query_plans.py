"""No statement on the way of a message reads a table that grows: what is done must not slow down what is to do."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Delete, Select, Update
from sqlalchemy.dialects import sqlite

from tests.statements import statements
from tests.world import START
from trinity_channels.store import audit, audit_names, conversation_list
from trinity_channels.store.conversation_list import Need, Wanted
from trinity_channels.store.place import Place
from trinity_channels.store.tables.row import PREFIX

# Made into something narrower before they run, or small by nature: a row per binding, agent, token or parked turn, or the
# newest thousand messages of one conversation.
EXEMPT = {
    "conversation_state._MESSAGES",
    "people._LISTED",
    "verified_emails._LINKED",
    "bindings._ALL",
    "bindings._HOLDER",
    "bindings._LISTENING",
    "bindings._USAGE",
    "retention._BINDINGS",
    "inbox._HEARD",
    "delivery_log.SENT",
    "resends._CANDIDATE",
    "tokens._ALL",
    "agent_names._RENAME_TOKENS",
    "agent_names._DELETE_TOKENS",
    "notice_budget._SENT",
    "notices._TO_SET",
    "schema._STANDS",  # one row
    "retired_keys._DIGESTS",  # all of them, once after a change
}
STATEMENTS = {name: one for name, one in statements().items() if isinstance(one, Select | Update | Delete)}


def plan(database: Path, statement: Any) -> list[str]:
    compiled = statement.compile(dialect=sqlite.dialect(), compile_kwargs={"render_postcompile": True})
    with closing(sqlite3.connect(database)) as connection:
        rows = connection.execute(f"EXPLAIN QUERY PLAN {compiled}", [1] * len(compiled.positiontup or ()))
        # Without what the names of all tables and indexes begin with.
        return [row[3].replace(PREFIX, "") for row in rows]


def scanned(steps: list[str]) -> list[str]:
    """The tables that a plan reads from end to end; what comes out of a part of the plan itself is none."""
    own = {f"SCAN {step.split()[1]}" for step in steps if step.startswith(("CO-ROUTINE", "MATERIALIZE"))}
    return [step for step in steps if step.startswith("SCAN") and "INDEX" not in step and step not in own]


@pytest.mark.parametrize("name", sorted(set(STATEMENTS) - EXEMPT))
def test_it_finds_its_rows_by_an_index(blank: Path, name: str) -> None:
    steps = plan(blank, STATEMENTS[name])

    assert scanned(steps) == []


@pytest.mark.parametrize(
    ("name", "index"),
    [
        ("access._UNTOLD_AGENTS", "access_request_untold"),
        ("access._UNTOLD", "access_request_untold"),
        ("access._COUNT_UNTOLD", "access_request_untold"),
        ("access._OWNER_TOLD", "access_request_untold"),
        ("attention._REQUESTS", "access_request_pending"),
        ("audit._NEWEST", "audit_of_agent"),
        ("clients._FOUND", "contact_of_binding"),
        ("clients._MESSAGES", "message_held"),
        ("clients._LAST_ACTIVE[1]", "contact_of_binding"),
        ("clients._PEOPLE", "contact_of_binding"),
        ("pending._COUNT", "access_request_pending"),
        ("pending._HELD", "message_held"),
        ("pending._PAGE", "access_request_pending"),
        ("attention._TURNS", "turn_failed"),
        ("attention._DELIVERIES", "delivery_parked"),
        ("exchanged._OF_BINDING", "message_of_binding"),
        ("notice_budget._OF_BINDING", "message_notice"),
        ("notice_budget._TO_STRANGER", "message_to_stranger"),
        ("conversation_state._WITH_WORK", "message_open"),
        ("conversation_state._WITH_OPEN_TURN", "turn_open"),
        ("bindings._GROUPS", "conversation_groups"),
        ("conversation_state._NEEDS_TURN", "conversation_needs_turn"),
        ("conversation_state._STATE", "turn_open"),
        ("conversation_state._WAITING", "message_open"),
        ("conversation_list._FAILED_TURNS", "turn_failed_here"),
        ("conversation_list._IS_HELD", "message_held"),
        ("conversation_list._WAITS", "message_open"),
        ("conversation_list._IS_ANSWERED", "turn_open"),
        ("conversation_list._UNDELIVERED_MESSAGES", "delivery_parked_here"),
        ("deliveries._WITH_WORK", "delivery_open"),
        ("deliveries._NEXT", "delivery_open"),
        ("deliveries._FIRST_OPEN", "delivery_open"),
        ("resends._FAILED", "delivery_parked"),
        ("turns._FAILED", "turn_failed"),
        ("verified_emails._TO_CHECK", "contact_email_vouched"),
        ("verified_emails._UNUSED", "contact_email_used"),
        ("agent_runs._NEWEST_PARKED", "turn_failed"),
        ("agent_runs._COUNT_RETRIED", "turn_open"),
        ("agent_runs._LAST_ANSWERED", "turn_answered"),
        ("agent_runs._PARKED_OF_CONTACT", "turn_failed"),
    ],
)
def test_open_work_is_found_by_the_index_of_open_work(blank: Path, name: str, index: str) -> None:
    assert any(f" {index}" in step for step in plan(blank, STATEMENTS[name]))


@pytest.mark.parametrize(
    ("need", "steps"),
    [
        (None, ["SEARCH conversation USING INDEX"]),
        (Need.ATTENTION, ["turn_failed", "delivery_parked", "SEARCH conversation USING INTEGER PRIMARY KEY"]),
        (Need.HELD, ["message_held", "SEARCH conversation USING INTEGER PRIMARY KEY"]),
        (Need.WORKING, ["turn_open", "message_open", "SEARCH conversation USING INTEGER PRIMARY KEY"]),
    ],
)
@pytest.mark.parametrize("name", ["", "Zoe"])
@pytest.mark.parametrize("after", [None, Place(START, 7)])
def test_conversations_are_found_by_their_bindings_or_by_what_is_open(
    blank: Path, need: Need | None, steps: list[str], name: str, after: Place | None
) -> None:
    found = plan(blank, conversation_list.found([1, 2], Wanted(["support"], "", need, name, START), after).limit(26))

    assert scanned(found) == []
    assert [one for one in steps if not any(one in step for step in found)] == []


@pytest.mark.parametrize("name", ["_COUNT", "_FIRST_OF_HOUR", "_LAST"])
def test_messages_that_are_not_counted_yet_are_found_by_their_id(blank: Path, name: str) -> None:
    steps = plan(blank, STATEMENTS[f"inbound_hours.{name}"])

    assert steps[0].startswith("SEARCH message USING INTEGER PRIMARY KEY (rowid>?")


@pytest.mark.parametrize("agent", [None, "support"])
@pytest.mark.parametrize("action", [None, "login"])
@pytest.mark.parametrize("actor", [None, "admin"])
@pytest.mark.parametrize("since", [None, datetime(2026, 3, 2, tzinfo=UTC)])
def test_the_audit_log_is_listed_by_an_index(
    blank: Path, agent: str | None, action: str | None, actor: str | None, since: datetime | None
) -> None:
    steps = plan(blank, audit.listed(agent, action, actor, since, before=7))

    assert [step for step in steps if step.startswith("SCAN") or "TEMP B-TREE" in step] == []


@pytest.mark.parametrize(
    "statement",
    [audit_names.contacts([1, 2]), *(make([1, 2]) for make in {**audit_names.CHATS, **audit_names.WORDS}.values())],
)
def test_whom_the_audit_log_names_is_found_by_id(blank: Path, statement: Select[Any]) -> None:
    assert [step for step in plan(blank, statement) if step.startswith("SCAN")] == []
