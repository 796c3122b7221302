"""`doctor` asks the API of every agent, without running it."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import AsyncIterator

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.cli.conftest import Terminal
from tests.platform.double import TOKEN, Platform
from tests.world import OWNER, World
from trinity_channels.cli import servers


@contextlib.asynccontextmanager
async def serving(app: Starlette) -> AsyncIterator[str]:
    """An application on loopback; its address."""
    with servers.bind("127.0.0.1", 0) as bound:
        async with servers.serving(app, bound):
            yield servers.address(bound)


@contextlib.asynccontextmanager
async def agents_api(status: int, body: object = None) -> AsyncIterator[tuple[str, list[str]]]:
    """An API that answers everything alike; its address, and what it has been asked."""
    asked: list[str] = []

    async def answer(request: Request) -> Response:
        asked.append(f"{request.method} {request.url.path} {request.headers['authorization']}")
        return JSONResponse({} if body is None else body, status)

    every = Starlette(routes=[Route("/{path:path}", answer, methods=["GET", "POST"])])
    async with serving(every) as url:
        yield url, asked


def model_at(terminal: Terminal, url: str) -> None:
    """Let the agent be a model behind this address."""
    runtime = f'runtime = "openai"\nbase_url = "{url}/v1"\nmodel = "small"\napi_key = "fake-key"\n'
    terminal.folder.joinpath("channels.toml").write_text(f'[agents.support]\nowner = "{OWNER}"\n{runtime}')


@pytest.mark.parametrize(
    ("status", "code", "said"),
    [
        (200, 3, "✓ Agent support: runtime openai, owner owner@example.org; its API answers."),
        (404, 3, "; its API answers."),
        (405, 3, "; its API answers."),
        (401, 1, "does not take the token (401).\n    Correct its api_key."),
        (503, 1, "is out of order (503).\n    Look at the log of what serves it there."),
        (302, 3, "answers 302, so whether it can answer people is not known."),
    ],
)
async def test_the_api_of_a_model_is_asked_without_running_it(
    terminal: Terminal, status: int, code: int, said: str
) -> None:
    async with agents_api(status) as (url, asked):
        model_at(terminal, url)
        result = await terminal.beside("doctor")

    assert asked == ["GET /v1/models Bearer fake-key"]
    assert (result.exit_code, said in result.stdout) == (code, True), result.output
    assert "fake-key" not in result.output


@pytest.mark.parametrize(
    "models",
    [
        {"object": "list", "data": [{"id": "large"}, {"id": "small"}]},
        {"data": [{"id": "small:latest"}]},
        {"data": [{"id": "models/small"}]},
        {"data": [{"id": "s*"}]},
        {"models": [{"name": "small", "size": 7}]},
        [{"id": "small"}],
        ["small", 7, None],
    ],
)
async def test_a_model_that_its_server_lists_is_found(terminal: Terminal, models: object) -> None:
    async with agents_api(200, models) as (url, _):
        model_at(terminal, url)
        result = await terminal.beside("doctor")

    assert result.exit_code == 3, result.output
    assert (
        "✓ Agent support: runtime openai, owner owner@example.org; its API answers and lists its model."
        in result.stdout
    )


@pytest.mark.parametrize(
    ("models", "named"),
    [
        ({"object": "list", "data": [{"id": "large"}, {"id": "small-2"}]}, "It lists large, small-2."),
        ({"data": [{"id": f"model-{number}"} for number in range(30)]}, "model-9 and 20 more."),
        ({"models": [{"name": "Small\x1b[31m"}]}, "It lists Small."),
        (["smal?"], "It lists smal?."),
    ],
)
async def test_a_model_that_its_server_does_not_list_is_the_finding(
    terminal: Terminal, models: object, named: str
) -> None:
    async with agents_api(200, models) as (url, _):
        model_at(terminal, url)
        result = await terminal.beside("doctor")

    assert result.exit_code == 1
    assert "its API has no model small." in result.stdout
    assert named in result.stdout
    assert "Correct model beside base_url of [agents.support], or provide it there." in result.stdout


@pytest.mark.parametrize("models", [{"data": []}, {"data": {}}, {"data": [{}, 7]}, [], "x", 7])
async def test_a_list_that_names_no_model_says_nothing_about_it(terminal: Terminal, models: object) -> None:
    async with agents_api(200, models) as (url, _):
        model_at(terminal, url)
        result = await terminal.beside("doctor")

    assert result.exit_code == 3, result.output
    assert "; its API answers." in result.stdout


async def test_a_forgotten_model_server_is_the_finding(terminal: Terminal) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    model_at(terminal, f"http://127.0.0.1:{port}")

    result = await terminal.beside("doctor")

    assert result.exit_code == 1
    assert f"; nothing answers at http://127.0.0.1:{port}/v1/models (ConnectError)" in result.stdout
    assert "Start what serves it there, or correct base_url of [agents.support]." in result.stdout


@pytest.mark.parametrize(
    ("status", "code", "said"),
    [
        (200, 3, "✓ Agent support: runtime trinity, owner owner@example.org; its API answers."),
        (401, 1, "Correct TRINITY_TOKEN."),
        (404, 3, "answers 404, so whether it can answer people is not known."),
    ],
)
async def test_trinity_is_asked_about_its_agent(terminal: Terminal, status: int, code: int, said: str) -> None:
    agent = f'[agents.support]\nowner = "{OWNER}"\nruntime = "trinity"\n'
    terminal.folder.joinpath("channels.toml").write_text(agent)
    async with agents_api(status) as (url, asked):
        terminal.set(TRINITY_URL=url, TRINITY_TOKEN="fake-token")
        result = await terminal.beside("doctor")

    assert asked == ["GET /api/agents/support Bearer fake-token"]
    assert (result.exit_code, said in result.stdout) == (code, True), result.output


PLATFORMS: dict[str, tuple[str, str, int, str]] = {
    "an administrator's": (
        "admin",
        "",
        3,
        "✓ The platform has the agents sales, support for the token of admin, admin.",
    ),
    "the owner's": ("olga", "", 1, "may run the agent sales, but not see whom they are shared with"),
    "a guest's": ("service", "", 1, "may run the agents sales, support, but not see"),
    "a stranger's": ("yan", "", 3, "The platform has no agent for the token of yan@example.org, user."),
    "one with a table too many": (
        "admin",
        '[agents.suport]\nruntime = "trinity"',
        3,
        "The settings have tables for the agent suport, which the platform does not show to this token.",
    ),
    "none": ("", "", 1, "The platform does not take the token."),
}


@pytest.mark.parametrize(("holder", "table", "code", "said"), PLATFORMS.values(), ids=PLATFORMS)
async def test_the_rights_of_the_platform_s_token_are_told(
    terminal: Terminal, holder: str, table: str, code: int, said: str
) -> None:
    platform = Platform(World.now)
    accounts = platform.accounts
    accounts.agent("sales", accounts.user("sam", "sam@example.org"))
    for name in ("service", "yan"):
        accounts.user(name, f"{name}@example.org")
    for shared in ("service@example.org", "owner@example.org"):
        accounts.share("sales", shared)
    accounts.share("support", "service@example.org")
    accounts.keys.clear()
    if holder:
        accounts.key(TOKEN, holder)
    terminal.folder.joinpath("channels.toml").write_text(table)
    async with serving(platform.app) as url:
        terminal.set(TRINITY_URL=url, TRINITY_TOKEN=TOKEN)
        result = await terminal.beside("doctor")

    assert (result.exit_code, said in result.stdout) == (code, True), result.output


async def test_a_platform_that_is_away_is_the_finding(terminal: Terminal) -> None:
    terminal.folder.joinpath("channels.toml").write_text("")
    terminal.set(TRINITY_URL="http://127.0.0.1:1", TRINITY_TOKEN=TOKEN)

    result = await terminal.beside("doctor")

    assert result.exit_code == 1
    assert "The platform cannot be reached (ConnectError). Until it can be asked" in result.stdout
