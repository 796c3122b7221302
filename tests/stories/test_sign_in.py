"""Signing in as people do it: codes and addresses in any form, in any order, and never met with silence."""

from __future__ import annotations

from typing import Any

import pytest

from tests.world import START, Agent, Found, Person, World, said
from trinity_channels import texts
from trinity_channels.access.login import LoginContact
from trinity_channels.inbound.prepare import Preparation, Prepared
from trinity_channels.store import Tx, clients, conversation_state
from trinity_channels.store.conversation_state import Contact, ConversationState

ZOE = "zoe@example.org"
YAN = "yan@example.org"
QUESTION = "What time do you open?"
SENT = texts.CODE_SENT.format(email=ZOE)
SIGNED_IN = texts.VERIFIED.format(email=ZOE)
AWAITING = texts.AWAITING_CODE.format(email=ZOE)
FULL_WIDTH = str.maketrans("0123456789", "\uff10\uff11\uff12\uff13\uff14\uff15\uff16\uff17\uff18\uff19")
ARABIC = str.maketrans("0123456789", "\u0660\u0661\u0662\u0663\u0664\u0665\u0666\u0667\u0668\u0669")

# {code} is the code; {a} and {b} are its halves.
FORMS = [
    *("{code}", "{a} {b}", "{a}-{b}", "Login {code}", "My code is {code}", "my code is {a}-{b}.", "/login code {code}"),
    *("/login *{code}*", "/login: {code}", "/login {a} {b}", "/login {a}\u2013{b}", "\u200e/login {code}"),
    *(
        "/login {code}\nthanks",
        "/login{code}",
        "/LOGIN {code}.",
        "/login@my_bot {code}",
        "!login {code}",
        "/ login {code}",
    ),
    *(
        "\u201c{code}\u201d",
        "`{code}`",
        "{code}\nthank you",
        "{a}\u00a0{b}",
        "{a}\u200b{b}",
        "\ufeff{code}",
        "*{a} {b}*",
    ),
    *("Your code is {code}. It ends in 10 minutes.\n\n    /login {code}", f"/login {ZOE} {{code}}", "{a}\n{b}"),
]


@pytest.fixture
async def asking(found: Found, agent: Agent) -> World:
    """An agent that talks with everyone who has signed in."""
    made = await found(agents=agent)
    await made.policy("require_email")
    return made


@pytest.fixture
async def zoe(asking: World) -> Person:
    """A person who has asked a question, and then for a code."""
    one = asking.person("Zoe")
    await one.says(QUESTION, f"/login {ZOE}")
    return one


def written(form: str, code: str) -> str:
    return form.format(code=code, a=code[:3], b=code[3:])


def wrong(code: str) -> str:
    return f"{(int(code) + 1) % 1_000_000:06d}"


async def stored(world: World) -> str:
    """Everything that the person's messages say in the database."""

    def read(tx: Tx) -> str:
        (client,) = clients.page(tx, "support", most=500)
        return "\n".join(f"{one.text} {one.parts}" for one in conversation_state.written_since(tx, client.id, START))

    return await world.host.store.read(read)


@pytest.mark.parametrize("form", FORMS)
async def test_a_code_confirms_however_it_is_written(asking: World, agent: Agent, zoe: Person, form: str) -> None:
    code = asking.code(ZOE)

    await zoe.says(written(form, code))

    assert zoe.heard() == [texts.LOGIN_PROMPT, SENT, SIGNED_IN, f"echo {QUESTION}"]
    assert [said(turn) for turn in agent.turns] == [QUESTION]
    kept = await stored(asking)
    assert QUESTION in kept
    assert code not in kept
    assert code[3:] not in kept.replace("\u200b", "")


@pytest.mark.parametrize("digits", [FULL_WIDTH, ARABIC])
async def test_the_digits_of_any_script_will_do(asking: World, zoe: Person, digits: dict[int, int]) -> None:
    await zoe.says(f"\u200f{asking.code(ZOE)}\u200f".translate(digits))

    assert SIGNED_IN in zoe.heard()


@pytest.mark.parametrize("form", ["{code}", "My code is {a}-{b}.", "/login *{code}*", "{a}\u200b{b}\nthank you"])
async def test_an_agent_that_talks_with_everybody_gets_no_code(town: World, agent: Agent, form: str) -> None:
    zoe = town.person("Zoe")
    await zoe.says(f"/login {ZOE}")

    await zoe.says(written(form, town.code(ZOE)), QUESTION)

    assert zoe.heard() == [SENT, SIGNED_IN, f"echo {QUESTION}"]
    assert [[one.text for one in [*turn.history, *turn.messages]] for turn in agent.turns] == [[QUESTION]]


