"""From the platform's database to an answer here, by the example's script."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.channels.net import Net, Someone
from tests.cli.conftest import Terminal
from tests.imports import exported
from tests.imports.platform import moved


async def test_what_the_script_prints_is_imported_and_people_go_on(
    terminal: Terminal,
    served: Net,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    people = [Someone(served, channel, "Zoe") for channel in ("whatsapp", "telegram")]
    given = exported.document(served, tmp_path / "trinity.db", monkeypatch, capsys)

    done = await moved(terminal, given)
    for zoe in people:
        await zoe.says("hello")
    sales = (await served.api("GET", "/api/agents/sales/access-policy")).json()

    assert done.exit_code == 0, done.stderr
    assert done.stdout.splitlines() == [
        "support on whatsapp is taken over: 2 people added, 1 of them signed in.",
        "support on telegram is taken over: 1 people added, 1 of them signed in.",
        "Policy set: support, sales.",
        "Shares: 1 added, 0 were here already.",
    ]
    assert [zoe.heard() for zoe in people] == [["echo hello"], ["echo hello"]]
    assert sales["policy"] == "open_until_verified"


async def test_deleted_agents_stay_there(
    moving: Net, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("Zoe", "Yan"):
        Someone(moving, "whatsapp", name)

    given = exported.document(moving, tmp_path / "trinity.db", monkeypatch, capsys)

    assert {one["agent"] for part in ("bindings", "policies", "shares") for one in given[part]} == {"support", "sales"}
