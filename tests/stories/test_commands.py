"""Signing in by e-mail and the other commands, told on the phone."""

from __future__ import annotations

import re

import pytest

from tests.world import HUMAN, Agent, Found, Person, World
from trinity_channels import texts
from trinity_channels.mail.port import Mail, MailError

ZOE = "zoe@example.org"
HELP = f"{texts.HELP}\n{texts.HUMAN_BY_EMAIL.format(contact=HUMAN)}"
SENT = texts.CODE_SENT.format(email=ZOE)


def wrong(code: str, by: int = 1) -> str:
    """Another six digits."""
    return f"{(int(code) + by) % 1_000_000:06d}"


@pytest.fixture
def zoe(world: World) -> Person:
    return world.person("Zoe")


@pytest.mark.parametrize(
    ("said", "answered"),
    [
        ("/whoami", texts.NOT_LOGGED_IN),
        ("/WhoAmI", texts.NOT_LOGGED_IN),
        ("/logout", texts.NOT_LOGGED_IN),
        ("/help", HELP),
        (" /HELP ", HELP),
        ("help", HELP),
        ("Ayuda", HELP),
        ("STOP", texts.STOPPED),
        ("stop.", texts.STOPPED),
        ("Arrêt", texts.STOPPED),
        ("/login", texts.LOGIN_USAGE),
        ("/LOGIN", texts.LOGIN_USAGE),
        ("/login zoe", texts.BAD_EMAIL),
        ("/login zoe@example.org yan@example.org", texts.WHICH_EMAIL.format(emails="zoe@example.org, yan@example.org")),
        ("/login 12345", texts.BAD_EMAIL),
        ("/login 123456", texts.NO_CODE),
        ("/Login ZOE@Example.org", SENT),
        ("/login\nzoe@example.org", SENT),
        ("`/login zoe@example.org`", SENT),
        ("*/login zoe@example.org*", SENT),
        ('"/login zoe@example.org"', SENT),
        ("\u201c/login zoe@example.org\u201d", SENT),
        ("\uff0flogin zoe\uff20example.org", SENT),
        ("hi\n/login zoe@example.org", SENT),
        ("Send /login zoe@example.org", SENT),
        ("/log in zoe@example.org", SENT),
        ("/signin zoe@example.org", SENT),
        ("/human\U0001f64f", texts.HUMAN_BY_EMAIL.format(contact=HUMAN)),
        ("`/human`", texts.HUMAN_BY_EMAIL.format(contact=HUMAN)),
        ("/help\U0001f64f", HELP),
        ("STOP \U0001f6d1", texts.STOPPED),
        ("\uff33\uff34\uff2f\uff30", texts.STOPPED),
    ],
)
async def test_commands_are_answered_whoever_writes(zoe: Person, said: str, answered: str) -> None:
    await zoe.says(said)

    assert zoe.heard() == [answered]


async def test_start_undoes_stop(zoe: Person) -> None:
    await zoe.says("STOP", "Start!")

    assert zoe.heard() == [texts.STOPPED, texts.STARTED]


@pytest.mark.parametrize(
    "said",
    [
        *("start", "/weather today", "/loginzoe", "login", "/", "please help", "// stop"),
        *("> /help\nWhat does this do?", '"/help" does nothing', "*/stop* is no good word"),
        *("/log\u0131n", "/LOG\u0130N", "/whoam\u0131", "/\uff4c\uff4f\uff47\uff49\uff4e"),
    ],
)
async def test_everything_else_is_for_the_agent(town: World, agent: Agent, said: str) -> None:
    zoe = town.person("Zoe")

    await zoe.says(said)

    assert [turn.messages[0].text for turn in agent.turns] == [said]


async def test_signing_in_and_out(world: World, zoe: Person) -> None:
    await zoe.verifies("Zoe@Example.org")
    await zoe.says("/whoami", "/logout", "/whoami")

    first_lines = [text.splitlines()[0] for text in zoe.heard()[-3:]]
    assert first_lines == [texts.WHOAMI.format(email=ZOE), texts.LOGGED_OUT, texts.NOT_LOGGED_IN]
    assert [one["email"] for one in await world.requests()] == [ZOE]


