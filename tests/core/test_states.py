"""The statements of the store set states as `store.states` allows it, and together they use all that it allows."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Any

import pytest
from sqlalchemy import Insert, Update
from sqlalchemy.dialects import sqlite

from tests.statements import Statement, statements
from trinity_channels.store import transitions
from trinity_channels.store.states import Lifecycle, MessageState, OutboxState, TurnState
from trinity_channels.store.transitions import LIFECYCLES, ForbiddenTransition

BY_TABLE = {table.name: (kind, lifecycle) for kind, (table, lifecycle) in LIFECYCLES.items()}
WRITING = {
    name: one
    for name, one in statements().items()
    if isinstance(one, Update | Insert) and getattr(one.table, "name", "") in BY_TABLE
}
INSERTS = [name for name, one in WRITING.items() if isinstance(one, Insert)]
SET = re.compile(r"SET (?P<values>.*?)\n? WHERE (?P<condition>.*)", re.DOTALL)
STATE = re.compile(r"\bstate\s*=")
TARGET = re.compile(r"\bstate='(\w+)'")
ORIGINS = re.compile(r"\(?\w+\.state = '\w+'(?: OR \w+\.state = '\w+')*\)?(?= AND |$)")


def sql(statement: Statement) -> Any:
    return statement.compile(dialect=sqlite.dialect())


def moves(name: str) -> set[tuple[str, str]]:
    """The transitions that an update makes; none if it sets no state."""
    found = SET.search(str(sql(WRITING[name])))
    assert found is not None
    if not STATE.search(found["values"]):
        return set()
    target, origins = TARGET.search(found["values"]), ORIGINS.match(found["condition"])
    assert target, f"{name} sets a state that is known only when it runs"
    assert origins, f"{name} does not name the states that it may come from"
    return {(origin, target[1]) for origin in re.findall(r"'(\w+)'", origins[0])}


def allowed(lifecycle: Lifecycle[Any]) -> set[tuple[str, str]]:
    return {(origin, target) for origin, targets in lifecycle.follows.items() for target in targets}


@pytest.mark.parametrize("table", BY_TABLE)
def test_updates_make_the_transitions_of_the_table_and_no_others(table: str) -> None:
    _, lifecycle = BY_TABLE[table]
    updates = [name for name, one in WRITING.items() if isinstance(one, Update) and str(one.table) == table]

    made = {one for name in updates for one in moves(name)}

    assert {(origin, target) for origin, target in made if origin != target} == allowed(lifecycle)


@pytest.mark.parametrize("name", INSERTS)
def test_a_row_begins_in_a_state_that_its_insert_names(name: str) -> None:
    compiled = sql(WRITING[name])
    _, lifecycle = BY_TABLE[str(WRITING[name].table)]

    assert "state" not in compiled.binds
    assert re.search(rf"'({'|'.join(lifecycle.begins)})'", str(compiled))


@pytest.mark.parametrize("kind", LIFECYCLES)
def test_every_state_can_be_reached(kind: type[StrEnum]) -> None:
    _, lifecycle = LIFECYCLES[kind]
    reached = set(lifecycle.begins)
    while more := {target for state in reached for target in lifecycle.follows[state]} - reached:
        reached |= more

    assert reached == set(kind) == set(lifecycle.follows)


@pytest.mark.parametrize(
    ("origin", "target"),
    [
        (OutboxState.READ, OutboxState.DELIVERED),
        (OutboxState.DELIVERED, OutboxState.FAILED),
        (MessageState.ERASED, MessageState.WAITING),
        (TurnState.DONE, TurnState.OPEN),
    ],
)
def test_a_statement_that_goes_another_way_cannot_be_made(origin: StrEnum, target: StrEnum) -> None:
    with pytest.raises(ForbiddenTransition, match=rf"{origin.name} never becomes {target.name}"):
        transitions.transition({origin}, target)


def test_a_row_cannot_begin_in_the_middle() -> None:
    with pytest.raises(ForbiddenTransition, match="none begins as READ"):
        transitions.initial(OutboxState.READ)