@pytest.mark.parametrize("form", ["{code}", "my code is {a}-{b}.", "/login {code}", "/login code: {a} {b}"])
async def test_a_wrong_code_is_a_guess_however_it_is_written(
    asking: World, agent: Agent, zoe: Person, form: str
) -> None:
    text = written(form, wrong(asking.code(ZOE)))

    await zoe.says(*[text] * 5)
    await zoe.says(asking.code(ZOE))

    assert zoe.heard()[2:] == [
        *(texts.WRONG_CODE.format(left=left) for left in (4, 3, 2, 1)),
        texts.WRONG_CODE_LAST,
        texts.NO_CODE,
    ]
    assert agent.turns == []
    assert wrong(asking.code(ZOE)) not in await stored(asking)


@pytest.mark.parametrize("text", ["482913", "482 913", "My order is 482913, is it on its way?", "4829\u200b13"])
async def test_without_a_live_code_a_number_is_for_the_agent(town: World, agent: Agent, text: str) -> None:
    zoe = town.person("Zoe")

    await zoe.says(text)

    assert [said(turn) for turn in agent.turns] == [text]


async def test_a_number_that_was_written_before_is_kept_for_the_agent(asking: World, agent: Agent) -> None:
    zoe = asking.person("Zoe")
    await zoe.says("My order is 482913")
    await zoe.verifies(ZOE)

    assert [said(turn) for turn in agent.turns] == ["My order is 482913"]


@pytest.mark.parametrize(
    "text",
    [
        *("call me: +49 482 913 55", "030 482913", "482913 or 111111", "4829131", "48291", "12.05.26 at 10:30"),
        *("https://example.org/482913", "it cost $482,913", "hello?"),
    ],
)
async def test_what_is_no_code_is_kept_and_the_person_is_told_what_is_awaited(
    asking: World, zoe: Person, text: str
) -> None:
    await zoe.says(text)
    assert zoe.heard()[2:] == [AWAITING]

    await zoe.says(asking.code(ZOE))

    assert zoe.heard()[3:] == [SIGNED_IN, f"echo {QUESTION}\n{text}"]


async def test_what_is_awaited_is_told_once_a_minute(asking: World, zoe: Person) -> None:
    await zoe.says("hello?", "are you there?")
    await asking.later(seconds=59)
    await zoe.says("still nothing")
    assert zoe.heard()[2:] == [AWAITING]

    await asking.later(seconds=1)
    await zoe.says("and now?")

    assert zoe.heard()[2:] == [AWAITING, AWAITING]


async def test_an_agent_that_talks_with_everybody_answers_meanwhile(town: World) -> None:
    zoe = town.person("Zoe")
    await zoe.says(f"/login {ZOE}", "hello?")
    await zoe.says("482913 or 111111?")

    assert zoe.heard() == [SENT, "echo hello?", "echo 482913 or 111111?"]


async def test_somebody_who_waits_for_the_owner_is_told_of_the_second_code_too(world: World) -> None:
    zoe = world.person("Zoe")
    await zoe.verifies(ZOE)
    await zoe.says(f"/login {YAN}", "did it arrive?")

    assert zoe.last() == texts.AWAITING_CODE.format(email=YAN)


async def test_what_was_written_before_a_code_was_mailed_is_no_guess(found: Found, agent: Agent) -> None:
    world = await found(agents=agent)
    zoe = world.person("Zoe")
    await zoe.says("My order is 111111")
    await zoe.verifies(ZOE)
    await world.later(minutes=5)
    await zoe.says(f"/login {YAN}")

    await world.decides(ZOE)

    assert [said(turn) for turn in agent.turns] == ["My order is 111111"]


async def test_the_end_of_a_code_is_told_once(asking: World, agent: Agent, zoe: Person) -> None:
    await asking.later(minutes=10)

    await zoe.says("sorry, I was away", "hello?")

    assert zoe.heard()[2:] == [texts.CODE_EXPIRED]
    assert agent.turns == []


async def test_a_code_that_comes_late_is_not_taken_for_a_question(asking: World, zoe: Person) -> None:
    code = asking.code(ZOE)
    await asking.later(minutes=10)

    await zoe.says(code)
    await zoe.verifies(ZOE)

    assert zoe.heard()[2:] == [texts.CODE_EXPIRED, SENT, SIGNED_IN, f"echo {QUESTION}"]
    assert code not in await stored(asking)


async def test_a_code_that_is_sent_twice_signs_in_once(asking: World, agent: Agent, zoe: Person) -> None:
    code = asking.code(ZOE)

    await zoe.says(code, code)
    await zoe.says(f"/login {code}")

    assert sorted(zoe.heard()[2:]) == sorted([SIGNED_IN] * 3 + [f"echo {QUESTION}"])
    assert [said(turn) for turn in agent.turns] == [QUESTION]
    assert code not in await stored(asking)


