"""An event stream that was not asked for is still read, and so is what stands before a document."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.agents.apis import answer_to, completion
from trinity_channels.agents.port import AgentFailed, AgentUnavailable, Answer

NINE = "We open at nine."
GONE = '{"code": 502, "message": "Provider disconnected"}'


def event(delta: dict[str, Any] | None = None, **choice: object) -> str:
    return json.dumps({"choices": [{"index": 0, "delta": delta or {}} | choice]})


OPEN, AT_NINE = event({"role": "assistant", "content": "We open"}), event({"content": " at nine."})
STOP = event(finish_reason="stop")


@pytest.mark.parametrize(
    "body",
    [
        f"data: {OPEN}\n\ndata: {AT_NINE}\n\ndata: [DONE]\n\n",
        f"data: {OPEN}\n\ndata: {AT_NINE}\n\ndata: [DONE]",
        f"data:{OPEN}\n\ndata:{AT_NINE}\n\ndata:[DONE]\n\n",
        f"data: {OPEN}\r\n\r\ndata: {AT_NINE}\r\n\r\ndata: [DONE]\r\n\r\n",
        f"data: {OPEN}\r\rdata: {AT_NINE}\r\rdata: [DONE]\r\r",
        f"data: {OPEN}\ndata: {AT_NINE}\ndata: [DONE]\n",
        f"\ufeffdata: {OPEN}\n\ndata: {AT_NINE}\n\ndata: [DONE]\n\n",
        f": OPENROUTER PROCESSING\n\n: OPENROUTER PROCESSING\n\ndata: {OPEN}\n\n:\ndata: {AT_NINE}\n\ndata: {STOP}\n\n",
        f"event: message\nid: 1\nretry: 10\ndata: {OPEN}\n\nevent: ping\ndata: ping\n\ndata: {AT_NINE}\n\ndata: [DONE]\n\n",
        f"data: {OPEN}\n\ndata: {AT_NINE}\n\ndata: {STOP}\n\n",
        f"data: {OPEN}\n\ndata: {event({'content': ' at nine.'}, finish_reason='stop')}\n\n",
        f'data: {OPEN}\n\ndata: {AT_NINE}\n\ndata: {STOP}\n\ndata: {{"choices": [], "usage": {{}}}}\n\ndata: [DONE]\n\n',
        f"data: {event({'content': [{'type': 'text', 'text': 'We open'}]})}\n\ndata: {AT_NINE}\n\ndata: [DONE]\n\n",
        f"data: {event({'reasoning_content': 'hm'})}\n\ndata: {OPEN}\n\ndata: {AT_NINE}\n\ndata: [DONE]\n\n",
        f"data: {OPEN}\n\ndata: {event({'content': None})}\n\ndata: {AT_NINE}\n\ndata: [DONE]\n\n",
        f"data: {OPEN}\n\ndata: {AT_NINE}\n\ndata: {json.dumps(completion(NINE))}\n\ndata: [DONE]\n\n",
        f"data: {json.dumps(completion(NINE))}\n\n",
        'data: {"choices":\ndata: [{"delta": {"content": "We open at nine."}}]}\n\ndata: [DONE]\n\n',
        'data: {"choices": [{"text": "We open at nine.", "finish_reason": "stop"}]}\n\n',
        f"data: {OPEN}\n\ndata: {event({'content': 'no'}, index=1)}\n\ndata: {AT_NINE}\n\ndata: [DONE]",
        f"data: {event({'content': 'We open at nine.'}, index=1)}\n\ndata: {event(index=1)}\n\ndata: [DONE]",
        f"{OPEN}\n{AT_NINE}\n{STOP}\n",
        f"  data: {OPEN}\n\n  data: {AT_NINE}\n\n  data: [DONE]\n\n",
        f'data: {OPEN}\n\ndata: {AT_NINE}\n\ndata: "[DONE]"\n\n',
        f"data: {OPEN}\n\ndata: {AT_NINE}\n\ndata: [done]\n\n",
        f"data: {OPEN}\n\ndata: {json.dumps({'choices': [{'delta': ' at nine.'}]})}\n\ndata: [DONE]",
    ],
    ids=range(26),
)
@pytest.mark.parametrize("kind", ["text/event-stream", "application/json", "text/plain"])
async def test_an_event_stream_that_was_not_asked_for_is_read(body: str, kind: str) -> None:
    assert await answer_to(body, kind) == NINE


async def test_line_separators_within_a_text_are_no_line_ends() -> None:
    text = "one\u2028two\x85three"
    body = json.dumps({"choices": [{"delta": {"content": text}}]}, ensure_ascii=False)

    assert await answer_to(f"data: {body}\n\ndata: [DONE]\n\n") == text


@pytest.mark.parametrize(
    "body",
    [
        "\ufeff" + json.dumps(completion(NINE)),
        "\n\n \n" + json.dumps(completion(NINE)),
        ": keep-alive\n\n" + json.dumps(completion(NINE)),
        ": keep-alive\r\n: keep-alive\r\n" + json.dumps(completion(NINE), indent=1) + "\r\n",
        json.dumps({"choices": [{"text": NINE, "finish_reason": "stop"}]}),
        json.dumps(completion(NINE)) + "\n\ndata: [DONE]\n\n",
    ],
)
async def test_a_document_is_read_with_what_stands_around_it(body: str) -> None:
    assert await answer_to(body) == NINE


@pytest.mark.parametrize("end", ["", '\n\ndata: {"choices": [{"delta": {"content": " at n', f"\n\ndata: {event()}\n\n"])
async def test_a_stream_that_ends_early_is_cut(end: str) -> None:
    assert await answer_to(f"data: {OPEN}{end}") == Answer("We open", cut=True)


async def test_a_stream_that_is_cut_by_length_says_so() -> None:
    body = f"data: {OPEN}\n\ndata: {event(finish_reason='length')}\n\ndata: [DONE]\n\n"

    assert await answer_to(body) == Answer("We open", cut=True)


@pytest.mark.parametrize(
    "events",
    [
        f'data: {{"error": {GONE}}}',
        f'data: {{"error": {GONE}, "choices": [{{"delta": {{}}, "finish_reason": "error"}}]}}',
        f"event: error\ndata: {GONE}",
        f'event: error\ndata: {{"error": {GONE}}}',
        'event: error\ndata: {"type": "error", "error": {"type": "overloaded_error", "message": "Provider disconnected"}}',
    ],
)
async def test_an_error_within_a_stream_counts_whatever_came_before(events: str) -> None:
    for before in ("", f"data: {OPEN}\n\n"):
        with pytest.raises(AgentUnavailable) as caught:
            await answer_to(f"{before}{events}\n\ndata: [DONE]\n\n")
        assert caught.value.detail == "Provider disconnected"


async def test_a_stream_of_nothing_that_does_not_say_why_it_ended_is_a_failure() -> None:
    with pytest.raises(AgentFailed):
        await answer_to(f"data: {event({'role': 'assistant', 'content': ''})}\n\ndata: [DONE]\n\n")


async def test_a_stream_without_a_word_that_broke_off_is_tried_again() -> None:
    with pytest.raises(AgentUnavailable):
        await answer_to(f"data: {event({'role': 'assistant'})}\n\n")
