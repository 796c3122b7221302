"""What a host that starts does not load: only some of its requests need it, and each costs time and memory."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = """
import sys

from trinity_channels.cli import collector, hangup, lean, running, serve

lean.begin()

from fastapi.openapi.models import OpenAPI

from trinity_channels.app import Ports, create_app
from trinity_channels.cli import servers
from trinity_channels.settings import StandaloneSettings

create_app(StandaloneSettings.load(), Ports(read_settings=StandaloneSettings.load))
print(*sys.modules)
assert not OpenAPI.__pydantic_complete__, "validators of the API's description"
"""
LATER = {
    "aiohttp": "the first call of a provider or an agent",
    "aiosmtplib": "a host that sends mail",
    "alembic": "a database that has no schema yet, or an earlier one",
    "fastapi_offline": "the API's own pages",
    "jinja2": "the first page",
    "markdown_it": "the first text with marks",
    "pygments": "commands other than `serve`",
    "rich": "the same",
    "psycopg": "a host with PostgreSQL",
    "sqlalchemy.dialects.postgresql": "the same",
    "trinity_channels.access.trinity_directory": "a host beside a platform",
    "trinity_channels.agents.trinity_accounts": "the same",
    "trinity_channels.imports": "taking over what a platform has connected",
    "trinity_channels.conversations.reading": "the first request of the API",
    "trinity_channels.mounted": "a host within another application",
    "trinity_channels.routes": "the first request of the API",
    "trinity_channels.simulation": "simulators",
    "trinity_channels.web.pages.site": "the first page",
    "trinity_channels.web.trinity_auth": "a host beside a platform",
}


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """The modules of a host that is about to start."""
    home = tmp_path_factory.mktemp("home")
    done = subprocess.run(  # noqa: S603  our own interpreter
        [sys.executable, "-c", PROGRAM],
        env={"PATH": "", "PYTHONPATH": ":".join(sys.path), "TRINITY_CHANNELS_HOME": str(home)},
        cwd=Path(home),
        capture_output=True,
        text=True,
        check=True,
    )
    return set(done.stdout.split())


def test_the_host_itself_is_loaded(loaded: set[str]) -> None:
    assert {"trinity_channels.host", "trinity_channels_whatsapp", "uvicorn"} <= loaded


@pytest.mark.parametrize("name", LATER)
def test_what_only_some_requests_need_is_not(loaded: set[str], name: str) -> None:
    assert name not in loaded, f"only needed for {LATER[name]}"
