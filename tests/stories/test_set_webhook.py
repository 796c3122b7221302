"""An owner has the webhook of a WhatsApp sender set at Twilio, instead of entering it in the console."""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest

from tests.pages.clients import OWN, client_of
from tests.world import PUBLIC, TWILIO, World
from trinity_channels.store import audit

AGENT = "/api/agents/support"
BINDING = f"{AGENT}/whatsapp"
PAGE = "/agents/support/channels/whatsapp"
ELSEWHERE = "https://elsewhere.example.org/hook/secret-key"
OVERRIDES = "#rc=2&rt=5000&rp=ct,rt,5xx"


class Senders(httpx.AsyncBaseTransport):
    """Stands before Twilio and answers for its senders: with `answers` one after another, then as Twilio does."""

    def __init__(self, twilio: httpx.AsyncBaseTransport, *answers: httpx.Response) -> None:
        self._twilio = twilio
        self._answers = deque(answers)
        self.changes = 0

    def recover(self) -> None:
        """Answer as Twilio does from now on."""
        self._answers.clear()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if request.url.path.startswith("/v2/Channels/Senders"):
            self.changes += request.method == "POST"
            if self._answers:
                return self._answers.popleft()
        return await self._twilio.handle_async_request(request)


def stands_before(world: World, *answers: httpx.Response) -> Senders:
    senders = world.network.at[TWILIO] = Senders(world.network.at[TWILIO], *answers)
    return senders


async def sets(world: World, **body: Any) -> httpx.Response:
    return await world.api("POST", f"{BINDING}/set-webhook", body)


async def test_a_sender_without_a_webhook_is_pointed_here_and_its_messages_arrive(world: World) -> None:
    world.twilio.connect("")

    answer = await sets(world)

    url = answer.json()["webhook_url"]
    assert answer.status_code == httpx.codes.OK
    webhook = world.twilio.sender.webhook
    assert (webhook.callback_url, webhook.status_callback_url) == (url + OVERRIDES, url)
    await world.policy("open")
    zoe = world.person("Zoe")
    await zoe.says("hello")
    assert zoe.heard()[-1] == "echo hello"
    assert (await world.api("POST", f"{BINDING}/test", {})).json()["ok"]
    entries = await world.host.store.read(lambda tx: audit.entries(tx, "support", action="set_webhook"))
    assert [entry.channel for entry in entries] == ["whatsapp"]


async def test_another_webhook_is_shown_and_replaced_only_when_that_is_asked_for(world: World) -> None:
    world.twilio.connect(ELSEWHERE)

    refused = await sets(world)

    assert (refused.status_code, refused.json()["code"]) == (httpx.codes.CONFLICT, "webhook_elsewhere")
    assert refused.json()["elsewhere"] == "elsewhere.example.org"
    assert "secret-key" not in refused.text
    assert world.twilio.sender.webhook.callback_url == ELSEWHERE

    replaced = await sets(world, replace=True)

    assert replaced.status_code == httpx.codes.OK
    assert world.twilio.sender.webhook.callback_url == await world.webhook() + OVERRIDES


async def test_an_address_with_other_overrides_is_ours(world: World) -> None:
    ours = f"{await world.webhook()}#rc=5&rp=all"
    world.twilio.connect(ours)

    assert (await sets(world)).status_code == httpx.codes.OK
    assert world.twilio.sender.webhook.callback_url == ours


@pytest.mark.parametrize("change", ["connecting again", "rotating", "another public address"])
async def test_nothing_is_replaced_without_being_asked_for(world: World, change: str) -> None:
    world.twilio.connect(ELSEWHERE)

    match change:
        case "connecting again":
            await world.api("PUT", BINDING, dict(world.twilio.settings()))
            async with client_of(world) as client:
                await client.post(PAGE, data=dict(world.twilio.settings()), headers=OWN)
        case "rotating":
            await world.api("POST", f"{BINDING}/rotate-webhook")
        case _:
            await world.api("PUT", "/api/settings/public_chat_url", {"value": "https://new.example.org"})

    assert world.twilio.sender.webhook.callback_url == ELSEWHERE


async def test_connecting_on_the_page_points_a_free_sender_here(world: World) -> None:
    world.twilio.connect("")

    async with client_of(world) as client:
        await client.post(PAGE, data=dict(world.twilio.settings()), headers=OWN)

    assert world.twilio.sender.webhook.callback_url == await world.webhook() + OVERRIDES


async def test_the_sandbox_is_left_to_the_console(world: World) -> None:
    await world.connect(**world.twilio.settings(sandbox=True))
    senders = stands_before(world)

    refused = await sets(world, replace=True)
    async with client_of(world) as client:
        shown = (await client.get(PAGE)).text

    assert (refused.status_code, refused.json()["code"]) == (httpx.codes.CONFLICT, "cannot_set_webhook")
    assert "The webhook of the sandbox of WhatsApp (Twilio) cannot be set from outside" in refused.json()["message"]
    assert "Set webhook at the provider" not in shown
    assert senders.changes == 0


async def test_a_registered_sender_has_the_button(world: World) -> None:
    async with client_of(world) as client:
        shown = (await client.get(PAGE)).text

    assert "Set webhook at the provider" in shown


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(403, json={"code": 20403, "message": "Forbidden"}),
        httpx.Response(404, json={"code": 20404, "message": "not found"}),
        httpx.Response(503, text="<html>Busy</html>"),
        httpx.Response(200, json={"senders": [7]}),
    ],
)
async def test_where_twilio_does_not_tell_where_the_sender_points_nothing_is_replaced(
    world: World, answer: httpx.Response
) -> None:
    world.twilio.connect(ELSEWHERE)
    senders = stands_before(world, answer)

    refused = await sets(world)

    assert (refused.status_code, refused.json()["code"]) == (httpx.codes.BAD_GATEWAY, "provider_unavailable")
    assert "Nothing was changed" in refused.json()["message"]
    assert (senders.changes, world.twilio.sender.webhook.callback_url) == (0, ELSEWHERE)


