"""A generated package loads at once and lists what is missing; the tutorial completes it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

import trinity_channels
import trinity_channels_contract_tests
from trinity_channels.api import Inbound, MalformedPayload, Request
from trinity_channels.cli.new_plugin import new_plugin
from trinity_channels_contract_tests import CHECKS

TUTORIAL = Path(trinity_channels.__file__).parents[1] / "docs/tutorial/write-a-channel.md"
BLOCK = re.compile(r"```python\n# (?P<path>\S+)\n(?P<code>.*?)```", re.DOTALL)
CHANGE = re.compile(r"```diff\n# (?P<path>\S+)\n@@\n(?P<hunks>.*?)```", re.DOTALL)
Cli = Callable[..., Any]
LIST_PLUGINS = (
    "from trinity_channels.plugins import load\n"
    "found = load()\n"
    "print(*[f'{name} ready' for name in found], *[f'{one.name} {one.reason}' for one in found.unavailable], sep='\\n')"
)

CHAT = """
import asyncio, datetime, httpx
from trinity_channels.api import Context
from trinity_channels_carrier_pigeon.simulator import CarrierPigeonSimulator, TOKEN

async def chat():
    now = lambda: datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
    answering = httpx.AsyncClient(transport=httpx.MockTransport(lambda _: httpx.Response(200)))
    simulator = CarrierPigeonSimulator(Context(answering, now))
    simulator.connect("http://host.test/webhook")
    async with httpx.AsyncClient(transport=httpx.ASGITransport(simulator.app), base_url="http://sim.test") as page:
        zoe = (await page.post("/phones", json={"name": "Zoe"})).json()
        await page.post("/phones/Zoe/say", json={"text": "<b>hello</b>"})
        sent = {"to": zoe["address"], "text": "good morning"}
        await page.post("/messages", json=sent, headers={"Authorization": f"Bearer {TOKEN}"})
        print((await page.get("/")).text)

asyncio.run(chat())
"""


class Package:
    """A generated package, installed in a folder of its own that only its own interpreter sees."""

    def __init__(self, folder: Path, name: str) -> None:
        self.folder = folder
        project = tomllib.loads((folder / "pyproject.toml").read_text())["project"]
        self._site = folder.parent / "site"
        info = self._site / f"trinity_channels_{name}-0.1.0.dist-info"
        info.mkdir(parents=True)
        (info / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n"
        )
        points = project["entry-points"]["trinity_channels"].items()
        lines = [f"{point} = {module}" for point, module in points]
        (info / "entry_points.txt").write_text("\n".join(["[trinity_channels]", *lines]))

    def python(self, *arguments: str) -> str:
        """Run an interpreter in which the package is installed; returns what it printed."""
        ours = [Path(package.__file__).parents[1] for package in (trinity_channels_contract_tests, trinity_channels)]
        path = os.pathsep.join(map(str, (self._site, self.folder, *ours)))
        environment = {**os.environ, "PYTHONPATH": path, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
        done = subprocess.run(  # noqa: S603  our own interpreter
            [sys.executable, *arguments], cwd=self.folder, env=environment, capture_output=True, text=True, check=False
        )
        return done.stdout + done.stderr

    def contract(self, *options: str) -> str:
        """Run the package's own contract test."""
        kit = "trinity_channels_contract_tests.plugin"
        return self.python("-m", "pytest", "-p", kit, "-W", "error", "--tb=short", "--channel-report=md", *options)


@pytest.fixture
def cli() -> Cli:
    app = typer.Typer()
    app.command()(new_plugin)
    return lambda *arguments: CliRunner().invoke(app, list(arguments))


@pytest.fixture
def generated(cli: Cli, tmp_path: Path) -> Callable[[str], Package]:
    def generate(name: str) -> Package:
        cli(name, "--into", str(tmp_path))
        return Package(tmp_path / f"trinity-channels-{name.replace('_', '-')}", name)

    return generate


def test_a_new_plugin_loads_and_lists_what_is_missing(generated: Callable[[str], Package]) -> None:
    package = generated("carrier_pigeon")

    # A few of the checks: nearly all fail, and each with the same words.
    listed, told = package.python("-c", LIST_PLUGINS), package.contract("-k", "loads or account or as_it_is")

    assert "carrier_pigeon ready" in listed.splitlines()
    assert "| the host loads it | kept |" in told
    assert "seen:    configure let out NotImplementedError: ask the provider whose token this is" in told
    assert "error" not in told.splitlines()[-1]


def test_the_page_of_a_new_plugins_simulator_shows_what_is_said(generated: Callable[[str], Package]) -> None:
    page = generated("carrier_pigeon").python("-c", CHAT)

    assert "Simulator — not Carrier Pigeon" in page
    assert "&lt;b&gt;hello&lt;/b&gt;" in page
    assert "good morning" in page


