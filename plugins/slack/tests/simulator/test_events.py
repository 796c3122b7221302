from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING

import httpx
import pytest
from slack_sdk.signature import Clock, SignatureVerifier

from trinity_channels_slack.simulator import RequestUrlRefused, SlackSimulator

if TYPE_CHECKING:
    from conftest import Api, Host

DOWN = httpx.ConnectError("down")
BUSY = httpx.Response(503)


class Still(Clock):
    def now(self) -> float:
        return 1767225600


async def test_slacks_own_verifier_accepts_the_signature(sim: SlackSimulator, host: Host) -> None:
    await sim.phone("Zoë").says("héllo 👍 & <you>")

    [request] = host.requests
    verifier = SignatureVerifier(sim.settings()["signing_secret"], clock=Still())

    assert verifier.is_valid_request(request.content, request.headers)
    assert host.events[0]["text"] == "héllo 👍 &amp; &lt;you&gt;"
    assert (host.events[0]["channel_type"], host.events[0]["user"]) == ("im", sim.phone("Zoë").address)


async def test_a_mention_in_a_channel_is_two_events_under_two_ids(sim: SlackSimulator, host: Host) -> None:
    await sim.phone("Zoe").mentions("status?")

    first, second = host.events
    ids = {json.loads(one.content)["event_id"] for one in host.requests}

    assert (first["type"], second["type"]) == ("app_mention", "message")
    assert (first["channel"], first["ts"]) == (second["channel"], second["ts"])
    assert "channel_type" not in first
    assert len(ids) == 2


async def test_without_its_scope_or_an_invitation_an_app_is_told_nothing(sim: SlackSimulator, host: Host) -> None:
    zoe = sim.phone("Zoe")
    sim.channel("secret", joined=False)
    await zoe.mentions("anybody?", channel="secret")
    sim.installation.scopes.remove("channels:history")
    await zoe.posts("a remark")
    await zoe.mentions("status?")

    assert [one["type"] for one in host.events] == ["app_mention"]


async def test_an_app_hears_its_own_voice(sim: SlackSimulator, api: Api, host: Host) -> None:
    await api.post(
        await api.direct(sim.phone("Zoe").address), metadata={"event_type": "x", "event_payload": {"id": "1"}}
    )
    await sim.settle()

    [echo] = host.events

    assert "subtype" not in echo
    assert (echo["bot_id"], echo["app_id"]) == (sim.installation.bot_id, sim.installation.id)
    assert echo["metadata"] == {"event_type": "x", "event_payload": {"id": "1"}}


@pytest.mark.parametrize(
    ("answers", "after", "retries"),
    [
        ([DOWN], timedelta(0), [None, "1"]),
        ([httpx.ReadTimeout("late")], timedelta(0), [None, "1"]),
        ([BUSY] * 9, timedelta(0), [None, "1"]),
        ([BUSY] * 9, timedelta(seconds=59), [None, "1"]),
        ([BUSY] * 9, timedelta(minutes=1), [None, "1", "2"]),
        ([BUSY] * 9, timedelta(minutes=5), [None, "1", "2", "3"]),
        ([httpx.Response(403, headers={"x-slack-no-retry": "1"})], timedelta(hours=1), [None]),
    ],
)
async def test_retries_come_at_once_after_a_minute_and_after_five(
    sim: SlackSimulator,
    host: Host,
    answers: list[httpx.Response | Exception],
    after: timedelta,
    retries: list[str | None],
) -> None:
    host.answers.extend(answers)
    await sim.phone("Zoe").says("hello")
    sim.advance(after)
    await sim.settle()

    assert host.retries == retries
    assert len({one.content for one in host.requests}) == 1


async def test_after_the_last_retry_an_event_is_lost(sim: SlackSimulator, host: Host) -> None:
    host.answers.extend([BUSY] * 9)
    await sim.phone("Zoe").says("hello")
    sim.advance(timedelta(days=2))
    await sim.settle()

    assert host.retries == [None, "1", "2", "3"]
    assert {one.headers["x-slack-retry-reason"] for one in host.requests[1:]} == {"http_error"}


async def test_delayed_events_come_every_hour_for_a_day(sim: SlackSimulator, host: Host) -> None:
    sim.behaviour.delayed_events = True
    host.answers.extend([DOWN] * 10)
    await sim.phone("Zoe").says("hello")
    sim.advance(timedelta(days=2))
    await sim.settle()

    assert len(host.requests) == 11
    assert sim.webhook_calls[-1].status == 200


async def test_a_moved_clock_makes_no_signature_stale(sim: SlackSimulator, host: Host) -> None:
    await sim.phone("Zoe").says("now")
    sim.advance(timedelta(days=1))
    await sim.phone("Zoe").says("tomorrow")

    now, tomorrow = host.events

    assert {one.headers["x-slack-request-timestamp"] for one in host.requests} == {"1767225600"}
    assert float(tomorrow["ts"]) - float(now["ts"]) > 86_000


@pytest.mark.parametrize("answer", [httpx.Response(403), httpx.Response(200, text="OK"), DOWN])
async def test_a_url_that_fails_the_handshake_is_refused_loudly(
    make_sim: Callable[[str], SlackSimulator], host: Host, answer: httpx.Response | Exception
) -> None:
    host.handshake = answer
    sim = make_sim("http://slack.test")

    with pytest.raises(RequestUrlRefused, match="challenge"):
        await sim.phone("Zoe").says("hello")
    assert host.requests == []


