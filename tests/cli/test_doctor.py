"""`doctor`: the running host is examined; what is wrong is named with its fix, and ends with 1."""

from __future__ import annotations

import json

import httpx
import pytest
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from tests.cli.conftest import Terminal
from tests.world import PUBLIC, TWILIO, Agent, Found, World
from trinity_channels.agents.port import AgentFailed, AgentUnavailable
from trinity_channels.settings import Settings
from trinity_channels.store import StoreError, bindings


async def test_a_healthy_installation_ends_with_nothing_to_fix(terminal: Terminal, world: World) -> None:
    await world.person("Zoe").says("hello")

    result = await terminal.examined(world)

    assert result.exit_code == 0, result.output
    assert "✓ The server runs at http://127.0.0.1:" in result.stdout
    assert "Secrets are encrypted with TRINITY_CHANNELS_CREDENTIAL_ENCRYPTION_KEY." in result.stdout
    assert "✓ A signed probe to https://chat.example.org/api/whatsapp/webhook/… arrived at this host" in result.stdout
    assert "Agent support: runtime echo" in result.stdout
    assert "support on WhatsApp (Twilio)" in result.stdout
    assert "✓ Messages have arrived." in result.stdout
    assert "✓ The sender's webhook points here." in result.stdout
    assert "✓ /human and /help show how to reach a person" in result.stdout
    assert "✗" not in result.stdout


async def test_the_host_is_asked_whatever_the_settings_of_the_shell_are(terminal: Terminal, world: World) -> None:
    terminal.set(
        TRINITY_CHANNELS_PUBLIC_CHAT_URL="https://shell.example.org",
        TRINITY_CHANNELS_CREDENTIAL_ENCRYPTION_KEY="22" * 32,
        TRINITY_CHANNELS_DATABASE_URL=f"sqlite:///{terminal.folder}/other.db",
        HTTP_PROXY="http://127.0.0.1:9",
    )
    terminal.folder.joinpath("channels.toml").write_text("")

    result = await terminal.examined(world)

    assert result.exit_code == 0, result.output
    assert "public_chat_url is https://chat.example.org." in result.stdout
    assert "Agent support: runtime echo" in result.stdout
    assert not (terminal.folder / "other.db").exists()


async def test_a_channel_that_requires_a_way_to_a_person_is_told_of_when_there_is_none(
    terminal: Terminal, found: Found
) -> None:
    world = await found(connected=False)
    await world.connect("sales")

    result = await terminal.examined(world)

    assert "! The rules of WhatsApp (Twilio) require a way to reach a person" in result.stdout
    assert "PUT /api/agents/sales/escalation-contact" in result.stdout


async def test_a_test_message_to_a_number_without_whatsapp_is_not_a_failure(terminal: Terminal, world: World) -> None:
    await world.person("Zoe").says("hello")
    await world.api("POST", "/api/agents/support/whatsapp/test", {"to_number": "whatsapp:+15550009999"})
    await world.settle()

    result = await terminal.examined(world)

    assert result.exit_code == 0, result.output
    assert "did not reach its recipient: The recipient's number is not on WhatsApp (63003)." in result.stdout
    assert "resend" not in result.stdout


async def test_refused_credentials_are_told_in_the_providers_words(terminal: Terminal, world: World) -> None:
    world.twilio.account.token = "feedface" + "f" * 24

    result = await terminal.examined(world)

    assert result.exit_code == 1
    assert "✗ The provider says: " in result.stdout
    assert "Authenticate" in result.stdout


async def test_a_provider_that_cannot_be_reached_is_not_blamed_on_the_settings(
    terminal: Terminal, world: World
) -> None:
    async def gone(_: Scope, __: Receive, ___: Send) -> None:
        raise httpx.ConnectError("All connection attempts failed")

    world.network.serve({TWILIO: gone})

    result = await terminal.examined(world)

    assert (result.exit_code, "✗ The account was not checked: " in result.stdout) == (1, True)
    assert "Let this machine reach the provider" in result.stdout
    assert "connect the agent again" not in result.stdout


async def test_a_dead_public_address_fails(terminal: Terminal, world: World) -> None:
    await world.api("PUT", "/api/settings/public_chat_url", {"value": "http://127.0.0.1:9"})

    result = await terminal.examined(world)

    assert result.exit_code == 1
    assert "✗ A probe to http://127.0.0.1:9/api/whatsapp/webhook/… failed. No connection to" in result.stdout
    assert "    Start the proxy or tunnel there" in result.stdout


