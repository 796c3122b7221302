"""Mounted, variables without the prefix are the application's: one line at the start says which do not count for us."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import structlog
from fastapi import FastAPI

from tests.mounting import founded, mount, running
from tests.test_settings import VARIABLES
from trinity_channels.settings import Settings, StandaloneSettings

THEIRS = "variables without TRINITY_CHANNELS_ in front are the application's and do not count for the channels"


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)


async def told(folder: Path) -> list[Any]:
    """What the log of a start says is ignored."""
    app = FastAPI()
    mount(app, founded(folder))
    with structlog.testing.capture_logs() as logged:
        async with running(app):
            pass
    return [one["ignored"] for one in logged if one["event"] == THEIRS]


@pytest.mark.parametrize(
    ("variables", "ignored"),
    [
        ({}, []),
        ({"DATABASE_URL": ""}, []),
        ({"DATABASE_URL": "postgresql://db.example.org/platform"}, [["DATABASE_URL"]]),
        ({"database_url": "postgresql://db.example.org/platform"}, [["DATABASE_URL"]]),
        (
            {
                "SMTP_URL": "smtp://mail.example.org",
                "MAIL_FROM": "a@example.org",
                "TRINITY_URL": "https://t.example.org",
            },
            [["MAIL_FROM", "SMTP_URL", "TRINITY_URL"]],
        ),
        ({"TRINITY_TOKEN": "fake-token-of-the-platform"}, [["TRINITY_TOKEN"]]),
        ({"TWILIO_API_BASE_URL": "http://127.0.0.1:9"}, [["TWILIO_API_BASE_URL"]]),
        ({"OPENAI_API_BASE_URL": "https://models.example.org"}, []),  # of a provider that is none of ours
        ({"TRINITY_CHANNELS_TWILIO_API_BASE_URL": "http://127.0.0.1:9", "TWILIO_API_BASE_URL": "x"}, []),
        ({"PUBLIC_CHAT_URL": "x", "CREDENTIAL_ENCRYPTION_KEY": "x"}, []),  # the application has given both
        ({"HOME_URL": "x", "ADMIN_TOKEN": "x", "MAX_CONCURRENT_TURNS": "x"}, []),  # never had a name without the prefix
    ],
)
async def test_a_start_says_which_variables_do_not_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], ignored: list[list[str]]
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)

    assert await told(tmp_path) == ignored


async def test_with_the_prefix_beside_it_nothing_is_overlooked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRINITY_CHANNELS_DATABASE_URL", f"sqlite:///{tmp_path}/trinity_channels.db")
    monkeypatch.setenv("DATABASE_URL", "postgresql://db.example.org/platform")

    assert await told(tmp_path) == []


def test_a_host_that_runs_alone_reads_them_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "sqlite:////data/bare.db")

    assert StandaloneSettings.load().overlooked(["twilio"]) == []
    assert Settings.load().overlooked(["twilio"]) == ["DATABASE_URL"]
