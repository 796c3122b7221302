"""Instructions and model of an agent for its conversations on channels, as the platform's panel reads and writes them."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import TypeAdapter

from tests.world import OWNER, Agent, Found, World
from trinity_channels.agent_settings import Agent as Configured
from trinity_channels.web.auth import Role

PROMPT = "/api/agents/support/public-prompt"
MODEL = "/api/agents/support/public-channel-model"


async def put(world: World, path: str, **body: Any) -> dict[str, Any]:
    answer = await world.api("PUT", path, body, token=await world.token(Role.USER, OWNER))
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


async def test_nothing_is_set_at_first(world: World) -> None:
    prompt, model = await world.api("GET", PROMPT), await world.api("GET", MODEL)

    assert prompt.json() == {"agent_name": "support", "public_channel_system_prompt": None}
    assert model.json() == {
        "agent_name": "support",
        "public_channel_model": None,
        "resolved_model": None,
        "available_models": [],
        "platform_default": None,
        "is_overridden": False,
    }


async def test_what_is_set_goes_with_each_turn_from_then_on(town: World, agent: Agent) -> None:
    zoe = town.person("Zoe")
    await zoe.says("one")

    await put(town, PROMPT, public_channel_system_prompt="  Speak of shoes only.\n")
    await put(town, MODEL, model="sonnet")
    await zoe.says("two")
    await put(town, PROMPT, public_channel_system_prompt="")
    await put(town, MODEL, model=None)
    await zoe.says("three")

    assert [(turn.public_prompt, turn.model) for turn in agent.turns] == [
        ("", ""),
        ("Speak of shoes only.", "sonnet"),
        ("", ""),
    ]


async def test_it_counts_for_a_turn_that_is_tried_again_and_after_a_restart(town: World, agent: Agent) -> None:
    await put(town, PROMPT, public_channel_system_prompt="Speak of shoes only.")
    await town.stops()
    await town.starts()

    await town.person("Zoe").says("hello")

    assert agent.turns[-1].public_prompt == "Speak of shoes only."


async def test_each_agent_has_its_own(world: World) -> None:
    await put(world, PROMPT, public_channel_system_prompt="Speak of shoes only.")

    other = await world.api("GET", "/api/agents/my-agent/public-prompt")

    assert other.json()["public_channel_system_prompt"] is None


async def test_a_model_is_listed_once_it_is_set(world: World) -> None:
    # The platform's own answers name the field differently from its requests, and clients send back what they read.
    told = await put(world, MODEL, public_channel_model="meta-llama/Llama-3.3-70B:free")

    assert (told["public_channel_model"], told["is_overridden"]) == ("meta-llama/Llama-3.3-70B:free", True)
    assert told["available_models"] == ["meta-llama/Llama-3.3-70B:free"]


AGENTS = {
    "openai": (
        {"runtime": "openai", "base_url": "http://127.0.0.1:9/v1", "model": "gpt-4o"},
        ("gpt-4o", ["gpt-4o", "opus"]),
    ),
    "trinity": ({"runtime": "trinity"}, (None, ["sonnet", "opus", "haiku", "fable"])),
}


@pytest.mark.parametrize("runtime", AGENTS)
async def test_models_are_those_of_the_runtime(found: Found, runtime: str) -> None:
    table, (default, available) = AGENTS[runtime]
    world = await found(trinity_url="http://127.0.0.1:9", trinity_token="fake-token")
    agent = TypeAdapter(Configured).validate_python({"owner": OWNER, **table})
    world.host.agents.replace({"support": agent})
    before = (await world.api("GET", MODEL)).json()

    told = await put(world, MODEL, model="opus")

    assert (told["platform_default"], told["available_models"]) == (default, available)
    assert (before["resolved_model"], told["resolved_model"]) == (default, "opus")


WRONG: list[tuple[str, dict[str, Any], str]] = [
    (PROMPT, {}, "public_channel_system_prompt"),
    (PROMPT, {"public_channel_system_prompt": "x" * 4001}, "public_channel_system_prompt"),
    (PROMPT, {"public_channel_system_prompt": 7}, "public_channel_system_prompt"),
    (PROMPT, {"prompt": "Speak of shoes only."}, "public_channel_system_prompt"),
    (MODEL, {}, "model"),
    (MODEL, {"model": "two words"}, "model"),
    (MODEL, {"model": "line\nbreak"}, "model"),
    (MODEL, {"model": "gpt-4o\n"}, "model"),
    (MODEL, {"model": "x" * 201}, "model"),
    (MODEL, {"model": ["gpt-4o"]}, "model"),
    (MODEL, {"model": "gpt-4o", "temperature": 2}, "temperature"),
]


@pytest.mark.parametrize(("path", "body", "field"), WRONG)
async def test_what_cannot_be_stored_changes_nothing(world: World, path: str, body: Any, field: str) -> None:
    answer = await world.api("PUT", path, body)

    assert (answer.status_code, answer.json()["code"], answer.json()["field"]) == (422, "invalid_input", field)
    assert (await world.api("GET", PROMPT)).json()["public_channel_system_prompt"] is None
    assert (await world.api("GET", MODEL)).json()["public_channel_model"] is None


async def test_both_are_audited_without_the_text(world: World) -> None:
    await put(world, PROMPT, public_channel_system_prompt="Speak of shoes only.")
    await put(world, MODEL, model="opus")

    entries = (await world.api("GET", "/api/agents/support/audit")).json()

    found = {one["action"]: (one["actor"], one["details"]) for one in entries}
    assert found["set_public_prompt"] == (f"user:{OWNER}", {"characters": 20})
    assert found["set_public_model"] == (f"user:{OWNER}", {"model": "opus"})
