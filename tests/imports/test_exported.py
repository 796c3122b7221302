"""From the platform's database to an answer here, by the example's script."""

from __future__ import annotations

import json
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import pytest

from tests.channels.net import Net, Someone
from tests.cli.conftest import Terminal
from tests.imports import exported
from tests.imports.platform import moved
from tests.world import OWNER
from trinity_channels.imports.agents import MOST_AGENTS
from trinity_channels.imports.document import read
from trinity_channels.imports.problems import Problems


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
        "support on telegram is taken over: 1 person added, 1 of them signed in.",
        "Policy set: support, sales.",
        "Shares: 1 added, 0 already here.",
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


def empty(path: Path, *statements: str) -> str:
    """A database of a platform, with some more rows; its address."""
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.executescript((Path(__file__).parent / "trinity.sql").read_text(encoding="utf-8"))
        for statement in statements:
            connection.execute(statement)
    return f"sqlite:///{path}"


def connected(agent: str, number: int, record: str) -> str:
    """An agent's bot."""
    columns = "id, agent_name, bot_token_encrypted, webhook_secret, created_at"
    values = f"{number}, '{agent}', '{record}', 'fake-platform-secret-{number:04d}', '2026-01-01'"
    return f"INSERT INTO telegram_bindings ({columns}) VALUES ({values})"  # noqa: S608  the values are ours


MANY_PEOPLE = (
    "INSERT INTO telegram_chat_links (binding_id, telegram_user_id, created_at) "
    "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {most}) "
    "SELECT {binding}, CAST({binding} * 1000000 + i AS TEXT), '2026-01-01' FROM n"
)
MANY_AGENTS = (
    (
        "INSERT INTO agent_ownership (agent_name, owner_id) "
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 450) SELECT 'agent' || i, 1 FROM n"
    ),
    (
        "INSERT INTO telegram_bindings (agent_name, bot_token_encrypted, webhook_secret, created_at) "
        "SELECT agent_name, '{record}', 'fake-platform-secret-' || agent_name, '2026-01-01' "
        "FROM agent_ownership WHERE agent_name LIKE 'agent%'"
    ),
)
RECORD = exported.sealed("bot_token", "1234:fake-token")
BIG: dict[str, tuple[tuple[str, ...], list[list[int]]]] = {
    "no one": ((), [[]]),
    "no people": ((connected("support", 1, RECORD),), [[0]]),
    "as many people as fit": (
        (connected("support", 1, RECORD), MANY_PEOPLE.format(binding=1, most=10_000)),
        [[10_000]],
    ),
    "one more": ((connected("support", 1, RECORD), MANY_PEOPLE.format(binding=1, most=10_001)), [[10_000], [1]]),
    "many of two agents": (
        (
            connected("support", 1, RECORD),
            connected("sales", 2, RECORD),
            MANY_PEOPLE.format(binding=1, most=9_000),
            MANY_PEOPLE.format(binding=2, most=12_000),
        ),
        [[9_000, 1_000], [10_000], [1_000]],
    ),
    "many agents": (tuple(one.replace("{record}", RECORD) for one in MANY_AGENTS), [[0] * 200, [0] * 200, [0] * 50]),
    "many shares": (
        (
            MANY_AGENTS[0],
            (
                "INSERT INTO agent_sharing (agent_name, shared_with_email, shared_by_id, created_at) "
                "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 30) "
                "SELECT agent_name, 'person' || i || '@example.org', 1, '2026-01-01' FROM n, agent_ownership"
            ),
        ),
        [[], []],
    ),
    "more shares of one agent than fit": (
        (
            (
                "INSERT INTO agent_sharing (agent_name, shared_with_email, shared_by_id, created_at) "
                "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10000) "
                "SELECT 'support', 'person' || i || '@example.org', 1, '2026-01-01' FROM n"
            ),
        ),
        [[], []],
    ),
}


