"""What an agent is given of everything that people send by WhatsApp."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from tests.world import Agent, Person, World
from trinity_channels_whatsapp.simulator import Advertisement

FORM = {"rooms": "2", "date": "2026-04-01"}
TEA = {"product_retailer_id": "tea-1", "quantity": 2}
Act = Callable[[Person], Awaitable[None]]


async def given(world: World, agent: Agent, act: Act) -> tuple[str, tuple[str, ...]]:
    """Text and notes of the message that `act` sends."""
    zoe = world.person("Zoe")
    await act(zoe)
    await world.settle()
    message = agent.turns[-1].messages[-1]
    return message.text, message.notes


SENT: list[tuple[str, Act, str, tuple[str, ...]]] = [
    (
        "a form",
        lambda zoe: zoe.phone.answers_form(FORM),
        "",
        ('answered a form: {"rooms":"2","date":"2026-04-01"}',),
    ),
    (
        "an order",
        lambda zoe: zoe.phone.orders([TEA], "ring twice"),
        "",
        ('ordered: [{"product_retailer_id":"tea-1","quantity":2}] catalog_id: fake-catalog, ring twice',),
    ),
    (
        "an order without words",
        lambda zoe: zoe.phone.orders([TEA]),
        "",
        ('ordered: [{"product_retailer_id":"tea-1","quantity":2}] catalog_id: fake-catalog',),
    ),
    (
        "from an advertisement",
        lambda zoe: zoe.phone.says("How much?", advertisement=Advertisement()),
        "How much?",
        ("came from an advertisement or link: Summer sale, 50% off, https://fb.me/fake-ad, ad 120210000000000000",),
    ),
    (
        "forwarded",
        lambda zoe: zoe.phone.says("Meet at five", forwarded=True),
        "Meet at five",
        ("forwarded: not the sender's own words",),
    ),
    (
        "a place",
        lambda zoe: zoe.phone.shares_location(52.5, 13.4, "Station"),
        "",
        ('shared a location: 52.5, 13.4 ("Station")',),
    ),
    (
        "a photo",
        lambda zoe: zoe.phone.sends_media(b"fake", "image/jpeg", "look"),
        "look",
        ("sent a file of type image/jpeg, which was not fetched",),
    ),
    (
        "a contact card",
        lambda zoe: zoe.phone.shares_contact("BEGIN:VCARD"),
        "",
        ("sent a file of type text/vcard, which was not fetched",),
    ),
    (
        "something unsupported",
        lambda zoe: zoe.phone.sends_unsupported("sticker"),
        "",
        ("sent something that cannot be shown here (of type sticker)",),
    ),
]


@pytest.mark.parametrize(("act", "text", "notes"), [one[1:] for one in SENT], ids=[one[0] for one in SENT])
async def test_an_agent_is_told_of_everything(
    town: World, agent: Agent, act: Act, text: str, notes: tuple[str, ...]
) -> None:
    assert await given(town, agent, act) == (text, notes)


async def offers(world: World, person: Person, **template: object) -> None:
    """Send a template with something to choose, as an owner's other system may."""
    settings = world.twilio.settings()
    sid = world.twilio.add_template("offer", "Which one?", **template).sid  # type: ignore[arg-type]
    answer = await world.http.post(
        f"http://twilio.simulator/2010-04-01/Accounts/{settings['account_sid']}/Messages.json",
        data={"To": person.phone.address, "From": settings["from_number"], "ContentSid": sid},
        auth=(settings["account_sid"], settings["auth_token"]),
    )
    assert answer.status_code == 201
    await world.settle()


async def test_a_chosen_row_has_its_identifier(town: World, agent: Agent) -> None:
    zoe = town.person("Zoe")
    await zoe.says("when?")
    row = {"id": "slot-dr-b-1000", "item": "10:00", "description": "Dr. B"}
    await offers(town, zoe, kind="twilio/list-picker", rows=[row])

    text, notes = await given(town, agent, lambda zoe: zoe.phone.chooses("10:00"))

    assert text == "10:00"
    assert notes[-1] == 'chose the list row "slot-dr-b-1000" ("Dr. B")'


