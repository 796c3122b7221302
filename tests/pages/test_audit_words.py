"""What the audit log says in words: on pages, by the API and on the command line."""

from __future__ import annotations

import httpx
import pytest

from tests.pages.clients import OWN, client_of
from tests.pages.reading import conversation, unanswered
from tests.world import OWNER, START, Agent, Found, World
from trinity_channels.store import Tx, audit
from trinity_channels.store.audit import Actor
from trinity_channels.web.auth import Role

ZOE = "Zoe (zoe@example.org)"
PATH = "/api/agents/support"
DECLINED = "declined the access request of an erased person"
WAITED = "that had waited for a decision for 30 days"
AGAIN = "sent everything again that failed: 2 messages"
RELOADED = "took over the agents of the settings file"
LIMITS = "keep the texts of messages: 7 days, an answer is late after: as configured"


async def sentences(world: World, path: str = f"{PATH}/audit") -> list[str]:
    """The log, newest first."""
    answer = await world.api("GET", path)
    return [f"{one['who']} {one['what']}" for one in answer.json()]


async def recorded(world: World, action_: audit.Action, actor_: str = "admin", **details: object) -> str:
    """An entry of the given details, in words."""

    def unit(tx: Tx) -> None:
        audit.add(tx, START, Actor(actor_), action_, agent="support", channel="whatsapp", details=details)

    await world.host.store.write(unit)
    return (await sentences(world))[0]


async def test_people_are_named_as_they_are_called_now(world: World) -> None:
    zoe = world.person("Zoe")
    await zoe.verifies("zoe@example.org")
    await zoe.says("may I?")
    await world.decides("zoe@example.org")
    await world.api("GET", f"{PATH}/conversations/{await conversation(world, 'Zoe')}")
    await world.blocks(zoe)
    await world.blocks(zoe, blocked=False)
    client = await world.client(zoe)
    await world.api("GET", f"{PATH}/clients/{client['id']}/export")

    assert (await sentences(world))[:6] == [
        f"Administrator exported what is kept of {ZOE}",
        f"Administrator unblocked {ZOE}",
        f"Administrator blocked {ZOE}",
        f"Administrator read the conversation with {ZOE}",
        "Administrator read the list of conversations",
        "Administrator approved the access request of zoe@example.org",
    ]
    assert f"{ZOE} verified an e-mail" in await sentences(world)


async def test_without_an_e_mail_the_masked_address_tells_people_apart(world: World) -> None:
    zoe = world.person("Administrator")  # what people call themselves is not to be believed
    await zoe.says("hello")
    await world.blocks(zoe)

    (blocked, *_) = await sentences(world)

    assert blocked.startswith("Administrator blocked Administrator (+12")
    assert "•••" in blocked
    assert zoe.phone.address.rpartition(":")[2] not in blocked


async def test_an_erased_person_is_named_nowhere(world: World) -> None:
    zoe = world.person("Zoe")
    await zoe.verifies("zoe@example.org")
    await zoe.says("may I?")
    await world.decides("zoe@example.org")
    await world.api("PUT", f"{PATH}/shares/proactive", {"email": "zoe@example.org", "allow_proactive": True})
    await world.api("DELETE", f"{PATH}/share/zoe@example.org")
    await world.api("POST", f"{PATH}/share", {"email": "zoe@example.org"})
    await world.shares("yan@example.org")
    client = await world.client(zoe)
    await world.api("DELETE", f"{PATH}/clients/{client['id']}")

    told = await sentences(world)

    assert told[0] == "Administrator erased a person"
    assert "Administrator gave yan@example.org access" in told
    assert "Administrator gave an erased person access" in told
    assert "Administrator allowed the agent to write first to an erased person" in told
    assert "Administrator took the access of an erased person away" in told
    assert "Administrator approved the access request of an erased person" in told
    assert "An erased person verified an e-mail" in told
    entries = await world.host.store.read(lambda tx: audit.entries(tx, "support"))
    assert "zoe@example.org" not in str(entries)


