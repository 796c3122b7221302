from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from trinity_channels_slack.simulator import SlackSimulator

if TYPE_CHECKING:
    from conftest import Api


@pytest.mark.parametrize(
    ("authorization", "code"), [("", "not_authed"), ("Basic x", "not_authed"), ("Bearer xoxb-fake", "invalid_auth")]
)
async def test_who_asks_must_have_the_token(api: Api, authorization: str, code: str) -> None:
    answer = await api.client.post("/api/auth.test", headers={"Authorization": authorization})

    assert (answer.status_code, answer.json()) == (200, {"ok": False, "error": code})
    assert "chat:write" in answer.headers["X-OAuth-Scopes"]


async def test_a_missing_scope_is_named(sim: SlackSimulator, api: Api) -> None:
    sim.installation.scopes.remove("users:read")

    answer = await api.form("users.info", user=sim.phone("Zoe").address)

    assert (answer["error"], answer["needed"]) == ("missing_scope", "users:read")


async def test_json_is_read_only_where_slack_reads_it(sim: SlackSimulator, api: Api) -> None:
    zoe = sim.phone("Zoe").address

    assert (await api.json("users.info", user=zoe))["error"] == "user_not_found"
    assert (await api.form("users.info", user=zoe))["user"]["id"] == zoe


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ({"text": ""}, "no_text"),
        ({"markdown_text": "x"}, "markdown_text_conflict"),
        ({"text": "", "markdown_text": "x" * 12_001}, "msg_too_long"),
        ({"text": "", "blocks": []}, "no_text"),
        ({"blocks": "no JSON"}, "invalid_blocks_format"),
        ({"blocks": {"type": "section"}}, "invalid_blocks_format"),
        ({"blocks": [{"type": "hologram"}]}, "invalid_blocks"),
        ({"blocks": [{"type": "section"}]}, "invalid_blocks"),
        ({"blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": "x" * 3001}}]}, "invalid_blocks"),
        ({"blocks": [{"type": "divider"}] * 51}, "invalid_blocks"),
        ({"channel": ""}, "invalid_arguments"),
        ({"channel": "C0NOWHERE"}, "channel_not_found"),
        ({"thread_ts": "1.2"}, "invalid_thread_ts"),
        ({"metadata": {"event_payload": {}}}, "invalid_metadata_format"),
        ({"metadata": "no JSON"}, "invalid_metadata_format"),
        ({"metadata": {"event_type": "x"}}, "invalid_metadata_format"),
        ({"metadata": {"event_type": "x y", "event_payload": {}}}, "invalid_metadata_format"),
        ({"metadata": {"event_type": "x", "event_payload": []}}, "invalid_metadata_format"),
        ({"metadata": {"event_type": "x", "event_payload": {"a": {"b": {"c": 1}}}}}, "invalid_metadata_schema"),
        ({"metadata": {"event_type": "x", "event_payload": {"a": "x" * 20_000}}}, "metadata_too_large"),
    ],
)
async def test_a_faulty_post_is_refused(sim: SlackSimulator, api: Api, arguments: dict[str, Any], code: str) -> None:
    given = {"channel": await api.direct(sim.phone("Zoe").address), "text": "hello"} | arguments

    assert (await api.json("chat.postMessage", **given))["error"] == code
    assert sim.phone("Zoe").heard() == []


@pytest.mark.parametrize(
    ("arguments", "heard"),
    [
        ({"text": "x" * 40_001}, "x" * 40_000),
        ({"text": "a & b < c > d &copy;"}, "a & b < c > d &copy;"),
        ({"text": "", "markdown_text": "# hello"}, "# hello"),
        ({"text": "", "blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": "in blocks"}}]}, "in blocks"),
        ({"text": "said", "blocks": '[{"type": "divider"}]'}, "said"),
    ],
)
async def test_other_ways_to_post(sim: SlackSimulator, api: Api, arguments: dict[str, Any], heard: str) -> None:
    posted = await api.json("chat.postMessage", channel=sim.phone("Zoe").address, **arguments)

    assert posted["ok"], posted
    assert [one.text for one in sim.phone("Zoe").heard()] == [heard]