async def test_a_tapped_button_has_its_payload(town: World, agent: Agent) -> None:
    zoe = town.person("Zoe")
    await zoe.says("book it")
    await offers(town, zoe, kind="twilio/quick-reply", buttons={"Yes": "yes-42"})

    text, notes = await given(town, agent, lambda zoe: zoe.phone.taps("Yes"))

    assert text == "Yes"
    assert 'tapped a button with the payload "yes-42"' in notes


async def test_a_reply_to_the_agent_brings_the_agents_words(town: World, agent: Agent) -> None:
    zoe = town.person("Zoe")
    agent.will_answer("Option A costs 5", "Option B costs 7")
    await zoe.says("prices?")
    await zoe.says("and B?")
    offer = next(one for one in zoe.phone.bubbles if one.shown == "Option A costs 5")

    text, notes = await given(town, agent, lambda zoe: zoe.phone.says("this one please", replying_to=offer))

    assert text == "this one please"
    [note] = notes
    assert note.startswith("answers ")
    assert "Option A costs 5" in note
    assert "you wrote" in note


async def test_a_reply_to_oneself_brings_ones_own_words(town: World, agent: Agent) -> None:
    zoe = town.person("Zoe")
    await zoe.says("two rooms, please")
    mine = zoe.phone.bubbles[0]

    _, notes = await given(town, agent, lambda zoe: zoe.phone.says("no, three", replying_to=mine))

    [note] = notes
    assert note.startswith("answers ")
    assert "two rooms, please" in note
    assert "you wrote" not in note


async def test_what_was_missed_during_an_outage_is_not_lost_because_it_has_no_text(town: World, agent: Agent) -> None:
    zoe = town.person("Zoe")
    await zoe.says("hello")
    await town.stops()
    await zoe.phone.answers_form(FORM)

    await town.starts()

    assert [one.notes for one in agent.turns[-1].messages] == [("sent something that cannot be shown here",)]


async def test_a_repeated_request_divided_into_another_message_is_not_answered(town: World, agent: Agent) -> None:
    zoe = town.person("Zoe")
    await zoe.says("hello")
    call = town.twilio.webhook_calls[0]
    signed = call.answer.request.headers["X-Twilio-Signature"] if call.answer else ""
    folded = dict(call.params)
    sid, following = folded["MessageSid"], folded.pop("MessageType")
    folded["MessageSid"] = f"{sid}MessageType{following}"

    answer = await town.http.post(call.url, data=folded, headers={"X-Twilio-Signature": signed})
    await town.settle()

    assert answer.status_code == 400
    assert len(agent.turns) == 1


async def test_our_own_number_does_not_talk_with_itself(town: World, agent: Agent) -> None:
    answer = await town.posts(await town.webhook(), town.inbound("echo") | {"From": town.twilio.sender.address})

    assert answer.status_code == 200
    assert agent.turns == []


async def test_a_person_known_by_a_user_id_is_the_same_with_and_without_its_prefix(town: World, agent: Agent) -> None:
    url, message = await town.webhook(), town.inbound("one", "SM" + "1" * 32)
    await town.posts(url, message | {"ExternalUserId": "US.13491208655302741918"})
    await town.posts(
        url,
        message
        | {"MessageSid": "SM" + "2" * 32, "From": "whatsapp:US.13491208655302741918"}
        | {"ExternalUserId": "whatsapp:US.13491208655302741918"},
    )

    first, second = agent.turns
    assert first.conversation == second.conversation


@pytest.mark.parametrize(
    "answers",
    [
        r'{"a": "\ud800", "b\u0000": "\u0000"}',
        '{"a": 1e999, "b": NaN, "c": ' + "7" * 4000 + "}",
        "[" * 19 + "]" * 19,
        "[" * 3000 + "]" * 3000,
        '{"a": "' + "x" * 60_000 + '"}',
    ],
    ids=["halves of characters", "numbers", "nested", "deeply nested", "long"],
)
async def test_whatever_a_form_holds_is_stored_and_told(town: World, agent: Agent, answers: str) -> None:
    answer = await town.posts(await town.webhook(), town.inbound("") | {"FlowData": answers})

    assert answer.status_code == 200
    [note] = agent.turns[0].messages[0].notes
    assert note.startswith("answered a form: ")
