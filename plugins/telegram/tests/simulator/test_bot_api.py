from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from trinity_channels_telegram.simulator import TelegramSimulator

if TYPE_CHECKING:
    from conftest import Api

WEBHOOK = "https://host.test/api/telegram/webhook/key"


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
    sim.advance(timedelta(seconds=1))
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
        ("https://127.0.0.1/x", "IP address 127.0.0.1 is reserved"),
        ("https://127.1/x", "IP address 127.0.0.1 is reserved"),
        ("https://2130706433/x", "IP address 127.0.0.1 is reserved"),
        ("https://localhost/x", "IP address 127.0.0.1 is reserved"),
        ("https://bot.localhost/x", "is reserved"),
        ("https://10.0.0.7/x", "is reserved"),
        ("https://172.20.0.7:8443/x", "is reserved"),
        ("https://192.168.1.7/x", "is reserved"),
        ("https://169.254.169.254/x", "is reserved"),
        ("https://100.64.0.1/x", "is reserved"),
        ("https://0.0.0.0/x", "is reserved"),
        ("https://224.0.0.1/x", "is reserved"),
        ("https://[::1]/x", "IPv6-only addresses are not allowed"),
        ("https://[2001:4860:4860::8888]/x", "IPv6-only addresses are not allowed"),
        ("https://bot.invalid/x", "Failed to resolve host"),
        ("https://bot.local/x", "Failed to resolve host"),
        ("https://intranet/x", "Failed to resolve host"),
        ("https://intranet./x", "Failed to resolve host"),
        ("ftp://bot.example/x", "invalid webhook URL"),
        ("https:///x", "invalid webhook URL"),
        ("https://bot.example:99999/x", "invalid webhook URL"),
        ("https://bot.example/" + "x" * 3000, "invalid webhook URL"),
        ("no address", "invalid webhook URL"),
        ("https://[x/", "invalid webhook URL"),
    ],
)
async def test_an_address_that_telegram_cannot_reach_is_refused(
    sim: TelegramSimulator, api: Api, url: str, words: str
) -> None:
    assert words in (await api("setWebhook", url=url))["description"]
    sim.advance(timedelta(seconds=1))
    assert (await api("setWebhook", url="https://bot.example:8443/x"))["ok"]


@pytest.mark.parametrize(
    ("base_url", "taken"),
    [
        ("http://127.0.0.1:8081", True),
        ("http://localhost:8081", True),
        ("http://[::1]:8081", True),
        ("http://telegram.test", False),
        ("https://api.telegram.org", False),
        (None, False),
    ],
)
async def test_a_simulator_on_this_machine_takes_addresses_of_this_machine(
    make_sim: Callable[[str | None], TelegramSimulator], base_url: str | None, taken: bool
) -> None:
    assert make_sim(base_url).behaviour.any_webhook is taken


@pytest.mark.parametrize(("secret", "words"), [("a b", "unallowed"), ("x" * 257, "too long")])
async def test_a_secret_has_its_alphabet(api: Api, secret: str, words: str) -> None:
    assert words in (await api("setWebhook", url=WEBHOOK, secret_token=secret))["description"]


async def test_updates_are_not_fetched_while_a_webhook_is_set(hooked: Api) -> None:
    assert (await hooked.post("getUpdates")).status_code == 409


def bold(offset: int, length: int) -> dict[str, Any]:
    return {"type": "bold", "offset": offset, "length": length}


def keyboard(**action: object) -> dict[str, Any]:
    return {"reply_markup": {"inline_keyboard": [[{"text": "Yes", **action}]]}}


