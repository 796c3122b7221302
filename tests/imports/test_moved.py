"""A platform's channels move here: the providers and the people notice nothing."""

from __future__ import annotations

import json
from typing import Any

import pytest
from freezegun.api import FrozenDateTimeFactory

from tests.channels.net import Net, Someone
from tests.cli.conftest import Terminal
from tests.imports.platform import KEYS, TOKEN, ZOE, binding, contact, document, moved, rows
from tests.pages.clients import client_of
from tests.world import OWNER, PUBLIC
from trinity_channels.api import ProviderUnavailable
from trinity_channels.cli import servers
from trinity_channels.store import audit


@pytest.mark.parametrize("channel", ["whatsapp", "telegram"])
async def test_people_are_answered_at_the_old_address_without_signing_in_again(
    terminal: Terminal, served: Net, channel: str
) -> None:
    zoe = Someone(served, channel, "Zoe")
    given = document(
        binding(served, channel, contact(served, channel, "Zoe")),
        policies=[{"agent": "support", "require_email": True, "open_access": True}],
    )

    done = await moved(terminal, given)
    await zoe.says("hello")
    yan = Someone(served, channel, "Yan")
    await yan.says("hello")

    assert done.exit_code == 0, done.stderr
    assert done.stdout.splitlines() == [
        f"support on {channel} is taken over: 1 person added, 1 of them signed in.",
        "Policy set: support.",
    ]
    assert zoe.heard() == ["echo hello"]
    assert "/login" in yan.heard()[-1]
    assert not served.mails.mails
    shown = (await served.api("GET", f"/api/agents/support/{channel}")).json()
    assert shown["webhook_url"] == f"{PUBLIC}/api/{channel}/webhook/{KEYS[channel]}"


async def test_who_has_a_verified_email_can_be_written_to_first(terminal: Terminal, served: Net) -> None:
    zoe = Someone(served, "telegram", "Zoe")
    given = document(
        binding(served, "telegram", contact(served, "telegram", "Zoe")),
        shares=[
            {"agent": "support", "email": "Zoe@Example.org", "allow_proactive": 1},
            {"agent": "support", "email": "yan@example.org"},
            {"agent": "support", "email": OWNER},
        ],
    )
    # Telegram lets a bot write to those who have written to it: to the platform, in this story.
    telegram: Any = served.simulators["telegram"]
    del given["bindings"][0]["contacts"][0]["name"]

    done = await moved(terminal, given)
    shares = (await served.api("GET", "/api/agents/support/shares")).json()
    await zoe.says("hello")
    sent = await served.api(
        "POST", "/api/agents/support/messages", {"recipient_email": ZOE, "text": "news", "channel": "telegram"}
    )
    refused = await served.api(
        "POST", "/api/agents/support/messages", {"recipient_email": "yan@example.org", "text": "x", "channel": "auto"}
    )
    await served.settle()

    assert telegram.bot.webhook.secret == TOKEN
    assert "Shares: 2 added, 0 already here." in done.stdout
    assert "Shares left out because the e-mail is the owner's: 1." in done.stdout
    assert {one["email"]: one["allow_proactive"] for one in shares} == {ZOE: True, "yan@example.org": False}
    assert sent.status_code == 200, sent.text
    assert refused.json()["code"] == "not_opted_in"
    assert zoe.heard() == ["echo hello", "news"]


async def test_a_conversation_of_before_can_be_written_to_before_the_person_writes_again(
    terminal: Terminal, served: Net
) -> None:
    zoe = Someone(served, "whatsapp", "Zoe")
    recent = served.now().isoformat()
    given = document(
        binding(served, "whatsapp", contact(served, "whatsapp", "Zoe", last_active=recent)),
        shares=[{"agent": "support", "email": ZOE, "allow_proactive": True}],
    )

    await moved(terminal, given)
    twilio: Any = served.simulators["whatsapp"]
    sent = await served.api(
        "POST", "/api/agents/support/messages", {"recipient_email": ZOE, "text": "news", "channel": "whatsapp"}
    )
    await served.settle()

    assert sent.status_code == 200, sent.text
    assert not twilio.alerts
    assert zoe.phone.name == "Zoe"
    people = (await served.api("GET", "/api/agents/support/clients")).json()
    assert [(one["display_name"], one["verified_email"]) for one in people] == [("Zoe", ZOE)]


