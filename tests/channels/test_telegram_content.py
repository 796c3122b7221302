"""What people send by Telegram, and what the agent is given of it: text, and notes about everything else."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from freezegun.api import FrozenDateTimeFactory

from tests.channels.net import Net
from tests.world import Agent
from trinity_channels.agents.words import NOT_THEIRS

ZOE = {"id": 5550001, "is_bot": False, "first_name": "Zoe"}
CHAT = {"id": 5550001, "type": "private", "first_name": "Zoe"}
SAM = {"id": 5550002, "is_bot": False, "first_name": "Sam"}
NEWS = {"id": -1009990009, "type": "channel", "title": "News"}
BOT = {"id": 7770001, "is_bot": True, "first_name": "Bot", "username": "simulated_bot"}
OURS = {"message_id": 9, "from": BOT, "chat": CHAT, "date": 1, "text": "Option B costs 9"}
ARTICLE = {"type": "text_link", "offset": 5, "length": 11, "url": "https://example.org/post?id=7"}


class Telegram:
    """Posts updates as Telegram does, to the agent `support`."""

    def __init__(self, net: Net, agent: Agent, url: str, secret: str) -> None:
        self.net = net
        self._agent = agent
        self._url = url
        self._header = {"X-Telegram-Bot-Api-Secret-Token": secret}
        self._number = 100

    async def posts(self, kind: str, **payload: Any) -> None:
        """Post one update; all that it sets off is over when this returns."""
        self._number += 1
        body = {"update_id": self._number, kind: payload}
        answer = await self.net.http.post(self._url, json=body, headers=self._header)
        assert answer.status_code == httpx.codes.OK
        await self.net.settle()

    async def brings(self, **fields: Any) -> None:
        """Post a message of Zoe's, with fields of its own."""
        message = {"message_id": self._number, "from": ZOE, "chat": CHAT, "date": int(self.net.now().timestamp())}
        await self.posts("message", **(message | fields))

    @property
    def seen(self) -> list[tuple[str, tuple[str, ...]]]:
        """What the agent was given: of each message its text and its notes."""
        return [(one.text, one.notes) for turn in self._agent.turns for one in turn.messages]


@pytest.fixture
async def telegram(tmp_path: Path, clock: FrozenDateTimeFactory) -> AsyncIterator[Telegram]:
    agent = Agent()
    async with Net(tmp_path, clock, agents=agent) as net:
        await net.connect_all()
        await net.policy("open")
        simulator: Any = net.simulators["telegram"]
        yield Telegram(net, agent, simulator.bot.webhook.url, simulator.bot.webhook.secret)


TOLD: list[tuple[dict[str, Any], tuple[str, tuple[str, ...]]]] = [
    (
        {"text": "Read the article", "entities": [ARTICLE]},
        ("Read the article (https://example.org/post?id=7)", ()),
    ),
    (
        {"text": "what about this one?", "reply_to_message": OURS},
        ("what about this one?", ("answers a message that you wrote: Option B costs 9",)),
    ),
    (
        {"text": "and mine?", "reply_to_message": {**OURS, "from": SAM, "text": "it is 7"}},
        ("and mine?", ('answers a message by someone called "Sam": it is 7',)),
    ),
    (
        {"text": "why?", "quote": {"text": "costs 9", "position": 9}, "reply_to_message": OURS},
        ("why?", ("answers a message that you wrote: costs 9",)),
    ),
    (
        {"text": "why?", "quote": {"text": "costs 9", "position": 9, "is_manual": True}},
        ("why?", ("answers an earlier message: costs 9",)),
    ),
    (
        {
            "text": "is that so?",
            "external_reply": {"origin": {"type": "channel", "chat": NEWS, "message_id": 5, "date": 1}},
            "quote": {"text": "prices rise", "position": 0},
        },
        ("is that so?", ('answers a message by someone called "News": prices rise',)),
    ),
    (
        {"text": "meet at 5", "forward_origin": {"type": "user", "sender_user": SAM, "date": 1}},
        ("meet at 5", (f'forwarded from "Sam": {NOT_THEIRS}',)),
    ),
    (
        {"rich_message": {"blocks": [{"type": "paragraph", "text": "a question"}]}},
        ("a question", ()),
    ),
    (
        {"checklist": {"title": "Shopping", "tasks": [{"id": 1, "text": "Milk"}, {"id": 2, "text": "Eggs"}]}},
        ("", ("sent a checklist: Shopping\n- [ ] Milk\n- [ ] Eggs",)),
    ),
    (
        {
            "checklist_tasks_done": {
                "checklist_message": {"checklist": {"title": "Shopping", "tasks": [{"id": 1, "text": "Milk"}]}},
                "marked_as_done_task_ids": [1],
            }
        },
        ("", ("marked tasks of the checklist: Shopping\n- [x] Milk",)),
    ),
    (
        {"web_app_data": {"data": '{"order":7}', "button_text": "Order"}},
        ("", ('sent data from a web app (button "Order"): {"order":7}',)),
    ),
    ({"story": {"chat": NEWS, "id": 3}}, ("", ('sent a story of "News", which cannot be shown here',))),
    ({"story": {"id": 3}}, ("", ("sent something that cannot be shown here (of type story)",))),
    ({"game": {"title": "Chess"}}, ("", ("sent a game: Chess",))),
    (
        {"contact": {"phone_number": "+15557770003", "first_name": "Sam"}},
        ("", ("shared a contact: Sam, +15557770003",)),
    ),
    (
        {"users_shared": {"request_id": 1, "users": [{"user_id": 5550002, "first_name": "Sam"}]}},
        ("", ("picked: Sam",)),
    ),
    (
        {"poll": {"question": "Lunch?", "options": [{"text": "Yes"}, {"text": "No"}]}},
        ("", ("sent a poll: Lunch?\n- Yes\n- No",)),
    ),
    ({"dice": {"emoji": "🎲", "value": 4}}, ("", ("threw 🎲, which shows 4",))),
    (
        {"successful_payment": {"currency": "EUR", "total_amount": 1250, "invoice_payload": "x"}},
        ("", ("paid (12.50 EUR)",)),
    ),
    (
        {"invoice": {"title": "Chair", "description": "Oak", "currency": "JPY", "total_amount": 9000}},
        ("", ("sent an invoice (9000 JPY): Chair, Oak",)),
    ),
    (
        {"paid_media": {"star_count": 50, "paid_media": [{"type": "preview"}]}},
        ("", ("sent media that cost (50 XTR)",)),
    ),
    (
        {"gift": {"gift": {"id": "1", "star_count": 25}, "text": "thank you"}},
        ("", ('gave a gift worth 25 Telegram Stars: "thank you"',)),
    ),
    ({"hologram": {"id": 1}}, ("", ("sent something that cannot be shown here (of type hologram)",))),
    ({}, ("", ("sent something that cannot be shown here",))),
]