async def test_the_mail_says_who_asks_and_what_to_do(world: World, zoe: Person) -> None:
    await zoe.says(f"/login {ZOE}")

    (mail,) = world.mails.mails
    assert mail.to == ZOE
    assert mail.subject == "Your code for support on WhatsApp (Twilio)"
    assert "“support”" in mail.text
    assert "WhatsApp" in mail.text
    assert f"/login {world.code(ZOE)}" in mail.text


@pytest.mark.parametrize("gap", [" ", "-"])
async def test_a_code_may_be_typed_in_two_halves(world: World, zoe: Person, gap: str) -> None:
    await world.shares(ZOE)
    await zoe.says(f"/login {ZOE}")
    code = world.code(ZOE)

    await zoe.says(f"/login {code[:3]}{gap}{code[3:]}")

    assert zoe.last() == texts.VERIFIED.format(email=ZOE)


@pytest.mark.parametrize("email", ["_zoe_@example.org", "*zoe*@example.org", "z_o_e@example.org", "`zoe`@example.org"])
async def test_an_address_is_shown_as_it_is(world: World, zoe: Person, email: str) -> None:
    await world.shares(email)

    await zoe.verifies(email)
    await zoe.says("/whoami")

    shown = [text.replace("\u200b", "").splitlines()[0] for text in zoe.heard()]
    assert shown == [
        texts.CODE_SENT.format(email=email),
        texts.VERIFIED.format(email=email),
        texts.WHOAMI.format(email=email),
    ]


async def test_a_code_lives_for_ten_minutes(world: World, zoe: Person) -> None:
    await world.shares(ZOE)
    await zoe.says(f"/login {ZOE}")
    await world.later(minutes=10)

    await zoe.says(f"/login {world.code(ZOE)}", "/whoami")

    assert zoe.heard() == [SENT, texts.CODE_EXPIRED, texts.NOT_LOGGED_IN]


async def test_a_code_stands_five_guesses(world: World, zoe: Person) -> None:
    await zoe.says(f"/login {ZOE}")
    code = world.code(ZOE)

    await zoe.says(*(f"/login {wrong(code, by)}" for by in range(1, 6)), f"/login {code}", "/whoami")

    assert zoe.heard()[1:] == [
        *(texts.WRONG_CODE.format(left=left) for left in (4, 3, 2, 1)),
        texts.WRONG_CODE_LAST,
        texts.NO_CODE,
        texts.NOT_LOGGED_IN,
    ]


async def test_only_the_newest_code_works(world: World, zoe: Person) -> None:
    await zoe.says(f"/login {ZOE}")
    first = world.code(ZOE)
    await zoe.says("/login yan@example.org")
    assert world.code("yan@example.org") != first

    await zoe.says(f"/login {first}")

    assert zoe.last() == texts.WRONG_CODE.format(left=4)


async def test_a_code_works_once(world: World, zoe: Person) -> None:
    await zoe.verifies(ZOE)
    await zoe.says("/logout", f"/login {world.code(ZOE)}")

    assert zoe.last() == texts.NO_CODE


@pytest.mark.parametrize(("own_code", "answered"), [(False, texts.NO_CODE), (True, texts.WRONG_CODE.format(left=4))])
async def test_another_persons_code_does_not_work(world: World, zoe: Person, own_code: bool, answered: str) -> None:
    await zoe.says(f"/login {ZOE}")
    mallory = world.person("Mallory")
    if own_code:
        await mallory.says("/login mallory@example.org")

    await mallory.says(f"/login {world.code(ZOE)}")

    assert mallory.last() == answered


async def test_the_code_of_one_agent_does_not_work_on_another(world: World, zoe: Person) -> None:
    sender = world.twilio.add_sender("+16285550111", account=world.twilio.add_account("Sales"))
    answer = await world.connect("sales", **world.twilio.settings(sender=sender))
    world.twilio.connect(answer.json()["webhook_url"], sender=sender)
    world.twilio.connect(await world.webhook(), sender=world.twilio.sender)
    await zoe.says(f"/login {ZOE}")

    zoe.phone.writes_to(sender)
    await zoe.says(f"/login {world.code(ZOE)}")

    assert zoe.last() == texts.NO_CODE


