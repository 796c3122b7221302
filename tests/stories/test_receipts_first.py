"""A receipt may come before the call ends that it is about. What it has told stands, however the call ends."""

from __future__ import annotations

from typing import Any

import pytest

from tests.world import World
from trinity_channels.api import (
    ChannelError,
    Failure,
    FailureKind,
    Receipt,
    SendDeferred,
    SendRejected,
    SendUnknown,
)

REFUSED = Failure("20003", FailureKind.OPERATOR, "The credentials are wrong.")
ENDS = [
    SendRejected(REFUSED),
    SendDeferred("Too many requests."),
    SendUnknown("The connection was cut."),
    ChannelError("The plugin did not understand the answer."),
]


def ends_with(monkeypatch: pytest.MonkeyPatch, town: World, error: ChannelError) -> None:
    """The next call takes effect, and then ends with an error."""
    plugin = town.host.plugins["whatsapp"]
    send, errors = plugin.send, [error]

    async def sends(*args: Any) -> Receipt:
        receipt = await send(*args)
        if errors:
            raise errors.pop()
        return receipt

    monkeypatch.setattr(plugin, "send", sends)


@pytest.mark.parametrize("error", ENDS, ids=lambda error: type(error).__name__)
async def test_a_message_that_was_read_is_neither_failed_nor_sent_again(
    town: World, monkeypatch: pytest.MonkeyPatch, error: ChannelError
) -> None:
    town.twilio.behaviour.callbacks_before_answer = True
    ends_with(monkeypatch, town, error)
    zoe = town.person("Zoe")

    await zoe.says("hello")
    await town.much_later()

    (delivery,) = (await town.api("GET", "/api/agents/support/deliveries")).json()
    assert (delivery["state"], delivery["error"]) == ("read", None)
    assert zoe.heard() == ["echo hello"]
    assert (await town.check("outbound"))["state"] == "ok"


async def test_a_failure_that_a_receipt_has_told_is_not_asked_about(
    town: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    town.twilio.behaviour.callbacks_before_answer = True
    ends_with(monkeypatch, town, SendUnknown("The connection was cut."))
    zoe = town.person("Zoe")
    zoe.phone.refuse_with = 63024

    await zoe.says("hello")
    await town.much_later()

    (delivery,) = (await town.api("GET", "/api/agents/support/deliveries")).json()
    assert (delivery["state"], delivery["error_code"]) == ("failed", "63024")
    assert zoe.heard() == []
