"""Mounted into an application whose accounts have ids, names and perhaps an e-mail, and which records who shared."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from freezegun.api import FrozenDateTimeFactory

from tests.alerting import BAD, Provider, waits
from tests.application import Accounts, Town, Users
from tests.world import ADMIN, HUMAN, START, Agent
from trinity_channels.app import Ports
from trinity_channels.principal import Owner, Principal, Role
from trinity_channels.store.access import Share

ZOE = "zoe@example.org"
ADA = Principal(Role.USER, "7")
NAMELESS = Owner("7")
NAMED = Owner("7", name="Ada Example")
EMPTY = Owner("7", email="", name="Ada Example")
BROKEN = Owner("7", email="not an e-mail", name="Ada Example")
MAILED = Owner("7", "Ada@Example.org", "Ada Example")


class Former:
    """The directory of an application that was written for the first form of the port."""

    def __init__(self, owner: str) -> None:
        self.known = owner
        self.shared: dict[str, Share] = {}

    async def agents(self, owner: str | None) -> list[str]:
        return ["support"] if owner in (None, self.known) else []

    async def owner(self, agent: str) -> str | None:
        return self.known if agent == "support" else None

    async def may_use(self, agent: str, email: str) -> bool:
        return agent == "support" and (email == self.known or email in self.shared)

    async def shares(self, agent: str) -> list[Share]:
        return list(self.shared.values()) if agent == "support" else []

    async def grant(self, _: str, email: str, *, by: str) -> bool:
        new = email not in self.shared
        self.shared[email] = Share(email, allow_proactive=False, created_by=by, created_at=START)
        return new

    async def revoke(self, _: str, email: str) -> bool:
        return self.shared.pop(email, None) is not None

    async def consent(self, _: str, email: str, *, allow: bool) -> bool:
        return email in self.shared and allow is not None


@pytest.fixture
async def found(tmp_path: Path, clock: FrozenDateTimeFactory) -> AsyncIterator[Any]:
    opened: list[Town] = []

    async def of(directory: Any, **options: Any) -> Town:
        town = Town(tmp_path, clock, directory, agents=Agent(), **options)
        opened.append(town)
        await town.__aenter__()
        assert (await town.connect()).status_code == 200
        return town

    yield of
    for town in opened:
        await town.__aexit__(None, None, None)


async def asks(town: Town) -> Any:
    """Someone signs in and asks for access."""
    zoe = town.person("Zoe")
    await zoe.verifies(ZOE)
    await zoe.says("please answer")
    assert "The owner has been asked" in zoe.last()
    return zoe


# --- an owner without an e-mail ---


@pytest.mark.parametrize("owner", [NAMELESS, NAMED, EMPTY, BROKEN])
async def test_an_agent_whose_owner_has_no_email_works_everywhere(found: Any, owner: Owner) -> None:
    town = await found(Accounts({"support": owner}))
    zoe = await asks(town)

    await town.later(minutes=5)  # the digest, which has no one to go to
    await zoe.says("/human")
    requests = await town.api("GET", "/api/agents/support/access-requests", token="7")
    answer = await town.api(
        "POST", f"/api/agents/support/access-requests/{requests.json()[0]['id']}/decide", {"approve": True}, token="7"
    )
    await town.settle()

    assert answer.status_code == 200
    assert "echo please answer" in zoe.heard()
    assert any(HUMAN in text for text in zoe.heard())
    assert {mail.to for mail in town.mails.mails} == {ZOE}
    shown = (await town.api("GET", "/api/agents", token="7")).json()
    assert [one["owner"] for one in shown] == [owner.name or "7"]
    for path in ("/channels/agents", "/channels/agents/support", "/channels/agents/support/channels/whatsapp"):
        page = await town.http.get(f"https://chat.example.org{path}", headers={"Authorization": "Bearer 7"})
        assert page.status_code == 200, path


async def test_a_message_to_the_primary_says_that_no_email_is_known(found: Any) -> None:
    town = await found(Accounts({"support": NAMED}))

    answer = await town.api("POST", "/api/agents/support/messages", {"to": "primary", "text": "hi", "channel": "auto"})

    assert answer.status_code == 422
    assert answer.json()["code"] == "role_unassigned"


async def test_alerts_without_a_mail_address_stay_on_the_pages(found: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    town = await found(Accounts({"support": NAMED}))
    Provider(town, monkeypatch).answers = (BAD,)

    await waits(town, minutes=6 * 60)

    assert town.mails.mails == ()
    assert (await town.check("provider_check"))["message"] == BAD.message


async def test_ids_that_are_not_the_owners_open_nothing(found: Any) -> None:
    town = await found(Accounts({"support": MAILED, "orphan": Owner("")}))

    for stranger in ("8", "Ada Example", "ada@example.org"):
        answer = await town.api("GET", "/api/agents/support/shares", token=stranger)
        assert answer.status_code == 404, stranger
    assert (await town.api("GET", "/api/agents/orphan/shares", token="8")).status_code == 404
    assert (await town.api("GET", "/api/agents/orphan/shares")).status_code == 200


# --- an owner with an e-mail that is not their id ---


async def test_an_owner_decides_by_mail_under_their_id(found: Any) -> None:
    accounts = Accounts({"support": MAILED})
    town = await found(accounts)
    zoe = await asks(town)
    await town.later(seconds=31)

    mail = next(one for one in town.mails.mails if one.to == "ada@example.org")
    link = re.search(r"https://\S+/decide/\S+", mail.text)
    assert link
    await town.http.get(link[0])
    answer = await town.http.post(link[0], data={"decision": "approve"}, headers={"Origin": "https://chat.example.org"})
    await town.settle()

    assert answer.status_code == 200, answer.text
    assert accounts.acts == [("grant", ZOE, ADA)]
    assert "echo please answer" in zoe.heard()


async def test_an_owner_needs_no_share_under_the_email_they_have(found: Any) -> None:
    town = await found(Accounts({"support": MAILED}))
    ada = town.person("Ada")
    await ada.verifies("ada@example.org")

    await ada.says("it is me")
    refused = await town.api("POST", "/api/agents/support/share", {"email": "ADA@example.org"})

    assert ada.last() == "echo it is me"
    assert refused.json()["code"] == "self_share"


# --- who acts ---


async def test_the_directory_is_told_who_acts(found: Any) -> None:
    accounts = Accounts({"support": MAILED})
    town = await found(accounts)
    share = "/api/agents/support/share"

    await town.api("POST", share, {"email": ZOE}, token="7")
    await town.api("PUT", f"{share}s/proactive", {"email": ZOE, "allow_proactive": True})
    await town.api("DELETE", f"{share}/{ZOE}", token="7")

    root = Principal(Role.ADMIN, "root")
    assert accounts.acts == [("grant", ZOE, ADA), ("consent", ZOE, root), ("revoke", ZOE, ADA)]


# --- applications that were written for less ---


@pytest.mark.parametrize("owner", ["ada@example.org", "7"])
async def test_a_directory_of_the_first_form_keeps_working(found: Any, owner: str) -> None:
    town = await found(Former(owner))
    zoe = await asks(town)
    await town.later(minutes=5)

    asked = (await town.api("GET", "/api/agents/support/access-requests", token=owner)).json()
    path = f"/api/agents/support/access-requests/{asked[0]['id']}/decide"
    await town.api("POST", path, {"approve": True}, token=owner)
    await town.settle()

    assert "echo please answer" in zoe.heard()
    assert ("ada@example.org" in {mail.to for mail in town.mails.mails}) == ("@" in owner)
    allowed = await town.api("PUT", "/api/agents/support/shares/proactive", {"email": ZOE, "allow_proactive": True})
    assert allowed.status_code == 200
    assert (await town.api("DELETE", f"/api/agents/support/share/{ZOE}")).status_code == 200


class Half:
    """A directory that was not finished."""

    agents = owner = may_use = Former.agents
    shares = "not a method"


@pytest.mark.parametrize(
    ("port", "given", "said"),
    [
        ("directory", Half(), "Ports.directory lacks shares, grant, revoke, consent: Half must be a "),
        ("agents", Users(), "Ports.agents lacks run: Users must be a trinity_channels.agents.port.AgentRuntime."),
        ("authenticator", Agent(), "Ports.authenticator lacks principal"),
        ("mailer", Agent(), "Ports.mailer lacks send"),
    ],
)
def test_a_port_that_lacks_methods_is_refused_when_it_is_given(port: str, given: Any, said: str) -> None:
    with pytest.raises(TypeError, match=re.escape(said)):
        Ports(**{port: given})


async def test_an_owner_of_another_type_is_named_in_the_error(found: Any) -> None:
    town = await found(Accounts({"support": MAILED}))
    town.given["directory"].owners["support"] = {"id": 7}

    with pytest.raises(TypeError, match=r"Directory.owner\(\) must return an Owner, a str or None, not dict"):
        await town.api("GET", "/api/agents/support/shares", token=ADMIN)


@pytest.mark.parametrize(
    ("owner", "who"), [(MAILED, "ada@example.org"), (NAMED, "Ada Example"), (NAMELESS, "7"), (Owner("8"), "7")]
)
async def test_the_audit_log_names_users_as_the_directory_does(found: Any, owner: Owner, who: str) -> None:
    accounts = Accounts({"support": Owner("7", "ada@example.org", "Ada Example")})
    town = await found(accounts)
    await town.api("POST", "/api/agents/support/share", {"email": ZOE}, token="7")
    accounts.owners["support"] = owner  # what the log says is looked up when it is read

    entries = (await town.api("GET", "/api/audit?action=share")).json()

    assert [(one["actor"], one["who"]) for one in entries] == [("user:7", who)]


async def test_pages_name_accounts_as_the_directory_does(found: Any) -> None:
    ada, root = Owner("7", "ada@example.org", "Ada Example"), Owner("root", name="Rita Root")
    town = await found(Accounts({"support": ada, "other": root}))
    await asks(town)
    [request] = (await town.api("GET", "/api/agents/support/access-requests", token="7")).json()
    await town.api("POST", f"/api/agents/support/access-requests/{request['id']}/decide", {"approve": True}, token="7")
    await town.api("PUT", "/api/agents/support/access-policy", {"policy": "require_email"}, token="7")
    [talk] = (await town.api("GET", "/api/agents/support/conversations")).json()["conversations"]

    async def page(path: str, token: str) -> str:
        answer = await town.http.get(
            f"https://chat.example.org/channels{path}", headers={"Authorization": f"Bearer {token}"}
        )
        assert answer.status_code == 200, path
        return str(answer.text)

    sharing, seen = await page("/agents/support", ADMIN), await page("/agents/support", "7")
    conversation = await page(f"/agents/support/conversations/{talk['id']}", ADMIN)
    log = await page("/agents/support/audit", ADMIN)

    assert "<small>by ada@example.org</small>" in sharing
    assert "Changed by ada@example.org on" in sharing
    assert "<small>by you</small>" in seen
    assert "Changed by you on" in seen
    assert "Access was granted by ada@example.org" in conversation
    assert "Administrator (Rita Root)" in log
    assert "ada@example.org" in log


async def test_an_account_is_named_by_any_agent_that_it_owns(found: Any) -> None:
    ada = Owner("7", "ada@example.org", "Ada Example")
    accounts = Accounts({"support": ada, "other": ada})
    town = await found(accounts)
    await town.api("POST", "/api/agents/support/share", {"email": ZOE}, token="7")
    accounts.owners["support"] = Owner("8", "bob@example.org", "Bob Example")

    entries = (await town.api("GET", "/api/audit?action=share")).json()

    assert [(one["actor"], one["who"]) for one in entries] == [("user:7", "ada@example.org")]
