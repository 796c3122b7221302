"""The plugin against a Slack that behaves: the same code that owners run, nothing scripted."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from trinity_channels.api import (
    Binding,
    BindingState,
    CheckState,
    ConfigurationError,
    Fault,
    Following,
    FollowState,
    Ignored,
    OutboundMessage,
    SendDeferred,
    SendRejected,
    SendUnknown,
)
from trinity_channels_slack import plugin
from trinity_channels_slack.settings import SlackSettings
from trinity_channels_slack.simulator import RequestUrlRefused

if TYPE_CHECKING:
    from conftest import World


async def test_a_direct_message_is_answered_in_the_direct_chat(world: World) -> None:
    zoe = world.simulator.phone("Zoë")
    await zoe.says("is 2 < 3 & 3 > 2?")
    [question] = world.messages
    assert (question.text, question.group) == ("is 2 < 3 & 3 > 2?", False)
    assert question.conversation is not None

    await world.send(question.conversation, "*yes*, &lt;always&gt;")
    await world.send(zoe.address, "really")

    assert [heard.text for heard in zoe.heard()] == ["yes, <always>", "really"]


@pytest.mark.parametrize("message_first", [False, True])
async def test_a_mention_is_one_message_and_is_answered_in_its_thread(world: World, message_first: bool) -> None:
    world.simulator.behaviour.message_first = message_first
    zoe = world.simulator.phone("Zoë")
    asked = await zoe.mentions("status?")
    [question] = world.messages
    assert (question.text, question.group) == ("status?", True)
    assert question.conversation is not None

    await world.send(question.conversation, "all *green*")

    conversation, answer = zoe.sees()[-1]
    assert answer.thread_ts == asked.ts
    assert conversation.name == "general"
    assert [heard.text for heard in zoe.heard()] == ["all green"]


async def test_a_mention_is_understood_from_app_mention_alone(world: World) -> None:
    world.simulator.behaviour.only_app_mention = True

    await world.simulator.phone("Zoë").mentions("status?")

    assert [one.text for one in world.messages] == ["status?"]


async def test_in_a_channel_only_who_mentions_the_agent_talks_with_it(world: World) -> None:
    zoe, sam = world.simulator.phone("Zoë"), world.simulator.phone("Sam")
    root = await zoe.mentions("status?")
    await sam.posts("what did it say?", thread=root)
    await sam.mentions("and the details?", thread=root)

    assert [one.text for one in world.messages] == ["status?", "and the details?"]
    assert len({one.conversation for one in world.messages}) == 1
    assert Ignored("not_mentioned") in world.events


async def test_nobody_is_pinged_by_an_agent(world: World) -> None:
    zoe = world.simulator.phone("Zoë")
    await zoe.mentions("repeat after me")

    await world.send(str(world.messages[0].conversation), "<!channel> <@U0SIM0001> <https://e.example/?a&amp;b|here>")

    _, answer = zoe.sees()[-1]
    assert answer.text == "&lt;!channel&gt; &lt;@U0SIM0001&gt; <https://e.example/?a&amp;b|here>"
    assert zoe.heard()[-1].text == "<!channel> <@U0SIM0001> here"


async def test_own_messages_and_other_bots_are_not_answered(world: World) -> None:
    zoe = world.simulator.phone("Zoë")
    await zoe.says("hello")
    await world.send(zoe.address, "hello yourself")
    await world.simulator.other_bot_says("<@U0SIMBOT1> hello")
    await world.simulator.settle()

    assert [one.text for one in world.messages] == ["hello"]
    assert all(Ignored(kind) in world.events for kind in ("own_message", "bot_message"))


async def test_an_edit_is_no_new_question(world: World) -> None:
    zoe = world.simulator.phone("Zoë")
    message = await zoe.mentions("staus?")

    await zoe.edits(message, "status?")

    assert len(world.messages) == 1
    assert world.events[-1] == Ignored("message_changed")


async def test_a_repeated_event_is_the_same_message(world: World) -> None:
    world.simulator.behaviour.duplicate_events = True
    await world.simulator.phone("Zoë").says("hello")

    assert await world.simulator.repeat_last_webhook() == 200
    assert len([one for one in world.events if one in world.messages]) == 3
    assert len(world.messages) == 1


async def test_an_outage_of_two_minutes_loses_nothing(world: World) -> None:
    zoe = world.simulator.phone("Zoë")
    await zoe.says("hello")
    world.online = False
    await zoe.says("anybody there?")
    await world.simulator.settle()
    assert len(world.messages) == 1

    world.online = True
    world.simulator.advance(timedelta(minutes=2))
    await world.simulator.settle()

    assert [one.text for one in world.messages] == ["hello", "anybody there?"]
    assert world.requests[-1].headers["x-slack-retry-num"] == "2"


@pytest.mark.parametrize(("fault", "taken"), [(Fault.CUT_AFTER, True), (Fault.SLOW, True), (Fault.CUT_BEFORE, False)])
@pytest.mark.parametrize("where", ["direct", "person", "thread"])
async def test_a_send_that_was_cut_off_is_found_or_surely_absent(
    world: World, fault: Fault, taken: bool, where: str
) -> None:
    zoe = world.simulator.phone("Zoë")
    await (zoe.mentions("hello") if where == "thread" else zoe.says("hello"))
    to = zoe.address if where == "person" else str(world.messages[0].conversation)
    await world.send(to, "the same text", "d-41")
    attempted_at = world.now()
    world.simulator.inject(fault)
    with pytest.raises(SendUnknown):
        await world.send(to, "the same text", "d-42")

    message = OutboundMessage("d-42", to, "the same text")
    found = await plugin.find_sent(world.binding, message, attempted_at, (), world.ctx)

    assert (found is not None) is taken
    assert found is None or found.provider_id.endswith(zoe.sees()[-1][1].ts)


async def test_an_internal_error_may_have_posted_all_the_same(world: World) -> None:
    zoe = world.simulator.phone("Zoë")
    world.simulator.behaviour.internal_errors_after_storing = 1

    with pytest.raises(SendUnknown):
        await world.send(zoe.address, "hello")
    found = await plugin.find_sent(
        world.binding, OutboundMessage("d-42", zoe.address, "hello"), world.now(), (), world.ctx
    )

    assert found is not None
    assert len(zoe.heard()) == 1


async def test_a_message_is_found_behind_many_others(world: World) -> None:
    zoe = world.simulator.phone("Zoë")
    for number in range(12):
        await world.send(zoe.address, "hello", f"d-{number}")
        world.simulator.advance(timedelta(seconds=1))
    world.simulator.behaviour.page_size = 5

    message = OutboundMessage("d-0", zoe.address, "hello")
    found = await plugin.find_sent(world.binding, message, world.now(), (), world.ctx)

    assert found is not None
    assert await plugin.find_sent(world.binding, message, world.now(), {found.provider_id}, world.ctx) is None


async def test_a_rate_limit_is_a_pause(world: World) -> None:
    zoe = world.simulator.phone("Zoë")
    world.simulator.inject(Fault.RATE_LIMITED)

    with pytest.raises(SendDeferred) as pause:
        await world.send(zoe.address, "hello")

    assert pause.value.retry_after == 1


async def test_a_member_is_known_by_the_workspaces_word(world: World) -> None:
    zoe = world.simulator.phone("Zoë")
    await zoe.says("hello")

    identity = await plugin.resolve_identity(world.binding, world.messages[0].sender, world.ctx)

    assert (identity.name, identity.verified_email) == ("Zoë", "zoe@example.org")
    assert identity.addresses == (zoe.address,)


@pytest.mark.parametrize(
    "kind", ["guest", "stranger", "unconfirmed", "deleted", "no address", "no scope", "no such member"]
)
async def test_nobody_else_is_vouched_for(world: World, kind: str) -> None:
    zoe = world.simulator.phone("Zoë", guest=kind == "guest", stranger=kind == "stranger")
    await zoe.says("hello")
    sender = world.messages[0].sender
    match kind:
        case "unconfirmed":
            zoe.user.email_confirmed = False
        case "deleted":
            zoe.user.deleted = True
        case "no address":
            zoe.user.email = ""
        case "no scope":
            world.simulator.installation.scopes.remove("users:read.email")
        case "no such member":
            world.simulator.installation.scopes.remove("users:read")

    identity = await plugin.resolve_identity(world.binding, sender, world.ctx)

    assert identity.verified_email is None
    assert identity.addresses == (zoe.address,)


async def test_eyes_show_that_a_message_was_seen(world: World) -> None:
    zoe = world.simulator.phone("Zoë")
    await zoe.says("hello")
    for _ in range(2):
        await plugin.indicate(world.binding, world.messages[0].provider_id, world.ctx)

    assert zoe.latest is not None
    assert zoe.latest.reactions == {"eyes": {world.simulator.installation.user_id}}


async def test_the_app_that_was_connected_verifies(world: World) -> None:
    opened = await plugin.configure(world.binding.settings, world.ctx)
    verification = await plugin.verify(Binding(world.binding.settings, opened), world.ctx)

    assert (opened.key, opened.sender) == ("T0SIM0001/B0SIM0001", "U0SIMBOT1")
    assert (opened.display_name, opened.warnings) == ("Simulated workspace / agent", ())
    assert {check.code: check.state for check in verification.checks} == {
        "credentials": CheckState.OK,
        "workspace": CheckState.OK,
        "scopes": CheckState.OK,
        "webhook": CheckState.UNKNOWN,
    }


async def test_a_missing_scope_is_a_warning_and_a_refusal_names_it(world: World) -> None:
    world.simulator.installation.scopes.remove("chat:write")

    opened = await plugin.configure(world.binding.settings, world.ctx)
    with pytest.raises(SendRejected) as refused:
        await world.send(world.simulator.phone("Zoë").address, "hello")

    assert "chat:write" in opened.warnings[0]
    assert (refused.value.failure.code, refused.value.failure.kind) == ("missing_scope", "operator")


async def test_an_app_that_was_removed_says_so(world: World) -> None:
    await world.simulator.phone("Zoë").says("hello")
    await world.simulator.uninstall()

    told = [(one.code, one.works) for one in world.events[-2:] if isinstance(one, BindingState)]
    assert told == [("tokens_revoked", False), ("app_uninstalled", False)]
    with pytest.raises(ConfigurationError, match="account_inactive"):
        await plugin.configure(world.binding.settings, world.ctx)


async def test_a_person_who_opens_the_app_can_be_written_to_again(world: World) -> None:
    zoe = world.simulator.phone("Zoë")

    await zoe.opens_home()

    [opened] = world.events[-1:]
    assert isinstance(opened, Following)
    assert (opened.sender.address, opened.state, opened.at) == (zoe.address, FollowState.JOINED, world.time)


async def test_a_regenerated_secret_is_accepted_beside_the_old_one(world: World) -> None:
    zoe = world.simulator.phone("Zoë")
    await zoe.says("before")
    old = world.simulator.settings()
    new = world.simulator.regenerate_signing_secret()
    await zoe.says("refused")
    world.use(**old, signing_secret_secondary=new)
    await zoe.says("after")

    assert [one.text for one in world.messages] == ["before", "after"]


async def test_a_request_that_was_held_back_is_refused(world: World) -> None:
    zoe = world.simulator.phone("Zoë")
    await zoe.says("hello")
    world.simulator.behaviour.signed_ago = timedelta(minutes=6)
    await zoe.says("a replay")

    assert [one.text for one in world.messages] == ["hello"]


async def test_the_wrong_secret_shows_when_the_url_is_entered(world: World) -> None:
    world.use(**dict(world.simulator.settings()) | {"signing_secret": "another-secret"})

    with pytest.raises(RequestUrlRefused, match="403"):
        await world.simulator.enter_request_url("https://bot.example/api/slack/webhook/fake-key")


async def test_another_apps_token_is_noticed(world: World) -> None:
    opened = await plugin.configure(world.binding.settings, world.ctx)
    world.simulator.installation.bot_id = "B0SIM0002"

    verification = await plugin.verify(Binding(world.binding.settings, opened), world.ctx)

    assert [check.state for check in verification.checks if check.code == "workspace"] == [CheckState.FAILED]


async def test_a_token_of_before_is_refused(world: World) -> None:
    settings = SlackSettings.model_validate(dict(world.simulator.settings()) | {"bot_token": "xoxb-fake-old-token"})

    with pytest.raises(ConfigurationError, match="invalid_auth") as refusal:
        await plugin.configure(settings, world.ctx)

    assert refusal.value.refused
