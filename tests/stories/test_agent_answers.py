"""What people get from a model, whatever shape its answers have: its words, silence that was meant, or an apology."""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable

import pytest

from tests.agents.apis import Api, completion, openai, trinity
from tests.world import Agent, Found, Person, World
from trinity_channels import texts
from trinity_channels.agents.port import AgentFailed, AgentRuntime, AgentTurn, AgentUnavailable, Answer


@pytest.fixture
def api() -> Api:
    return Api()


Open = Callable[[AgentRuntime], Awaitable[Person]]


@pytest.fixture
def zoe_with(found: Found) -> Open:
    """Zoe in a world that is open to everyone, with these agents."""

    async def opened(agents: AgentRuntime) -> Person:
        town = await found(agents=agents)
        await town.policy("open")
        return town.person("Zoe")

    return opened


@pytest.mark.parametrize(
    ("body", "heard"),
    [
        (
            completion([{"type": "thinking", "thinking": []}, {"type": "text", "text": "We open at nine."}]),
            "We open at nine.",
        ),
        (completion("<think>\nplan\n</think>\n\nWe open at nine."), "We open at nine."),
        (completion("plan\n</think>\n\nWe open at nine."), "We open at nine."),
        (completion(None, refusal="I cannot help with that."), "I cannot help with that."),
        ('data: {"choices":[{"delta":{"content":"We open at nine."}}]}\n\ndata: [DONE]\n\n', "We open at nine."),
        (completion("We op", "length"), f"We op\n\n{texts.CUT}"),
    ],
)
async def test_words_arrive_whatever_their_shape(api: Api, zoe_with: Open, body: object, heard: str) -> None:
    api.answers_with(body)
    zoe = await zoe_with(openai(api))

    await zoe.says("When do you open?")

    assert zoe.heard() == [heard]


async def test_a_plan_is_not_in_the_history_either(api: Api, zoe_with: Open) -> None:
    api.answers_with(completion("<think>the secret plan</think>Nine."))
    zoe = await zoe_with(openai(api))

    await zoe.says("When do you open?")
    await zoe.says("And on Sunday?")

    assert "Nine." in api.asked[1]
    assert "secret" not in "".join(api.asked)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (completion(None, "content_filter"), "content_filter"),
        (completion("", "length", reasoning_content="thinking"), "length"),
        (completion("<think>plan (cut", "length"), "length"),
        (completion("<think>plan</think>"), "reasoning"),
        (completion(None, "tool_calls", tool_calls=[{"id": "1"}]), "tool_calls"),
        ({"choices": []}, "choices"),
        ({"error": {"code": 402, "message": "Add credits to continue."}}, "Add credits to continue."),
    ],
)
async def test_a_run_without_words_is_parked_with_its_reason_and_met_with_an_apology(
    api: Api, zoe_with: Open, body: object, reason: str
) -> None:
    api.answers_with(body)
    zoe = await zoe_with(openai(api))

    await zoe.says("When do you open?")

    assert zoe.heard() == [texts.APOLOGY]
    (parked,) = await zoe.world.failed()
    assert reason in parked.reason


def counted(world: World, outcome: str) -> float:
    """How many turns have come to this."""
    return world.host.metrics.value("turns_total", channel="whatsapp", outcome=outcome)


@pytest.mark.parametrize("runtime", [openai, trinity, Agent])
@pytest.mark.parametrize("answer", ["", "[NO_REPLY]", "\u200b", "\ufe0f"])
async def test_silence_that_was_meant_sends_nothing_and_is_counted(
    api: Api, zoe_with: Open, runtime: Callable[..., AgentRuntime], answer: str
) -> None:
    api.answers_with({"response": answer} if runtime is trinity else completion(answer))
    zoe = await zoe_with(Agent(answer) if runtime is Agent else runtime(api))

    await zoe.says("thanks")

    assert zoe.heard() == []
    assert await zoe.world.failed() == []
    assert (counted(zoe.world, "silent"), counted(zoe.world, "answered")) == (1, 0)


@pytest.mark.parametrize(
    "body",
    [
        {"error": {"message": "Rate limit exceeded", "code": 429}},
        {"error": {"message": "overloaded", "code": 503}},
        {
            "choices": [
                {"finish_reason": "error", "error": {"code": 502}, "message": {"role": "assistant", "content": ""}}
            ]
        },
        completion("We op", "error"),
        'data: {"choices":[{"delta":{"content":"We op"}}]}\n\ndata: {"error": {"code": 502}}\n\n',
    ],
)
async def test_an_error_that_may_pass_is_tried_again(api: Api, zoe_with: Open, body: object) -> None:
    api.answers_with(body, completion("Nine."))
    zoe = await zoe_with(openai(api))

    await zoe.says("When do you open?")
    assert zoe.heard() == []
    await zoe.world.later(seconds=2)

    assert zoe.heard() == ["Nine."]


@pytest.mark.parametrize(
    ("headers", "early", "late"),
    [
        ({"Retry-After": "7.66"}, 7.6, 0.1),
        ({"Retry-After": "1m30s"}, 89, 2),
        ({"retry-after-ms": "2500"}, 2.4, 0.2),
        ({"x-ms-retry-after-ms": "2500"}, 2.4, 0.2),
    ],
)
async def test_a_pause_is_kept(api: Api, zoe_with: Open, headers: dict[str, str], early: float, late: float) -> None:
    api.answers_with("slow down", status=429, **headers)
    api.answers_with(completion("Nine."))
    zoe = await zoe_with(openai(api))

    await zoe.says("When do you open?")
    await zoe.world.later(seconds=early)
    assert zoe.heard() == []
    await zoe.world.later(seconds=late)

    assert zoe.heard() == ["Nine."]


async def test_the_api_s_own_words_are_kept_with_the_failed_turn_and_not_logged(
    api: Api, zoe_with: Open, capsys: pytest.CaptureFixture[str]
) -> None:
    api.answers_with({"error": {"message": "Invalid text: 'my secret diary', zoe@example.org"}}, status=400)
    zoe = await zoe_with(openai(api))

    await zoe.says("my secret diary")

    (parked,) = await zoe.world.failed()
    assert parked.reason == ("The agent's API answered 400. It said: Invalid text: 'my secret diary', z***@example.org")
    assert "diary" not in "".join(capsys.readouterr())


class Own:
    """An application's runtime with an answer of any type."""

    def __init__(self, *answers: str | Answer | Exception) -> None:
        self._answers = deque(answers)

    async def run(self, turn: AgentTurn) -> str | Answer:
        """Give the next one."""
        assert turn
        answer = self._answers.popleft()
        if isinstance(answer, Exception):
            raise answer
        return answer


class Mute(AgentFailed):
    """An error of an application that does not pass on to ours what it was given."""

    def __init__(self, code: int) -> None:
        self.code = code


class Away(AgentUnavailable):
    """The same, for an error that may pass."""

    def __init__(self, code: int) -> None:
        self.code = code


async def test_an_application_s_runtime_is_treated_alike(zoe_with: Open) -> None:
    answers = ("<think>x</think>One.", Answer("Two.", cut=True), Answer(""), "<think>x", Mute(7), Away(7), "Three.")
    zoe = await zoe_with(Own(*answers))

    for text in "abcdef":
        await zoe.says(text)
        await zoe.world.later(seconds=2)

    assert zoe.heard() == ["One.", f"Two.\n\n{texts.CUT}", texts.APOLOGY, texts.APOLOGY, "Three."]
    assert [one.reason for one in await zoe.world.failed()] == ["the answer holds nothing but reasoning", "7"]
