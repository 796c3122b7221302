"""What `receive` promises beyond single payloads: purity, no surprises, whose message it is."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import trinity_channels_slack as plugin
from trinity_channels.api import (
    Binding,
    ChannelError,
    Ignored,
    Inbound,
    MalformedPayload,
    MessageReceived,
    Request,
    SignatureError,
)
from trinity_channels_slack.text import plain

Sign = Callable[..., Request]

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
FIELDS = [
    "type", "subtype", "channel", "channel_type", "user", "text", "ts", "thread_ts", "bot_id", "app_id", "bot_profile",
    "files", "message", "hidden", "user_profile",
]  # fmt: skip
WORDS = [
    "",
    "im",
    "message",
    "app_mention",
    "file_share",
    "<@U0FAKEBOT>",
    "<@U0FAKEBOT|",
    "<!",
    "C0FAKE001",
    "1.2",
    "9" * 30,
]


@given(
    changes=st.dictionaries(st.sampled_from(FIELDS), anything | st.sampled_from(WORDS), max_size=6),
    missing=st.sets(st.sampled_from(FIELDS), max_size=4),
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=3 * settings().max_examples)
def test_an_authentic_request_is_read_or_called_malformed(
    changes: dict[str, object], missing: set[str], binding: Binding, message: dict[str, object], signed: Sign
) -> None:
    request = signed({name: value for name, value in (message | changes).items() if name not in missing})
    before = copy.deepcopy(request)

    outcomes = [_outcome(binding, request) for _ in range(2)]

    assert outcomes[0] == outcomes[1]
    assert isinstance(outcomes[0], Inbound) or outcomes[0][0] is MalformedPayload
    assert request == before


@given(
    envelope=st.dictionaries(
        st.sampled_from(["type", "team_id", "api_app_id", "event", "challenge", "authorizations", "context_team_id"]),
        anything | st.sampled_from(["event_callback", "url_verification", "T0FAKE001"]),
    )
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=2 * settings().max_examples)
def test_whatever_slack_signs_has_an_answer(envelope: dict[str, Any], binding: Binding, signed: Sign) -> None:
    found = _outcome(binding, signed({"type": "message"}, **envelope))

    assert isinstance(found, Inbound) or found[0] is MalformedPayload


PAYLOAD = [
    "type", "api_app_id", "team", "user", "channel", "container", "message", "actions", "view", "action_ts", "message_ts",
    "submission", "callback_id", "trigger_id", "original_message",
]  # fmt: skip
VALUES: list[Any] = [
    "block_actions", "interactive_message", "view_submission", "message_action", "dialog_submission", "1767225600.000100",
    {"id": "T0FAKE001"}, {"id": "U0FAKE001"}, [{"type": "static_select", "selected_option": 1}], [{"type": "button"}],
]  # fmt: skip


@given(payload=st.dictionaries(st.sampled_from(PAYLOAD), anything | st.sampled_from(VALUES)))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=3 * settings().max_examples)
def test_an_interaction_of_any_shape_has_an_answer(payload: dict[str, Any], binding: Binding, signed: Sign) -> None:
    form = urlencode({"payload": json.dumps(payload)}).encode()

    found = _outcome(binding, signed(form, headers={"content-type": "application/x-www-form-urlencoded"}))

    assert isinstance(found, Inbound) or found[0] is MalformedPayload


@given(
    headers=st.dictionaries(
        st.sampled_from(["x-slack-signature", "x-slack-request-timestamp", "content-type"]),
        st.text(max_size=80) | st.just("1767225600"),
    ),
    body=st.binary(max_size=60),
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=2 * settings().max_examples)
def test_whatever_is_not_signed_is_refused(
    headers: dict[str, str], body: bytes, binding: Binding, signed: Sign
) -> None:
    received_at = signed(b"{}").received_at

    with pytest.raises(SignatureError):
        plugin.receive(binding, Request("POST", "https://bot.example", headers, body, received_at))


def _outcome(binding: Binding, request: Request) -> Inbound | tuple[type[ChannelError], str]:
    try:
        return plugin.receive(binding, request)
    except ChannelError as error:
        return type(error), error.message


@given(text=st.text(st.characters(exclude_categories=["Cs"]), max_size=60))
def test_what_a_person_types_is_what_is_read(text: str) -> None:
    typed = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")

    assert plain(typed, "U0FAKEBOT") == text


@given(text=st.text("<>@!#|^&;U0FAKEBOT \n", max_size=60))
def test_any_markup_is_read_somehow(text: str) -> None:
    assert isinstance(plain(text, "U0FAKEBOT"), str)


@pytest.mark.parametrize(
    "message_first", [True, False], ids=["message before app_mention", "app_mention before message"]
)
def test_the_two_events_of_a_mention_are_one_message(
    message_first: bool, binding: Binding, message: dict[str, object], signed: Sign
) -> None:
    mention = message | {"type": "app_mention", "channel": "C0FAKE001", "text": "<@U0FAKEBOT> hello"}
    del mention["channel_type"]
    twin = mention | {"type": "message", "channel_type": "channel", "client_msg_id": "x"}
    both = [twin, mention] if message_first else [mention, twin]

    found = [
        plugin.receive(binding, signed(one, event_id=f"Ev0FAKE{number}")).events[0] for number, one in enumerate(both)
    ]

    kept = {(one.event_id, one.conversation, one.text) for one in found if isinstance(one, MessageReceived)}
    assert kept == {("C0FAKE001/1767225600.000100", "C0FAKE001/1767225600.000100", "hello")}
    assert len(found) == 2


def test_raw_keeps_what_the_value_does_not_say(binding: Binding, message: dict[str, object], signed: Sign) -> None:
    [event] = plugin.receive(binding, signed(message | {"client_msg_id": "fake-1", "blocks": []})).events

    assert isinstance(event, MessageReceived)
    assert event.raw["client_msg_id"] == "fake-1"
    assert not {"text", "blocks", "token"} & event.raw.keys()
    assert "hello" not in repr(event.raw)


def test_an_account_without_facts_still_knows_itself(
    make_binding: Callable[..., Binding], message: dict[str, object], signed: Sign
) -> None:
    binding = make_binding(facts={})

    [own] = plugin.receive(binding, signed(message | {"user": "U0FAKEBOT"})).events
    [posted] = plugin.receive(binding, signed(message | {"bot_id": "B0ANY", "app_id": "A0FAKE001"})).events
    [persons] = plugin.receive(binding, signed(message)).events

    assert own == posted == Ignored("own_message")
    assert isinstance(persons, MessageReceived)


@pytest.mark.parametrize("challenge", ["fake-challenge", "<script>", "é👍", "\ud800"])
def test_the_handshake_is_answered_with_its_challenge_as_plain_text(
    challenge: str, binding: Binding, signed: Sign
) -> None:
    inbound = plugin.receive(binding, signed(None, type="url_verification", challenge=challenge))

    assert inbound.response.body == challenge.encode("utf-8", "replace")
    assert (inbound.response.status, inbound.response.media_type) == (200, "text/plain")