async def test_a_number_that_was_silent_for_long_is_not_signed_in(terminal: Terminal, served: Net) -> None:
    served.simulators["whatsapp"].phone("Yan")
    old = {"verified_at": "2025-06-01T00:00:00Z", "last_active": "2025-06-02"}
    given = document(
        binding(
            served,
            "whatsapp",
            contact(served, "whatsapp", "Zoe", **old),
            contact(served, "whatsapp", "Yan", None, last_active=None),
        ),
        policies=[{"agent": "support", "require_email": True, "open_access": True}],
    )

    done = await moved(terminal, given)
    zoe = Someone(served, "whatsapp", "Zoe")
    await zoe.says("hello")

    assert "2 people added, 0 of them signed in; 1 must sign in again because" in done.stdout
    assert "/login" in zoe.heard()[-1]


async def test_a_dry_run_tells_the_same_and_changes_nothing(terminal: Terminal, served: Net) -> None:
    given = document(
        binding(served, "telegram", contact(served, "telegram", "Zoe"), webhook_token=None),
        policies=[{"agent": "support", "require_email": True, "open_access": False}],
        shares=[{"agent": "support", "email": ZOE}],
    )
    before = rows(served)

    tried = await moved(terminal, given, "--dry-run")
    after = rows(served)
    done = await moved(terminal, given)

    telegram: Any = served.simulators["telegram"]
    assert tried.exit_code == done.exit_code == 0
    assert after == before
    assert tried.stdout.splitlines() == [
        "support on telegram would be taken over: 1 person added, 1 of them signed in.",
        "Policy to be set: support.",
        "Shares: 1 added, 0 already here.",
        "",
        "Dry run: no changes were made.",
    ]
    assert "support on telegram is taken over" in done.stdout
    # The provider did not know our secret, so it was told.
    assert telegram.bot.webhook.secret != TOKEN


async def test_without_the_secret_that_a_provider_sends_along_it_is_told_another(
    terminal: Terminal, served: Net
) -> None:
    zoe = Someone(served, "telegram", "Zoe")
    telegram: Any = served.simulators["telegram"]
    given = document(binding(served, "telegram", contact(served, "telegram", "Zoe"), webhook_token=None))
    given["policies"] = [{"agent": "support", "require_email": True, "open_access": True}]

    await moved(terminal, given)
    await zoe.says("hello")

    assert zoe.heard() == ["echo hello"]
    assert telegram.bot.webhook.url == f"{PUBLIC}/api/telegram/webhook/{KEYS['telegram']}"


async def test_without_an_address_to_keep_the_binding_gets_one(terminal: Terminal, served: Net) -> None:
    given = document(binding(served, "slack", webhook_secret=None, webhook_token=None))

    done = await moved(terminal, given)
    again = await moved(terminal, given)
    shown = (await served.api("GET", "/api/agents/support/slack")).json()

    assert "Its webhook address is a new one: enter it at the provider." in done.stdout
    assert "is here already" in again.stdout
    assert KEYS["slack"] not in shown["webhook_url"]