SERVICE: list[dict[str, Any]] = [
    {"pinned_message": OURS},
    {"write_access_allowed": {}},
    {"boost_added": {}},
    {"text": "hello", "from": BOT},
]


async def test_the_agent_is_told_what_a_person_sends(telegram: Telegram) -> None:
    for fields, _ in TOLD:
        await telegram.brings(**fields)

    assert telegram.seen == [told for _, told in TOLD]


async def test_the_agent_is_not_asked_about_what_telegram_itself_posts(telegram: Telegram) -> None:
    for fields in SERVICE:
        await telegram.brings(**fields)

    assert telegram.seen == []


async def test_an_answer_to_what_telegram_no_longer_shows_is_found_among_ours(telegram: Telegram) -> None:
    zoe = telegram.net.stranger("telegram", "Zoe")
    await zoe.says("hello")
    sent = zoe.phone.chat.messages[-1]

    await telegram.brings(text="why?", reply_to_message={"message_id": sent.number, "chat": CHAT, "date": 0})

    assert telegram.seen[-1] == ("why?", ("answers a message that you wrote: echo hello",))


async def test_a_pressed_button_is_told_with_what_it_stood_under(telegram: Telegram) -> None:
    keyboard = {"inline_keyboard": [[{"text": "Take B", "callback_data": "take:b"}]]}
    message = {**OURS, "reply_markup": keyboard}

    await telegram.posts("callback_query", **{"id": "q7", "from": ZOE}, message=message, data="take:b")

    text, notes = telegram.seen[0]
    assert text == "Take B"
    assert set(notes) == {
        "answers a message that you wrote: Option B costs 9",
        'tapped a button with the payload "take:b"',
    }


async def test_in_a_group_the_agent_is_told_what_is_answered(telegram: Telegram) -> None:
    await telegram.net.policy("require_email")
    await telegram.net.shares("zoe@example.org")
    zoe = telegram.net.stranger("telegram", "Zoe")
    await zoe.verifies("zoe@example.org")
    group = {"id": -1009990001, "type": "supergroup", "title": "Team"}
    mention = {"type": "mention", "offset": 0, "length": 14}
    answered = {**OURS, "from": SAM, "chat": group, "text": "the shop is closed"}

    await telegram.brings(chat=group, text="@simulated_bot is that so?", entities=[mention], reply_to_message=answered)

    assert telegram.seen == [("is that so?", ('answers a message by someone called "Sam": the shop is closed',))]


async def test_the_simulated_phone_sends_it_all_too(telegram: Telegram) -> None:
    zoe = telegram.net.stranger("telegram", "Zoe")
    await zoe.says("hello")
    answer = zoe.phone.chat.messages[-1]

    for act in (
        zoe.phone.quotes("why?", answer, "hello"),
        zoe.phone.forwards("meet at 5", "Somebody"),
        zoe.phone.formats('Read <a href="https://example.org/a">the article</a>'),
        zoe.phone.sends("checklist"),
        zoe.phone.sends("hologram", id=1),
    ):
        await act
        await telegram.net.settle()

    assert telegram.seen[1:] == [
        ("why?", ("answers a message that you wrote: hello",)),
        ("meet at 5", (f'forwarded from "Somebody": {NOT_THEIRS}',)),
        ("Read the article (https://example.org/a)", ()),
        ("", ("sent a checklist: Shopping\n- [ ] milk",)),
        ("", ("sent something that cannot be shown here (of type hologram)",)),
    ]
