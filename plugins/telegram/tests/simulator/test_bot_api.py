from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from trinity_channels_telegram.simulator import TelegramSimulator

if TYPE_CHECKING:
    from conftest import Api

WEBHOOK = "http://host.test/api/telegram/webhook/key"


@pytest.mark.parametrize(
    ("token", "status", "description"),
    [
        ("7770001:AnotherToken", 401, "Unauthorized"),
        ("1:x", 401, "Unauthorized"),
        ("nocolon", 404, "Not Found"),
        ("0:x", 404, "Not Found"),
        ("7770001:" + "x" * 80, 404, "Not Found"),
    ],
)
async def test_a_wrong_token_is_refused(api: Api, token: str, status: int, description: str) -> None:
    answer = await api.client.get(f"/bot{token}/getMe")

    assert answer.status_code == status
    assert answer.json() == {"ok": False, "error_code": status, "description": description}


async def test_a_bot_is_told_who_it_is_in_any_case_and_way(sim: TelegramSimulator, api: Api) -> None:
    answers = [
        await api.client.get(f"/bot{api.token}/getMe"),
        await api.client.post(f"/bot{api.token}/GETME"),
        await api.client.post(f"/bot{api.token}/getme", data={"x": "y"}),
    ]

    assert {one.json()["result"]["id"] for one in answers} == {sim.bot.id}
    assert answers[0].json()["result"]["can_read_all_group_messages"] is False


async def test_an_unknown_method_is_not_found(api: Api) -> None:
    assert (await api("sendTelepathy"))["description"] == "Not Found: method not found"


async def test_a_registration_replaces_all_but_the_kinds_of_updates(sim: TelegramSimulator, api: Api) -> None:
    await api("setWebhook", url=WEBHOOK, secret_token="s", allowed_updates=["message"], max_connections=7)
    await api("setWebhook", url=WEBHOOK)
    info = (await api("getWebhookInfo"))["result"]

    assert sim.bot.webhook.secret == ""
    assert (info["max_connections"], info["allowed_updates"]) == (40, ["message"])
    assert "secret_token" not in info


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://bot.example/x", "An HTTPS URL must be provided"),
        ("https://bot.example:9000/x", "ports 80, 88, 443 or 8443"),
        ("https://127.0.0.1/x", "is reserved"),
        ("no address", "invalid webhook URL"),
        ("https://[x/", "invalid webhook URL"),
    ],
)
async def test_an_address_that_telegram_cannot_reach_is_refused(
    sim: TelegramSimulator, api: Api, url: str, words: str
) -> None:
    sim.behaviour.any_webhook = False

    assert words in (await api("setWebhook", url=url))["description"]
    assert (await api("setWebhook", url="https://bot.example:8443/x"))["ok"]


@pytest.mark.parametrize(("secret", "words"), [("a b", "unallowed"), ("x" * 257, "too long")])
async def test_a_secret_has_its_alphabet(api: Api, secret: str, words: str) -> None:
    assert words in (await api("setWebhook", url=WEBHOOK, secret_token=secret))["description"]


async def test_updates_are_not_fetched_while_a_webhook_is_set(hooked: Api) -> None:
    assert (await hooked.post("getUpdates")).status_code == 409


SENDS = [
    ({}, 400, "chat_id is empty"),
    ({"chat_id": 999}, 400, "chat not found"),
    ({"text": " \n "}, 400, "message text is empty"),
    ({"text": "👍" * 4096}, 200, ""),
    ({"text": "👍" * 4097}, 400, "message is too long"),
    ({"text": "<b>" + "x" * 4096 + "</b>", "parse_mode": "html"}, 200, ""),
    ({"text": "&amp;" * 7000, "parse_mode": "HTML"}, 400, "text is too long"),
    ({"text": "<h1>x</h1>", "parse_mode": "HTML"}, 400, "can't parse entities"),
    ({"text": "x", "parse_mode": "MarkdownV3"}, 400, "unsupported parse_mode"),
    ({"text": "x", "message_thread_id": 1}, 400, "message thread not found"),
    ({"text": "x", "reply_parameters": {"message_id": 99}}, 400, "message to be replied not found"),
    ({"text": "x", "reply_parameters": {"message_id": 99, "allow_sending_without_reply": True}}, 200, ""),
]


