"""`doctor`: what is wrong is named with its fix, and ends with 1."""

from __future__ import annotations

from tests.cli.conftest import Terminal
from tests.world import World
from trinity_channels.cli import servers

SMTP = {"SMTP_URL": "smtp://mail.example.org", "MAIL_FROM": "bot@example.org"}


async def test_a_healthy_installation_ends_with_nothing_to_mend(terminal: Terminal, world: World) -> None:
    await world.person("Zoe").says("hello")
    with servers.bind("127.0.0.1", 0) as bound:
        terminal.set(PUBLIC_CHAT_URL="https://chat.example.org", TWILIO_API_BASE_URL=servers.address(bound), **SMTP)
        async with servers.serving(world.twilio.app, bound):
            result = await terminal.beside("doctor")

    assert result.exit_code == 0, result.output
    assert "A server is running on this database." in result.stdout
    assert "Secrets are encrypted with CREDENTIAL_ENCRYPTION_KEY." in result.stdout
    assert "Agent support: runtime echo" in result.stdout
    assert "support on whatsapp" in result.stdout
    assert "✓ Messages have arrived." in result.stdout
    assert "✓ The sender's webhook points here." in result.stdout
    assert "✗" not in result.stdout


async def test_refused_credentials_are_told_in_the_providers_words(terminal: Terminal, world: World) -> None:
    world.twilio.account.token = "feedface" + "f" * 24
    with servers.bind("127.0.0.1", 0) as bound:
        terminal.set(TWILIO_API_BASE_URL=servers.address(bound))
        async with servers.serving(world.twilio.app, bound):
            result = await terminal.beside("doctor")

    assert result.exit_code == 1
    assert "✗ The provider says: " in result.stdout
    assert "Authenticate" in result.stdout


def test_a_new_installation_hears_what_to_set(terminal: Terminal) -> None:
    result = terminal.run("doctor")

    assert result.exit_code == 0
    assert "No server is running" in result.stdout
    assert "! public_chat_url is not set" in result.stdout
    assert "Set SMTP_URL and MAIL_FROM." in result.stdout


def test_settings_that_cannot_work_are_the_finding(terminal: Terminal) -> None:
    terminal.set(SMTP_URL="http://mail.example.org", PUBLIC_CHAT_URL="chat.example.org")

    result = terminal.run("doctor")

    assert result.exit_code == 1
    assert "✗ SMTP_URL" in result.stdout
    assert "✗ PUBLIC_CHAT_URL" in result.stdout


def test_a_data_folder_that_is_none_is_the_finding(terminal: Terminal) -> None:
    terminal.set(TRINITY_CHANNELS_HOME=str(terminal.folder / "channels.toml" / "home"))

    result = terminal.run("doctor")

    assert result.exit_code == 1
    assert "cannot be opened" in result.stdout
