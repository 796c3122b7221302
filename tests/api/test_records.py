"""What is left of what was done: an audit log that says who, and no secret anywhere."""

from __future__ import annotations

from tests.world import LOCAL, OWNER, World
from trinity_channels import texts
from trinity_channels.store import audit
from trinity_channels.web.auth import Role

PATH = "/api/agents/support/whatsapp"


async def test_no_secret_is_ever_answered_or_stored_in_clear(world: World) -> None:
    zoe = world.person("Zoe")
    await zoe.says("/login zoe@example.org")
    key = (await world.webhook()).rpartition("/")[2]
    secrets = [world.twilio.account.token, world.code("zoe@example.org"), "fake-admin-token-for-tests"]

    answers = [
        (await world.connect()).text,
        (await world.connect(auth_token="0" * 32)).text,
        (await world.connect(account_sid=world.twilio.account.token)).text,
        (await world.api("GET", PATH)).text,
        (await world.api("POST", f"{PATH}/test", {})).text,
        (await world.api("GET", "/api/channels")).text,
        (await world.http.get(f"{LOCAL}/openapi.json")).text,
    ]
    await world.stops()
    at_rest = b"".join(file.read_bytes() for file in world.folder.iterdir() if file.is_file())
    at_rest += world.everything().encode()

    assert [secret for secret in secrets if any(secret in answer for answer in answers)] == []
    assert [secret for secret in [*secrets, key] if secret.encode() in at_rest] == []
    assert b"zoe@example.org" in at_rest, "or this looked into the wrong files"


async def test_everything_is_on_record(world: World) -> None:
    owner = await world.token(Role.USER, OWNER)
    await world.api("PUT", PATH, dict(world.twilio.settings()), token=owner)
    await world.api("POST", f"{PATH}/rotate-webhook", token=owner)
    await world.api("POST", f"{PATH}/test", {"to_number": "whatsapp:+15551234567"}, token=owner)
    await world.api("POST", "/api/agents/support/share", {"email": "zoe@example.org"}, token=owner)
    await world.api("DELETE", PATH, token=owner)

    entries = await world.host.store.read(lambda tx: audit.entries(tx, "support"))

    done = [entry.action for entry in reversed(entries) if entry.actor == f"user:{OWNER}"]
    assert done == ["connect", "rotate_webhook", "test_send", "share", "disconnect"]
    assert "+1555" not in str(entries)


async def test_signing_in_is_on_record(world: World) -> None:
    zoe = world.person("Zoe")
    await zoe.verifies("zoe@example.org")
    await zoe.says("/logout")

    entries = await world.host.store.read(lambda tx: audit.entries(tx, "support"))

    assert {"login", "logout"} <= {entry.action for entry in entries}
    assert zoe.last() == texts.LOGGED_OUT
