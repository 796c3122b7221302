"""The plugin as the host sees it: its manifest, its hooks, and how little a start-up loads."""

from __future__ import annotations

import importlib
import subprocess
import sys
from datetime import timedelta
from types import ModuleType
from typing import Any

import pytest

import trinity_channels_whatsapp
from trinity_channels.api import Binding, Channel, Identity, Sender
from trinity_channels_whatsapp import plugin

HOOKS = ("channel", "configure", "verify", "receive", "send", "resolve_identity")
OPTIONAL = ("indicate", "find_sent", "list_missed", "register_webhook", "simulator")


def test_start_up_does_not_load_twilio() -> None:
    check = (
        "import sys, trinity_channels_whatsapp.plugin as plugin; plugin.channel();"
        "print([name for name in sys.modules if name.split('.')[0] in {'twilio', 'requests', 'aiohttp'}"
        " or name.startswith('trinity_channels_whatsapp.simulator')])"
    )

    run = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=True)  # noqa: S603 - ours

    assert run.stdout.strip() == "[]"


def test_calls_do_not_load_twilios_resource_classes() -> None:
    check = (
        "import sys; from trinity_channels_whatsapp import checks, missed, outbound, presence, readback, webhook;"
        "print([name for name in sys.modules if name.startswith(('twilio.rest.', 'twilio.base.page'))])"
    )

    run = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=True)  # noqa: S603 - ours

    assert run.stdout.strip() == "[]"


def test_no_room_takes_the_place_of_a_hook() -> None:
    importlib.import_module("trinity_channels_whatsapp.simulator")

    assert isinstance(trinity_channels_whatsapp.simulator, ModuleType)
    assert not [name for name in HOOKS + OPTIONAL if isinstance(getattr(plugin, name), ModuleType)]
    assert not [name for name in HOOKS if isinstance(getattr(trinity_channels_whatsapp, name), ModuleType)]


def test_the_manifest() -> None:
    manifest = plugin.channel()

    assert isinstance(manifest, Channel)
    assert (manifest.name, manifest.provider, manifest.auto) == ("whatsapp", "twilio", False)
    assert manifest.reply_window == timedelta(hours=24)
    assert manifest.limits.text == 1600
    assert [name for name in OPTIONAL if getattr(manifest.capabilities, name)] == list(OPTIONAL)
    assert manifest.acknowledgement.media_type == "text/xml"


@pytest.mark.parametrize("sandbox", [True, False])
def test_the_steps_lead_to_a_webhook_by_post(sandbox: bool) -> None:
    steps = " ".join(step.words for step in plugin.channel().setup_steps if step.sandbox in {None, sandbox})

    assert "HTTP POST" in steps
    assert ("join <keyword>" in steps) is sandbox
    assert ("Try WhatsApp → Sandbox settings" in steps) is sandbox
    assert ("Messaging → Senders → WhatsApp Senders" in steps) is not sandbox


@pytest.mark.parametrize(
    ("sender", "addresses"),
    [
        (Sender("whatsapp:+15557770002", name="Zoë"), ("whatsapp:+15557770002",)),
        (Sender("whatsapp:US.1", "whatsapp:US.1", "Zoë"), ("whatsapp:US.1",)),
        (Sender("whatsapp:+15557770002", "whatsapp:US.1", "Zoë"), ("whatsapp:+15557770002", "whatsapp:US.1")),
    ],
)
async def test_an_identity_is_what_the_webhook_said(
    sender: Sender, addresses: tuple[str, ...], binding: Binding, twilio: Any
) -> None:
    identity = await plugin.resolve_identity(binding, sender, twilio.ctx)

    assert identity == Identity(addresses, "Zoë")
    assert twilio.requests == []
