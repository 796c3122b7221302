"""The settings: where they come from, which wins, and what an operator reads when one is wrong."""

from pathlib import Path

import pytest

from trinity_channels.agent_settings import EchoAgent, OpenAIAgent
from trinity_channels.host_settings import Origin
from trinity_channels.settings import Settings, SettingsError, StandaloneSettings

KEY = "1b" * 32
VARIABLES = (
    *(f"TRINITY_CHANNELS_{name}" for name in ("DATABASE_URL", "PUBLIC_CHAT_URL", "SMTP_URL", "MAIL_FROM")),
    "TRINITY_CHANNELS_CREDENTIAL_ENCRYPTION_KEY",
    "TRINITY_CHANNELS_TWILIO_API_BASE_URL",
    "TRINITY_CHANNELS_TRINITY_URL",
    "TRINITY_CHANNELS_TRINITY_TOKEN",
    "TRINITY_CHANNELS_HOME",
    "TRINITY_CHANNELS_CONFIG",
    "TRINITY_CHANNELS_ADMIN_TOKEN",
    "DATABASE_URL",
    "PUBLIC_CHAT_URL",
    "CREDENTIAL_ENCRYPTION_KEY",
    "SMTP_URL",
    "MAIL_FROM",
    "TWILIO_API_BASE_URL",
    "TRINITY_URL",
    "TRINITY_TOKEN",
)


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "channels.toml"
    path.write_text("")
    monkeypatch.setenv("TRINITY_CHANNELS_CONFIG", str(path))
    return path


def refusal() -> str:
    with pytest.raises(SettingsError) as caught:
        StandaloneSettings.load()
    return str(caught.value)


def test_nothing_has_to_be_set() -> None:
    settings = StandaloneSettings.load()

    assert settings.database_url.get_secret_value() == f"sqlite:///{settings.home / 'trinity_channels.db'}"
    assert settings.home.name == "trinity_channels"
    assert settings.public_chat_url is None
    assert settings.smtp_url is None
    assert settings.max_concurrent_turns == 64
    assert settings.agents == {}
    assert settings.api_base_url("twilio") is None


def test_every_documented_variable_is_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TRINITY_CHANNELS_HOME", str(tmp_path))
    monkeypatch.setenv("TRINITY_CHANNELS_ADMIN_TOKEN", "fake-admin-token-for-tests")
    monkeypatch.setenv("PUBLIC_CHAT_URL", "https://Chat.Example.org/trinity/")
    monkeypatch.setenv("CREDENTIAL_ENCRYPTION_KEY", KEY)
    monkeypatch.setenv("SMTP_URL", "smtp://user:fake-password@mail.example.org:587")
    monkeypatch.setenv("MAIL_FROM", "Trinity <bot@example.org>")
    monkeypatch.setenv("TWILIO_API_BASE_URL", "http://127.0.0.1:9000/")
    monkeypatch.setenv("TRINITY_URL", "https://trinity.example.org")
    monkeypatch.setenv("TRINITY_TOKEN", "fake-trinity-token")

    settings = StandaloneSettings.load()

    assert settings.home == tmp_path
    assert settings.admin_token is not None
    assert settings.admin_token.get_secret_value() == "fake-admin-token-for-tests"
    assert settings.database_url.get_secret_value() == f"sqlite:///{tmp_path}/trinity_channels.db"
    assert settings.public_chat_url == "https://chat.example.org/trinity"
    assert settings.api_base_url("twilio") == "http://127.0.0.1:9000"
    assert settings.trinity_url == "https://trinity.example.org"
    for secret in ("fake-", KEY):
        assert secret not in repr(settings)


