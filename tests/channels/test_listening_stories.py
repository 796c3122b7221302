"""A bot whose messages are fetched passes the stories that it passes by webhook."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from freezegun.api import FrozenDateTimeFactory

from tests.channels.net import Net
from tests.channels.test_bindings import (
    test_a_test_message_arrives,
    test_an_answer_is_heard_once_whatever_happens_to_the_connection,
    test_disconnecting_ends_the_conversation_and_keeps_people,
    test_verifying_writes_to_nobody,
)
from tests.channels.test_one_policy import (
    test_a_blocked_person_hears_nothing,
    test_a_denial_is_told,
    test_a_kept_question_is_answered_after_approval,
    test_a_proved_address_is_enough_where_only_that_is_required,
    test_an_open_agent_answers_everybody,
)
from tests.channels.test_proactive import test_who_stopped_is_left_alone
from tests.channels.test_units_run_twice import (
    test_messages_are_answered_once_and_in_order,
    test_people_sign_in_with_one_code_and_what_was_held_is_answered,
    twice,
    undone,
)

__all__ = [
    "test_a_blocked_person_hears_nothing",
    "test_a_denial_is_told",
    "test_a_kept_question_is_answered_after_approval",
    "test_a_proved_address_is_enough_where_only_that_is_required",
    "test_a_test_message_arrives",
    "test_an_answer_is_heard_once_whatever_happens_to_the_connection",
    "test_an_open_agent_answers_everybody",
    "test_disconnecting_ends_the_conversation_and_keeps_people",
    "test_messages_are_answered_once_and_in_order",
    "test_people_sign_in_with_one_code_and_what_was_held_is_answered",
    "test_verifying_writes_to_nobody",
    "test_who_stopped_is_left_alone",
    "twice",
    "undone",
]
LISTENING = ("telegram", "slack")


@pytest.fixture(params=LISTENING)
def channel(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture
async def net(tmp_path: Path, clock: FrozenDateTimeFactory, channel: str) -> AsyncIterator[Net]:
    """A host without a public address, with one messenger, to which it listens."""
    async with Net(tmp_path, clock, public_chat_url=None) as made:
        made.listening = LISTENING
        await made.listens_to(channel)
        yield made
