"""The documentation says what is: its commands run, its examples load, its tables are the code's."""

from __future__ import annotations

import importlib
import json
import re
import shlex
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import httpx
import pytest
import typer

from tests.world import Found, World
from trinity_channels import cli
from trinity_channels.settings import Settings
from trinity_channels.web.errors import STATUSES

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]

# The commands of the platform's user guide, letter by letter: people paste them.
GUIDE = r"""
# Connect a Twilio account to an agent
curl -X PUT http://localhost:8000/api/agents/my-agent/whatsapp \
  -H "Authorization: Bearer $TOKEN" \
  -H "Content-Type: application/json" \
  -d '{
    "account_sid": "ACxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
    "auth_token": "your-auth-token",
    "from_number": "whatsapp:+14155238886"
  }'

# Check binding status
curl http://localhost:8000/api/agents/my-agent/whatsapp \
  -H "Authorization: Bearer $TOKEN"

# Verify credentials (no test message sent)
curl -X POST http://localhost:8000/api/agents/my-agent/whatsapp/test \
  -H "Authorization: Bearer $TOKEN" \
  -H "Content-Type: application/json" \
  -d '{}'

# Send a test message to a specific number
curl -X POST http://localhost:8000/api/agents/my-agent/whatsapp/test \
  -H "Authorization: Bearer $TOKEN" \
  -H "Content-Type: application/json" \
  -d '{"to_number": "whatsapp:+15551234567", "message": "Test from Trinity"}'
"""


def blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"^ *```{language}\n(.*?)^ *```", text, re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_somewhere(page: Path) -> None:
    links = re.findall(r"\]\((?!https?:)([^)#\s]+)", page.read_text(encoding="utf-8"))

    assert [link for link in links if not (page.parent / link).exists()] == []


