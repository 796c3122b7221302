"""Asking for a code as people do it: the address is found in what they write, and nothing else is taken for one."""

from __future__ import annotations

import pytest

from tests.world import Agent, Found, World, said
from trinity_channels import texts

ZOE = "zoe@example.org"
YAN = "yan@example.org"
QUESTION = "What time do you open?"
SENT = texts.CODE_SENT.format(email=ZOE)
SIGNED_IN = texts.VERIFIED.format(email=ZOE)


@pytest.fixture
async def asking(found: Found, agent: Agent) -> World:
    """An agent that talks with everyone who has signed in."""
    made = await found(agents=agent)
    await made.policy("require_email")
    return made


# --- the address ---


@pytest.mark.parametrize(
    "given",
    [
        *(f"/login <{ZOE}>", f"/login {ZOE}.", f"/login *{ZOE}*", f"/login Zoe <{ZOE}>", f"/login \u202a{ZOE}\u202c"),
        *(f"/login mailto:{ZOE}", f"/login: {ZOE}", f"/login my email is {ZOE}, thanks", "/login zoe\uff20example.org"),
        *(f"/Login\n{ZOE}", f"/login@my_bot {ZOE}", f"/ login {ZOE}", f"/login{ZOE}", f"!login \u201c{ZOE}\u201d"),
        f"/login {ZOE} {ZOE}",
    ],
)
async def test_an_address_is_found_in_what_follows(asking: World, given: str) -> None:
    zoe = asking.person("Zoe")

    await zoe.says(given)

    assert zoe.heard() == [SENT]
    assert [mail.to for mail in asking.mails.mails] == [ZOE]


async def test_two_addresses_are_asked_about(asking: World) -> None:
    zoe = asking.person("Zoe")

    await zoe.says(f"/login {ZOE} or {YAN}?")

    assert zoe.heard() == [texts.WHICH_EMAIL.format(emails=f"{ZOE}, {YAN}")]
    assert not asking.mails.mails


async def test_an_address_that_only_looks_like_another_is_refused(asking: World) -> None:
    zoe = asking.person("Zoe")

    await zoe.says("/login z\u043ee@example.org")

    assert zoe.heard() == [texts.DECEPTIVE_EMAIL]
    assert not asking.mails.mails


async def test_letters_of_another_alphabet_are_pointed_out(asking: World) -> None:
    zoe = asking.person("Zoe")

    await zoe.says("/login \u0437\u043e\u044f@example.org")

    assert zoe.heard() == [texts.CODE_SENT_ABROAD.format(email="\u0437\u043e\u044f@example.org")]


BARE = [
    *(f"login {ZOE}", f"Login: {ZOE}", f"log in {ZOE}", f"Sign in {ZOE}", ZOE, f"<{ZOE}>", f"mailto:{ZOE}", f"{ZOE}."),
    *(f"My email is {ZOE}", f"my e-mail address: {ZOE}", f"Zoe Miller <{ZOE}>", f"It's {ZOE}, thanks!"),
]


@pytest.mark.parametrize("text", BARE)
async def test_who_was_asked_to_sign_in_may_leave_the_command_away(asking: World, text: str) -> None:
    zoe = asking.person("Zoe")
    await zoe.says("hello", text)

    await zoe.says(asking.code(ZOE))

    assert zoe.heard() == [texts.LOGIN_PROMPT, SENT, SIGNED_IN, "echo hello"]


@pytest.mark.parametrize("text", BARE[::4])
async def test_an_agent_that_talks_with_everybody_gets_such_words(town: World, agent: Agent, text: str) -> None:
    await town.person("Zoe").says(text)

    assert [said(turn) for turn in agent.turns] == [text]


@pytest.mark.parametrize(
    "text",
    [
        f"Please write to {ZOE} about my order",
        f"Is {ZOE} your address?",
        f"{ZOE} asked me to call {YAN}",
        "login does not work here",
    ],
)
async def test_a_sentence_with_an_address_in_it_is_kept(asking: World, text: str) -> None:
    zoe = asking.person("Zoe")

    await zoe.says(text)

    assert zoe.heard() == [texts.LOGIN_PROMPT]
    assert not asking.mails.mails


async def test_the_word_alone_is_answered_with_how_it_is_done(asking: World) -> None:
    zoe = asking.person("Zoe")

    await zoe.says("hello", "Login")

    assert zoe.heard() == [texts.LOGIN_PROMPT, texts.LOGIN_USAGE]


# --- other commands ---


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        *(
            ("/whoami?", texts.NOT_LOGGED_IN),
            ("\u200e/whoami", texts.NOT_LOGGED_IN),
            ("/whoami@my_bot", texts.NOT_LOGGED_IN),
        ),
        *(
            ("*STOP*", texts.STOPPED),
            ("\u201cStop\u201d", texts.STOPPED),
            ("STOP!!!", texts.STOPPED),
            ("/stop", texts.STOPPED),
        ),
        ("\u200eSTOP\u200e", texts.STOPPED),
    ],
)
async def test_marks_around_a_command_change_nothing(town: World, agent: Agent, text: str, answer: str) -> None:
    zoe = town.person("Zoe")

    await zoe.says(text)

    assert zoe.heard() == [answer]
    assert agent.turns == []


@pytest.mark.parametrize(
    "text",
    ["/stop the music", "/start", "/help-desk", "/logins", "/login-page", "stop?", "help?", "/humans", "/whoamix"],
)
async def test_other_words_are_for_the_agent(town: World, agent: Agent, text: str) -> None:
    await town.person("Zoe").says(text)

    assert [said(turn) for turn in agent.turns] == [text]
