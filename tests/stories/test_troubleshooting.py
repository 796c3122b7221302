"""Every case of the guide's troubleshooting section: the product itself names the cause and the fix."""

from __future__ import annotations

from tests.world import PUBLIC, Found, World


async def test_public_chat_url_is_not_set(found: Found) -> None:
    world = await found(public_chat_url=None, connected=False)

    answer = (await world.connect()).json()

    assert answer["webhook_url"] is None
    assert "public_chat_url is not set" in answer["warning"]
    assert "Settings → Public Chat URL (PUT /api/settings/public_chat_url)" in answer["warning"]

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
    assert "re-copy the Auth Token" in answer.json()["message"]
    assert "regenerate" in answer.json()["message"]


async def test_the_credentials_were_regenerated_later(world: World) -> None:
    world.twilio.account.token = "feedface" + "9" * 24

    answer = await world.api("POST", "/api/agents/support/whatsapp/test", {})

    assert (answer.status_code, answer.json()["ok"], answer.json()["field"]) == (200, False, "auth_token")
    assert "re-copy the Auth Token" in answer.json()["message"]


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