async def test_three_codes_an_hour_for_one_person(world: World, zoe: Person) -> None:
    await zoe.says("/login a@example.org", "/login b@example.org", "/login c@example.org")
    await world.later(minutes=20)

    await zoe.says("/login d@example.org")
    assert zoe.last() == texts.TOO_MANY_CODES.format(minutes=40)
    assert not world.mails.to("d@example.org")

    await world.later(minutes=40)
    await zoe.says("/login d@example.org")
    assert zoe.last() == texts.CODE_SENT.format(email="d@example.org")


async def test_a_repeated_webhook_mails_one_code(world: World, zoe: Person) -> None:
    world.twilio.behaviour.duplicate_webhooks = True

    await zoe.says(f"/login {ZOE}")

    assert (zoe.heard(), len(world.mails.mails)) == ([SENT], 1)


async def test_without_a_mailer_everybody_is_told(found: Found) -> None:
    world = await found(mailer=False)
    zoe = world.person("Zoe")

    await zoe.says(f"/login {ZOE}", "/login")

    assert zoe.heard() == [texts.NO_MAILER, texts.NO_MAILER]


async def test_a_host_without_a_mailer_asks_nobody_to_sign_in(found: Found) -> None:
    world = await found(mailer=False)
    zoe = world.person("Zoe")

    await zoe.says("hello")

    assert zoe.heard() == [texts.LOGIN_CLOSED]
    assert (await world.check("mail"))["state"] == "warning"
    assert "SMTP_URL" in (await world.check("mail"))["fix"]


class BrokenMailer:
    """Takes no mail."""

    async def send(self, mail: Mail) -> None:
        raise MailError(f"the server refused {len(mail.text)} characters")


async def test_a_mail_that_cannot_be_sent_is_admitted(found: Found) -> None:
    world = await found(mailer=BrokenMailer())
    zoe = world.person("Zoe")

    await zoe.says(f"/login {ZOE}", "/login 123456")

    assert zoe.heard() == [texts.CODE_NOT_MAILED.format(email=ZOE), texts.NO_CODE]


async def test_what_the_provider_has_answered_is_not_answered_again(world: World, zoe: Person) -> None:
    world.twilio.sender.advanced_opt_out = True

    await zoe.says("STOP", "START", "HELP")

    assert zoe.heard() == [
        "You have been unsubscribed. Reply START to resubscribe.",
        "You are subscribed again. Reply STOP to unsubscribe.",
        "Reply STOP to unsubscribe.",
    ]


async def test_no_code_is_printed_anywhere(world: World, zoe: Person, capfd: pytest.CaptureFixture[str]) -> None:
    await zoe.verifies(ZOE)

    printed = "".join(capfd.readouterr())
    assert not re.search(rf"\b{world.code(ZOE)}\b", printed)


async def test_a_person_who_changes_their_mind_is_linked_to_the_newest_address(zoe: Person) -> None:
    await zoe.verifies(ZOE)
    await zoe.verifies("zoe.work@example.org")

    await zoe.says("/whoami")

    assert zoe.last().splitlines()[0] == texts.WHOAMI.format(email="zoe.work@example.org")


async def test_the_owner_can_unlink_an_address(world: World, zoe: Person) -> None:
    await zoe.verifies(ZOE)
    identity = (await world.client(zoe))["id"]

    answer = await world.api("POST", f"/api/agents/support/clients/{identity}/unlink")
    await zoe.says("/whoami")

    assert answer.json()["verified_email"] is None
    assert zoe.last() == texts.NOT_LOGGED_IN


async def test_who_signed_out_is_told_again_how_to_sign_in(world: World) -> None:
    zoe = world.person("Zoe")
    await zoe.says("hello")
    await zoe.verifies("zoe@example.org")
    await zoe.says("/logout")

    await zoe.says("are you there?")

    assert zoe.last() == texts.LOGIN_PROMPT


@pytest.mark.parametrize("word", ["cancelar", "alta", "Start"])
async def test_words_that_people_answer_an_agent_with_reach_it(town: World, word: str) -> None:
    zoe = town.person("Zoe")

    await zoe.says(word)

    assert zoe.last() == f"echo {word}"
