"""The example for Trinity's backend: its services as ports, beside the routes that it has."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI
from freezegun.api import FrozenDateTimeFactory

from examples.trinity.channels import channel_settings
from tests.channels.net import CHANNELS
from tests.examples.backend import ADA, Backend
from tests.examples.platform_services import TaskExecutionErrorCode, TaskExecutionResult
from tests.stand_in import ROUTES, StandIn
from tests.world import PUBLIC

ROOT = Path(__file__).parents[2]
ZOE = "zoe@example.org"
PARAMETERS = {"agent_name": "support", "request_id": "7", "email": ZOE}


@pytest.fixture(params=[True, False], ids=["mounted first", "mounted last"])
async def backend(
    request: pytest.FixtureRequest, tmp_path: Path, clock: FrozenDateTimeFactory
) -> AsyncIterator[Backend]:
    async with Backend(tmp_path, clock, first=request.param) as made:
        await made.connect_all()
        yield made
    assert made.db.asked_on_the_loop == set()


@pytest.fixture
async def town(tmp_path: Path, clock: FrozenDateTimeFactory) -> AsyncIterator[Backend]:
    async with Backend(tmp_path, clock) as made:
        await made.connect_all()
        await made.opens()
        yield made
    assert made.db.asked_on_the_loop == set()


def test_it_is_short() -> None:
    lines = (ROOT / "examples/trinity/channels.py").read_text(encoding="utf-8").splitlines()

    assert len(lines) < 150


# --- beside the platform's routes ---


async def answered(app: FastAPI, method: str, path: str) -> tuple[int, bytes, httpx.Headers]:
    headers = {"Authorization": "Bearer jwt-ada", "X-Twilio-Signature": "fake"}
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=PUBLIC) as client:
        answer = await client.request(method, path.format(**PARAMETERS), headers=headers, content=b'{"email": "x"}')
    return answer.status_code, answer.content, answer.headers


async def test_all_22_routes_of_the_platform_answer_as_before(backend: Backend) -> None:
    alone = FastAPI()
    StandIn().add_routes(alone)

    for method, path in ROUTES:
        assert await answered(backend.app, method, path) == await answered(alone, method, path), (method, path)
    assert len(ROUTES) == 22


# --- someone writes ---


@pytest.mark.parametrize("channel", CHANNELS)
async def test_someone_signs_in_is_let_in_by_the_owner_and_is_answered(backend: Backend, channel: str) -> None:
    zoe = backend.stranger(channel, "Zoe")
    await zoe.says("hello")
    await zoe.verifies(ZOE)
    await backend.later(minutes=5)
    await backend.approves()

    assert zoe.heard()[-1] == "support answers"
    assert [(one.agent_name, one.shared_by_email) for one in backend.db.shares.values()] == [
        ("support", "Ada@example.org")
    ]
    task = backend.asked()
    assert (task["agent_name"], task["triggered_by"], task["source_user_email"]) == ("support", channel, ZOE)
    assert json.loads(task["message"].splitlines()[-1])["messages"][-1]["text"] == "hello"
    assert f'"sender_email_verified": "{ZOE}"' in task["system_prompt"]


async def test_the_owner_s_settings_for_people_from_outside_count(town: Backend) -> None:
    zoe = town.stranger("whatsapp", "Zoe")
    await zoe.says("hello")
    assert (town.asked()["model"], town.asked()["allowed_tools"]) == (None, ["WebSearch", "WebFetch"])

    town.db.prompts["support"], town.db.models["support"] = "Be formal.", "haiku"
    town.values.values["channel_allowed_tools"] = "WebFetch, Read ,"
    await zoe.says("again")

    task = town.asked()
    assert (task["model"], task["allowed_tools"]) == ("haiku", ["WebFetch", "Read"])
    assert "Be formal." in task["system_prompt"]


async def test_without_any_allowed_tool_no_agent_runs(town: Backend) -> None:
    town.values.values["channel_allowed_tools"] = ""
    zoe = town.stranger("whatsapp", "Zoe")

    await zoe.says("hello")

    assert town.tasks.tasks == []
    assert len(await town.failed()) == 1


@pytest.mark.parametrize("code", ["capacity", "circuit_open", "network"])
async def test_a_run_that_could_not_begin_is_tried_again(town: Backend, code: str) -> None:
    town.tasks.results = [TaskExecutionResult("e", "failed", "", error="busy", error_code=TaskExecutionErrorCode(code))]
    zoe = town.stranger("telegram", "Zoe")

    await zoe.says("hello")
    await town.later(seconds=30)

    assert zoe.heard() == ["support answers"]
    assert len(town.tasks.tasks) == 2


@pytest.mark.parametrize(
    "result",
    [
        TaskExecutionResult("e", "failed", "", error="secret path", error_code=TaskExecutionErrorCode.TIMEOUT),
        TaskExecutionResult("e", "failed", "", error="secret path", error_code=TaskExecutionErrorCode.AGENT_ERROR),
        TaskExecutionResult("e", "cancelled", "", error="secret path"),
        TaskExecutionResult("e", "success", "", error="secret path"),
    ],
)
async def test_a_run_without_an_answer_is_one_apology_and_no_text_of_the_agent(
    town: Backend, result: TaskExecutionResult
) -> None:
    town.tasks.results = [result]
    zoe = town.stranger("slack", "Zoe")

    await zoe.says("hello")
    await town.much_later()

    assert len(zoe.heard()) == 1
    assert "secret" not in zoe.heard()[0]
    assert len(town.tasks.tasks) == 1
    assert len(await town.failed()) == 1


# --- accounts, mails, settings ---


@pytest.mark.parametrize(
    ("token", "status"),
    [
        ("jwt-ada", 200),
        ("jwt-root", 200),
        ("trinity_mcp_support", 403),  # an agent's own key connects nothing
        ("trinity_mcp_sales", 404),
        ("trinity_mcp_user_of_ada", 200),
        ("trinity_mcp_system_of_root", 200),
        ("trinity_mcp_connector_of_ada", 401),
        ("trinity_mcp_connector_of_root", 401),
        ("trinity_mcp_portal_delegate_of_root", 401),
        ("trinity_mcp_ops_of_root", 401),
        ("trinity_mcp_agent_of_root", 401),  # its agent is not told
        ("trinity_mcp_new_scope_of_root", 401),
        ("jwt-zoe", 404),
        ("jwt-nobody", 401),
        ("", 401),
    ],
)
async def test_the_platform_s_tokens_count(town: Backend, token: str, status: int) -> None:
    town.db.add_user("zoe", ZOE)

    answer = await town.api("GET", "/api/agents/support/slack", token=token)

    assert answer.status_code == status
    town.db.users["ada"]["suspended_at"] = "2026-03-02T09:00:00Z"
    assert (await town.api("GET", "/api/agents/support/slack", token="jwt-ada")).status_code == 401


async def test_pages_list_the_agents_of_the_account(town: Backend) -> None:
    town.db.owners["hers"] = "zoe"
    town.db.add_user("zoe", None)

    ada, root, zoe = [
        await town.http.get(f"{PUBLIC}/channels/agents", headers={"Authorization": f"Bearer jwt-{name}"})
        for name in ("ada", "root", "zoe")
    ]

    assert [("support" in page.text, "/hers" in page.text) for page in (ada, root, zoe)] == [
        (True, False),
        (True, True),
        (False, True),
    ]


async def test_a_mail_that_the_platform_cannot_send_is_told(town: Backend) -> None:
    town.email.works = False
    zoe = town.stranger("telegram", "Zoe")

    await zoe.says(f"/login {ZOE}")

    assert town.email.mails == []
    assert "could not" in zoe.heard()[-1]


async def test_shares_are_changed_under_the_name_of_who_acts(town: Backend) -> None:
    sharing = town.host.sharing
    await sharing.share(ADA, "support", ZOE)
    await sharing.consent(ADA, "support", ZOE, allow=True)
    share = town.db.shares["support", ZOE]

    assert (share.shared_by_id, share.allow_proactive) == (1, True)
    assert [(one.email, one.allow_proactive) for one in await sharing.shares(ADA, "support")] == [(ZOE, True)]
    await sharing.unshare(ADA, "support", ZOE)
    assert town.db.shares == {}


async def test_webhooks_follow_the_platform_s_public_address(town: Backend) -> None:
    town.values.values["public_chat_url"] = "https://new.example.org/"
    await town.host.address_changed()

    answer = await town.api("GET", "/api/agents/support/slack", token="jwt-ada")

    assert answer.json()["webhook_url"].startswith("https://new.example.org/api/slack/webhook/")


# --- agents and accounts that change ---


@pytest.mark.parametrize("channel", CHANNELS)
async def test_everything_follows_a_renamed_agent(town: Backend, channel: str) -> None:
    zoe = town.stranger(channel, "Zoe")
    await zoe.verifies(ZOE)
    await zoe.says("before")

    answer = await town.http.put(f"{PUBLIC}/api/agents/support/rename", params={"new_name": "helpdesk"})
    await zoe.says("after")

    assert answer.json() == {"success": True}
    assert zoe.heard()[-1] == "helpdesk answers"
    task = town.asked()
    assert (task["agent_name"], task["source_user_email"]) == ("helpdesk", ZOE)
    assert "before" in task["message"]


@pytest.mark.parametrize("channel", CHANNELS)
async def test_an_agent_in_the_bin_apologises_once_and_can_come_back(town: Backend, channel: str) -> None:
    zoe = town.stranger(channel, "Zoe")
    await zoe.says("before")

    town.db.deleted.add("support")
    await zoe.says("during")
    await town.much_later()
    town.db.deleted.clear()
    await zoe.says("after")

    first, apology, last = zoe.heard()
    assert (first, last) == ("support answers", "support answers")
    assert apology != last


async def test_a_purged_agent_leaves_nothing(town: Backend) -> None:
    zoe = town.stranger("whatsapp", "Zoe")
    await zoe.says("before")

    town.db.deleted.add("support")
    await town.purges("support")
    await zoe.says("after")

    assert zoe.heard() == ["support answers"]
    town.db.owners["support"] = "ada"
    answer = await town.api("GET", "/api/agents/support/slack", token="jwt-ada")
    assert answer.json()["configured"] is False


@pytest.mark.parametrize("channel", CHANNELS)
async def test_a_suspended_account_hears_nothing(town: Backend, channel: str) -> None:
    town.db.add_user("zoe", ZOE)
    zoe = town.stranger(channel, "Zoe")
    await zoe.verifies(ZOE)
    await zoe.says("before")
    heard = zoe.heard()

    town.db.users["zoe"]["suspended_at"] = "2026-03-02T09:00:00Z"
    await zoe.says("during")
    assert zoe.heard() == heard
    town.db.users["zoe"]["suspended_at"] = None
    await zoe.says("after")

    assert zoe.heard() == [*heard, "support answers"]


# --- the database ---


@pytest.mark.parametrize(
    ("url", "counts"),
    [
        ("sqlite:////data/trinity.db", "sqlite:////data/trinity.db"),
        ("postgresql://fake:fake@localhost/trinity", None),
        ("", None),
    ],
)
def test_the_platform_s_database_is_shared_if_it_is_a_file(
    url: str, counts: str | None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("TRINITY_CHANNELS_HOME", str(tmp_path))
    monkeypatch.setenv("DATABASE_URL", url)

    found = channel_settings(url).database_url.get_secret_value()

    assert found == (counts or f"sqlite:///{tmp_path}/trinity_channels.db")


async def test_the_diagnostics_know_the_platform_s_agents(town: Backend) -> None:
    """They asked for a settings file with agents, which this host does not read."""
    assert await agents_found(town) == [("ok", "The application has 2 agents: sales, support.")]

    town.db.rename_agent("support", "helpdesk")
    listed, gone = await agents_found(town)
    assert listed == ("ok", "The application has 2 agents: helpdesk, sales.")
    assert gone[0] == "failed"
    assert gone[1].startswith("support is connected to ")

    town.db.get_accessible_agent_names = None  # type: ignore[assignment, method-assign]  # a fault of the application
    assert await agents_found(town) == [("failed", "The application cannot say which agents there are (TypeError).")]


async def agents_found(town: Backend) -> list[tuple[str, str]]:
    """The state and the message of each finding about agents."""
    async with httpx.AsyncClient(transport=httpx.ASGITransport(town.app), base_url=PUBLIC) as client:
        answer = await client.post("/api/settings/diagnosis", headers={"Authorization": "Bearer jwt-root"})
    (checks,) = [one["checks"] for one in answer.json() if one["title"] == "Agents"]
    return [(one["state"], one["message"]) for one in checks]