async def test_a_leg_that_all_channels_share_is_told_once(terminal: Terminal, found: Found) -> None:
    world = await found(connected=False)
    await world.api("PUT", "/api/settings/public_chat_url", {"value": "http://127.0.0.1:9"})

    result = await terminal.examined(world)

    assert len(list(world.host.plugins)) > 1
    assert result.stdout.count("✗") == 1


async def test_an_address_without_tls_is_warned_of_once(terminal: Terminal, found: Found) -> None:
    world = await found(connected=False)
    await world.api("PUT", "/api/settings/public_chat_url", {"value": PUBLIC.replace("https", "http")})

    result = await terminal.examined(world)

    assert (result.exit_code, result.stdout.count("! The public address starts with http://")) == (0, 1)
    assert result.stdout.count("✓ A signed probe to http://") == len(list(world.host.plugins))


async def test_a_route_that_one_channel_lacks_is_told_of_that_channel(terminal: Terminal, found: Found) -> None:
    world = await found(connected=False)
    inside = world.app

    async def edge(scope: Scope, receive: Receive, send: Send) -> None:
        passes = "/api/whatsapp/" not in scope["path"]
        await (inside if passes else PlainTextResponse("", 404))(scope, receive, send)

    world.network.serve({PUBLIC: edge})

    result = await terminal.examined(world)

    assert (result.exit_code, result.stdout.count("✗")) == (1, 1)
    assert "✓ A signed probe to https://chat.example.org/api/telegram/webhook/…" in result.stdout
    assert "✗ A probe to https://chat.example.org/api/whatsapp/webhook/… failed." in result.stdout


async def test_no_public_address_fails_once_an_account_is_connected(terminal: Terminal, world: World) -> None:
    await world.api("PUT", "/api/settings/public_chat_url", {"value": ""})

    result = await terminal.examined(world)

    assert result.exit_code == 1
    assert f"✗ public_chat_url was emptied by API, and the {PUBLIC} of the settings" in result.stdout
    assert "Set TRINITY_CHANNELS_PUBLIC_CHAT_URL" not in result.stdout


async def test_a_stored_address_that_hides_the_one_of_the_settings_is_told_also_after_a_restart(
    terminal: Terminal, world: World
) -> None:
    await world.api("PUT", "/api/settings/public_chat_url", {"value": PUBLIC.replace("https", "http")})
    await world.stops()
    await world.starts()

    result = await terminal.examined(world)
    await world.api("PUT", "/api/settings/public_chat_url", {"value": PUBLIC})
    agreed = await terminal.examined(world)

    assert "! public_chat_url is http://chat.example.org, which was stored by API; " in result.stdout
    assert f"the {PUBLIC} of the settings (TRINITY_CHANNELS_PUBLIC_CHAT_URL) does not count" in result.stdout
    assert f"✓ public_chat_url is {PUBLIC}." in agreed.stdout


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (AgentFailed("the model is gone"), "✗ 1 question waits for a decision, not answered by support."),
        (AgentUnavailable("connection refused"), "✗ The agent failed: 1 question is tried again."),
    ],
)
async def test_an_agent_that_fails_fails(
    terminal: Terminal, town: World, agent: Agent, fault: Exception, said: str
) -> None:
    agent.will_answer(fault)
    await town.person("Zoe").says("hello")

    result = await terminal.examined(town)

    assert (result.exit_code, said in result.stdout) == (1, True), result.output


async def test_a_parked_turn_fails_also_when_the_agent_works_again(
    terminal: Terminal, town: World, agent: Agent
) -> None:
    agent.will_answer(AgentFailed("the model is gone"))
    await town.person("Zoe").says("hello")
    await town.person("Yan").says("hello")

    result = await terminal.examined(town)

    assert result.exit_code == 1
    assert "The last reason: the model is gone." in result.stdout
    assert "(trinity-channels failed · trinity-channels failed resubmit ID" in result.stdout


async def test_a_lost_key_fails(terminal: Terminal, world: World) -> None:
    await world.stops()
    changed = world.settings.model_dump(by_alias=True) | {"credential_encryption_key": "11" * 32}
    world.settings = Settings.load(**changed)
    await world.starts()

    result = await terminal.examined(world)

    assert result.exit_code == 1
    assert "✗ The encryption key is lost for support on WhatsApp (Twilio)" in result.stdout
    assert "Add the former key to TRINITY_CHANNELS_CREDENTIAL_ENCRYPTION_KEY" in result.stdout


