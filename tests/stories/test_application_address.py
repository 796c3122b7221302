"""The public address is a setting of the surrounding application: everything follows it, and nothing here changes it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from freezegun.api import FrozenDateTimeFactory

from tests.application import Accounts, Town
from tests.stories.test_set_webhook import stands_before
from tests.world import ADMIN, TWILIO, Agent
from trinity_channels import periodic
from trinity_channels.api.manifest import Capabilities
from trinity_channels.principal import Owner
from trinity_channels.store import StoreError, audit

NEW = "https://new.example.org/chat"
_REGISTER_ALL = "trinity_channels.bindings.connections.Connections.register_all"


class Setting:
    """The application's own setting."""

    def __init__(self, value: str | None) -> None:
        self.value: str | Exception | None = value

    async def public_address(self) -> str | None:
        if isinstance(self.value, Exception):
            raise self.value
        return self.value


@pytest.fixture
def setting() -> Setting:
    return Setting("https://Chat.Example.org/")


@pytest.fixture
async def town(tmp_path: Path, clock: FrozenDateTimeFactory, setting: Setting) -> AsyncIterator[Town]:
    accounts = Accounts({"support": Owner("7", "ada@example.org")})
    options = {"ports": {"address": setting}, "public_chat_url": "https://of-the-settings.example.org"}
    async with Town(tmp_path, clock, accounts, agents=Agent(), **options) as town:
        await town.connect()
        await town.policy("open")
        yield town


async def test_webhook_urls_follow_the_application(town: Town, setting: Setting) -> None:
    assert (await town.webhook()).startswith("https://chat.example.org/api/whatsapp/webhook/")

    setting.value = NEW
    await town.host.address_changed()

    url = await town.webhook()
    assert url.startswith(f"{NEW}/api/whatsapp/webhook/")
    shown = (await town.api("GET", "/api/settings/public_chat_url")).json()
    assert (shown["value"], shown["updated_at"] is not None) == (NEW, True)
    (entry,) = (await town.api("GET", "/api/audit?action=set_public_chat_url")).json()
    assert entry["actor"] == "application"


async def test_messages_signed_for_the_new_address_arrive(town: Town, setting: Setting) -> None:
    zoe = town.person("Zoe")
    await zoe.says("before")
    setting.value = "https://new.example.org"
    await town.host.address_changed()
    town.network.serve({setting.value: town.app, TWILIO: town.twilio.app})
    answer = await town.http.get(
        f"{setting.value}/api/agents/support/whatsapp", headers={"Authorization": f"Bearer {ADMIN}"}
    )
    sender = town.twilio.account.senders[answer.json()["from_number"]]
    town.twilio.connect(answer.json()["webhook_url"], sender=sender)

    await zoe.says("after")

    assert zoe.last() == "echo after"


