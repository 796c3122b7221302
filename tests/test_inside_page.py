"""The page about running inside an application: each of its blocks of code is run, and does what the page says."""

from __future__ import annotations

import ast
import json
import os
import re
import shlex
import subprocess
import sys
import textwrap
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from fastapi import FastAPI
from freezegun.api import FrozenDateTimeFactory
from sqlalchemy import MetaData, create_engine
from sqlalchemy.pool import NullPool

from examples.trinity import channels
from tests.agent import Agent
from tests.application import Accounts, Users
from tests.channels.net import Net, Someone
from tests.cli.conftest import Terminal, terminal
from tests.examples.backend import Backend
from tests.imports import exported
from tests.imports.platform import KEYS
from tests.mounting import founded, running
from tests.world import OWNER, PUBLIC, Found, World
from trinity_channels.app import Host, Ports, mount_channels
from trinity_channels.http_server import BoundedHttpProtocol
from trinity_channels.mail.captured import CapturedMailer
from trinity_channels.principal import Owner
from trinity_channels.settings import Settings
from trinity_channels.store import audit
from trinity_channels.testing import HostDriver

__all__ = ["terminal"]

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs/how-to/run-inside-trinity.md").read_text(encoding="utf-8")
BLOCKS = {
    text.strip().splitlines()[0].strip(): textwrap.dedent(text)
    for text in re.findall(r"^ *```\w*\n(.*?)^ *```", PAGE, re.DOTALL | re.MULTILINE)
}
"""Every block by its first line; two begin alike."""


def block(first: str) -> str:
    """The text of a block, by its first line."""
    return BLOCKS[first]


def run(text: str, **names: Any) -> dict[str, Any]:
    """Run statements with what the page supposes to be there; the names that there are then."""
    exec(compile(text, "the page", "exec"), names)  # noqa: S102  our own page
    return names


async def run_async(text: str, **names: Any) -> dict[str, Any]:
    """The same for statements that wait."""
    body = "async def main():\n" + textwrap.indent(text, "    ") + "\n    return locals()\n"
    done: dict[str, Any] = await run(body, **names)["main"]()
    return done


def brought() -> dict[str, Any]:
    """The classes of the application."""
    return {
        "MyAgents": Agent,
        "MyDirectory": lambda: Accounts({"support": Owner(OWNER, OWNER)}),
        "MyAuthenticator": Users,
        "MyMailer": CapturedMailer,
    }


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return founded(tmp_path)


# --- mount ---


def test_mounted_as_the_page_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRINITY_CHANNELS_HOME", str(tmp_path / "home"))

    done = run(block("from fastapi import FastAPI"), **brought())

    assert isinstance(done["host"], Host)
    assert not (tmp_path / "home").exists()


async def test_opened_within_the_lifespan(settings: Settings) -> None:
    seen: dict[str, Any] = {"mount_channels": mount_channels, "settings": settings, "ports": Ports(agents=Agent())}
    text = "import contextlib\n@contextlib.asynccontextmanager\nasync def lifespan(app):\n"
    within = run(text + textwrap.indent(block("async with mount_channels(app, ports, settings):"), "    "), **seen)
    app = FastAPI(lifespan=within["lifespan"])

    async with running(app) as client:
        inside = (await client.get("/api/agents")).status_code

    assert inside == 401


async def test_a_part_of_the_routes(settings: Settings) -> None:
    app = FastAPI()
    first = 'mount_channels(app, ports, settings, routes={"webhooks", "pages"})'

    run(block(first), mount_channels=mount_channels, app=app, ports=Ports(agents=Agent()), settings=settings)

    async with running(app) as client:
        assert (await client.get("/api/agents")).status_code == 404
        assert (await client.post("/api/whatsapp/webhook/test")).status_code == 200