async def test_what_is_no_sign_of_slacks_is_escaped_in_the_answer(sim: SlackSimulator, api: Api) -> None:
    text = "R&D &amp; <b> 2 > 1 <https://e.example/?a&b|here> <@U0SIM0001> <!here>"

    posted = await api.post(await api.direct(sim.phone("Zoe").address), text)

    escaped = "R&amp;D &amp; &lt;b&gt; 2 &gt; 1 <https://e.example/?a&b|here> <@U0SIM0001> <!here>"
    assert posted["message"]["text"] == escaped


@pytest.mark.parametrize("method", ["chat.nonsense", "users.info/", "no"])
async def test_an_unknown_method_is_named_in_json(api: Api, method: str) -> None:
    answer = await api.client.post(f"/api/{method}")

    assert (answer.status_code, answer.json()) == (200, {"ok": False, "error": "unknown_method", "req_method": method})


async def test_more_than_a_channel_takes_is_refused_for_a_while(sim: SlackSimulator, api: Api) -> None:
    zoe, sam = [await api.direct(sim.phone(name).address) for name in ("Zoe", "Sam")]
    body = {"channel": zoe, "text": "hello"}

    answers = [await api.client.post("/api/chat.postMessage", json=body) for _ in range(30)]

    assert [one.status_code for one in answers] == [200] * 5 + [429] * 25
    assert (answers[-1].headers["Retry-After"], answers[-1].json()["error"]) == ("1", "ratelimited")
    assert (await api.post(sam))["ok"]
    sim.advance(timedelta(seconds=1))
    assert [(await api.client.post("/api/chat.postMessage", json=body)).status_code for _ in range(2)] == [200, 429]
    assert len(sim.phone("Zoe").heard()) == 6


async def test_a_method_has_so_many_calls_a_minute(sim: SlackSimulator, api: Api) -> None:
    zoe = sim.phone("Zoe").address
    answers = [(await api.client.post("/api/users.info", data={"user": zoe})).status_code for _ in range(102)]
    sim.advance(timedelta(seconds=1))

    assert answers == [200] * 100 + [429] * 2
    assert (await api.form("users.info", user=zoe))["ok"]
    sim.behaviour.rate_limits = False
    assert all([(await api.form("users.info", user=zoe))["ok"] for _ in range(200)])


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ({"limit": 5000}, "invalid_limit"),
        ({"limit": -1}, "invalid_limit"),
        ({"limit": "many"}, "invalid_limit"),
        ({"cursor": "2"}, "invalid_cursor"),
        ({"cursor": "bmV4dDp4"}, "invalid_cursor"),
        ({"oldest": "yesterday"}, "invalid_ts_oldest"),
    ],
)
async def test_history_takes_no_odd_arguments(
    sim: SlackSimulator, api: Api, arguments: dict[str, Any], code: str
) -> None:
    channel = await api.direct(sim.phone("Zoe").address)
    await api.post(channel)

    assert (await api.form("conversations.history", channel=channel, **arguments))["error"] == code


async def test_an_emoji_has_a_known_name(sim: SlackSimulator, api: Api) -> None:
    channel = await api.direct(sim.phone("Zoe").address)
    ts = (await api.post(channel))["ts"]

    assert (await api.form("reactions.add", channel=channel, timestamp=ts, name="eyeballs"))["error"] == "invalid_name"
    assert (await api.form("reactions.add", channel=channel, timestamp=ts, name="eyes"))["ok"]


async def test_some_places_cannot_be_written_to(sim: SlackSimulator, api: Api) -> None:
    away, old = sim.channel("away", joined=False), sim.channel("old", archived=True)
    direct = await api.direct(sim.phone("Zoe").address)
    sim.installation.messages_tab = False
    sim.phone("Sam").user.deleted = True

    assert (await api.post(away.id))["error"] == "not_in_channel"
    assert (await api.post(old.id))["error"] == "is_archived"
    assert (await api.post(direct))["error"] == "messages_tab_disabled"
    assert (await api.form("conversations.open", users=sim.phone("Sam").address))["error"] == "user_disabled"
    assert "app_id" not in await api.form("auth.test")


async def test_replies_stand_in_their_thread_only(sim: SlackSimulator, api: Api) -> None:
    zoe = sim.phone("Zoe")
    root = await zoe.mentions("status?")
    channel = sim.channel("general").id
    reply = await api.post(channel, "green", thread_ts=root.ts)

    history = await api.form("conversations.history", channel=channel)
    thread = await api.form("conversations.replies", channel=channel, ts=root.ts)

    assert [one["ts"] for one in history["messages"]] == [root.ts]
    assert [one["ts"] for one in thread["messages"]] == [root.ts, reply["ts"]]