async def test_a_change_without_notice_is_followed_while_the_host_runs(
    town: Town, setting: Setting, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert periodic.FOLLOWED <= 2
    monkeypatch.setattr(periodic, "FOLLOWED", 0)
    await town.host.stop()
    await town.starts()

    setting.value = NEW

    await town.until(lambda: town.host.address.value == NEW)


async def test_it_cannot_be_changed_here_and_the_settings_do_not_count(town: Town) -> None:
    answer = await town.api("PUT", "/api/settings/public_chat_url", {"value": NEW})

    assert answer.status_code == 422
    assert "change it there" in answer.json()["message"]
    assert (await town.api("GET", "/api/settings/public_chat_url")).json()["value"] == "https://chat.example.org"


async def test_nothing_offers_to_change_it_here(town: Town, setting: Setting) -> None:
    """Before: the pages had a form that was always refused, and findings led to it."""
    listed = (await town.api("GET", "/api/settings")).json()
    (shown,) = [one for one in listed if one["name"].endswith("PUBLIC_CHAT_URL")]
    page = (await town.api("GET", "/channels/settings")).text
    setting.value = None
    await town.host.address_changed()
    step, finding = [
        one["fix"]
        for where in ((await town.api("GET", "/api/setup")).json()["steps"], await findings(town))
        for one in where
        if one["code"] == "public_chat_url"
    ]

    assert (shown["value"], shown["origin"], shown["route"]) == ("https://chat.example.org", "application", "")
    assert "The application around this host sets it" in page
    assert 'id="f-value"' not in page
    assert "in the application around it" in step
    assert finding == "Set the address in the application around this host."


async def findings(town: Town) -> list[dict[str, str]]:
    """Those about the way in."""
    (found,) = [
        one["checks"] for one in (await town.api("POST", "/api/settings/diagnosis")).json() if one["title"] == "Way in"
    ]
    return list(found)


@pytest.mark.parametrize(
    "wrong", ["ftp://example.org", "no address", "https://user:secret@example.org", RuntimeError("x")]
)
async def test_the_former_address_stays_while_the_application_names_no_usable_one(
    town: Town, setting: Setting, wrong: str | Exception, caplog: pytest.LogCaptureFixture
) -> None:
    setting.value = wrong
    await town.host.address_changed()
    await town.host.address_changed()

    assert (await town.webhook()).startswith("https://chat.example.org/")
    assert caplog.text.count("public address unknown") == 1
    assert "secret" not in caplog.text
    setting.value = NEW
    await town.host.address_changed()
    assert (await town.webhook()).startswith(NEW)


@pytest.mark.parametrize("none", [None, "", "  "])
async def test_an_application_may_have_no_address(town: Town, setting: Setting, none: str | None) -> None:
    setting.value = none
    await town.host.address_changed()

    assert (await town.binding())["webhook_url"] is None


async def test_the_last_address_counts_until_the_application_can_name_it_after_a_start(
    town: Town, setting: Setting
) -> None:
    zoe = town.person("Zoe")
    await town.stops()
    setting.value = RuntimeError("not ready")

    await town.starts()

    assert (await town.webhook()).startswith("https://chat.example.org/")
    await zoe.says("signed for the last address")
    assert zoe.last() == "echo signed for the last address"
    setting.value = NEW
    await town.host.address_changed()
    assert (await town.webhook()).startswith(NEW)


async def test_no_address_stays_none_after_a_start(town: Town, setting: Setting) -> None:
    await town.stops()
    setting.value = None

    await town.starts()

    assert (await town.binding())["webhook_url"] is None


async def test_a_change_while_the_host_was_stopped_is_told_to_providers(
    town: Town, setting: Setting, monkeypatch: pytest.MonkeyPatch
) -> None:
    await town.host.stop()
    setting.value = NEW
    told: list[str | None] = []
    monkeypatch.setattr(_REGISTER_ALL, _noting(told, town))

    await town.starts()
    await town.until(lambda: bool(told))

    assert told == [NEW]


def _noting(told: list[str | None], town: Town, *problems: str) -> object:
    """Stands for `Connections.register_all`: notes the address, and answers with one more problem each time."""
    left = list(problems)

    async def noted(_: object) -> list[str]:
        told.append(town.host.address.value)
        return [left.pop(0)] if left else []

    return noted


async def test_providers_that_cannot_be_reached_are_told_again_later(
    town: Town, setting: Setting, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    told: list[str | None] = []
    monkeypatch.setattr(_REGISTER_ALL, _noting(told, town, "support on Telegram: No answer.", "support: No answer."))
    setting.value = NEW
    await town.host.address_changed()
    await town.host.address_changed()
    assert told == [NEW], "repeated without a pause"

    await town.later(seconds=11)
    await town.host.address_changed()
    await town.later(seconds=11)
    await town.host.address_changed()
    assert told == [NEW, NEW], "the pause does not grow"
    await town.later(seconds=11)
    await town.host.address_changed()
    await town.later(hours=2)
    await town.host.address_changed()

    assert told == [NEW, NEW, NEW]
    warned = [one for one in caplog.records if "providers not told" in one.getMessage()]
    assert {one.levelname for one in warned} == {"WARNING"}
    assert "public address unknown" not in caplog.text
    assert len((await town.api("GET", "/api/audit?action=set_public_chat_url")).json()) == 1


async def test_the_owner_sees_that_the_provider_could_not_be_told_until_it_is(
    town: Town, setting: Setting, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Capabilities, "registers_unasked", Capabilities.can_register)
    senders = stands_before(town, *(httpx.Response(503, text="busy") for _ in range(9)))
    setting.value = NEW
    await town.host.address_changed()

    url = f"{NEW}/api/whatsapp/webhook/"
    page = "/channels/agents/support/channels/whatsapp"
    assert "Twilio answered HTTP 503" in (await town.api("GET", page)).text
    assert not town.twilio.sender.webhook.callback_url.startswith(url)

    senders.recover()
    await town.later(seconds=11)
    await town.host.address_changed()
    assert town.twilio.sender.webhook.callback_url.startswith(url)
    assert "Twilio answered HTTP 503" not in (await town.api("GET", page)).text


async def test_another_address_is_told_at_once_also_while_the_last_one_waits(
    town: Town, setting: Setting, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str | None] = []
    monkeypatch.setattr(_REGISTER_ALL, _noting(told, town, "No answer."))
    for value in (NEW, "https://chat.example.org"):
        setting.value = value
        await town.host.address_changed()

    assert told == [NEW, "https://chat.example.org"]


async def test_providers_that_were_not_told_are_told_after_a_restart(
    town: Town, setting: Setting, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str | None] = []
    monkeypatch.setattr(_REGISTER_ALL, _noting(told, town, "support on Telegram: No answer."))
    setting.value = NEW
    await town.host.address_changed()
    await town.dies()

    await town.starts()
    await town.until(lambda: len(told) > 1)
    await town.host.address_changed()
    await town.stops()
    await town.starts()
    await town.host.address_changed()

    assert told == [NEW, NEW]


async def test_a_change_that_cannot_be_stored_is_stored_and_told_later(
    town: Town, setting: Setting, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    told: list[str | None] = []
    monkeypatch.setattr(_REGISTER_ALL, _noting(told, town))

    def full(*_: object, **__: object) -> None:
        raise StoreError("the disk is full")

    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(audit, "add", full)
        setting.value = NEW
        await town.host.address_changed()
    assert (await town.webhook()).startswith(NEW)
    assert "the disk is full" in caplog.text
    assert "public address unknown" not in caplog.text

    await town.later(seconds=11)
    await town.host.address_changed()

    assert told == [NEW]
    (entry,) = (await town.api("GET", "/api/audit?action=set_public_chat_url")).json()
    assert entry["actor"] == "application"


@pytest.mark.parametrize("value", [None, "http://chat.example.org", "http://localhost:8000"])
async def test_findings_about_the_address_lead_to_the_application(
    town: Town, setting: Setting, value: str | None
) -> None:
    setting.value = value
    await town.host.address_changed()

    verified = (await town.api("POST", "/api/agents/support/whatsapp/test", {})).json()["checks"]

    found = [one for one in verified if "public address" in one["message"]] + [await town.check("public_chat_url")]
    assert {one["fix"] for one in found} == {"Set the address in the application around this host."}
    assert [one["actions"] for one in found] == [[]] * len(found)
    assert len(found) == (1 if value else 2)
    assert "Settings" not in str(await town.binding())


async def test_the_page_of_a_channel_leads_to_the_application(town: Town, setting: Setting) -> None:
    setting.value = None
    await town.host.address_changed()

    page = await town.http.get(
        "https://chat.example.org/channels/agents/support/channels/whatsapp",
        headers={"Authorization": f"Bearer {ADMIN}"},
    )

    assert page.status_code == 200
    assert "The application around this host sets it." in page.text
    assert "Set the Public Chat URL" not in page.text