SENDS: list[tuple[dict[str, Any], int, str]] = [
    ({}, 400, "chat_id is empty"),
    ({"chat_id": 999}, 400, "chat not found"),
    ({"text": " \n "}, 400, "message text is empty"),
    ({"text": "👍" * 4096}, 200, ""),
    ({"text": "👍" * 4097}, 400, "message is too long"),
    ({"text": "<b>" + "x" * 4096 + "</b>", "parse_mode": "html"}, 200, ""),
    ({"text": "&amp;" * 7000, "parse_mode": "HTML"}, 400, "text is too long"),
    ({"text": "<h1>x</h1>", "parse_mode": "HTML"}, 400, "can't parse entities"),
    ({"text": "x", "parse_mode": "MarkdownV3"}, 400, "unsupported parse_mode"),
    ({"text": "x", "parse_mode": "None"}, 200, ""),
    ({"text": "*x", "parse_mode": "markdown"}, 400, "Can't find end of the entity starting at byte offset 0"),
    ({"text": "a.b", "parse_mode": "MarkdownV2"}, 400, "Character '.' is reserved"),
    ({"text": "x", "entities": [bold(0, 1)]}, 200, ""),
    (
        {"text": "x", "entities": [bold(0, 2)]},
        400,
        "entity beginning at UTF-16 offset 0 ends after the end of the text",
    ),
    ({"text": "x", "entities": [bold(1, 1)]}, 400, "entity begins after the end of the text at UTF-16 offset 1"),
    ({"text": "👍", "entities": [bold(1, 1)]}, 400, "begins in a middle of a UTF-16 symbol"),
    ({"text": "👍", "entities": [bold(0, 1)]}, 400, "ends in a middle of a UTF-16 symbol"),
    ({"text": "x", "entities": [bold(-1, 1)]}, 400, "incorrect offset -1"),
    ({"text": "x", "entities": [bold(0, -1)]}, 400, "incorrect length -1"),
    ({"text": "x", "entities": ["bold"]}, 400, "can't parse MessageEntity"),
    ({"text": "x", "entities": [{"type": "bold"}]}, 400, "can't parse MessageEntity"),
    ({"text": "x", "entities": [{**bold(0, 1), "type": "text_link"}]}, 400, 'Can\'t find field "url"'),
    ({"text": "x", "entities": [{**bold(0, 1), "type": "text_link", "url": "localhost"}]}, 400, "Wrong HTTP URL"),
    ({"text": "x", "business_connection_id": "made-up"}, 400, "business connection not found"),
    ({"text": "x", "message_effect_id": "5104841245755180586"}, 200, ""),
    ({"text": "x", "message_effect_id": "7"}, 400, "EFFECT_ID_INVALID"),
    ({"text": "x", **keyboard(callback_data="x" * 64)}, 200, ""),
    ({"text": "x", **keyboard(callback_data="x" * 65)}, 400, "BUTTON_DATA_INVALID"),
    ({"text": "x", **keyboard(callback_data="ü" * 33)}, 400, "BUTTON_DATA_INVALID"),
    ({"text": "x", **keyboard(callback_data="")}, 400, "BUTTON_DATA_INVALID"),
    ({"text": "x", **keyboard(callback_data=7)}, 400, "must be of type String"),
    ({"text": "x", **keyboard()}, 400, "Text buttons are unallowed"),
    ({"text": "x", **keyboard(url="https://example.org/")}, 200, ""),
    ({"text": "x", **keyboard(url="javascript:alert(1)")}, 400, "BUTTON_URL_INVALID"),
    ({"text": "x", "reply_markup": {"inline_keyboard": [["x"]]}}, 400, "can't parse inline keyboard button"),
    ({"text": "x", "reply_markup": {"inline_keyboard": "x"}}, 400, "object expected"),
    ({"text": "x", "chat_id": "@nowhere"}, 400, "chat not found"),
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


async def test_a_public_group_is_found_by_its_name(sim: TelegramSimulator, api: Api) -> None:
    team = await sim.group("Team", sim.phone("Zoe"), username="our_team")

    assert (await api("sendMessage", chat_id="@Our_Team", text="hello"))["result"]["chat"]["username"] == "our_team"
    assert [one.text for one in team.heard()] == ["hello"]


async def test_marks_are_kept_up_to_a_hundred(sim: TelegramSimulator, api: Api) -> None:
    zoe = sim.phone("Zoe")
    await zoe.says("hello")
    marks = [bold(2 * number, 1) for number in range(120)]

    taken = (await api("sendMessage", chat_id=zoe.id, text="a " * 120, entities=marks))["result"]

    assert taken["entities"] == marks[:100]


async def test_a_chat_is_told_with_all_that_is_always_there(sim: TelegramSimulator, api: Api) -> None:
    zoe = sim.phone("Zoe")
    await zoe.says("hello")

    told = (await api("getChat", chat_id=zoe.id))["result"]

    assert {"id", "type", "accent_color_id", "max_reaction_count", "accepted_gift_types"} <= set(told)


async def test_a_second_registration_within_a_second_is_too_many(sim: TelegramSimulator, api: Api) -> None:
    answers = [await api("setWebhook", url=WEBHOOK) for _ in range(2)]
    sim.advance(timedelta(seconds=1))

    assert [one["ok"] for one in answers] == [True, False]
    assert answers[1]["parameters"] == {"retry_after": 1}
    assert (await api("setWebhook", url=WEBHOOK))["ok"]


async def test_twenty_messages_a_minute_reach_a_group(sim: TelegramSimulator, api: Api) -> None:
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
