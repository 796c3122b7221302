"""Someone is erased while the provider or the directory is asked about them: nothing of it is kept."""

from __future__ import annotations

from typing import Any

import pytest

from tests.channels.net import Net, Someone
from tests.channels.test_erasure import stored
from tests.channels.vouching import ZOE, client
from trinity_channels.access.directory import LocalDirectory
from trinity_channels.api import Identity

NAME = "Zoe Erased-Meanwhile"


@pytest.mark.parametrize("earlier", ["hello", ""])
async def test_what_the_provider_says_of_an_erased_person_is_not_kept(
    net: Net, monkeypatch: pytest.MonkeyPatch, earlier: str
) -> None:
    await net.policy("require_email")
    zoe = Someone(net, "slack", NAME, email=ZOE)
    if earlier:
        await zoe.says(earlier)
        await net.later(hours=1)
    heard = zoe.heard()
    slack: Any = net.host.plugins["slack"]
    ask = slack.resolve_identity

    async def erased_meanwhile(*arguments: Any) -> Identity:
        found: Identity = await ask(*arguments)
        monkeypatch.setattr(slack, "resolve_identity", ask)
        answer = await net.api("DELETE", f"/api/agents/support/clients/{(await client(net))['id']}")
        assert answer.is_success
        return found

    monkeypatch.setattr(slack, "resolve_identity", erased_meanwhile)
    await zoe.says("who am I?")

    assert zoe.heard() == heard
    for trace in (NAME, ZOE):
        assert trace not in stored(net)


async def test_a_person_who_is_erased_as_they_sign_in_is_mailed_no_code(
    net: Net, channel: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await net.policy("require_email")
    zoe = net.stranger(channel, NAME)
    await zoe.says("hello")
    heard, may_use = zoe.heard(), LocalDirectory.may_use

    async def erased_meanwhile(directory: LocalDirectory, agent: str, email: str) -> bool:
        monkeypatch.setattr(LocalDirectory, "may_use", may_use)
        answer = await net.api("DELETE", f"/api/agents/support/clients/{(await client(net))['id']}")
        assert answer.is_success
        return await may_use(directory, agent, email)

    monkeypatch.setattr(LocalDirectory, "may_use", erased_meanwhile)
    await zoe.says(f"!login {ZOE}")

    assert (zoe.heard(), net.mails.mails) == (heard, ())
    for trace in (NAME, ZOE):
        assert trace not in stored(net)
