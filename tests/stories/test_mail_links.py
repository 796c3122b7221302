"""The links in an owner's mail, with which access requests are decided without signing in."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import re
from datetime import timedelta

import httpx
import pytest
from pydantic import SecretStr

from tests.world import ADMIN, KEY, OWNER, PUBLIC, Found, Person, World
from trinity_channels import texts
from trinity_channels.store import StoreError, access, audit
from trinity_channels.web.decision_pages import LARGEST_BODY


async def asks(world: World, name: str = "zoe") -> Person:
    """A person asks for access, and the owner gets a mail."""
    person = world.person(name)
    await person.verifies(f"{name}@example.org")
    await world.later(hours=1)
    return person


def links(world: World, owner: str = OWNER) -> list[str]:
    """Every link that the owner was ever sent."""
    return [url for mail in world.mails.to(owner) for url in re.findall(r"https?://\S+/decide/\S+", mail.text)]


async def opens(world: World, link: str) -> httpx.Response:
    """What a browser or a mail scanner does first."""
    return await world.http.get(link)


async def clicks(world: World, link: str, button: str = "approve") -> httpx.Response:
    """What the page's form sends."""
    answer = await world.http.post(link, data={"decision": button})
    await world.settle()
    return answer


async def decisions(world: World) -> list[tuple[str, str, dict[str, object]]]:
    """What the audit log says of decisions."""
    entries = await world.host.store.read(lambda tx: audit.entries(tx, "support"))
    return [(one.actor, one.action, one.details) for one in entries if one.action.startswith("request_")]


async def test_an_owner_approves_with_the_link_from_the_mail(world: World) -> None:
    zoe = await asks(world)
    await zoe.says("hello?")
    (link,) = links(world)

    page = await opens(world, link)
    assert page.status_code == 200
    assert re.search(
        r"asked through WhatsApp \(Twilio\) on <time [^>]*>2 Mar 2026, 09:00 UTC</time> to talk", page.text
    )
    assert await decisions(world) == []

    answer = await clicks(world, link)

    assert (answer.status_code, "zoe@example.org may now talk to “support”" in answer.text) == (200, True)
    assert texts.APPROVED in zoe.heard()
    assert "echo hello?" in zoe.last()
    request = (await world.requests("approved"))[0]
    assert request["decided_by"] == f"user:{OWNER}"
    assert await decisions(world) == [
        (f"user:{OWNER}", "request_approved", {"request": request["id"], "via": "mail link"})
    ]


async def test_an_owner_declines_with_the_link_from_the_mail(world: World) -> None:
    zoe = await asks(world)

    answer = await clicks(world, links(world)[0], "decline")

    assert answer.status_code == 200
    assert zoe.last() == texts.DENIED
    assert [one["email"] for one in await world.requests("denied")] == ["zoe@example.org"]


async def test_opening_a_link_changes_nothing_however_often_and_by_whichever_method(world: World) -> None:
    await asks(world)
    (link,) = links(world)

    for method in ("GET", "HEAD", "GET", "PUT", "DELETE", "PATCH", "OPTIONS"):
        await world.http.request(method, link, params={"decision": "approve"})

    assert [one["status"] for one in await world.requests("")] == ["pending"]


async def test_a_link_works_once(world: World) -> None:
    zoe = await asks(world)
    (link,) = links(world)
    await clicks(world, link, "decline")

    answers = [await clicks(world, link, "approve"), await clicks(world, link, "decline"), await opens(world, link)]

    assert [one.status_code for one in answers] == [410, 410, 410]
    assert re.search(r"was declined on <time [^>]*>2 Mar 2026, 10:00 UTC</time>\.", answers[0].text)
    assert zoe.heard().count(texts.DENIED) == 1
    assert len(await decisions(world)) == 1


async def test_a_link_is_used_up_by_a_decision_made_elsewhere(world: World) -> None:
    await asks(world)
    (link,) = links(world)
    await world.decides("zoe@example.org", approve=False)

    answer = await clicks(world, link)

    assert answer.status_code == 410
    assert [one["status"] for one in await world.requests("")] == ["denied"]