async def test_the_same_e_mail_with_another_agent_stays_on_record(world: World) -> None:
    zoe = world.person("Zoe")
    await zoe.verifies("zoe@example.org")
    await world.api("POST", "/api/agents/sales/share", {"email": "zoe@example.org"})
    client = await world.client(zoe)
    await world.api("DELETE", f"{PATH}/clients/{client['id']}")

    # They are another person there, who was not erased.
    assert await sentences(world, "/api/agents/sales/audit") == ["Administrator gave zoe@example.org access"]


async def test_what_was_granted_is_in_a_persons_export(world: World) -> None:
    zoe = world.person("Zoe")
    await zoe.verifies("zoe@example.org")
    await world.shares("zoe@example.org")
    client = await world.client(zoe)

    kept = (await world.api("GET", f"{PATH}/clients/{client['id']}/export")).json()

    assert "share" in [one["action"] for one in kept["audit"]]


async def test_questions_and_messages_are_told_with_whom_they_are_of(found: Found, agent: Agent) -> None:
    world = await found(agents=agent)
    await world.policy("open")
    await unanswered(world, agent)
    (turn,) = await world.failed()
    await world.api("POST", f"{PATH}/failed-turns/{turn.id}/resubmit")

    assert (await sentences(world))[0].startswith("Administrator had a question of Zoe (+12")


async def test_the_settings_of_an_agent_are_told_in_words(world: World) -> None:
    owner = await world.token(Role.USER, OWNER)
    for method, path, body in (
        ("PUT", "/access-policy", {"policy": "require_email", "group_policy": "off"}),
        ("PUT", "/retention", {"keep_bodies_days": 7}),
        ("PUT", "/retention", {"keep_bodies_days": None}),
        ("PUT", "/escalation-contact", {"contact": "help@example.org"}),
        ("PUT", "/disclosure", {"enabled": False, "reason": "told on our page"}),
        ("POST", "/whatsapp/rotate-webhook", None),
        ("DELETE", "/whatsapp", None),
    ):
        answer = await world.api(method, f"{PATH}{path}", body, token=owner)
        assert answer.is_success, answer.text

    assert (await sentences(world))[:7] == [
        f"{OWNER} disconnected WhatsApp (Twilio)",
        f"{OWNER} rotated the webhook URL of WhatsApp (Twilio)",
        f"{OWNER} turned the AI disclosure off: told on our page",
        f"{OWNER} set an e-mail address as the human contact",
        f"{OWNER} gave the retention back to the host's setting",
        f"{OWNER} set the retention to 7 days",
        f"{OWNER} set the access policy to “Require email”; in groups the agent never answers",
    ]


async def test_what_concerns_the_whole_host_is_told_in_words(world: World) -> None:
    made = (await world.api("POST", "/api/tokens", {"role": "admin", "label": "deploy"})).json()
    unnamed = (await world.api("POST", "/api/tokens", {"role": "user", "subject": OWNER})).json()
    await world.api("DELETE", f"/api/tokens/{made['id']}", token=made["token"])
    await world.api("PUT", "/api/settings/limits", {"keep_bodies_days": 7, "late_after_hours": None})
    async with client_of(world) as client:
        await client.post("/signout", headers=OWN)

    told = await sentences(world, "/api/audit")

    assert told[:3] == [
        "Administrator signed out",
        "Administrator signed in to the pages with a token",
        f"Administrator changed the limits of the host: {LIMITS}",
    ]
    assert "Administrator (deploy) revoked the token “deploy” for an administrator" in told
    assert any(one.startswith("Administrator made the token “") or f"token {unnamed['id']}" in one for one in told[3:])


