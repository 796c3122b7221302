"""One policy for three messengers: the same access stories on each."""

from __future__ import annotations

from tests.channels.net import CHANNELS, Net, Someone
from trinity_channels import texts

EMAIL = "zoe@example.org"


def on(channel: str, text: str, **values: str) -> str:
    """A sentence of the host as this messenger says it."""
    said = text.format(**values)
    return said.replace(" /log", " !log") if channel == "slack" else said


async def test_a_kept_question_is_answered_after_approval(net: Net, channel: str) -> None:
    zoe = net.stranger(channel, "Zoe")
    await zoe.says("what is 6 x 7?")
    await zoe.verifies(EMAIL)

    await net.decides(EMAIL)

    assert zoe.heard() == [
        on(channel, texts.LOGIN_PROMPT),
        on(channel, texts.CODE_SENT, email=EMAIL),
        on(channel, texts.VERIFIED_PENDING, email=EMAIL),
        texts.APPROVED,
        "echo what is 6 x 7?",
    ]


async def test_a_denial_is_told(net: Net, channel: str) -> None:
    zoe = net.stranger(channel, "Zoe")
    await zoe.verifies(EMAIL)

    await net.decides(EMAIL, approve=False)

    assert zoe.heard()[-1] == texts.DENIED


async def test_an_open_agent_answers_everybody(net: Net, channel: str) -> None:
    await net.policy("open")
    zoe = net.stranger(channel, "Zoe")

    await zoe.says("hello")

    assert zoe.heard() == ["echo hello"]


async def test_a_proved_address_is_enough_where_only_that_is_required(net: Net, channel: str) -> None:
    await net.policy("require_email")
    zoe = net.stranger(channel, "Zoe")

    await zoe.says("hello")
    await zoe.verifies(EMAIL)

    assert zoe.heard()[-1] == "echo hello"


async def test_a_blocked_person_hears_nothing(net: Net, channel: str) -> None:
    await net.policy("open")
    zoe = net.stranger(channel, "Zoe")
    await zoe.says("hello")
    clients = (await net.api("GET", "/api/agents/support/clients")).json()
    await net.api("PUT", f"/api/agents/support/clients/{clients[0]['id']}/block", {"blocked": True})

    await zoe.says("are you there?", "!whoami")

    assert zoe.heard() == ["echo hello"]


async def test_one_approval_opens_every_messenger(net: Net) -> None:
    people = [net.stranger(channel, "Zoe") for channel in CHANNELS]
    for zoe in people:
        await zoe.says("hello")
        await zoe.verifies(EMAIL)

    await net.decides(EMAIL)

    assert [zoe.heard()[-1] for zoe in people] == ["echo hello"] * 3


async def test_slack_vouches_for_the_address_of_a_member(net: Net) -> None:
    zoe = Someone(net, "slack", "Zoe", email=EMAIL)
    await zoe.says("what is 6 x 7?")

    await net.decides(EMAIL)

    assert zoe.heard() == [texts.PENDING, texts.APPROVED, "echo what is 6 x 7?"]


async def test_an_address_that_the_messenger_vouches_for_may_be_spelt_in_any_case(net: Net) -> None:
    await net.shares("zoe.smith@example.org")
    zoe = Someone(net, "slack", "Zoe", email="Zoe.Smith@Example.org")

    await zoe.says("hello", "!whoami")

    answer, whoami = zoe.heard()
    assert (answer, whoami.splitlines()[0]) == ("echo hello", texts.WHOAMI.format(email="zoe.smith@example.org"))