def test_the_environment_wins_over_the_file(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config.write_text("""
        public_chat_url = "https://file.example.org"
        trinity_channels_home = "/var/lib/from-the-file"
        twilio_api_base_url = "http://127.0.0.1:1111"
        slack_api_base_url = "http://127.0.0.1:2222"
    """)
    monkeypatch.setenv("PUBLIC_CHAT_URL", "https://environment.example.org")
    monkeypatch.setenv("TWILIO_API_BASE_URL", "http://127.0.0.1:3333")

    settings = StandaloneSettings.load()

    assert settings.public_chat_url == "https://environment.example.org"
    assert settings.home == Path("/var/lib/from-the-file")
    assert settings.api_base_url("twilio") == "http://127.0.0.1:3333"
    assert settings.api_base_url("slack") == "http://127.0.0.1:2222"


def test_both_names_are_keys_of_the_file_and_the_environment_wins(
    config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config.write_text("""
        trinity_channels_public_chat_url = "https://file.example.org"
        database_url = "sqlite:////data/file.db"
        trinity_channels_mail_from = "bot@example.org"
        smtp_url = "smtp://mail.example.org"
    """)
    monkeypatch.setenv("PUBLIC_CHAT_URL", "https://environment.example.org")

    assert Settings.load().public_chat_url == "https://file.example.org"
    assert StandaloneSettings.load().public_chat_url == "https://environment.example.org"
    assert Settings.load().database_url.get_secret_value() == "sqlite:////data/file.db"


@pytest.mark.parametrize("name", ["DATABASE_URL", "TRINITY_CHANNELS_DATABASE_URL"])
def test_a_wrong_value_is_told_by_the_name_it_was_set_with(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, "mysql://db.example.org")

    assert refusal() == f"{name}: must start with sqlite:/// or postgresql+psycopg://"


def test_an_application_may_spell_settings_either_way() -> None:
    by_field = Settings.load(public_chat_url="https://given.example.org")
    by_variable = Settings.load(trinity_channels_public_chat_url="https://given.example.org")

    assert by_field.public_chat_url == by_variable.public_chat_url == "https://given.example.org"
    assert by_variable.origin("public_chat_url") is Origin.APPLICATION


def test_an_empty_variable_counts_as_not_set(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config.write_text('public_chat_url = "https://file.example.org"\ntwilio_api_base_url = "http://127.0.0.1:1111"')
    monkeypatch.setenv("PUBLIC_CHAT_URL", "")
    monkeypatch.setenv("TWILIO_API_BASE_URL", "")

    settings = StandaloneSettings.load()

    assert settings.public_chat_url == "https://file.example.org"
    assert settings.api_base_url("twilio") == "http://127.0.0.1:1111"


def test_what_an_application_passes_wins_over_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PUBLIC_CHAT_URL", "https://environment.example.org")

    assert (
        StandaloneSettings.load(public_chat_url="https://given.example.org").public_chat_url
        == "https://given.example.org"
    )


def test_agents_are_tables_of_the_file(config: Path) -> None:
    config.write_text("""
        [agents.support]
        owner = "Owner@Example.org"
        runtime = "openai"
        base_url = "http://127.0.0.1:8080/v1/"
        model = "small"
        api_key = "fake-key"
        system_prompt = "Be brief."
        timeout_seconds = 30

        [agents.parrot]
        owner = "owner@example.org"
        runtime = "echo"
    """)

    agents = StandaloneSettings.load().agents

    support = agents["support"]
    assert isinstance(support, OpenAIAgent)
    assert support.owner == "owner@example.org"
    assert support.base_url == "http://127.0.0.1:8080/v1"
    assert support.timeout_seconds == 30
    assert "fake-key" not in repr(support)
    assert agents["parrot"] == EchoAgent(owner="owner@example.org", runtime="echo")


def test_every_wrong_setting_is_listed_by_name(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PUBLIC_CHAT_URL", "chat.example.org")
    monkeypatch.setenv("CREDENTIAL_ENCRYPTION_KEY", "fake-but-too-short")
    monkeypatch.setenv("DATABASE_URL", "mysql://user:fake-password@localhost/db")
    monkeypatch.setenv("SMTP_URL", "https://user:fake-password@mail.example.org")
    monkeypatch.setenv("TRINITY_CHANNELS_ADMIN_TOKEN", "fake token")
    monkeypatch.setenv("MAIL_FROM", "nobody")
    config.write_text("""
        databse_url = "sqlite:///fake.db"
        trinity_channels_max_concurrent_turns = 0

        [agents.support]
        owner = "nobody"
        runtime = "openai"
        model = "small"
        modle = "fake"

        [agents.lost]
        owner = "nobody"
        runtime = "opneai"
        base_url = "chat.example.org"
        modle = "small"

        [agents."Bad Name"]
        owner = "owner@example.org"
        runtime = "echo"
    """)

    text = refusal()

    assert {line.split(" ")[0].rstrip(":") for line in text.splitlines()} == {
        "PUBLIC_CHAT_URL",
        "CREDENTIAL_ENCRYPTION_KEY",
        "DATABASE_URL",
        "SMTP_URL",
        "TRINITY_CHANNELS_ADMIN_TOKEN",
        "MAIL_FROM",
        "databse_url",
        "TRINITY_CHANNELS_MAX_CONCURRENT_TURNS",
        "agents.support.owner",
        "agents.support.base_url",
        "agents.support.modle",
        "agents.lost",
        "agents.lost.owner",
        "agents.lost.base_url",
        "agents.lost.modle",
        "agents.Bad",
    }
    assert "fake" not in text
    assert "databse_url: is not a setting; check the spelling" in text
    assert "agents.support.base_url: is missing" in text
    assert 'agents.lost: needs runtime = "echo", "openai" or "trinity", not "opneai"\n' in text


@pytest.mark.parametrize(
    ("runtime", "said"),
    [
        ('runtime = "Echo"', 'needs runtime = "echo", "openai" or "trinity", not "Echo"'),
        ('runtime = ""', 'needs runtime = "echo", "openai" or "trinity", not ""'),
        ("runtime = 3", 'needs runtime = "echo", "openai" or "trinity", not "3"'),
        ('runtime = "a\\nb\\u001b[31m"', 'needs runtime = "echo", "openai" or "trinity", not "a b"'),
        (f'runtime = "{"x" * 500}"', f'needs runtime = "echo", "openai" or "trinity", not "{"x" * 40}"'),
        ("", 'needs runtime = "echo", "openai" or "trinity"'),
    ],
)
def test_a_wrong_runtime_is_quoted_and_hides_nothing_else(config: Path, runtime: str, said: str) -> None:
    config.write_text(f"""
        [agents.support]
        owner = "nobody"
        {runtime}
        api_key = "fake key"
        timeout_seconds = 0
    """)

    lines = refusal().splitlines()

    assert lines[0] == f"agents.support: {said}"
    assert [one.split(":")[0] for one in lines[1:]] == [
        "agents.support.owner",
        "agents.support.api_key",
        "agents.support.timeout_seconds",
    ]
    assert "fake" not in "".join(lines)


def test_what_another_setting_needs_is_listed_with_all_other_errors(
    config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SMTP_URL", "smtp://mail.example.org")
    monkeypatch.setenv("TRINITY_URL", "https://t.example.org")
    monkeypatch.setenv("PUBLIC_CHAT_URL", "chat.example.org")
    config.write_text('[agents.lost]\nowner = "owner@example.org"\nruntime = "opneai"')

    text = refusal()

    assert len(text.splitlines()) == 4
    assert "TRINITY_CHANNELS_MAIL_FROM is missing, SMTP_URL needs it" in text
    assert "TRINITY_TOKEN is missing, TRINITY_URL needs it" in text


def test_a_runtime_that_needs_a_setting_is_listed_with_the_table_s_own_errors(config: Path) -> None:
    config.write_text('[agents.a]\nowner = "nobody"\nruntime = "trinity"\n[agents]\nb = 3')

    lines = refusal().splitlines()

    assert [one.split(" ")[0] for one in lines] == ["agents.a.owner:", "agents.b:", "TRINITY_URL"]


def test_the_cause_of_a_refusal_carries_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SMTP_URL", "smtp://user:fake/password@mail.example.org")

    with pytest.raises(SettingsError) as caught:
        StandaloneSettings.load()

    assert caught.value.__suppress_context__
    assert "fake" not in str(caught.value)


@pytest.mark.parametrize(
    ("variables", "file", "line"),
    [
        ({"SMTP_URL": "smtp://mail.example.org"}, "", "TRINITY_CHANNELS_MAIL_FROM is missing, SMTP_URL needs it"),
        ({"TRINITY_URL": "https://t.example.org"}, "", "TRINITY_TOKEN is missing, TRINITY_URL needs it"),
        (
            {"TRINITY_URL": "https://t.example.org", "TRINITY_TOKEN": "fake"},
            '[agents.a]\nruntime = "trinity"\n[agents.b]\nowner = "o@example.org"\nruntime = "echo"',
            "agents: either all of them have an owner, or none has and all are the platform's",
        ),
        ({}, '[agents.a]\nruntime = "echo"', "agents.a.owner: is missing"),
        (
            {"TRINITY_URL": "https://t.example.org", "TRINITY_TOKEN": "fake"},
            '[agents.a]\nruntime = "trinity"\nallowed_tools = []',
            "agents.a.allowed_tools: must name at least one tool",
        ),
        ({}, '[agents.a]\nowner = "o@example.org"\nruntime = "trinity"', "TRINITY_URL is missing"),
    ],
)
def test_settings_that_need_each_other(
    variables: dict[str, str], file: str, line: str, config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config.write_text(file)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)

    text = refusal()

    assert text.startswith(line)
    assert len(text.splitlines()) == 1


def test_variables_of_other_programs_do_no_harm(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AGENTS", "not ours")
    monkeypatch.setenv("API_BASE_URLS", "not ours")
    monkeypatch.setenv("HOME", "/nonexistent")
    monkeypatch.setenv("OTHER_API_BASE_URL", "not an address")

    settings = StandaloneSettings.load()

    assert settings.agents == {}
    with pytest.raises(SettingsError, match="OTHER_API_BASE_URL: must be an address"):
        settings.api_base_url("other")


def test_a_missing_file_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TRINITY_CHANNELS_CONFIG", str(tmp_path / "nowhere.toml"))

    assert "nowhere.toml cannot be read (No such file or directory)" in refusal()


def test_a_file_that_is_not_toml_is_named(config: Path) -> None:
    config.write_text("[agents")

    assert refusal().startswith("TRINITY_CHANNELS_CONFIG: the file")
