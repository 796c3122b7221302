"""An import that is repeated: what is here stays, and what was given back comes again."""

from __future__ import annotations

from typing import Any

import pytest

from tests.channels.net import Net, Someone
from tests.cli.conftest import Terminal
from tests.imports.platform import ZOE, binding, contact, document, moved, rows
from tests.world import PUBLIC


async def test_a_second_time_nothing_changes(terminal: Terminal, served: Net) -> None:
    given = document(
        *(binding(served, channel, contact(served, channel, "Zoe")) for channel in ("whatsapp", "telegram", "slack")),
        policies=[
            {"agent": "support", "require_email": False, "open_access": False, "group_auth_mode": "any_verified"}
        ],
        shares=[{"agent": "support", "email": ZOE, "allow_proactive": True}],
    )
    first = await moved(terminal, given)
    before = rows(served)

    again = await moved(terminal, given)

    assert (first.exit_code, again.exit_code) == (0, 0), first.stderr + again.stderr
    assert rows(served) == before
    assert again.stdout.splitlines() == [
        *(
            f"support on {channel} is here already: 0 people added, 0 of them signed in; 1 already here."
            for channel in ("whatsapp", "telegram", "slack")
        ),
        "Keeps the policy that it has here: support.",
        "Shares: 0 added, 1 already here.",
    ]


async def test_what_was_changed_here_since_stays(terminal: Terminal, served: Net) -> None:
    zoe = Someone(served, "telegram", "Zoe")
    given = document(
        binding(served, "telegram", contact(served, "telegram", "Zoe")),
        policies=[{"agent": "support", "require_email": False, "open_access": True}],
        shares=[{"agent": "support", "email": ZOE, "allow_proactive": True}],
    )
    await moved(terminal, given)
    await zoe.says("/logout")
    await served.policy("require_sharing")
    await served.api("PUT", "/api/agents/support/shares/proactive", {"email": ZOE, "allow_proactive": False})
    await served.api("POST", "/api/agents/support/telegram/rotate-webhook", {})
    before = rows(served)

    # By now the platform's token is not the bot's any more.
    given["bindings"][0]["settings"]["bot_token"] = "1234:fake-former-token"
    again = await moved(terminal, given)

    assert again.exit_code == 0, again.stderr
    assert rows(served) == before


async def test_people_who_were_not_there_yet_are_added(terminal: Terminal, served: Net) -> None:
    people = [contact(served, "telegram", name, f"{name}@example.org") for name in ("zoe", "yan")]
    await moved(terminal, document(binding(served, "telegram", people[0])))

    again = await moved(terminal, document(binding(served, "telegram", *people)))

    listed = (await served.api("GET", "/api/agents/support/clients")).json()
    assert "is here already: 1 person added, 1 of them signed in; 1 already here." in again.stdout
    assert sorted(one["display_name"] for one in listed) == ["yan", "zoe"]


async def test_an_agent_that_was_disconnected_here_is_taken_over_again(terminal: Terminal, served: Net) -> None:
    zoe = Someone(served, "telegram", "Zoe")
    given = document(
        binding(served, "telegram", contact(served, "telegram", "Zoe")),
        policies=[{"agent": "support", "require_email": True, "open_access": True}],
    )
    await moved(terminal, given)
    await zoe.says("one")
    await served.api("DELETE", "/api/agents/support/telegram")

    # It went back to the platform, which has given it another address meanwhile.
    given["bindings"][0]["webhook_secret"] = "fake-another-secret-of-the-platform"
    again = await moved(terminal, given)
    telegram: Any = served.simulators["telegram"]
    telegram.bot.webhook.url = f"{PUBLIC}/api/telegram/webhook/fake-another-secret-of-the-platform"
    await zoe.says("two")

    assert "support on telegram is taken over" in again.stdout
    assert zoe.heard() == ["echo one", "echo two"]


async def test_a_provider_that_sends_another_secret_by_now_is_believed(terminal: Terminal, served: Net) -> None:
    zoe = Someone(served, "telegram", "Zoe")
    telegram: Any = served.simulators["telegram"]
    given = document(
        binding(served, "telegram", contact(served, "telegram", "Zoe"), webhook_token=None),
        policies=[{"agent": "support", "require_email": True, "open_access": True}],
    )
    await moved(terminal, given)
    await served.api("DELETE", "/api/agents/support/telegram")

    # The platform has set its webhook again, at the same address.
    telegram.bot.webhook.secret = "fake-secret-of-the-platform-by-now"
    given["bindings"][0]["webhook_token"] = telegram.bot.webhook.secret
    again = await moved(terminal, given)
    await zoe.says("hello")

    assert "support on telegram is taken over" in again.stdout
    assert zoe.heard() == ["echo hello"]


STAY = "Its settings here are not those of the document, and stay."


@pytest.mark.parametrize(
    ("channel", "name", "value"),
    [
        ("telegram", "bot_token", "9999999:fake-token-of-another-bot-aaaaaaaaaaaa"),
        ("whatsapp", "auth_token", "fake-another-auth-token-of-the-account"),
        ("whatsapp", "account_sid", "AC" + "9" * 32),
        ("whatsapp", "from_number", "whatsapp:+12025550199"),
        ("slack", "signing_secret", "fake-another-signing-secret-of-an-app"),
        ("slack", "bot_token", "xoxb-fake-another-token"),
    ],
)
@pytest.mark.parametrize("dry", [False, True])
async def test_other_settings_at_the_same_address_are_told(
    terminal: Terminal, served: Net, channel: str, name: str, value: str, *, dry: bool
) -> None:
    given = document(binding(served, channel))
    first = await moved(terminal, given)
    assert name in given["bindings"][0]["settings"]
    given["bindings"][0]["settings"][name] = value
    before = rows(served)

    again = await moved(terminal, given, *(["--dry-run"] if dry else []))

    assert (first.exit_code, again.exit_code) == (0, 0), again.stderr
    assert STAY in again.stdout
    assert STAY not in first.stdout
    assert value not in again.output
    assert rows(served) == before


async def test_other_settings_are_told_also_where_the_document_has_no_address(terminal: Terminal, served: Net) -> None:
    given = document(binding(served, "whatsapp", webhook_secret=None, webhook_token=None))
    settings = given["bindings"][0]["settings"]
    await moved(terminal, given)

    same = await moved(terminal, given)
    second = {"auth_token_secondary": "fake-second-auth-token-of-account"}
    entered = await served.api("PUT", "/api/agents/support/whatsapp", {**settings, **second})
    changed = await moved(terminal, given)

    assert entered.status_code == 200, entered.text
    assert STAY not in same.stdout
    assert STAY in changed.stdout


async def test_settings_that_cannot_be_read_any_more_are_not_those_of_the_document(
    terminal: Terminal, served: Net
) -> None:
    given = document(binding(served, "telegram"))
    await moved(terminal, given)
    served.change("""UPDATE trinity_channels_binding SET secrets = '{"bot_token": "fake-spoiled-record"}'""")

    again = await moved(terminal, given)

    assert again.exit_code == 0, again.stderr
    assert STAY in again.stdout