@pytest.mark.parametrize(("params", "status", "words"), SENDS)
async def test_a_send_is_checked(
    sim: TelegramSimulator, api: Api, params: dict[str, Any], status: int, words: str
) -> None:
    zoe = sim.phone("Zoe")
    await zoe.says("hello")

    answer = await api.post("sendMessage", **({"chat_id": zoe.id} | params if params else {}))

    assert answer.status_code == status
    assert words in answer.json().get("description", "")
    assert len(zoe.heard()) == (status == 200)


async def test_where_a_bot_cannot_write(sim: TelegramSimulator, api: Api) -> None:
    zoe = sim.phone("Zoe")
    team = await sim.group("Team", zoe)
    other = sim.add_bot("Other", "other_bot")
    await sim.remove_bot(team)
    refusals = [await api("sendMessage", chat_id=to, text="x") for to in (zoe.id, team.id, sim.bot.id, other.id)]

    assert [one["description"] for one in refusals] == [
        "Forbidden: bot can't initiate conversation with a user",
        "Forbidden: bot was kicked from the supergroup chat",
        "Forbidden: bot can't send messages to the bot",
        "Forbidden: bot can't send messages to bots",
    ]


async def test_a_group_that_moved_says_where(sim: TelegramSimulator, api: Api) -> None:
    team = await sim.group("Team", sim.phone("Zoe"), kind="group")
    moved = await sim.migrate(team)

    assert (await api("sendMessage", chat_id=team.id, text="x"))["parameters"] == {"migrate_to_chat_id": moved.id}


async def test_twenty_messages_a_minute_reach_a_group(sim: TelegramSimulator, api: Api) -> None:
    sim.behaviour.flood_control = True
    team = await sim.group("Team", sim.phone("Zoe"))
    codes = []
    for _ in range(21):
        codes.append((await api.post("sendMessage", chat_id=team.id, text="x")).status_code)
        sim.advance(timedelta(seconds=1))
    refused = await api.post("sendMessage", chat_id=team.id, text="x")

    assert codes == [200] * 20 + [429]
    assert refused.json()["parameters"]["retry_after"] == int(refused.headers["Retry-After"]) == 39


async def test_typing_lasts_five_seconds(sim: TelegramSimulator, api: Api) -> None:
    zoe = sim.phone("Zoe")
    await zoe.says("hello")
    await api("sendChatAction", chat_id=zoe.id, action="typing")
    assert zoe.typing
    sim.advance(timedelta(seconds=5))

    assert not zoe.typing
    assert "wrong parameter action" in (await api("sendChatAction", chat_id=zoe.id, action="dance"))["description"]


async def test_a_query_is_answered_once_and_in_time(sim: TelegramSimulator, api: Api) -> None:
    zoe = sim.phone("Zoe")
    await zoe.says("hello")
    keyboard = {"inline_keyboard": [[{"text": "Yes", "callback_data": "y"}]]}
    await api("sendMessage", chat_id=zoe.id, text="?", reply_markup=keyboard)
    await zoe.taps("Yes")
    await zoe.taps("Yes")
    first, second = sim.bot.queries

    assert (await api("answerCallbackQuery", callback_query_id=first))["ok"]
    assert "query is too old" in (await api("answerCallbackQuery", callback_query_id=first))["description"]
    sim.advance(timedelta(seconds=150))
    assert "query is too old" in (await api("answerCallbackQuery", callback_query_id=second))["description"]
    with pytest.raises(LookupError):
        await zoe.taps("No")