async def test_a_link_is_not_good_for_the_same_person_asking_again(world: World) -> None:
    zoe = await asks(world)
    await clicks(world, links(world)[0], "decline")
    await world.later(hours=25)
    await zoe.says("may I now?")
    await world.later(hours=1)
    first, second = links(world)

    assert (await clicks(world, first)).status_code == 410
    assert [one["status"] for one in await world.requests("")] == ["pending"]
    assert (await clicks(world, second)).status_code == 200


async def test_a_link_expires_after_a_week(world: World) -> None:
    await asks(world)
    (link,) = links(world)

    world.clock.tick(timedelta(days=7) - timedelta(seconds=1))
    assert (await opens(world, link)).status_code == 200
    world.clock.tick(timedelta(seconds=2))

    assert [(await opens(world, link)).status_code, (await clicks(world, link)).status_code] == [410, 410]
    assert [one["status"] for one in await world.requests("")] == ["pending"]


def changed(link: str, at: int) -> str:
    """A link with another character at a place counted from its token's beginning."""
    start = link.index("/decide/") + len("/decide/") + at
    return link[:start] + ("A" if link[start] != "A" else "B") + link[start + 1 :]


@pytest.mark.parametrize(
    "forged",
    [
        lambda link: changed(link, 10),  # the request
        lambda link: changed(link, 20),  # when it was made
        lambda link: changed(link, 30),  # the expiry
        lambda link: changed(link, 40),  # the owner
        lambda link: changed(link, 60),  # the signature
        lambda link: changed(link, 94),
        lambda link: link[:-1],
        lambda link: link + "A",
        lambda link: link + "====",
        lambda link: link[: link.index("/decide/")] + "/decide/x",
        lambda link: link[: link.index("/decide/")] + "/decide/%00%FF",
        lambda link: link[: link.index("/decide/")] + "/decide/" + "A" * 96,
        lambda link: link[: link.index("/decide/")] + "/decide/" + "é" * 96,
    ],
)
async def test_a_forged_link_decides_nothing(world: World, forged: object) -> None:
    assert callable(forged)
    await asks(world)
    link = forged(links(world)[0])

    answers = [await opens(world, link), await clicks(world, link)]

    assert [one.status_code for one in answers] == [404, 404]
    assert [one["status"] for one in await world.requests("")] == ["pending"]
    assert "zoe" not in answers[0].text + answers[1].text


async def test_a_link_for_one_request_decides_no_other(world: World) -> None:
    await asks(world)
    await asks(world, "yan")
    first, _ = links(world)

    await clicks(world, first)

    assert [one["email"] for one in await world.requests("approved")] == ["zoe@example.org"]
    assert [one["email"] for one in await world.requests()] == ["yan@example.org"]


async def test_a_link_of_a_former_owner_is_not_valid(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    await asks(world)
    (link,) = links(world)

    async def other(_: str) -> str | None:
        return "successor@example.org"

    monkeypatch.setattr(world.host.directory, "owner", other)

    assert [(await opens(world, link)).status_code, (await clicks(world, link)).status_code] == [404, 404]
    assert [one["status"] for one in await world.requests("")] == ["pending"]


async def test_a_link_outlives_a_rotation_of_the_encryption_key_and_a_restart(found: Found) -> None:
    world = await found()
    await asks(world)
    (link,) = links(world)
    await world.stops()
    keys = SecretStr(f"{'11' * 32},{KEY}")
    world.settings = world.settings.model_copy(update={"credential_encryption_key": keys})
    await world.starts()

    assert (await clicks(world, link)).status_code == 200


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ("", "application/x-www-form-urlencoded"),
        ("decision=", "application/x-www-form-urlencoded"),
        ("decision=maybe", "application/x-www-form-urlencoded"),
        ("decision=approve&decision=decline", "application/x-www-form-urlencoded"),
        ('{"decision": "approve"}', "application/json"),
        ("approve=true", "application/x-www-form-urlencoded"),
        ("decision=approve&x=" + "y" * LARGEST_BODY, "application/x-www-form-urlencoded"),
    ],
)
async def test_a_form_without_one_of_the_buttons_decides_nothing(world: World, body: str, kind: str) -> None:
    await asks(world)

    answer = await world.http.post(links(world)[0], content=body, headers={"Content-Type": kind})

    assert answer.status_code == 400
    assert [one["status"] for one in await world.requests("")] == ["pending"]


