"""Domains that look like others: beside them stands what the network calls them, wherever someone decides or confirms."""

from __future__ import annotations

import re

import pytest

from tests.world import OWNER, PUBLIC, World
from trinity_channels import texts
from trinity_channels.email_address import shown_email

# The first is written with Cyrillic letters alone, and looks like apple.com.
LOOK_ALIKES = {
    "zoe@\u0430\u0440\u0440\u04cf\u0435.com": "zoe@xn--80ak6aa92e.com",
    "zoe@b\u00fccher.example": "zoe@xn--bcher-kva.example",
    "zoe@ex\u00e1mple.org": "zoe@xn--exmple-qta.org",
    "zoe@mail.\u4f8b\u5b50.example": "zoe@mail.xn--fsqu00a.example",
    "zoe@\u03c0\u03b1\u03c1.example": "zoe@xn--mxa3ae.example",
}
EMAIL = next(iter(LOOK_ALIKES))
ASCII = LOOK_ALIKES[EMAIL]
SHOWN = f"{EMAIL} ({ASCII})"


@pytest.fixture(params=[*LOOK_ALIKES.items()], ids=[*LOOK_ALIKES.values()])
def look_alike(request: pytest.FixtureRequest) -> tuple[str, str]:
    """An address, and how it is shown."""
    email, ascii_form = request.param
    return email, f"{email} ({ascii_form})"


async def test_who_signs_in_sees_it_in_every_answer(world: World, look_alike: tuple[str, str]) -> None:
    email, shown = look_alike
    await world.shares(email)
    zoe = world.person("Zoe")

    await zoe.verifies(email)
    await zoe.says("/whoami")

    said = (texts.CODE_SENT_ABROAD, texts.VERIFIED, texts.WHOAMI)
    assert [heard.splitlines()[0] for heard in zoe.heard()] == [text.format(email=shown) for text in said]


async def test_the_owner_sees_it_in_the_mail_on_the_page_and_over_the_api(
    world: World, look_alike: tuple[str, str]
) -> None:
    email, shown = look_alike
    await world.person("Zoe").verifies(email)
    await world.later(seconds=31)
    (mail,) = world.mails.to(OWNER)
    link = re.search(rf"{PUBLIC}/\S+", mail.text)
    assert link

    page = await world.http.get(link[0])
    (request,) = await world.requests()
    approved = await world.http.post(link[0], data={"decision": "approve"})
    used = await world.http.get(link[0])

    assert f"{request['id']}: {shown} on WhatsApp (Twilio). The address has letters beyond a to z" in mail.text
    assert (request["email"], request["email_shown"]) == (email, shown)
    assert all(shown in answer.text for answer in (page, approved, used))


async def test_who_waits_for_the_owner_sees_it(world: World) -> None:
    zoe = world.person("Zoe")

    await zoe.says(f"/login {EMAIL}", "hello?", f"/login {EMAIL}")
    await zoe.says(world.code(EMAIL))

    assert zoe.heard()[1:] == [
        texts.AWAITING_CODE.format(email=SHOWN),
        texts.CODE_STILL_WORKS.format(email=SHOWN, minutes=10),
        texts.VERIFIED_PENDING.format(email=SHOWN),
    ]


async def test_who_is_asked_which_address_sees_it(world: World) -> None:
    zoe = world.person("Zoe")

    await zoe.says(f"/login {EMAIL} zoe@apple.com")

    assert zoe.heard() == [texts.WHICH_EMAIL.format(emails=f"{SHOWN}, zoe@apple.com")]


async def test_a_name_that_was_given_in_ascii_is_shown_in_both_forms(world: World) -> None:
    zoe = world.person("Zoe")

    await zoe.says(f"/login {ASCII}")

    assert zoe.heard() == [texts.CODE_SENT_ABROAD.format(email=SHOWN)]


@pytest.mark.parametrize(
    "email", ["zoe@example.org", "\u0437\u043e\u044f@example.org", "no address", "", "zoe@\u00fc@"]
)
def test_where_there_is_no_other_form_nothing_stands_beside(email: str) -> None:
    assert shown_email(email) == email