async def test_in_the_platforms_backend(
    tmp_path: Path, clock: FrozenDateTimeFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    backend = Backend(tmp_path, clock)
    monkeypatch.setitem(sys.modules, "channels", channels)
    monkeypatch.setenv("TRINITY_CHANNELS_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path}/trinity.db")
    services = {
        "db": backend.db,
        "task_service": backend.tasks,
        "email_service": backend.email,
        "settings_service": backend.values,
        "get_current_user": lambda *_: None,
    }

    done = run(block("from channels import Trinity, add_channels, channel_settings"), os=os, app=FastAPI(), **services)
    await backend.http.aclose()

    assert isinstance(done["channels"], Host)
    assert done["channels"].store.name == str(tmp_path / "trinity.db")


# --- settings ---


def test_what_is_passed_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRINITY_CHANNELS_PUBLIC_CHAT_URL", "https://other.example.org")
    monkeypatch.setenv("CREDENTIAL_ENCRYPTION_KEY", "the platform's")

    done = run(block('settings = Settings.load(public_chat_url="https://chat.example.org")'), Settings=Settings)

    assert done["settings"].public_chat_url == "https://chat.example.org"
    assert done["settings"].credential_encryption_key is None


def test_the_variables_are_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    script = block("export TRINITY_CHANNELS_HOME=/data/channels") + "env"
    environment = {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    shown = subprocess.run(  # noqa: S603  our own page
        ["/bin/sh", "-c", script], capture_output=True, text=True, check=True, env=environment
    ).stdout
    for name, _, value in (line.partition("=") for line in shown.splitlines() if line.startswith("TRINITY_CHANNELS_")):
        monkeypatch.setenv(name, value)

    found = Settings.load()

    assert found.home == Path("/data/channels")
    assert found.credential_encryption_key
    assert len(found.credential_encryption_key.get_secret_value()) == 64


def test_alembic_leaves_our_tables_alone(blank: Path) -> None:
    names = run(block("def include_object(item, name, kind, reflected, compare_to):"))

    with create_engine(f"sqlite:///{blank}", poolclass=NullPool).connect() as connection:
        found = {
            included: compare_metadata(
                MigrationContext.configure(
                    connection, opts={"include_object": names["include_object"]} if included else {}
                ),
                MetaData(),
            )
            for included in (True, False)
        }

    # Alembic itself leaves its default table of versions out, not ours.
    assert found[True] == []
    assert "remove_table" in {change[0] for change in found[False]}


# Older servers import what newer versions of websockets call deprecated.
@pytest.mark.filterwarnings("ignore:websockets:DeprecationWarning")
def test_the_server_takes_the_bounded_protocol() -> None:
    words = shlex.split(block("uvicorn --http trinity_channels.http_server:BoundedHttpProtocol yours:app"))

    config = uvicorn.Config(FastAPI(), http=words[words.index("--http") + 1], ws="none")
    config.load()

    assert config.http_protocol_class is BoundedHttpProtocol


# --- agents, tests ---


async def test_the_host_is_told_of_agents(world: World) -> None:
    await run_async(block('await host.agent_renamed("support", "helpdesk")'), host=world.host)

    entries = await world.host.store.read(lambda tx: audit.entries(tx, "helpdesk"))
    assert [(one.action, one.actor) for one in entries[:2]] == [
        ("delete_agent", "application"),
        ("rename_agent", "application"),
    ]
    assert (await world.binding())["configured"] is False


async def test_the_driver_drives(settings: Settings, clock: FrozenDateTimeFactory, found: Found) -> None:
    world = await found(connected=False)
    asked: list[str] = []

    class Clock:
        def __call__(self) -> datetime:
            return datetime.now(UTC)

        def move(self, **delta: float) -> None:
            clock.tick(timedelta(**delta))

    class Phone:
        async def says(self, text: str) -> None:
            asked.append(text)

    names = {"mount_channels": mount_channels, "Ports": Ports, "MyAgents": Agent, "HostDriver": HostDriver}
    await world.stops()
    first = "host = mount_channels(app, Ports(agents=MyAgents(), http=client, now=clock), settings)"
    before = datetime.now(UTC)
    await run_async(
        block(first), app=FastAPI(), client=world.http, clock=Clock(), settings=settings, phone=Phone(), **names
    )

    assert asked == ["hello"]
    assert datetime.now(UTC) - before == timedelta(hours=2)


# --- moving ---


def _request(text: str) -> tuple[str, dict[str, str]]:
    """What the script is piped into: the address and headers of `curl`."""
    script, _, command = text.partition("|\n")
    assert shlex.split(script) == ["python", "export_channels.py"]
    words = shlex.split(command.replace("\\\n", " "))
    given = [words[at + 1] for at, word in enumerate(words) if word == "-H"]
    # The token is no argument, which everyone on the machine could see.
    assert given.pop(given.index("@authorization.txt"))
    headers = dict(one.split(": ", 1) for one in given) | {"Authorization": "Bearer $TOKEN"}
    assert words[0] == "curl"
    assert words[-2:] == ["--data-binary", "@-"]
    return next(word for word in words if "$URL" in word), headers


async def test_the_import_is_tried_and_made_by_request(
    tmp_path: Path, clock: FrozenDateTimeFactory, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "python export_channels.py |" in BLOCKS
    commands = re.findall(r"^ *```sh\n( *python export_channels.py \|\n.*?)^ *```", PAGE, re.DOTALL | re.MULTILINE)
    answers = []
    async with Backend(tmp_path, clock) as backend:
        for name in ("Zoe", "Yan"):
            backend.simulators["whatsapp"].connect(f"{PUBLIC}/api/whatsapp/webhook/{KEYS['whatsapp']}")
            Someone(backend, "whatsapp", name)
        given = exported.document(backend, tmp_path / "trinity.db", monkeypatch, capsys, owner="ada")
        for command in commands:
            url, headers = _request(textwrap.dedent(command))
            filled = {name: value.replace("$TOKEN", "jwt-root") for name, value in headers.items()}
            answer = await backend.http.post(url.replace("$URL", PUBLIC), content=json.dumps(given), headers=filled)
            answers.append((answer.status_code, [one["new"] for one in answer.json()["bindings"]]))
            kept = await backend.host.connections.stored("support", "telegram")
            answers.append((200, [kept is not None]))

    assert answers == [(200, [True, True]), (200, [False]), (200, [True, True]), (200, [True])]


async def test_the_import_is_tried_and_made_by_command(
    terminal: Terminal,
    tmp_path: Path,
    clock: FrozenDateTimeFactory,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    lines = block("python export_channels.py | trinity-channels import-trinity --dry-run").splitlines()
    said = []
    async with Net(tmp_path, clock) as net, terminal.serving(net):
        net.simulators["whatsapp"].connect(f"{PUBLIC}/api/whatsapp/webhook/{KEYS['whatsapp']}")
        for name in ("Zoe", "Yan"):
            Someone(net, "whatsapp", name)
        given = exported.document(net, tmp_path / "trinity.db", monkeypatch, capsys)
        for line in lines:
            script, _, command = line.partition(" | ")
            assert script == "python export_channels.py"
            words = shlex.split(command)
            assert words[0] == "trinity-channels"
            said.append((await terminal.beside(*words[1:], given=json.dumps(given))).stdout.splitlines()[0])

    assert [one.partition(":")[0] for one in said] == [
        "support on whatsapp would be taken over",
        "support on whatsapp is taken over",
    ]


def test_no_block_of_the_page_is_left_out() -> None:
    """The tests name each block by its first line."""
    tree = ast.parse(Path(__file__).read_text(encoding="utf-8"))
    named = {one.value for one in ast.walk(tree) if isinstance(one, ast.Constant)}

    assert set(BLOCKS) - named == set()
