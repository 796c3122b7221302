"""What is made of a model's answer, whatever its shape: words, deliberate silence, or a failure with its reason."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.agents.apis import KEY, TURN, Recorder, answer_to, completion, openai
from trinity_channels.agents.port import AgentError, AgentFailed, AgentUnavailable, Answer

NINE = "We open at nine."


async def failure_of(body: object, **headers: str) -> AgentError:
    with pytest.raises(AgentError) as caught:
        await answer_to(json.dumps(body), **headers)
    return caught.value


@pytest.mark.parametrize(
    "content",
    [
        NINE,
        [{"type": "text", "text": NINE}],
        [{"type": "output_text", "text": NINE, "annotations": []}],
        [{"type": "thinking", "thinking": [{"type": "text", "text": "hours"}]}, {"type": "text", "text": NINE}],
        [
            {"type": "text", "text": "We open"},
            {"type": "reference", "reference_ids": [1]},
            {"type": "text", "text": " at nine."},
        ],
        [{"type": "reasoning", "text": "hours"}, {"type": "text", "text": NINE}],
        [{"type": "text", "text": {"value": NINE, "annotations": []}}],
        [{"text": NINE}],
        {"type": "text", "text": NINE},
        ["We open", " at nine."],
        [None, 7, True, ["?"], {"type": "image_url", "image_url": {"url": "data:"}}, {"type": "text", "text": NINE}],
        [{"type": "text", "text": ""}, {"type": "text", "text": NINE}],
    ],
)
async def test_content_is_read_as_text_or_as_parts(content: object) -> None:
    assert await openai(Recorder(completion(content))).run(TURN) == NINE


@pytest.mark.parametrize(
    "message",
    [
        {"content": None, "refusal": NINE},
        {"content": "", "refusal": NINE},
        {"content": " \u200b", "refusal": NINE},
        {"content": [{"type": "refusal", "refusal": NINE}]},
        {"content": NINE, "refusal": NINE},
        {"refusal": NINE},
        {"content": NINE, "refusal": None},
    ],
)
async def test_a_refusal_is_the_answer(message: dict[str, object]) -> None:
    assert await openai(Recorder({"choices": [{"finish_reason": "stop", "message": message}]})).run(TURN) == NINE


@pytest.mark.parametrize(
    "choices",
    [
        [{"index": 1, "message": {"content": NINE}}],
        [{"index": "0", "message": {"content": NINE}}],
        [{"index": None, "message": {"content": NINE}}],
        [{"index": {}, "message": {"content": NINE}}],
        [{"index": 1, "message": {"content": "B"}}, {"index": 0, "message": {"content": NINE}}],
        [{"index": 1, "message": {"content": NINE}}, {"index": 2, "message": {"content": "B"}}],
        [{"message": {"content": NINE}}, {"message": {"content": "B"}}],
        [None, {"index": 0, "message": {"content": NINE}}],
        [{"index": 0, "message": NINE}],
        [{"index": 0, "delta": {}, "message": {"content": NINE}}],
        [{"index": 0, "delta": None, "message": {"content": NINE}}],
        [{"index": 0, "text": "", "message": {"content": NINE}}],
    ],
)
async def test_one_choice_is_read_however_choices_are_numbered_and_written(choices: list[object]) -> None:
    assert await answer_to(json.dumps({"choices": choices})) == NINE


@pytest.mark.parametrize("finish", ["stop", None, "eos", "end_turn", "STOP", "something_new"])
async def test_words_are_an_answer_whatever_ended_them(finish: str | None) -> None:
    assert await openai(Recorder(completion(NINE, finish))).run(TURN) == NINE


@pytest.mark.parametrize("finish", ["length", "max_tokens", "MAX_TOKENS", "model_length", "content_filter", "SAFETY"])
async def test_words_before_a_limit_are_known_to_be_cut(finish: str) -> None:
    assert await openai(Recorder(completion("We op", finish))).run(TURN) == Answer("We op", cut=True)


@pytest.mark.parametrize(
    "message", [{"content": None}, {"content": ""}, {"content": "\n"}, {"content": []}, {"tool_calls": []}]
)
@pytest.mark.parametrize("finish", ["stop", "STOP", "end_turn"])
async def test_nothing_at_all_is_deliberate_silence(message: dict[str, object], finish: str) -> None:
    answer = await openai(Recorder({"choices": [{"finish_reason": finish, "message": message}]})).run(TURN)

    assert isinstance(answer, str)
    assert answer.strip() == ""


@pytest.mark.parametrize(
    ("choice", "why"),
    [
        ({"finish_reason": "content_filter", "message": {"content": None}}, "content_filter"),
        ({"finish_reason": "content_filter", "message": {"content": ""}}, "content_filter"),
        ({"finish_reason": "length", "message": {"content": "", "reasoning_content": "thinking"}}, "length"),
        ({"finish_reason": "length", "message": {"content": None}}, "length"),
        ({"finish_reason": "stop", "message": {"content": "", "reasoning_content": "thinking"}}, "reasoning"),
        ({"finish_reason": "stop", "message": {"content": "", "reasoning": "thinking"}}, "reasoning"),
        ({"finish_reason": "stop", "message": {"content": [{"type": "thinking", "thinking": "x"}]}}, "reasoning"),
        ({"finish_reason": "tool_calls", "message": {"content": None, "tool_calls": [{"id": "1"}]}}, "tool_calls"),
        ({"finish_reason": "stop", "message": {"content": "", "tool_calls": [{"id": "1"}]}}, "tool calls"),
        (
            {"finish_reason": "function_call", "message": {"content": None, "function_call": {"name": "x"}}},
            "function_call",
        ),
        ({"finish_reason": "Something New", "message": {"content": None}}, "something_new"),
        ({"finish_reason": "SAFETY"}, "safety"),
        ({"finish_reason": None, "message": {"content": ""}}, "finish_reason not given"),
        ({"message": {"content": None}}, "finish_reason not given"),
        ({"finish_reason": "stop", "message": None}, "none of its choices holds a message"),
    ],
)
async def test_a_run_without_words_fails_with_its_reason(choice: dict[str, object], why: str) -> None:
    error = await failure_of({"choices": [choice]})

    assert isinstance(error, AgentFailed)
    assert why in str(error)


async def test_an_empty_list_of_choices_is_a_failure() -> None:
    error = await failure_of({"id": "1", "choices": [], "usage": {}})

    assert isinstance(error, AgentFailed)
    assert "none of its choices holds a message" in str(error)


@pytest.mark.parametrize(
    "body",
    [{}, {"choices": [{}]}, {"choices": ["x"]}, completion(7), [], [1], "fake-secret", None, 7, {"choices": None}],
)
async def test_an_answer_of_another_shape_is_a_failure_that_quotes_nothing(body: object) -> None:
    error = await failure_of(body)

    assert isinstance(error, AgentFailed)
    assert "shape" in str(error)
    assert "fake-secret" not in str(error) + error.detail
    assert error.__suppress_context__


@pytest.mark.parametrize("finish", ["error", "network_error", "abort", "insufficient_system_resource"])
@pytest.mark.parametrize("content", ["", "We op"])
async def test_a_run_that_broke_off_is_tried_again(finish: str, content: str) -> None:
    error = await failure_of(completion(content, finish))

    assert isinstance(error, AgentUnavailable)
    assert finish in str(error)


@pytest.mark.parametrize(
    "error",
    [
        {"message": "Rate limit exceeded", "code": 429},
        {"message": "overloaded", "code": 503},
        {"message": "Provider disconnected", "code": 502},
        {"message": "m", "code": "429"},
        {"message": "m", "code": "rate_limit_exceeded", "type": "tokens"},
        {"message": "m", "type": "overloaded_error"},
        {"message": "m", "type": "api_error"},
        {"message": "m", "type": "server_error", "code": None},
        {"message": "m", "code": "engine_overloaded"},
        {"message": "m", "code": "ThrottlingException"},
        {"message": "m", "code": "Throttling.RateQuota"},
        {"message": "m", "status": "RESOURCE_EXHAUSTED", "code": 429},
        {"message": "m", "status": "UNAVAILABLE"},
        {"message": "m", "status": 504},
        {"message": "m", "code": "timeout"},
        {"message": "m", "code": "request_timed_out"},
        {"message": "m", "code": 503.0},
        {"message": "m", "code": 42901},
        {"message": "m", "code": 50002},
        {"message": "Rate limit reached, try again in 20 s"},
        {"message": "Service temporarily unavailable", "code": None, "type": None},
        "Rate limit exceeded",
        "Model small is currently loading",
    ],
)
async def test_an_error_within_a_good_status_that_may_pass(error: object) -> None:
    assert isinstance(await failure_of({"error": error}), AgentUnavailable)
    assert isinstance(await failure_of([{"error": error}]), AgentUnavailable)
    assert isinstance(await failure_of({"error": error, "choices": []}), AgentUnavailable)


@pytest.mark.parametrize(
    "error",
    [
        {"message": "m", "code": 400},
        {"message": "m", "code": 401},
        {"message": "m", "code": 402},
        {"message": "m", "code": 404},
        {"message": "m", "code": "insufficient_quota", "type": "insufficient_quota"},
        {"message": "m", "code": 429, "type": "insufficient_quota"},
        {"message": "m", "type": "exceeded_current_quota_error"},
        {"message": "m", "code": "billing_not_active"},
        {"message": "m", "type": "invalid_request_error", "code": "context_length_exceeded"},
        {"message": "m", "type": "authentication_error"},
        {"message": "m", "code": "model_not_found"},
        {"message": "m", "code": True},
        {"message": "m", "code": []},
        {"message": "m", "code": 40301},
        {"message": "You exceeded your current quota, check your plan."},
        {"message": "Rate limit reached", "code": "invalid_api_key"},
        "no such model",
    ],
)
async def test_an_error_within_a_good_status_that_stays(error: object) -> None:
    assert isinstance(await failure_of({"error": error}), AgentFailed)


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ({"detail": "Not this way."}, AgentFailed),
        ({"code": 429, "msg": "Not this way."}, AgentUnavailable),
        ({"success": False, "message": "Not this way.", "choices": None}, AgentFailed),
    ],
)
async def test_a_document_of_another_kind_is_a_failure_in_its_own_words(body: object, kind: type[AgentError]) -> None:
    error = await failure_of(body)

    assert type(error) is kind
    assert error.detail == "Not this way."


async def test_an_error_beside_a_choice_counts() -> None:
    body = {
        "choices": [
            {"finish_reason": "error", "error": {"code": 400, "message": "bad tool"}, "message": {"content": "We op"}}
        ]
    }

    error = await failure_of(body)

    assert isinstance(error, AgentFailed)
    assert error.detail == "bad tool"


@pytest.mark.parametrize(
    "nothing", [None, {}, "", [], False, {"message": "", "type": "", "param": None, "code": None}, {"code": 0}]
)
async def test_an_empty_error_is_none(nothing: object) -> None:
    answer = completion(NINE)
    answer["choices"][0]["error"] = nothing

    assert await answer_to(json.dumps({"error": nothing, **completion(NINE)})) == NINE
    assert await answer_to(json.dumps(answer)) == NINE


@pytest.mark.parametrize(
    ("error", "headers", "pause"),
    [
        ({"code": 429}, {"Retry-After": "7"}, 7),
        ({"code": 429}, {"retry-after-ms": "1500"}, 1.5),
        ({"code": 429, "metadata": {"headers": {"Retry-After": "1m30s"}}}, {}, 90),
        ({"code": 429, "metadata": {"headers": {"X-RateLimit-Limit": 5, "retry-after-ms": 250}}}, {}, 0.25),
        ({"code": 429, "retry_after": 4}, {}, 4),
        ({"code": 429, "details": [{"@type": "RetryInfo", "retryDelay": "36s"}]}, {}, 36),
        ({"code": 429, "details": [7, None], "retry_after": "soon", "metadata": 7}, {}, None),
        ({"code": 429, "retry_after": 10**9}, {}, 300),
        ({"code": 429, "retry_after": float("nan")}, {}, None),
        ({"code": 429}, {}, None),
    ],
)
async def test_a_pause_beside_an_error_is_honoured(
    error: dict[str, object], headers: dict[str, str], pause: float | None
) -> None:
    caught = await failure_of({"error": error}, **headers)

    assert isinstance(caught, AgentUnavailable)
    assert caught.retry_after == pause


@pytest.mark.parametrize(
    ("error", "said"),
    [
        ({"message": "Model small does not exist"}, "Model small does not exist"),
        ({"message": "two\nlines"}, "two lines"),
        ({"msg": "m"}, "m"),
        ({"error": {"message": "inner"}}, "inner"),
        ({"detail": [{"loc": ["body"], "msg": "field required"}]}, "field required"),
        (
            {"message": "Provider returned error", "metadata": {"raw": "no credits"}},
            "Provider returned error: no credits",
        ),
        ({"message": f"bad key {KEY}"}, "bad key ***"),
        ({"message": "write to zoe@example.org"}, "write to z***@example.org"),
        ({"message": "x" * 1000}, "x" * 300),
        ({"code": 404}, ""),
        ("just text", "just text"),
        ("\x1b[31mred\x1b[0m\u202e", "red"),
        ("bad key sk-proj-0123456789abcdefghij", "bad key ***"),
    ],
)
async def test_the_api_s_own_words_are_kept_apart_short_and_masked(error: object, said: str) -> None:
    caught = await failure_of({"error": error})

    assert caught.detail == said
    assert str(caught) == "The agent's API answered with an error in place of an answer."


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.sampled_from(["text", "stop", "length", "error"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["choices", "message", "delta", "content", "type", "text", "error", "code", "finish_reason", "errors"]
            )
            | st.text(max_size=3),
            inner,
            max_size=4,
        )
    ),
    max_leaves=20,
)


@settings(deadline=None)
@given(VALUES, VALUES, VALUES)
async def test_no_answer_raises_anything_but_the_port_s_errors(whole: object, choice: object, content: object) -> None:
    documents = [
        whole,
        {"choices": [choice]},
        {"error": choice, "choices": whole},
        completion(content),
        [{"error": whole}],
    ]
    for document in documents:
        text = json.dumps(document)
        for body in (text, f"data: {text}\n\ndata: {text}", f"event: error\ndata: {text}", text[:-1]):
            try:
                answer = await answer_to(body)
            except AgentError:
                continue
            assert isinstance(answer, str | Answer)


@settings(deadline=None)
@given(st.binary() | st.text().map(str.encode))
async def test_no_bytes_raise_anything_but_the_port_s_errors(body: bytes) -> None:
    with pytest.raises(AgentError):
        await answer_to(body)