async def test_a_refused_address_is_told_and_stays_on_the_page(world: World) -> None:
    words = {"code": 20001, "message": "The URL must be public"}
    stands_before(world, httpx.Response(200, json=_senders(world)), httpx.Response(400, json=words))

    refused = await sets(world, replace=True)
    async with client_of(world) as client:
        shown = (await client.get(PAGE)).text

    assert refused.status_code == httpx.codes.BAD_REQUEST
    assert "The URL must be public" in refused.json()["message"]
    assert "The URL must be public" in shown


# --- after our address has changed ---


async def rotated(world: World) -> None:
    await world.api("POST", f"{BINDING}/rotate-webhook")


async def moved(world: World) -> None:
    await world.api("PUT", "/api/settings/public_chat_url", {"value": "https://new.example.org"})


async def shown_on_the_page(world: World) -> str:
    async with client_of(world) as client:
        return (await client.get(PAGE)).text


@pytest.mark.parametrize("change", [rotated, moved])
async def test_after_a_new_address_the_page_offers_to_set_it_at_the_provider(
    world: World, change: Callable[[World], Awaitable[None]]
) -> None:
    await world.later(minutes=1)
    await change(world)

    shown = await shown_on_the_page(world)

    assert "The sender&#39;s webhook points to another" in shown  # asked at once, and told
    assert "Set the webhook</button>" in shown
    assert "trinity-channels set-webhook support whatsapp" in str((await world.check("webhook_address"))["commands"])

    await world.later(minutes=1)
    async with client_of(world) as client:
        await client.post(f"{PAGE}/webhook", data={"replace": "on"}, headers=OWN)

    assert world.twilio.sender.webhook.callback_url == await world.webhook() + OVERRIDES
    assert (await world.check("webhook_address"))["state"] == "ok"
    assert "Set the webhook</button>" not in await shown_on_the_page(world)


@pytest.mark.parametrize("change", [rotated, moved])
async def test_it_is_offered_also_where_the_provider_cannot_be_asked(
    world: World, change: Callable[[World], Awaitable[None]]
) -> None:
    await world.later(minutes=1)
    stands_before(world, *(httpx.Response(503, text="busy") for _ in range(9)))

    await change(world)

    assert "Set the webhook</button>" in await shown_on_the_page(world)


async def test_a_new_address_in_the_settings_is_noticed_at_the_next_start(world: World) -> None:
    await world.later(minutes=1)
    await world.stops()
    world.settings = world.settings.model_copy(update={"public_chat_url": "https://new.example.org"})
    await world.starts()
    await world.stops()
    await world.starts()  # it stays to be done

    found = await world.check("webhook_address")

    assert (found["state"], found["actions"]) == ("unknown", ["set_webhook", "see_webhook"])
    assert "The public address was changed at 2026-03-02 09:01 UTC" in found["message"]
    assert "Set the webhook</button>" in await shown_on_the_page(world)


async def test_the_same_address_again_calls_for_nothing(world: World) -> None:
    await world.later(minutes=1)
    await world.api("PUT", "/api/settings/public_chat_url", {"value": f"{PUBLIC}/"})
    await world.api("PUT", "/api/settings/public_chat_url", {"value": ""})
    await world.api("PUT", "/api/settings/public_chat_url", {"value": PUBLIC})

    assert (await world.check("webhook_address"))["state"] == "ok"


async def test_an_address_that_is_put_back_before_it_was_used_calls_for_nothing(world: World) -> None:
    await world.later(minutes=1)
    for address in ("https://wrong.example.org", "", "https://worse.example.org"):
        await world.api("PUT", "/api/settings/public_chat_url", {"value": address})
        await world.later(minutes=1)
    waiting = await world.check("webhook_address")
    await world.api("PUT", "/api/settings/public_chat_url", {"value": PUBLIC})

    assert (waiting["state"], (await world.check("webhook_address"))["state"]) == ("unknown", "ok")


@pytest.mark.parametrize("then", ["a message", "connecting again"])
async def test_what_shows_that_the_provider_knows_the_new_address_clears_it(world: World, then: str) -> None:
    await world.later(minutes=1)
    await moved(world)
    await world.later(minutes=1)
    await world.connect()  # the new address may be in use from here on
    await world.later(minutes=1)
    await world.api("PUT", "/api/settings/public_chat_url", {"value": PUBLIC})  # where messages can arrive
    waiting = await world.check("webhook_address")
    await world.later(minutes=1)
    if then == "a message":
        world.twilio.connect(await world.webhook())
        await world.person("Zoe").says("hello")
    else:
        await world.connect()

    assert waiting["state"] == "unknown"
    assert (await world.check("webhook_address"))["state"] == "ok"


async def test_of_a_sandbox_the_page_says_where_to_enter_it(world: World) -> None:
    await world.connect(**world.twilio.settings(sandbox=True))
    await world.later(minutes=1)

    await moved(world)

    found = await world.check("webhook_address")
    assert (found["state"], found["actions"]) == ("unknown", ["see_webhook"])
    assert found["fix"].startswith("Enter the webhook URL shown here")
    assert "See the webhook URL</a>" in await shown_on_the_page(world)


def _senders(world: World) -> dict[str, Any]:
    sender = world.twilio.sender
    return {"senders": [{"sid": sender.sid, "sender_id": sender.address, "status": "ONLINE", "webhook": {}}]}