@pytest.mark.parametrize(
    ("action", "details", "words"),
    [
        ("login_failed", {"guesses_left": 1, "locked": False}, "entered a wrong code; 1 guess left"),
        ("login_failed", {"guesses_left": 4, "locked": False}, "entered a wrong code; 4 guesses left"),
        ("login_failed", {"guesses_left": 0, "locked": True}, "entered a wrong code, and gets no code for a day"),
        ("connect", {"sandbox": True}, "connected WhatsApp (Twilio), a sandbox"),
        ("connect", {"sandbox": False}, "connected WhatsApp (Twilio)"),
        ("request_denied", {"request": 7, "via": "mail link"}, f"{DECLINED} with a mailed link"),
        ("share", {}, "gave access"),  # before the e-mail was recorded
        ("proactive_consent", {"allow": False}, "no longer allowed the agent to write first to a person"),
        ("proactive_message", {"message": "gone"}, "wrote first"),  # past its retention
        ("block", {"client": 10**9}, "blocked an erased person"),
        ("block", {"client": "x"}, "blocked an erased person"),
        ("read_conversation", {"conversation": 10**9}, "read the conversation with an erased person"),
        ("read_conversation", {"requests": True}, "read the access requests and the first messages in them"),
        ("remove_parked", {"parked": 1, "after_days": 30}, f"removed 1 question or message {WAITED}"),
        ("remove_parked", {"parked": 3, "after_days": 30}, f"removed 3 questions and messages {WAITED}"),
        ("resend_failed", {"code": "63016", "channels": ["whatsapp"], "again": [1, 2]}, f"{AGAIN}, after the error 63016"),
        ("reload_agents", {"added": ["a", "b"], "removed": ["c"]}, f"{RELOADED}: added a, b; removed c"),
        ("sign_out_everywhere", {"sessions": 1}, "signed out in every browser (1 session)"),
        ("revoke_token", {"token": 10**9, "role": "agent"}, f"revoked token {10**9} for an agent"),
        ("set_escalation_contact", {"kind": None}, "removed the human contact"),
        ("set_public_model", {"model": None}, "changed the model for channels: none"),
        ("set_public_prompt", {"characters": 120}, "changed the instructions for channels: 120 characters"),
        ("set_disclosure", {"enabled": True, "reason": None}, "turned the AI disclosure on"),
    ],
)  # fmt: skip
async def test_each_detail_is_told_in_words(
    world: World, action: audit.Action, details: dict[str, object], words: str
) -> None:
    assert await recorded(world, action, "admin", **details) == f"Administrator {words}"


@pytest.mark.parametrize(
    ("actor", "who"),
    [
        ("admin", "Administrator"),
        ("admin:deploy", "Administrator (deploy)"),
        ("user:a@bücher.example", "a@bücher.example (a@xn--bcher-kva.example)"),
        ("agent:support", "support, the agent"),
        ("contact:999999", "An erased person"),
        ("contact:x", "An erased person"),
        ("command line", "Command line"),
        ("retention", "The host"),
        ("signal", "A signal (SIGHUP)"),
    ],
)
async def test_each_actor_is_told_in_words(world: World, actor: str, who: str) -> None:
    assert await recorded(world, "disconnect", actor) == f"{who} disconnected WhatsApp (Twilio)"


@pytest.mark.parametrize("action", audit.ACTIONS)
async def test_no_entry_shows_the_words_of_the_database(world: World, action: audit.Action) -> None:
    told = await recorded(
        world, action, "contact:999999", client=7, delivery=7, turn=7, request=7, message="x", token=7
    )

    assert told.startswith("An erased person ")
    assert "_" not in told
    assert not {"client:", "delivery:", "turn:", "request:", "message:", "contact:"} & set(told.split())


async def test_the_pages_say_the_same(world: World, admin: httpx.AsyncClient) -> None:
    zoe = world.person("Zoe <b>")
    await zoe.says("hello")
    await world.blocks(zoe)

    own, whole = (await admin.get("/agents/support/audit")).text, (await admin.get("/settings/audit")).text

    for page in (own, whole):
        assert "blocked Zoe &lt;b&gt; (+12" in page
        assert "client:" not in page
    assert "<small>support, WhatsApp (Twilio)</small>" in whole