async def test_history_is_newest_first_in_pages_and_hides_metadata(sim: SlackSimulator, api: Api) -> None:
    channel = await api.direct(sim.phone("Zoe").address)
    metadata = {"event_type": "x", "event_payload": {"id": "1"}}
    posted = [(await api.post(channel, f"n{number}", metadata=metadata))["ts"] for number in range(5)]

    first = await api.form("conversations.history", channel=channel, limit=2)
    cursor = first["response_metadata"]["next_cursor"]
    second = await api.form(
        "conversations.history", channel=channel, limit=9, cursor=cursor, oldest=posted[0], include_all_metadata="true"
    )

    assert [one["text"] for one in first["messages"]] == ["n4", "n3"]
    assert first["messages"][0]["metadata"] == {"event_type": "x"}
    assert [one["text"] for one in second["messages"]] == ["n2", "n1"]
    assert second["messages"][0]["metadata"] == metadata
    assert not second["has_more"]


async def test_messages_are_changed_linked_and_deleted(sim: SlackSimulator, api: Api) -> None:
    channel = await api.direct(sim.phone("Zoe").address)
    ts = (await api.post(channel))["ts"]

    assert (await api.json("chat.update", channel=channel, ts=ts, text="better"))["text"] == "better"
    assert (await api.form("chat.getPermalink", channel=channel, message_ts=ts))["permalink"].startswith("http://")
    assert (await api.json("chat.delete", channel=channel, ts=ts))["ok"]
    assert (await api.json("chat.delete", channel=channel, ts=ts))["error"] == "message_not_found"


async def test_a_status_lasts_until_the_next_post(sim: SlackSimulator, api: Api) -> None:
    root = await sim.phone("Zoe").mentions("status?")
    channel = sim.channel("general").id
    await api.json("assistant.threads.setStatus", channel_id=channel, thread_ts=root.ts, status="is thinking…")
    assert sim.statuses == {(channel, root.ts): "is thinking…"}

    await api.post(channel, thread_ts=root.ts)

    assert sim.statuses == {}


async def test_what_an_agent_escaped_is_seen_as_it_was_meant(sim: SlackSimulator, api: Api) -> None:
    zoe = sim.phone("Zoe")
    channel = await api.direct(zoe.address)
    texts = {
        "*bold* _it_ ~no~ `a_b_c *x*`": "bold it no a_b_c *x*",
        "*bold _and it_*": "bold and it",
        "2 * 3 * 4 and snake_case_name": "2 * 3 * 4 and snake_case_name",
        "```\nif a &lt; b:\n  *x*\n```": "if a < b:\n  *x*",
        "<https://e.example|page> &amp;lt; <https://e.example>": "page &lt; https://e.example",
        f"hi <@{zoe.address}>, <!here>": "hi @Zoe, @here",
        "*\u200bno* 2*\u200b": "*no* 2*",
    }
    for text in texts:
        await api.post(channel, text)
        sim.advance(timedelta(seconds=1))

    assert [one.text for one in zoe.heard()] == list(texts.values())


async def test_the_official_client_works_with_it(served: tuple[SlackSimulator, str]) -> None:
    sim, base_url = served
    zoe = sim.phone("Zoe")
    client = AsyncWebClient(sim.settings()["bot_token"], f"{base_url}/api/", retry_handlers=[])

    who = await client.auth_test()
    opened = await client.conversations_open(users=zoe.address)
    posted = await client.chat_postMessage(channel=opened["channel"]["id"], text="hello")
    await client.reactions_add(channel=posted["channel"], timestamp=posted["ts"], name="eyes")
    listed = await client.conversations_history(channel=posted["channel"])
    with pytest.raises(SlackApiError, match="channel_not_found"):
        await client.chat_postMessage(channel="C0NOWHERE", text="hello")
    await sim.settle()

    assert who["bot_id"] == sim.installation.bot_id
    assert [one["reactions"][0]["name"] for one in listed["messages"]] == ["eyes"]
    assert [one.text for one in zoe.heard()] == ["hello"]