async def test_no_earlier_message_brings_the_code_to_the_agent(asking: World, agent: Agent, zoe: Person) -> None:
    code = asking.code(ZOE)
    await zoe.says(f"is it {code} or {wrong(code)}?")

    await zoe.says(code)

    assert [said(turn) for turn in agent.turns] == [f"{QUESTION}\nis it [code] or {wrong(code)}?"]
    assert code not in await stored(asking)


@pytest.mark.parametrize("text", ["Is it {code} or 123456?", "123456, {a} {b}", "not 111111 but {code}"])
async def test_a_code_among_other_numbers_is_hidden_and_still_counts(town: World, agent: Agent, text: str) -> None:
    zoe = town.person("Zoe")
    await zoe.says(f"/login {ZOE}")
    code = town.code(ZOE)

    await zoe.says(text.format(code=code, a=code[:3], b=code[3:]))

    assert [said(turn) for turn in agent.turns] == [
        text.replace("{a} {b}", "{code}").format(code="[code]"),
    ]
    await zoe.says(code)
    assert zoe.last() == SIGNED_IN


async def test_nobody_can_guess_by_what_is_hidden(town: World, agent: Agent) -> None:
    zoe = town.person("Zoe")
    await zoe.says(f"/login {ZOE}")
    code = town.code(ZOE)
    others = [f"{(int(code) + number) % 1_000_000:06d}" for number in range(1, 7)]

    await zoe.says(*(f"{one} or {two}" for one, two in zip(others[::2], others[1::2], strict=True)))
    await zoe.says(code)

    assert "[code]" not in "".join(map(said, agent.turns))
    assert zoe.last() == texts.NO_CODE


async def test_a_used_code_in_a_later_question_is_hidden(asking: World, agent: Agent, zoe: Person) -> None:
    code = asking.code(ZOE)
    await zoe.says(code)

    await zoe.says(f"what was {code} for? And my order 111111?")

    assert said(agent.turns[-1]) == "what was [code] for? And my order 111111?"


async def test_a_burst_of_command_question_and_code(asking: World, agent: Agent) -> None:
    zoe = asking.person("Zoe")
    await zoe.says(f"/login {ZOE}", "hello", "482914", "are you there?")

    assert zoe.heard() == [SENT, AWAITING, texts.WRONG_CODE.format(left=4)]

    await zoe.says("now:", asking.code(ZOE), "thanks")

    assert SIGNED_IN in zoe.heard()
    assert "\n".join(map(said, agent.turns)) == "hello\nare you there?\nnow:\nthanks"


CERTAIN = "482913"


@pytest.fixture
def certain(monkeypatch: pytest.MonkeyPatch) -> str:
    """The code that everyone is mailed."""
    monkeypatch.setattr("trinity_channels.access.login.secrets.randbelow", lambda _: int(CERTAIN))
    return CERTAIN


async def test_command_and_code_may_come_in_one_burst(asking: World, agent: Agent, certain: str) -> None:
    zoe = asking.person("Zoe")

    await zoe.says(QUESTION, f"/login {ZOE}", certain)

    assert zoe.heard() == [texts.LOGIN_PROMPT, SENT, SIGNED_IN, f"echo {QUESTION}"]
    assert [said(turn) for turn in agent.turns] == [QUESTION]


async def test_a_code_that_was_mailed_while_the_message_was_looked_at_counts(
    asking: World, agent: Agent, certain: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    zoe = asking.person("Zoe")
    await zoe.says("hello")
    prepare = Preparation.of

    async def meanwhile(
        preparation: Preparation, state: ConversationState, person: Contact, *rest: Any, **options: Any
    ) -> Prepared:
        prepared = await prepare(preparation, state, person, *rest, **options)
        monkeypatch.setattr(Preparation, "of", prepare)
        await asking.host.self_service.login.ask(
            LoginContact(person.id, state.binding, state.agent, "another chat"), ZOE
        )
        return prepared

    monkeypatch.setattr(Preparation, "of", meanwhile)
    await zoe.says(certain)

    assert SIGNED_IN in zoe.heard()
    assert [said(turn) for turn in agent.turns] == ["hello"]


async def test_a_tapped_number_is_no_code(asking: World, zoe: Person) -> None:
    await asking.posts(
        await asking.webhook(),
        asking.inbound("482913") | {"From": zoe.phone.address, "ButtonText": "482913", "ButtonPayload": "price"},
    )

    assert zoe.heard()[2:] == [AWAITING]


async def test_a_blocked_person_can_confirm_nothing(asking: World, zoe: Person) -> None:
    await asking.blocks(zoe)

    await zoe.says(asking.code(ZOE))

    assert zoe.heard() == [texts.LOGIN_PROMPT, SENT]
    assert (await asking.client(zoe))["verified_email"] is None
    assert asking.code(ZOE) not in await stored(asking)