async def test_an_edit_and_a_file_come_as_slack_sends_them(sim: SlackSimulator, host: Host) -> None:
    zoe = sim.phone("Zoe")
    await zoe.edits(await zoe.mentions("staus?"), "status?")
    await zoe.sends_file("a.png", "image/png")

    edit, upload = host.events[2:]

    assert (edit["subtype"], edit["hidden"], edit["message"]["text"]) == ("message_changed", True, "status?")
    assert (upload["subtype"], upload["files"][0]["name"]) == ("file_share", "a.png")


async def test_strangers_come_through_a_shared_channel(sim: SlackSimulator, host: Host) -> None:
    await sim.phone("Sam", stranger=True).mentions("hello")

    body = json.loads(host.requests[0].content)

    assert body["is_ext_shared_channel"]
    assert body["event"]["user_team"] != body["team_id"]


async def test_an_app_that_was_removed_is_told_and_then_nothing_more(sim: SlackSimulator, api: Api, host: Host) -> None:
    await sim.uninstall()
    await sim.phone("Zoe").says("hello?")

    assert [one["type"] for one in host.events] == ["tokens_revoked", "app_uninstalled"]
    assert (await api.form("auth.test"))["error"] == "account_inactive"


async def test_nothing_to_repeat_before_somebody_writes(sim: SlackSimulator) -> None:
    with pytest.raises(LookupError):
        await sim.repeat_last_webhook()


def test_people_are_the_same_for_the_same_name_and_share_nothing(sim: SlackSimulator) -> None:
    zoe, other = sim.phone("Zoe"), sim.phone("Zoë")

    assert sim.phone("Zoe") is zoe
    assert zoe.address != other.address
    assert zoe.user.email != other.user.email
    with pytest.raises(ValueError, match="belongs to Zoe"):
        sim.phone("Imposter", zoe.address)


@pytest.mark.parametrize(
    ("typed", "text", "elements"),
    [
        ("2 < 3 & *x*", "2 &lt; 3 &amp; *x*", [{"type": "text", "text": "2 < 3 & *x*"}]),
        (
            "!login zoe@example.org",
            "!login <mailto:zoe@example.org|zoe@example.org>",
            [
                {"type": "text", "text": "!login "},
                {"type": "link", "url": "mailto:zoe@example.org", "text": "zoe@example.org"},
            ],
        ),
        (
            "see https://example.org/?a&b.",
            "see <https://example.org/?a&amp;b>.",
            [
                {"type": "text", "text": "see "},
                {"type": "link", "url": "https://example.org/?a&b"},
                {"type": "text", "text": "."},
            ],
        ),
        (
            "example.org",
            "<http://example.org|example.org>",
            [{"type": "link", "url": "http://example.org", "text": "example.org"}],
        ),
    ],
)
async def test_what_a_person_types_stands_in_text_and_in_blocks(
    sim: SlackSimulator, host: Host, typed: str, text: str, elements: list[dict[str, str]]
) -> None:
    await sim.phone("Zoe").says(typed)

    [event] = host.events
    [block] = event["blocks"]

    assert event["text"] == text
    assert (block["type"], block["elements"][0]["elements"]) == ("rich_text", elements)


async def test_a_mention_is_an_element_of_the_blocks(sim: SlackSimulator, host: Host) -> None:
    await sim.phone("Zoe").mentions("status?")

    user = {"type": "user", "user_id": sim.installation.user_id}
    assert host.events[0]["text"] == f"<@{sim.installation.user_id}> status?"
    assert host.events[0]["blocks"][0]["elements"][0]["elements"] == [user, {"type": "text", "text": " status?"}]


async def test_forwards_and_tables_stand_beside_an_empty_text(sim: SlackSimulator, host: Host) -> None:
    zoe = sim.phone("Zoe")
    original = await sim.phone("Sam").posts("the lamp is broken")
    await zoe.forwards(original)
    await zoe.pastes_table([["Item", "Units"], ["Lamp", 3]])

    forward, table = host.events[-2:]

    assert (forward["text"], table["text"]) == ("", "")
    [shared] = forward["attachments"]
    assert (shared["is_share"], shared["author_name"], shared["text"]) == (True, "Sam", "the lamp is broken")
    assert table["attachments"][0]["blocks"][0]["rows"][1][1] == {"type": "raw_number", "value": 3}


async def test_a_file_has_the_fields_of_a_real_one(sim: SlackSimulator, host: Host) -> None:
    await sim.phone("Zoe").sends_file("a.png", "image/png")

    [file] = host.events[0]["files"]

    assert len(file) >= 45
    assert (file["file_access"], file["mode"], file["filetype"]) == ("visible", "hosted", "png")


async def test_a_reply_names_whom_it_answers_and_a_broadcast_brings_the_root(sim: SlackSimulator, host: Host) -> None:
    zoe = sim.phone("Zoe")
    root = await sim.phone("Sam").posts("the lamp is broken")
    await zoe.posts("really?", thread=root)
    await zoe.posts("everybody?", thread=root, broadcast=True)

    reply, broadcast = host.events[-2:]

    assert (reply["parent_user_id"], "root" in reply) == (root.user, False)
    assert (broadcast["subtype"], broadcast["root"]["text"]) == ("thread_broadcast", "the lamp is broken")


@pytest.mark.parametrize("user", ["USLACK", "USLACKBOT"])
async def test_slack_posts_in_direct_chats_as_if_it_were_a_member(sim: SlackSimulator, host: Host, user: str) -> None:
    await sim.slack_says("a channel was archived", sim.phone("Zoe"), user=user)

    [event] = host.events

    assert (event["user"], event["channel_type"]) == (user, "im")
    assert not {"bot_id", "subtype", "client_msg_id"} & event.keys()
