"""The typing indicator: a refusal of it says nothing about the credentials, unless Twilio judges those."""

from __future__ import annotations

from typing import Any

import pytest

from trinity_channels.api import Binding, ChannelError, ConfigurationError, ProviderUnavailable
from trinity_channels_whatsapp import plugin

SID = "SM" + "1" * 32


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param((404, {"code": 20404, "message": "The requested resource was not found"}), id="unknown message"),
        pytest.param((404, "<html>no</html>"), id="a proxy's 404"),
        pytest.param((403, {"code": 20403, "message": "Forbidden"}), id="not for this account"),
        pytest.param((400, {"code": 20001, "message": "Invalid parameter: channel"}), id="not a WhatsApp message"),
        pytest.param((410, {"code": 20410, "message": "Gone"}), id="gone"),
        pytest.param((429, {"code": 20429, "message": "Too Many Requests"}), id="too many"),
        pytest.param((503, ""), id="unavailable"),
        pytest.param((307, ""), id="a redirect"),
    ],
)
async def test_a_refused_indicator_does_not_blame_the_credentials(answer: Any, binding: Binding, twilio: Any) -> None:
    twilio.answers(answer)

    with pytest.raises(ProviderUnavailable) as fault:
        await plugin.indicate(binding, SID, twilio.ctx)

    assert str(answer[0]) in fault.value.message
    assert "credentials" not in fault.value.message
    assert "Auth Token" not in fault.value.message
    assert ("Try again" in fault.value.message) is (answer[0] in {429, 503})


async def test_refused_credentials_are_named(binding: Binding, twilio: Any) -> None:
    twilio.answers((401, {"code": 20003, "message": "Authenticate"}))

    with pytest.raises(ChannelError, match="refused the credentials") as fault:
        await plugin.indicate(binding, SID, twilio.ctx)

    assert isinstance(fault.value, ConfigurationError)