@pytest.mark.parametrize("listens", [False, True], ids=["webhook", "without_webhook"])
def test_the_tutorial_ends_with_a_channel_that_keeps_every_promise(
    generated: Callable[[str], Package], *, listens: bool
) -> None:
    package = generated("pigeon")
    page = TUTORIAL.read_text()
    steps = page if listens else page.partition("## 8. Without a webhook")[0]
    blocks = {found["path"]: found["code"] for found in BLOCK.finditer(steps)}
    for path, code in blocks.items():
        (package.folder / path).write_text(code)
    for found in CHANGE.finditer(steps):
        _change(package.folder / found["path"], found["hunks"])

    told = package.contract()

    assert (len(blocks), len(CHANGE.findall(steps))) == (steps.count("```python"), steps.count("```diff"))
    assert "## pigeon: silver" in told, told
    passed, skipped = re.findall(r"(\d+) (?:passed|skipped)", told.splitlines()[-1])
    assert int(passed) + int(skipped) == len(CHECKS)
    assert listens == ("| what people write is delivered | kept |" in told), told


def _change(path: Path, hunks: str) -> None:
    """Change a file as a diff without line numbers says."""
    text = path.read_text()
    for hunk in hunks.split("@@\n"):
        lines = hunk.splitlines()
        before, after = ("\n".join(one[1:] for one in lines if not one.startswith(sign)) for sign in "+-")
        assert text.count(before) == 1, before
        text = text.replace(before, after)
    path.write_text(text)


@pytest.mark.parametrize(
    "body", ["[]", "null", "1", '"events"', "{}", '{"events": null}', '{"events": {"0": {}}}', "{"]
)
def test_the_tutorials_reading_of_batches_refuses_a_body_without_a_list(body: str) -> None:
    with pytest.raises(MalformedPayload):
        _batch(body)


def test_the_tutorials_reading_of_batches_reads_each_event_in_its_place() -> None:
    assert _batch('{"events": [1, null, {}]}').events == (1, None, {})


def _batch(body: str) -> Inbound:
    """Run the tutorial's example of a batch, with events that stay as they are."""
    (code,) = [one for one in re.findall(r"```text\n(.*?)```", TUTORIAL.read_text(), re.DOTALL) if "batch" in one]
    names: dict[str, Any] = {"json": json, "Inbound": Inbound, "MalformedPayload": MalformedPayload}
    exec(f"def receive(request, read):\n{code}", names)  # noqa: S102  our own page
    read: Inbound = names["receive"](Request("POST", "https://a.example", {}, body.encode()), lambda event: event)
    return read


@pytest.mark.parametrize("name", ["Pigeon", "1pigeon", "my-pigeon", "", "../pigeon", "p" * 33])
def test_a_name_that_cannot_be_a_channels_is_refused(cli: Cli, tmp_path: Path, name: str) -> None:
    result = cli(name, "--into", str(tmp_path))

    assert result.exit_code != 0
    assert "A name is lower-case letters" in result.output
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("telegram", "A channel telegram is installed already"),
        ("contract_tests", "reserved"),
        ("auto", "reserved"),
        ("messages", "reserved"),
        ("class", "a word of Python"),
        ("none_", "ends with a letter or digit"),
    ],
)
def test_a_name_that_something_else_has_is_refused(cli: Cli, tmp_path: Path, name: str, told: str) -> None:
    _refuses(cli(name, "--into", str(tmp_path)), told)

    assert list(tmp_path.iterdir()) == []


def test_a_name_whose_module_or_package_is_there_is_refused(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "trinity_channels_pigeon.py").touch()
    info = tmp_path / "trinity_channels_carrier_dove-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: trinity-channels-carrier-dove\nVersion: 1\n")
    monkeypatch.syspath_prepend(tmp_path)

    _refuses(cli("pigeon", "--into", str(tmp_path / "new")), "There is a module trinity_channels_pigeon already")
    for name in ("carrier_dove", "carrier__dove"):
        _refuses(cli(name, "--into", str(tmp_path / "new")), "is installed already")
    assert not (tmp_path / "new").exists()


def test_a_folder_that_cannot_be_written_is_told(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "trinity-channels-pigeon").symlink_to(tmp_path / "nowhere")

    _refuses(cli("pigeon", "--into", str(tmp_path / "file")), "cannot be written")
    _refuses(cli("pigeon", "--into", str(tmp_path)), "exists; choose another name")


def _refuses(result: Any, told: str) -> None:
    assert result.exit_code == 2
    # Typer draws a box around it, and breaks its lines.
    said = " ".join(result.output.replace("│", " ").split())
    assert told in said, said
    assert re.search("[Cc]hoose another|ends with", said)


def test_nothing_is_overwritten(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "trinity-channels-pigeon").mkdir()

    result = cli("pigeon", "--into", str(tmp_path))

    assert result.exit_code != 0
    assert "exists" in result.output
    assert list((tmp_path / "trinity-channels-pigeon").iterdir()) == []