@pytest.mark.parametrize("error", [ProviderUnavailable("Telegram did not answer."), KeyError("fake-bug")])
async def test_a_provider_that_could_not_be_told_is_left_to_do(
    terminal: Terminal, served: Net, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    zoe = Someone(served, "telegram", "Zoe")
    given = document(
        binding(served, "telegram", contact(served, "telegram", "Zoe"), webhook_token=None),
        policies=[{"agent": "support", "require_email": True, "open_access": True}],
    )

    async def fails(*_: object, **__: object) -> None:
        raise error

    with monkeypatch.context() as patch:
        patch.setattr(served.host.plugins["telegram"], "register_webhook", fails)
        done = await moved(terminal, given)
    answer = await served.api("POST", "/api/agents/support/telegram/set-webhook", {"replace": True})
    await zoe.says("hello")

    assert done.exit_code == 0, done.stderr
    assert "Its webhook could not be set at the provider. A running server tries again by itself" in done.stdout
    assert ("Telegram did not answer." in done.stdout) == isinstance(error, ProviderUnavailable)
    assert "fake-bug" not in done.output
    assert answer.status_code == 200, answer.text
    assert zoe.heard() == ["echo hello"]


async def test_their_conversations_begin_empty_and_can_be_looked_at(terminal: Terminal, served: Net) -> None:
    await moved(terminal, document(binding(served, "telegram", contact(served, "telegram", "Zoe"))))

    (client,) = (await served.api("GET", "/api/agents/support/clients")).json()
    listed = await served.api("GET", "/api/agents/support/conversations")
    one = await served.api("GET", f"/api/agents/support/conversations/{1}")
    exported = await served.api("GET", f"/api/agents/support/clients/{client['id']}/export")

    assert (one.status_code, exported.status_code) == (200, 200)
    async with client_of(served) as browser:
        places = (
            "conversations",
            "agents/support",
            "agents/support/conversations/1",
            "agents/support/channels/telegram",
            "agents/support/audit",
        )
        pages = {place: await browser.get(f"/{place}", follow_redirects=True) for place in places}

    assert {place: page.status_code for place, page in pages.items()} == dict.fromkeys(places, 200)
    assert "Zoe" in pages["agents/support/conversations/1"].text
    assert [one["title"] for one in listed.json()["conversations"]] == ["Zoe"]
    assert (client["display_name"], client["verified_email"], client["message_count"]) == ("Zoe", ZOE, 0)


async def test_it_is_on_record_without_a_secret_and_nothing_secret_is_said(terminal: Terminal, served: Net) -> None:
    given = document(
        *(binding(served, channel, contact(served, channel, "Zoe")) for channel in ("whatsapp", "telegram", "slack")),
        shares=[{"agent": "support", "email": ZOE, "allow_proactive": True}],
    )

    done = await moved(terminal, given)
    given["bindings"][0]["agent"] = "unknown"
    refused = await moved(terminal, given)
    entries = await served.host.store.read(lambda tx: audit.entries(tx, "support"))

    settings = [one["settings"] for one in given["bindings"]]
    secret = [TOKEN, *KEYS.values(), *(value for one in settings for name, value in one.items() if "_sid" not in name)]
    secret.remove(settings[0]["from_number"])
    assert (done.exit_code, refused.exit_code) == (0, 1)
    assert [one for one in secret if one in done.output + refused.output + str(entries)] == []
    assert {(one.action, one.actor) for one in entries} == {
        ("import", "command line"),
        ("share", "command line"),
        ("proactive_consent", "command line"),
    }
    sentences = (await served.api("GET", "/api/agents/support/audit")).text
    assert "took Telegram over from the platform" in sentences


async def test_with_no_server_running_it_is_there_at_its_start(
    terminal: Terminal, moving: Net, clock: FrozenDateTimeFactory
) -> None:
    zoe = Someone(moving, "telegram", "Zoe")
    given = document(
        binding(moving, "telegram", contact(moving, "telegram", "Zoe")),
        policies=[{"agent": "support", "require_email": True, "open_access": True}],
    )
    await moving.stops()

    with servers.bind("127.0.0.1", 0) as bound:
        terminal.set(TELEGRAM_API_BASE_URL=servers.address(bound))
        async with servers.serving(moving.simulators["telegram"].app, bound):
            done = await moved(terminal, given)
    await moving.starts()
    await zoe.says("hello")

    assert clock
    assert done.exit_code == 0, done.stderr
    assert done.stdout.splitlines() == [
        "support on telegram is taken over: 1 person added, 1 of them signed in.",
        "Policy set: support.",
        "",
        "No server is running; start it with `trinity-channels serve`.",
    ]
    assert zoe.heard() == ["echo hello"]


async def test_the_document_may_come_on_standard_input(terminal: Terminal, served: Net) -> None:
    given = document(binding(served, "telegram", contact(served, "telegram", "Zoe")))

    done = await terminal.beside("import-trinity", given=json.dumps(given))

    assert done.exit_code == 0, done.stderr
    assert (await served.api("GET", "/api/agents/support/telegram")).json()["configured"] is True