async def test_the_page_runs_only_its_own_script_and_stays_out_of_caches_frames_and_referers(world: World) -> None:
    await asks(world)
    (link,) = links(world)

    for page in (await opens(world, link), await opens(world, link + "x"), await clicks(world, link)):
        policy = page.headers["content-security-policy"]
        assert policy.startswith("default-src 'none'; style-src 'sha256-")
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert page.text.count("<script") == 1
        assert page.headers["cache-control"] == "no-store"
        assert page.headers["referrer-policy"] == "no-referrer"
        assert page.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("element", ["style", "script"])
async def test_the_page_keeps_its_style_and_its_script_under_its_own_policy(world: World, element: str) -> None:
    await asks(world)
    page = await opens(world, links(world)[0])
    inline = re.search(f"<{element}[^>]*>(.*)</{element}>", page.text, re.DOTALL)
    assert inline

    digest = base64.b64encode(hashlib.sha256(inline[1].encode()).digest()).decode()

    assert f"{element}-src 'sha256-{digest}';" in page.headers["content-security-policy"]


async def test_of_two_clicks_at_once_one_counts(world: World) -> None:
    zoe = await asks(world)
    (link,) = links(world)

    answers = await asyncio.gather(*(world.http.post(link, data={"decision": one}) for one in ("approve", "decline")))
    await world.settle()

    assert sorted(one.status_code for one in answers) == [200, 410]
    assert len(await decisions(world)) == 1
    approved = next(one for one in answers if one.status_code == 200).text.count("may now talk to")
    shares = (await world.api("GET", "/api/agents/support/shares")).json()
    assert len(shares) == approved
    assert zoe.heard().count(texts.APPROVED) + zoe.heard().count(texts.DENIED) == 1


async def test_a_double_click_decides_once(world: World) -> None:
    await asks(world)
    (link,) = links(world)

    answers = await asyncio.gather(*(world.http.post(link, data={"decision": "approve"}) for _ in range(2)))

    assert {one.status_code for one in answers} <= {200, 410}
    assert len(await decisions(world)) == 1


@pytest.mark.parametrize("part", ["store", "directory"])
async def test_a_link_is_not_used_up_while_nothing_can_be_decided(
    world: World, monkeypatch: pytest.MonkeyPatch, part: str
) -> None:
    await asks(world)
    (link,) = links(world)

    async def fails(*_: object, **__: object) -> None:
        raise StoreError("The disk is full.")

    with monkeypatch.context() as broken:
        if part == "store":
            broken.setattr(world.host.store, "write", fails)
        else:
            broken.setattr(world.host.directory, "grant", fails)
        answer = await world.http.post(link, data={"decision": "approve"})

    assert answer.status_code == 503
    assert "try again later" in answer.text
    assert (await clicks(world, link)).status_code == 200


async def test_the_page_shows_an_address_as_text(world: World) -> None:
    zoe = world.person("Zoe")
    await zoe.verifies("a&b'c@example.org")
    await world.later(minutes=1)

    page = await opens(world, links(world)[0])

    assert "a&amp;b&#39;c@example.org asked" in page.text


async def test_without_a_public_address_the_mail_names_the_command(world: World) -> None:
    answer = await world.api("PUT", "/api/settings/public_chat_url", {"value": ""})
    assert answer.status_code == 200, answer.text
    now = world.now()
    await world.host.store.write(lambda tx: access.ask(tx, "support", "zoe@example.org", "whatsapp", 0, now))
    await world.later(minutes=1)

    (mail,) = world.mails.to(OWNER)
    assert not links(world)
    assert "trinity-channels requests approve" in mail.text


async def test_the_link_lies_below_the_path_that_a_tunnel_lets_through(world: World) -> None:
    await asks(world)

    assert links(world)[0].startswith(f"{PUBLIC}/api/whatsapp/webhook/")


async def test_a_link_opens_no_door_but_its_own(world: World) -> None:
    await asks(world)
    token = links(world)[0].rpartition("/")[2]

    answer = await world.api("GET", "/api/agents/support/access-requests", token=token)

    assert answer.status_code == 401
    assert ADMIN not in world.mails.to(OWNER)[0].text
