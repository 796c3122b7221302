"""Whatever happens in whatever order, messages, turns and deliveries take only the steps that `store.states` has."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from sqlalchemy import create_engine, text

from trinity_channels.api import (
    Account,
    DeliveryState,
    Failure,
    FailureKind,
    MessageReceived,
    Receipt,
    ReceiptReceived,
    Sender,
)
from trinity_channels.store import (
    Tx,
    bindings,
    conversation_state,
    deliveries,
    erase,
    inbox,
    messages,
    people,
    receipts,
    resends,
    retention,
    turns,
)
from trinity_channels.store.conversation_state import ConversationState, Message
from trinity_channels.store.deliveries import Delivery
from trinity_channels.store.retention import Batch, Due
from trinity_channels.store.states import OutboxState

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
LATER = NOW + timedelta(minutes=1)
PEOPLE = (1, 2)
FEW = st.integers(min_value=1, max_value=4)
"""Ids, also of rows that there are not yet."""
FAILURES = st.builds(Failure, st.just("30008"), st.sampled_from(FailureKind), st.just("It failed."))
MANY = settings(max_examples=settings().max_examples // 2, stateful_step_count=50)
OUTCOMES = ("taken", "failed", "postponed", "asked", "parked")


class Operations(RuleBasedStateMachine):
    """One binding, on which anything may be done at any time, also with what was read long before."""

    def __init__(self, blank: Path) -> None:
        super().__init__()
        self._engine = create_engine("sqlite://", creator=lambda: _copy(blank))
        self._connection = self._engine.connect()
        self.tx = Tx(self._connection, {})
        account = Account(key="AC1", sender="+15550100")
        key = ("sealed", "digest")
        self.binding = bindings.save(self.tx, "support", "demo", account, settings={}, secrets={}, new_key=key, now=NOW)
        self.events = 0
        self.waiting: list[Message] = []
        self.claimed: list[Delivery] = []
        for person in PEOPLE:
            self._write(person, in_group=False)
            self._queue(person, "agent", 2)

    def teardown(self) -> None:
        self._connection.close()
        self._engine.dispose()

    def _state(self, conversation: int) -> ConversationState | None:
        return conversation_state.load(self.tx, conversation)

    def _write(self, person: int, *, in_group: bool) -> None:
        self.events += 1
        event = MessageReceived(
            event_id=f"event-{self.events}",
            provider_id=f"theirs-{self.events}",
            sender=Sender(f"address-{person}"),
            text="hello",
            conversation="group" if in_group else None,
            group=in_group,
        )
        inbox.accept(self.tx, self.binding, event, NOW)

    def _queue(self, conversation: int, origin: str, parts: int) -> None:
        if state := self._state(conversation):
            messages.queue(self.tx, state, "hi", ["hi"] * parts, origin, NOW)

    @rule(contact=FEW)
    def someone_is_blocked(self, contact: int) -> None:
        people.block(self.tx, contact, NOW)

    @rule(contact=FEW)
    def someone_is_erased(self, contact: int) -> None:
        erase.person(self.tx, contact, NOW)

    @rule(message=FEW, turn=FEW)
    def a_message_grows_old(self, message: int, turn: int) -> None:
        retention.clear(self.tx, Batch(due=[Due(message, self.binding, turn)]), {self.binding: 30}, NOW)

    # --- what always holds ---

    @invariant()
    def a_message_is_being_answered_while_its_turn_is_open(self) -> None:
        assert not self._any(
            "SELECT 1 FROM trinity_channels_message AS message JOIN trinity_channels_turn AS turn ON turn.id "
            "= message.turn_id "
            "WHERE message.state = 'answering' AND turn.state <> 'open'"
        )

    @invariant()
    def what_was_removed_says_nothing(self) -> None:
        assert not self._any(
            "SELECT 1 FROM trinity_channels_message WHERE state IN ('dropped', 'expired', 'erased') AND text <> ''"
        )

    @invariant()
    def what_failed_says_why_and_what_arrived_says_nothing_of_a_failure(self) -> None:
        assert not self._any(
            "SELECT 1 FROM trinity_channels_delivery WHERE (state = 'failed' AND failure IS NULL) "
            "OR (state IN ('queued', 'sent', 'delivered', 'read') AND failure IS NOT NULL)"
        )

    def _any(self, sql: str) -> Any:
        return self.tx.query(text(sql))


class Inbound(Operations):
    """What becomes of messages that people write, and of the turns about them."""

    @rule(person=st.sampled_from(PEOPLE), in_group=st.booleans())
    def someone_writes(self, person: int, *, in_group: bool) -> None:
        self._write(person, in_group=in_group)

    @rule(message=FEW)
    def a_command_is_obeyed(self, message: int) -> None:
        messages.handled(self.tx, message)

    @rule(message=FEW)
    def a_message_is_dropped(self, message: int) -> None:
        messages.drop(self.tx, [message], NOW)

    @rule(conversation=FEW, message=FEW, most=st.integers(min_value=0, max_value=2))
    def a_message_is_held(self, conversation: int, message: int, most: int) -> None:
        messages.hold(self.tx, conversation, [message], most, NOW)

    @rule(conversation=FEW, oldest=st.sampled_from([NOW, LATER]))
    def the_gate_opens(self, conversation: int, oldest: datetime) -> None:
        messages.release(self.tx, conversation, oldest, NOW)

    @rule(conversation=FEW, late=st.booleans())
    def a_turn_begins(self, conversation: int, *, late: bool) -> None:
        """Over what waits, or over what waited at the last look."""
        state = self._state(conversation)
        seen = self.waiting if late else []
        if state:
            self.waiting = [*state.waiting]
            if begun := seen or self.waiting:
                turns.begin(self.tx, conversation, begun, "key", NOW)

    @rule(turn=FEW, how=st.sampled_from(["answered", "failed", "withdrawn"]))
    def a_turn_ends(self, turn: int, how: str) -> None:
        match how:
            case "answered":
                turns.finish(self.tx, turn, NOW)
            case "failed":
                turns.fail(self.tx, turn, "broken", NOW)
            case _:
                turns.withdraw(self.tx, turn, NOW)

    @rule(turn=FEW)
    def a_turn_is_put_off(self, turn: int) -> None:
        turns.attempt(self.tx, turn, NOW)
        turns.postpone(self.tx, turn, LATER, "busy", NOW, counted=True)

    @rule(turn=FEW, again=st.booleans())
    def an_operator_decides(self, turn: int, *, again: bool) -> None:
        if again:
            turns.resubmit(self.tx, turn, NOW)
        else:
            turns.forget(self.tx, turn, NOW)


class Outbound(Operations):
    """What becomes of messages to people."""

    @rule(conversation=FEW, origin=st.sampled_from(["agent", "notice", "proactive"]), parts=st.integers(1, 3))
    def a_message_is_queued(self, conversation: int, origin: str, parts: int) -> None:
        self._queue(conversation, origin, parts)

    @rule(conversation=FEW)
    def a_call_begins(self, conversation: int) -> None:
        if found := deliveries.next_open(self.tx, conversation):
            delivery, _ = found
            if delivery.state is OutboxState.READY:
                deliveries.mark_sending(self.tx, replace(delivery, uid=delivery.uid or str(delivery.id)), NOW)
                delivery, _ = deliveries.next_open(self.tx, conversation) or found
            self.claimed.append(delivery)

    @rule(number=FEW, how=st.sampled_from(OUTCOMES), state=st.sampled_from(DeliveryState), failure=FAILURES)
    def a_call_ends(self, number: int, how: str, state: DeliveryState, failure: Failure) -> None:
        """The last that was begun, or one before: it ends late."""
        if not self.claimed:
            return
        delivery = self.claimed[-min(number, len(self.claimed))]
        match how:
            case "taken":
                deliveries.taken(self.tx, delivery, Receipt(f"provider-{delivery.id}", state), NOW)
            case "failed":
                deliveries.fail(self.tx, delivery, failure, NOW)
            case "postponed":
                deliveries.postpone(self.tx, delivery, LATER, "busy", NOW)
            case "asked":
                deliveries.reconcile(self.tx, delivery, LATER, "cut off", NOW)
            case _:
                deliveries.park_unknown(self.tx, delivery, "cut off", NOW)

    @rule(delivery=FEW, other=st.booleans(), state=st.sampled_from(DeliveryState), failure=st.none() | FAILURES)
    def a_receipt_comes(self, delivery: int, *, other: bool, state: DeliveryState, failure: Failure | None) -> None:
        provider_id = f"provider-{delivery}{'-again' if other else ''}"
        receipt = ReceiptReceived(provider_id, state, str(delivery), failure)
        receipts.apply(self.tx, self.binding, receipt, NOW, again_after=timedelta(minutes=1), attempts=3)

    @rule(message=FEW, delivery=FEW)
    def the_owner_sends_it_again(self, message: int, delivery: int) -> None:
        resends.reopen(self.tx, message, delivery, NOW)


def _copy(database: Path) -> sqlite3.Connection:
    """A database in memory like the one in a file."""
    made = sqlite3.connect(":memory:", isolation_level=None)
    with closing(sqlite3.connect(database)) as source:
        source.backup(made)
    return made


@pytest.mark.parametrize("operations", [Inbound, Outbound])
def test_rows_take_only_allowed_steps(blank: Path, operations: type[Operations]) -> None:
    """The database itself refuses others, by the triggers that every story runs with."""
    run_state_machine_as_test(lambda: operations(blank), settings=MANY)  # type: ignore[arg-type]  # whatever makes one will do


@pytest.mark.parametrize(
    ("begins", "becomes", "refused"),
    [("waiting", "held", False), ("waiting", "expired", True), ("answered", "waiting", True), ("held", "held", True)],
)
def test_the_database_of_a_story_refuses_other_steps(blank: Path, begins: str, becomes: str, *, refused: bool) -> None:
    def move(database: sqlite3.Connection) -> None:
        database.execute(
            "INSERT INTO trinity_channels_message (binding_id, conversation_id, origin, text, at, "
            "state) VALUES (1, 1, 'x', 'x', 0, ?)",
            [begins],
        )
        database.execute("UPDATE trinity_channels_message SET state = ?", [becomes])

    with closing(_copy(blank)) as database:
        if refused:
            with pytest.raises(sqlite3.IntegrityError, match="a message may not"):
                move(database)
        else:
            move(database)