@pytest.mark.parametrize("command", ["make demo", "make test", "make install"])
def test_the_readmes_make_commands_are_targets(command: str) -> None:
    assert any(command in block.splitlines() for block in blocks(README, "bash"))

    subprocess.run([*shlex.split(command), "--dry-run"], cwd=ROOT, check=True, capture_output=True)  # noqa: S603


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_of_ours_has_the_options_that_a_page_gives_it(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    lines = [
        line for language in ("bash", "sh", "ini") for block in blocks(text, language) for line in block.splitlines()
    ]
    given = [shlex.split(line.partition("trinity-channels ")[2], comments=True) for line in lines if _RUN in line]

    assert [words for words in given if not _is_possible(words)] == []


_RUN = "trinity-channels "


def _is_possible(words: list[str]) -> bool:
    """Whether a command exists and has the options that it is given."""
    command: Any = typer.main.get_command(cli.app)
    known = {"--help"}
    for word in [*words, ""]:
        known |= {option for one in command.params for option in (*one.opts, *one.secondary_opts)}
        if word.startswith("-"):
            if word.partition("=")[0] not in known:
                return False
        elif isinstance(command, typer.core.TyperGroup) and word:
            command = command.commands.get(word)
            if command is None:
                return False
    return True


def test_the_readmes_settings_load(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (example,) = blocks(README, "toml")
    file = tmp_path / "channels.toml"
    file.write_text(example)
    monkeypatch.setenv("TRINITY_CHANNELS_CONFIG", str(file))

    settings = Settings.load()

    assert settings.agents["my-agent"].owner == tomllib.loads(example)["agents"]["my-agent"]["owner"]
    assert settings.public_chat_url == "https://your-domain.com"


def test_the_guides_commands_stand_in_the_readme_as_they_are() -> None:
    assert GUIDE.strip() in README


async def test_the_readmes_curl_commands_work(found: Found) -> None:
    world = await found(connected=False)

    answers = [await curl(world, command) for block in blocks(README, "bash") for command in commands(block)]

    assert [answer.status_code for answer in answers] == [200] * 6
    probe, connected, status, verified, tested, opened = answers
    assert probe.content
    assert connected.json()["webhook_url"].startswith("https://chat.example.org/api/whatsapp/webhook/")
    assert status.json()["is_sandbox"] is True
    assert verified.json()["ok"] is True
    assert tested.json()["ok"] is True
    assert opened.json()["policy"] == "open"


def commands(block: str) -> list[list[str]]:
    joined = re.sub(r"^ *#.*$", "", block, flags=re.MULTILINE)
    found = re.findall(r"^curl (?:\\\n|'[^']*'|[^'\n])*", joined, re.MULTILINE)
    return [shlex.split(one) for one in found]


async def curl(world: World, command: list[str]) -> httpx.Response:
    """Do what a curl command says, with this world's agent and account in the place of the placeholders."""
    method, body = "GET", None
    words = iter(command[1:])
    for word in words:
        match word:
            case "-X":
                method = next(words)
            case "-H":
                assert next(words) in ("Authorization: Bearer $TOKEN", "Content-Type: application/json")
            case "-d":
                body = _real(world, json.loads(next(words)))
            case "-o" | "-w":
                next(words)
            case _ if word.startswith("http"):
                path = "/" + word.split("/", 3)[3].replace("/my-agent/", "/support/")
    return await world.api(method, path, body)


def _real(world: World, body: dict[str, Any]) -> dict[str, Any]:
    real = {"account_sid": world.twilio.account.sid, "auth_token": world.twilio.account.token}
    return {name: real.get(name, value) for name, value in body.items()}


def test_the_generated_pages_are_what_the_code_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(ROOT / "docs")
    pages: dict[str, str] = importlib.import_module("generate").pages()

    stale = [name for name, text in pages.items() if (ROOT / "docs" / name).read_text(encoding="utf-8") != text]
    assert stale == [], "run `make docs`"


def test_authors_are_told_how_every_error_is_made() -> None:
    page = (ROOT / "docs/reference/contract.md").read_text(encoding="utf-8")

    for made in ("SendRejected(failure: Failure)", "SendDeferred(message: str, *, retry_after: float | None = None)"):
        assert f"\n`{made}`\n" in page


def test_every_setting_is_documented() -> None:
    page = (ROOT / "docs/reference/settings.md").read_text(encoding="utf-8")
    names = {(field.alias or name).upper() for name, field in Settings.model_fields.items()}

    assert [name for name in names - {"API_BASE_URLS", "AGENTS"} if f"`{name}`" not in page] == []


def _raised(source: str) -> set[str]:
    """The codes of all errors: refusals and their subclasses, and what `web/errors.py` answers to other errors."""
    kinds = ["Refusal", "ErrorResponse", r"super\(\).__init__", *re.findall(r"class (\w+)\(Refusal\)", source)]
    codes = set(re.findall(rf'\b(?:{"|".join(kinds)})\(\s*"([a-z]+(?:_[a-z]+)*)"', source))
    return codes | set(re.findall(r'[45]\d\d: "([a-z_]+)"', source))


def test_every_error_has_a_status_in_the_one_table() -> None:
    source = "\n".join(file.read_text(encoding="utf-8") for file in (ROOT / "trinity_channels").rglob("*.py"))

    assert set(STATUSES) == _raised(source)


def test_every_error_code_is_documented_and_none_is_invented() -> None:
    page = (ROOT / "docs/reference/api.md").read_text(encoding="utf-8").partition("## Errors")[2]
    source = "\n".join(file.read_text(encoding="utf-8") for file in (ROOT / "trinity_channels").rglob("*.py"))
    kinds = (r'\w+\(\s*[45]\d\d,\s*"([a-z_]+)"', r'\b_again\(\s*"([a-z_]+)"')
    raised = {code for kind in kinds for code in re.findall(kind, source)} | _raised(source)
    documented = set(re.findall(r"`([a-z]+(?:_[a-z]+)*)`", page)) - {
        "detail",
        "field",
        "role",
        "closed_at",
        "state",
        "reason",
        "since",
        "opted_out_at_provider",
        "problems",
        "elsewhere",
    }

    assert documented == raised