@pytest.mark.parametrize("kind", BIG)
def test_what_is_too_much_for_one_import_is_printed_in_parts(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    statements, sizes = BIG[kind]
    url = empty(tmp_path / "trinity.db", *statements)

    parts = [
        json.loads(exported.run(url, monkeypatch, capsys, f"--part={number}")) for number in range(1, len(sizes) + 1)
    ]

    contacts = [[one["contacts"] for one in part["bindings"]] for part in parts]
    everyone = [person["address"] for part in contacts for some in part for person in some]
    agents = [one["agent"] for part in parts for one in part["policies"]]
    assert [[len(some) for some in part] for part in contacts] == sizes
    assert len(set(everyone)) == len(everyone) == sum(map(sum, sizes))
    assert len(agents) == len(set(agents)) >= 2
    for part in parts:
        named = {one["agent"] for kind in ("bindings", "policies", "shares") for one in part[kind]}
        assert len(named) <= MOST_AGENTS
        problems = Problems()
        read(part, problems)
        assert problems.found == []
    if len(sizes) > 1:
        with pytest.raises(SystemExit, match=f"--part 1 to --part {len(sizes)}"):
            exported.run(url, monkeypatch, capsys)
    else:
        assert json.loads(exported.run(url, monkeypatch, capsys)) == parts[0]
    for number in (0, -1, len(sizes) + 1):
        with pytest.raises(SystemExit, match=f"There is no part {number}"):
            exported.run(url, monkeypatch, capsys, f"--part={number}")


def test_the_owner_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    url = empty(tmp_path / "trinity.db", connected("support", 1, RECORD))

    (binding,) = json.loads(exported.run(url, monkeypatch, capsys))["bindings"]

    assert binding["owner"] == "ada"


RECORDS = {
    "of another key": exported.sealed("bot_token", "1234:fake-token").replace('"nonce": "Z', '"nonce": "A'),
    "of another name": exported.sealed("auth_token", "1234:fake-token"),
    "of another form": "1234:fake-token-in-the-open",
    "empty": "",
    "a list": "[]",
    "no base64": '{"nonce": "%%%", "ciphertext": "a"}',
    "too short": '{"nonce": "", "ciphertext": ""}',
}


@pytest.mark.parametrize("kind", RECORDS)
def test_a_row_that_cannot_be_decrypted_is_named_and_has_no_credentials(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    url = empty(tmp_path / "trinity.db", connected("support", 7, RECORDS[kind]), connected("sales", 8, RECORD))

    document, told = exported.printed(url, monkeypatch, capsys)

    assert [one["settings"]["bot_token"] for one in json.loads(document)["bindings"]] == ["", "1234:fake-token"]
    assert told.startswith("telegram_bindings, id 7 (agent support): bot_token_encrypted cannot be decrypted")
    assert "fake-token" not in told


def test_a_row_of_a_deleted_agent_is_not_decrypted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    url = empty(tmp_path / "trinity.db", connected("gone", 7, "not encrypted"))

    assert json.loads(exported.run(url, monkeypatch, capsys))["bindings"] == []


@pytest.mark.parametrize(
    ("url", "key", "said"),
    [
        ("", exported.PLATFORM_KEY, r"There is no /data/none\.db, and DATABASE_URL is missing"),
        ("sqlite://", "", "CREDENTIAL_ENCRYPTION_KEY is missing"),
        ("sqlite://", "fake-key", "CREDENTIAL_ENCRYPTION_KEY is not the backend's"),
        ("sqlite://", "11", "CREDENTIAL_ENCRYPTION_KEY is not the backend's"),
        ("sqlite://", exported.PLATFORM_KEY, r"cannot be read \(OperationalError\)"),
        ("fake-address", exported.PLATFORM_KEY, r"cannot be read \(ArgumentError\)"),
    ],
)
def test_variables_that_are_missing_or_wrong_are_named(
    url: str, key: str, said: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match=said):
        exported.run(url, monkeypatch, capsys, key=key, TRINITY_DB_PATH="/data/none.db")


def test_without_an_address_the_database_is_the_backend_s_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """As the platform is installed: its compose file names the file, and leaves DATABASE_URL empty."""
    empty(tmp_path / "trinity.db", connected("support", 7, RECORD))

    printed = exported.run("", monkeypatch, capsys, TRINITY_DB_PATH=str(tmp_path / "trinity.db"))

    assert [one["agent"] for one in json.loads(printed)["bindings"]] == ["support"]


def test_while_the_platform_s_key_is_replaced_the_former_one_decrypts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    url = empty(tmp_path / "trinity.db", connected("support", 7, RECORD))
    former = {"CREDENTIAL_ENCRYPTION_KEY_SECONDARY": exported.PLATFORM_KEY}

    printed = exported.run(url, monkeypatch, capsys, key="22" * 32, **former)

    assert json.loads(printed)["bindings"][0]["settings"]["bot_token"] == "1234:fake-token"


async def test_agents_can_be_moved_one_by_one(
    moving: Net, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for channel in ("whatsapp", "telegram"):
        Someone(moving, channel, "Zoe")
    Someone(moving, "whatsapp", "Yan")
    url = exported.database(moving, tmp_path / "trinity.db", OWNER)

    sales = json.loads(exported.run(url, monkeypatch, capsys, "--agent", "sales"))
    both = json.loads(exported.run(url, monkeypatch, capsys, "--agent", "sales", "--agent", "support"))

    assert {one["agent"] for part in ("bindings", "policies", "shares") for one in sales[part]} == {"sales"}
    assert both == json.loads(exported.run(url, monkeypatch, capsys))
    with pytest.raises(SystemExit, match=r"There is no agent nosuch\."):
        exported.run(url, monkeypatch, capsys, "--agent", "nosuch")


def test_nothing_is_printed_to_a_terminal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    url = empty(tmp_path / "trinity.db", connected("support", 1, RECORD))

    with monkeypatch.context() as patch:
        patch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
        with pytest.raises(SystemExit, match="decrypted credentials"):
            exported.run(url, patch, capsys)

    assert capsys.readouterr().out == ""
