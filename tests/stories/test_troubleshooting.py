"""Every case of the guide's troubleshooting section: the product itself names the cause and the fix."""

from __future__ import annotations

import pytest

from tests.world import PUBLIC, Found, World


async def test_public_chat_url_is_not_set(found: Found) -> None:
    world = await found(public_chat_url=None, connected=False)

    answer = (await world.connect()).json()

    assert answer["webhook_url"] is None
    assert "public_chat_url is not set" in answer["warning"]
    assert "Settings → Public Chat URL" in answer["warning"]

    await world.api("PUT", "/api/settings/public_chat_url", {"value": PUBLIC})
    assert (await world.binding())["webhook_url"].startswith(f"{PUBLIC}/api/whatsapp/webhook/")
    assert (await world.binding())["warning"] is None


async def test_the_webhook_returns_404(world: World) -> None:
    fix = (await world.check("inbound"))["fix"]

    assert "404" in fix
    assert "Cloudflare Tunnel" in fix
    assert f"curl -X POST {PUBLIC}/api/whatsapp/webhook/test" in fix
    assert (await world.http.post(f"{PUBLIC}/api/whatsapp/webhook/test")).status_code == 200


async def test_the_signature_does_not_match(world: World) -> None:
    url = await world.webhook()

    await world.posts(url, world.inbound(), signed_for=url.replace("https://", "http://"))

    check = await world.check("signature")
    assert "its scheme is http, not https" in check["message"]
    assert "letter by letter" in check["fix"]
    assert "console" not in check["message"]  # what to do is said once
    assert check["message"] in (await world.binding())["warning"]


async def test_sandbox_messages_do_not_arrive(found: Found) -> None:
    world = await found(connected=False)
    await world.connect(**world.twilio.settings(sandbox=True))

    fix = (await world.check("inbound"))["fix"]

    assert "join <keyword>" in fix
    assert "HTTP POST" in fix
    assert "Try WhatsApp → Sandbox settings" in fix
    assert "Copy the credentials" not in fix  # only what is still to do: the account is connected


async def test_a_mailer_is_only_missed_where_somebody_has_to_sign_in(found: Found) -> None:
    world = await found(mailer=False)
    await world.person("Zoe").says("hello")
    assert (await world.check("mail"))["state"] == "warning"

    await world.policy("open")

    assert (await world.binding())["health"]["state"] == "ok"


async def test_the_credentials_are_rejected_when_connecting(world: World) -> None:
    answer = await world.connect(auth_token="0" * 32)

    assert (answer.status_code, answer.json()["field"]) == (400, "auth_token")
    assert "Authenticate" in answer.json()["message"]
    assert "copy the Auth Token again" in answer.json()["message"]
    assert "regenerate" in answer.json()["message"]


async def test_the_credentials_were_regenerated_later(world: World) -> None:
    world.twilio.account.token = "feedface" + "9" * 24

    answer = await world.api("POST", "/api/agents/support/whatsapp/test", {})

    assert (answer.status_code, answer.json()["ok"], answer.json()["field"]) == (200, False, "auth_token")
    assert "copy the Auth Token again" in answer.json()["message"]


async def test_the_webhook_points_elsewhere(world: World) -> None:
    world.twilio.connect("https://elsewhere.example.org/hook")

    answer = (await world.api("POST", "/api/agents/support/whatsapp/test", {})).json()

    assert answer["ok"] is False
    assert "another host, elsewhere.example.org" in answer["message"]
    assert await world.webhook() in answer["message"]


async def test_a_message_outside_the_window_is_explained(world: World) -> None:
    """The host thinks the window is open, WhatsApp does not: 63016 comes later, by receipt."""
    zoe = world.person("Zoe")
    await world.shares("zoe@example.org", proactive=True)
    await zoe.verifies("zoe@example.org")
    zoe.phone.last_wrote.clear()
    body = {"recipient_email": "zoe@example.org", "text": "news", "channel": "whatsapp"}
    sent = (await world.api("POST", "/api/agents/support/messages", body)).json()
    await world.settle()

    status = (await world.api("GET", f"/api/agents/support/messages/{sent['message_id']}")).json()

    assert (status["status"], status["error_code"]) == ("failed", "63016")
    assert "More than 24 hours have passed" in status["error"]


async def test_a_message_for_another_number(town: World, caplog: pytest.LogCaptureFixture) -> None:
    url = await town.webhook()

    for number in range(3):
        other = town.inbound("hello", f"SM{number:032x}") | {"To": "whatsapp:+16285550177"}
        assert (await town.posts(url, other)).status_code == 200

    check = await town.check("other_number")
    assert (check["state"], (await town.binding())["health"]["state"]) == ("warning", "attention")
    assert "***0177" in check["message"]
    assert "WhatsApp From Number" in check["message"]
    assert "2026-03-02 09:00 UTC" in check["message"]
    assert caplog.text.count("message ignored") == 1
    assert "+16285550177" not in caplog.text
    assert 'outcome="misdirected"} 3.0' in town.host.metrics.render().decode()


async def test_a_message_for_another_number_is_forgotten_after_a_day_or_with_a_change(town: World) -> None:
    other = town.inbound() | {"To": "whatsapp:+16285550177"}
    await town.posts(await town.webhook(), other)
    await town.later(hours=25)
    after_a_day = (await town.binding())["health"]["checks"]
    await town.posts(await town.webhook(), other | {"MessageSid": "SM" + "1" * 32})
    before = (await town.binding())["health"]["checks"]

    await town.connect()

    after = (await town.binding())["health"]["checks"]
    assert ["other_number" in {one["code"] for one in seen} for seen in (after_a_day, before, after)] == [
        False,
        True,
        False,
    ]
