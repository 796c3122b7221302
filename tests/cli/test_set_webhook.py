"""`set-webhook`: the provider is pointed here without a page, by the running host or without one."""

from __future__ import annotations

import pytest

from tests.cli.conftest import Terminal
from tests.world import World

ELSEWHERE = "https://elsewhere.example.org/hook/secret-key"


async def test_a_free_sender_is_pointed_here(terminal: Terminal, world: World) -> None:
    world.twilio.connect("")

    async with terminal.serving(world):
        result = await terminal.beside("set-webhook", "support", "whatsapp")

    url = await world.webhook()
    assert result.exit_code == 0, result.stderr
    assert f"WhatsApp (Twilio) posts the messages for support to {url}" in result.stdout
    assert world.twilio.sender.webhook.callback_url.startswith(url)


async def test_another_webhook_is_replaced_only_when_that_is_asked_for(terminal: Terminal, world: World) -> None:
    world.twilio.connect(ELSEWHERE)

    async with terminal.serving(world):
        refused = await terminal.beside("set-webhook", "support", "whatsapp")
        before = world.twilio.sender.webhook.callback_url
        replaced = await terminal.beside("set-webhook", "support", "whatsapp", "--replace")

    assert (refused.exit_code, before) == (1, ELSEWHERE)
    assert "elsewhere.example.org" in refused.stderr
    assert "Say --replace to do so." in refused.stderr
    assert "secret-key" not in refused.stderr
    assert replaced.exit_code == 0
    assert world.twilio.sender.webhook.callback_url.startswith(await world.webhook())


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("nobody", "whatsapp"), "agent"),
        (("sales", "whatsapp"), "WhatsApp (Twilio) is not connected to this agent."),
        (("support", "pigeon"), "pigeon"),
    ],
)
async def test_what_cannot_be_done_is_a_sentence(
    terminal: Terminal, world: World, arguments: tuple[str, str], said: str
) -> None:
    async with terminal.serving(world):
        result = await terminal.beside("set-webhook", *arguments)

    assert (result.exit_code, said in result.stderr) == (1, True)
    assert "Traceback" not in result.stderr


async def test_a_sandbox_is_left_to_the_console(terminal: Terminal, world: World) -> None:
    await world.connect(**world.twilio.settings(sandbox=True))

    async with terminal.serving(world):
        result = await terminal.beside("set-webhook", "support", "whatsapp")

    assert (result.exit_code, "enter it in the provider's console" in result.stderr) == (1, True)
