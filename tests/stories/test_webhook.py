"""The webhook edge, as Twilio and strangers meet it, and what the owner learns of it."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable

import httpx
import pytest

from tests.world import PUBLIC, Agent, Found, World, said
from trinity_channels.store import StoreError, Tx

TWIML = b'<?xml version="1.0" encoding="UTF-8"?><Response/>'


@pytest.mark.parametrize("method", ["POST", "GET"])
@pytest.mark.parametrize("key", ["test", "test/", "unknown-key", "%00", "a" * 500])
@pytest.mark.alone("the platform answers unknown keys of its own channels")
async def test_an_unknown_key_is_acknowledged_with_nothing(world: World, method: str, key: str) -> None:
    answer = await world.http.request(method, f"{PUBLIC}/api/whatsapp/webhook/{key}")

    assert (answer.status_code, answer.content, answer.headers["content-type"].split(";")[0]) == (
        200,
        TWIML,
        "text/xml",
    )


async def test_a_signed_message_is_acknowledged_with_empty_twiml(town: World, agent: Agent) -> None:
    answer = await town.posts(await town.webhook(), town.inbound("hello"))

    assert (answer.status_code, answer.content) == (200, TWIML)
    assert [said(turn) for turn in agent.turns] == ["hello"]


async def test_a_message_that_comes_three_times_is_answered_once(town: World, agent: Agent) -> None:
    url = await town.webhook()

    answers = [(await town.posts(url, town.inbound("hello"))).status_code for _ in range(3)]

    assert (answers, len(agent.turns)) == ([200, 200, 200], 1)


async def test_messages_that_come_out_of_order_are_all_answered(town: World, agent: Agent) -> None:
    zoe = town.person("Zoe")
    town.twilio.hold_webhooks()
    for text in ("one", "two", "three"):
        await zoe.phone.says(text)
    await town.twilio.release_webhooks(backwards=True)
    await town.settle()

    assert sorted(text for turn in agent.turns for text in said(turn).split()) == ["one", "three", "two"]


async def tampered(town: World, url: str) -> httpx.Response:
    signature = {"X-Twilio-Signature": "c2lnbmF0dXJl"}
    return await town.http.post(url, data=town.inbound(), headers=signature)


async def unsigned(town: World, url: str) -> httpx.Response:
    return await town.http.post(url, data=town.inbound())


async def with_another_token(town: World, url: str) -> httpx.Response:
    return await town.posts(url, town.inbound(), token="0" * 32)


async def for_another_account(town: World, url: str) -> httpx.Response:
    return await town.posts(url, {**town.inbound(), "AccountSid": "AC" + "f" * 32})


async def as_json(town: World, url: str) -> httpx.Response:
    return await town.http.post(url, json=town.inbound())


@pytest.mark.parametrize("post", [tampered, unsigned, with_another_token, for_another_account, as_json])
async def test_what_twilio_did_not_sign_is_refused(
    town: World, agent: Agent, post: Callable[[World, str], Awaitable[httpx.Response]]
) -> None:
    answer = await post(town, await town.webhook())

    assert answer.status_code == 403
    assert answer.json()["code"] == "invalid_signature"
    assert agent.turns == []
    assert (await town.check("signature"))["state"] == "failed"


@pytest.mark.parametrize(
    ("ours", "theirs", "host", "told"),
    [
        ("https:", "http:", "chat.example.org", "its scheme is http, not https"),
        ("/webhook", "//webhook", "chat.example.org", "No known address"),
        ("chat.example.org", "other.example.org", "other.example.org", "its host is other.example.org, not"),
        ("chat.example.org", "chat.example.org:8443", "chat.example.org:8443", "its host is chat.example.org:8443"),
        ("https://chat", "http://other", "other.example.org", "its scheme is http, not https, its host is other"),
    ],
)
async def test_the_owner_learns_which_address_was_signed(
    town: World, ours: str, theirs: str, host: str, told: str
) -> None:
    url = await town.webhook()

    answer = await town.posts(url, town.inbound(), signed_for=url.replace(ours, theirs), Host=host)

    assert answer.status_code == 403
    check = await town.check("signature")
    assert told in check["message"]
    assert "public_chat_url" in check["fix"]


@pytest.mark.parametrize(
    ("arrives", "signed", "told"),
    [
        ("", "/", "its path ends with a slash"),
        ("/", "/", "its path ends with a slash"),
        ("?added=1", "", "it has no query"),
    ],
)
async def test_a_slash_or_a_query_too_many_is_named(town: World, arrives: str, signed: str, told: str) -> None:
    url = await town.webhook()

    answer = await town.posts(url + arrives, town.inbound(), signed_for=url + signed)

    assert answer.status_code == 403
    assert told in (await town.check("signature"))["message"]


async def test_a_prefix_that_a_proxy_takes_off_is_named(town: World) -> None:
    url = await town.webhook()
    await town.api("PUT", "/api/settings/public_chat_url", {"value": f"{PUBLIC}/trinity"})

    answer = await town.posts(url, town.inbound())

    assert answer.status_code == 403
    assert "its path differs" in (await town.check("signature"))["message"]


async def test_a_wrong_token_is_told_from_a_wrong_address(town: World) -> None:
    await with_another_token(town, await town.webhook())

    assert "the secret is probably not the one" in (await town.check("signature"))["message"]
    assert (await town.binding())["health"]["state"] == "attention"


async def test_a_later_good_message_settles_the_alarm(town: World) -> None:
    await unsigned(town, await town.webhook())
    await town.later(minutes=1)

    await town.person("Zoe").says("hello")

    assert (await town.check("signature"))["state"] == "ok"
    assert (await town.binding())["health"]["state"] == "ok"


async def test_headers_of_a_proxy_cannot_make_a_forgery_valid(town: World, agent: Agent) -> None:
    """A sender with the token is Twilio, but for another address: what the request claims about itself does not count."""
    url = await town.webhook()
    signed = url.replace("https://chat.example.org", "http://evil.example.org")
    claims = {"X-Forwarded-Proto": "http", "X-Forwarded-Host": "evil.example.org", "Host": "evil.example.org"}

    answer = await town.posts(url, town.inbound(), signed_for=signed, **claims)

    assert (answer.status_code, agent.turns) == (403, [])


async def test_both_tokens_are_valid_while_one_is_rotated(town: World, agent: Agent) -> None:
    old, new = town.twilio.account.token, "feedface" + "9" * 24
    await town.connect(auth_token_secondary=new)
    url = await town.webhook()

    answers = [
        (await town.posts(url, town.inbound("old", "SM" + "1" * 32), token=old)).status_code,
        (await town.posts(url, town.inbound("new", "SM" + "2" * 32), token=new)).status_code,
    ]

    assert answers == [200, 200]
    assert [said(turn) for turn in agent.turns] == ["old", "new"]


async def test_the_old_token_dies_with_the_rotation(town: World) -> None:
    account = town.twilio.account
    old, account.token = account.token, "feedface" + "9" * 24
    await town.connect()

    assert (await town.posts(await town.webhook(), town.inbound(), token=old)).status_code == 403
    assert (await town.posts(await town.webhook(), town.inbound())).status_code == 200


@pytest.mark.parametrize("declared", [True, False])
async def test_a_body_beyond_the_cap_is_cut_off(town: World, declared: bool) -> None:
    async def flood() -> object:
        for _ in range(20):
            yield b"a" * 100_000

    body: object = b"a" * 2_000_000 if declared else flood()
    answer = await town.http.post(await town.webhook(), content=body)  # type: ignore[arg-type]  # either kind

    assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")


@pytest.mark.parametrize("broken_part", ["read", "write"])
@pytest.mark.parametrize(
    "error",
    [
        StoreError("closed"),
        pytest.param(sqlite3.OperationalError("disk I/O error"), marks=pytest.mark.sqlite("its driver raised it")),
    ],
)
async def test_what_cannot_be_stored_is_not_acknowledged(
    town: World, agent: Agent, monkeypatch: pytest.MonkeyPatch, broken_part: str, error: Exception
) -> None:
    async def fails(*_: object) -> None:
        raise error

    url = await town.webhook()
    town.host.bindings.forget()
    with monkeypatch.context() as broken:
        broken.setattr(town.host.store, broken_part, fails)
        refused = await town.posts(url, town.inbound("hello"))
    assert (refused.status_code, refused.json()["code"], agent.turns) == (503, "store_unavailable", [])
    assert refused.json()["detail"] == refused.json()["message"]

    taken = await town.posts(url, town.inbound("hello"))

    assert taken.status_code == 200
    assert [said(turn) for turn in agent.turns] == ["hello"]


async def test_without_a_public_address_nothing_is_believed_and_the_owner_knows_why(found: Found) -> None:
    world = await found(public_chat_url=None, connected=False)
    await world.connect()
    assert (await world.binding())["webhook_url"] is None
    await world.api("PUT", "/api/settings/public_chat_url", {"value": PUBLIC})
    url = await world.webhook()
    await world.api("PUT", "/api/settings/public_chat_url", {"value": ""})

    answer = await world.posts(url, world.inbound())

    assert answer.status_code == 403
    assert "public_chat_url is not set" in (await world.check("signature"))["message"]
    assert (await world.check("public_chat_url"))["state"] == "failed"


async def test_a_webhook_that_is_no_message_is_ignored(town: World, agent: Agent) -> None:
    other = {**town.inbound(), "To": "whatsapp:+16285550177"}

    answer = await town.posts(await town.webhook(), other)

    assert (answer.status_code, agent.turns) == (200, [])


async def test_a_signed_message_that_twilio_cannot_have_sent_is_malformed(town: World) -> None:
    answer = await town.posts(await town.webhook(), {**town.inbound(), "From": "nobody"})

    assert (answer.status_code, answer.json()["code"]) == (400, "malformed_payload")


async def test_receipts_of_nothing_we_sent_are_taken_calmly(town: World) -> None:
    form = {"AccountSid": town.twilio.account.sid, "MessageSid": "SM" + "7" * 32, "MessageStatus": "delivered"}
    url = await town.webhook()

    answers = [
        (await town.posts(f"{url}{query}", form)).status_code
        for query in ("", "?delivery=1", "?delivery=999999999999999999999", "?delivery=x", "?delivery=")
    ]

    assert answers == [200] * 5


async def test_a_webhook_on_its_way_does_not_keep_an_address_alive_that_is_replaced(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await world.stops()
    await world.starts()  # no binding is in memory after it
    old, read, seen, go_on = await world.webhook(), world.host.store.read, asyncio.Event(), asyncio.Event()

    async def slow(unit: Callable[[Tx], object]) -> object:
        monkeypatch.undo()
        found = await read(unit)
        seen.set()
        await go_on.wait()
        return found

    monkeypatch.setattr(world.host.store, "read", slow)
    on_its_way = asyncio.create_task(world.posts(old, world.inbound("one")))
    await seen.wait()
    new = (await world.api("POST", "/api/agents/support/whatsapp/rotate-webhook")).json()["webhook_url"]
    await world.posts(new, world.inbound("two", sid="SM" + "1" * 32))
    go_on.set()
    await on_its_way

    answer = await world.posts(old, world.inbound("three", sid="SM" + "2" * 32))

    clients = (await world.api("GET", "/api/agents/support/clients")).json()
    assert answer.status_code == 410
    assert [one["message_count"] for one in clients] == [2]
