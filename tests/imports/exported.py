"""The platform's database as its backend would have it, and what the example's script makes of it."""

from __future__ import annotations

import base64
import json
import runpy
import sqlite3
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from tests.channels.net import Net
from tests.imports.platform import EARLIER, KEYS, TOKEN, ZOE, address
from tests.world import OWNER

SCRIPT = Path(__file__).parents[2] / "examples/trinity/export_channels.py"
PLATFORM_KEY = "11" * 32
_NONCE = b"fake-nonce--"


def sealed(name: str, secret: str) -> str:
    """A secret as the platform encrypts it."""
    text = AESGCM(bytes.fromhex(PLATFORM_KEY)).encrypt(_NONCE, json.dumps({name: secret}).encode(), None)
    return json.dumps(
        {
            "version": 1,
            "algorithm": "AES-256-GCM",
            "nonce": base64.b64encode(_NONCE).decode(),
            "ciphertext": base64.b64encode(text).decode(),
        }
    )


def database(net: Net, path: Path, owner: str) -> str:
    """A database with WhatsApp and Telegram connected to `support`, and Zoe signed in on both; its address."""
    twilio, telegram = net.simulators["whatsapp"].settings(), net.simulators["telegram"].settings()
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.executescript((Path(__file__).parent / "trinity.sql").read_text(encoding="utf-8"))
        connection.execute("UPDATE users SET username = ?", (owner,))
        connection.execute(
            "INSERT INTO whatsapp_bindings VALUES (7, 'support', ?, ?, ?, NULL, 'Example', 0, ?, NULL, 1, '1', ?, ?)",
            (
                twilio["account_sid"],
                sealed("auth_token", twilio["auth_token"]),
                twilio["from_number"],
                KEYS["whatsapp"],
                EARLIER,
                EARLIER,
            ),
        )
        connection.execute(
            "INSERT INTO telegram_bindings VALUES (9, 'support', ?, 'simulated_bot', '1', ?, NULL, ?, 5, ?, ?)",
            (sealed("bot_token", telegram["bot_token"]), KEYS["telegram"], TOKEN, EARLIER, EARLIER),
        )
        connection.executemany(
            "INSERT INTO whatsapp_chat_links VALUES (?, 7, ?, ?, NULL, ?, ?, 3, ?, ?)",
            [
                (1, address(net, "whatsapp", "Zoe"), "Zoe", ZOE, EARLIER, EARLIER, EARLIER),
                (2, address(net, "whatsapp", "Yan"), None, None, None, None, EARLIER),
            ],
        )
        connection.execute(
            "INSERT INTO telegram_chat_links VALUES (1, 9, ?, 'zoe_sim', NULL, 3, ?, ?, ?, NULL)",
            (address(net, "telegram", "Zoe"), EARLIER, EARLIER, ZOE),
        )
    return f"sqlite:///{path}"


def document(
    net: Net, path: Path, environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], owner: str = OWNER
) -> dict[str, Any]:
    """What the script prints for such a database, whose agents belong to an account of that name."""
    url = database(net, path, owner)
    printed: dict[str, Any] = json.loads(run(url, environment, capsys))
    return printed


def run(
    url: str,
    environment: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    *arguments: str,
    **variables: str,
) -> str:
    """What the script prints for a database, as `printed`.

    Raises:
        SystemExit: with the script's error.
    """
    return printed(url, environment, capsys, *arguments, **variables)[0]


def printed(
    url: str,
    environment: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    *arguments: str,
    key: str = PLATFORM_KEY,
    **variables: str,
) -> tuple[str, str]:
    """What the script prints for a database, and what it tells; `variables` are more of the backend's.

    Raises:
        SystemExit: with the script's error.
    """
    with environment.context() as patch:
        patch.setenv("DATABASE_URL", url)
        patch.setenv("CREDENTIAL_ENCRYPTION_KEY", key)
        for name in ("TRINITY_DB_PATH", "CREDENTIAL_ENCRYPTION_KEY_SECONDARY"):
            patch.setenv(name, variables.get(name, ""))
        patch.setattr(sys, "argv", [str(SCRIPT), *arguments])
        capsys.readouterr()
        runpy.run_path(str(SCRIPT), run_name="__main__")
    return capsys.readouterr()