async def test_the_findings_are_printed_as_json(terminal: Terminal, world: World) -> None:
    await world.api("PUT", "/api/settings/public_chat_url", {"value": "http://127.0.0.1:9"})

    async with terminal.serving(world):
        result = await terminal.beside("doctor", "--json")

    printed = json.loads(result.stdout)
    assert (printed["outcome"], printed["exit_code"], result.exit_code) == ("failed", 1, 1)
    failed = [one for group in printed["findings"] for one in group["checks"] if one["state"] == "failed"]
    assert [one["code"] for one in failed] == ["connection", "webhook"]
    assert all(one["fix"] for one in failed)


@pytest.mark.usefixtures("first_start")
def test_a_new_installation_hears_what_to_set_and_that_nothing_runs(terminal: Terminal) -> None:
    result = terminal.run("doctor")

    assert result.exit_code == 3
    assert "? No server is running on the data folder" in result.stdout
    assert "! public_chat_url is not set" in result.stdout
    assert "Set TRINITY_CHANNELS_SMTP_URL and TRINITY_CHANNELS_MAIL_FROM." in result.stdout


def test_without_a_server_the_source_of_the_settings_is_named_and_no_advice_is_given_twice(terminal: Terminal) -> None:
    terminal.set(
        AGENTS="of another program",
        TWILIO_API_BASE_URL="http://127.0.0.1:9",
        TRINITY_CHANNELS_PUBLIC_CHAT_URL="https://chat.example.org",
    )

    lines = terminal.run("doctor").stdout.splitlines()

    (source,) = [one for one in lines if "this judges by the settings of this shell" in one]
    names = source.partition("(")[2].partition(")")[0].split(", ")
    assert names == sorted(names)
    assert {"TRINITY_CHANNELS_PUBLIC_CHAT_URL", "TRINITY_CHANNELS_HOME", "TWILIO_API_BASE_URL"} <= set(names)
    assert f"and the file {terminal.folder / 'channels.toml'}; the server may be started with others." in source
    assert sum("trinity-channels serve" in one for one in lines) == 1
    advice = [one for one in lines if one.startswith("    ")]
    assert len(advice) == len(set(advice))


async def test_beside_a_server_the_settings_of_the_shell_are_not_judged(terminal: Terminal, world: World) -> None:
    assert "this judges" not in (await terminal.examined(world)).stdout


def test_the_way_in_is_unknown_while_nothing_runs(terminal: Terminal) -> None:
    terminal.set(TRINITY_CHANNELS_PUBLIC_CHAT_URL="https://chat.example.org")

    result = terminal.run("doctor")

    assert (result.exit_code, "? Whether providers reach this host is not known" in result.stdout) == (3, True)


async def test_a_server_that_cannot_be_asked_from_here_is_told(terminal: Terminal, world: World) -> None:
    result = await terminal.beside("doctor")

    assert world.host.store.exists()
    assert "? A server runs on this database, but cannot be asked from here." in result.stdout


@pytest.mark.alone("the server is asked first whether it is ready, which is the application's to tell")
async def test_a_server_that_is_broken_is_told(
    terminal: Terminal, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_: object) -> None:
        raise StoreError("disk I/O error")

    monkeypatch.setattr(bindings, "every", broken)

    result = await terminal.examined(world)

    assert result.exit_code == 1
    assert "✗ The server runs, but cannot do this at the moment. disk I/O error" in result.stdout


@pytest.mark.alone("the server is asked first whether it is ready, which is the application's to tell")
async def test_a_server_whose_database_is_away_needs_no_restart(
    terminal: Terminal, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(_: object) -> None:
        raise StoreError("The database at db.example.org cannot be used: connection refused")

    for way in ("read", "lookup", "write"):
        monkeypatch.setattr(world.host.store, way, away)

    async with terminal.serving(world):
        examined, listed = [await terminal.beside(command) for command in ("doctor", "agents")]

    assert examined.exit_code == 1
    assert listed.exit_code == 1
    for said in (examined.stdout, listed.stderr):
        assert "The database at db.example.org cannot be used: connection refused" in " ".join(said.split())
        assert "the server then goes on by itself" in " ".join(said.split())
        assert "restart" not in said.lower()
    assert "Without a running server" not in examined.stdout
