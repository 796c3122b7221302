"""Loading and the manifest: the facts about a channel that the host has before it is used."""

from __future__ import annotations

import re
from dataclasses import fields
from datetime import timedelta
from http import HTTPStatus
from string import Formatter

from pydantic import BaseModel

from trinity_channels.api import DeliveryState, Dialect
from trinity_channels_contract_tests.check import Checks, inspection, story
from trinity_channels_contract_tests.expectations import expect
from trinity_channels_contract_tests.harness import Harness
from trinity_channels_contract_tests.under_test import PluginUnderTest

PROVIDER = re.compile(r"[a-z][a-z0-9_]*")


class Loading(Checks):
    """The entry point, the hooks' signatures and the manifest."""

    area = "loading"

    @inspection("the module behind the entry point", "Do what the reason says; see docs/reference/contract.md.")
    def test_the_host_loads_it(self, plugin: PluginUnderTest) -> None:
        """The host loads the plugin: every required hook is there, names agree, capabilities and hooks match."""
        found = plugin.loaded()
        reasons = [one.reason for one in found.unavailable]
        expect(plugin.name in found, f"the host refuses it: {'; '.join(reasons)}")

    @inspection("channel", "Return one constant; read no clock, environment or network while describing.")
    def test_the_manifest_never_changes(self, plugin: PluginUnderTest) -> None:
        """The manifest is pure: asked twice, it says the same."""
        # The property calls the hook each time.
        expect(plugin.manifest == plugin.manifest, "channel() returned two different manifests")

    @inspection("channel", "`title` is shown to owners; `provider` becomes the variable <PROVIDER>_API_BASE_URL.")
    def test_its_names_can_be_used(self, plugin: PluginUnderTest) -> None:
        """Title and provider are set, and the provider can stand in a variable's name."""
        manifest = plugin.manifest
        expect(manifest.title.strip(), "the title is empty")
        expect(PROVIDER.fullmatch(manifest.provider), f"provider {manifest.provider!r} is not lower-case letters")
        for step in manifest.setup_steps:
            expect(step.title and step.text, f"a setup step has no title or no text: {step}")
            expect(all(part.strip() for part in step.path), f"a part of a setup step's path is empty: {step}")
            named = {name for _, name, _, _ in Formatter().parse(step.invitation) if name is not None}
            expect(
                named <= _open_settings(manifest.settings), f"an invitation names what is not an open setting: {step}"
            )

    @inspection("channel", "Answer an unknown webhook key with the 2xx that makes the provider stop asking.")
    def test_an_unknown_key_is_acknowledged(self, plugin: PluginUnderTest) -> None:
        """The acknowledgement for unknown webhook keys is a success, so the provider does not repeat it indefinitely."""
        status = plugin.manifest.acknowledgement.status
        expect(HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES, f"the acknowledgement has status {status}")

    @inspection("channel", "Give numbers that a host can wait for; leave out what the channel cannot do.")
    def test_its_capabilities_make_sense(self, plugin: PluginUnderTest) -> None:
        """Numbers of capabilities are not negative, receipts reach further than `queued`, a reply window is positive."""
        can, window = plugin.manifest.capabilities, plugin.manifest.reply_window
        expect(can.indicate >= 0 and can.find_sent >= 0, "indicate and find_sent are seconds, not negative")
        expect(can.list_missed >= timedelta(0), "list_missed is a time that lies back, not negative")
        expect(window is None or window > timedelta(0), f"reply_window is {window}")
        useless = {DeliveryState.QUEUED, DeliveryState.FAILED}
        expect(can.receipts not in useless, f"receipts={can.receipts} says nothing; use sent, delivered, read or None")

    @inspection("channel", "A mark needs both ends; a link format needs {url}; see the docstring of `Dialect`.")
    def test_its_dialect_is_complete(self, plugin: PluginUnderTest) -> None:
        """Every mark of the dialect opens and closes, links show their address, escapes replace single characters."""
        dialect = plugin.manifest.dialect
        for mark in _marks(dialect):
            start, end = getattr(dialect, mark)
            expect(bool(start) == bool(end), f"{mark} opens with {start!r} and closes with {end!r}")
        expect("{url}" in dialect.link and "{text}" in dialect.link, f"link is {dialect.link!r}")
        for character in (*dialect.escape, *dialect.escape_code):
            expect(len(character) == 1, f"escape has {character!r}, which is not one character")

    @story("channel: `address`", "The patterns must match whole addresses, exactly as `receive` issues them.")
    async def test_its_address_pattern_fits(self, harness: Harness) -> None:
        """The address pattern, and that of people, match the example and the address of a sender."""
        form = harness.manifest.address
        message = await harness.hears("hello")
        for address in filter(None, (form.example, message.sender.address)):
            for pattern in filter(None, (form.pattern, form.person)):
                expect(re.fullmatch(pattern, address), f"{pattern!r} does not match {address!r}")


def _marks(dialect: Dialect) -> list[str]:
    """The fields that hold a pair of marks; `link_schemes` is a tuple of another kind."""
    return [one.name for one in fields(dialect) if one.type == "tuple[str, str]"]


def _open_settings(model: type[BaseModel]) -> set[str]:
    """The settings that are not secret."""
    properties = model.model_json_schema().get("properties", {})
    return {
        name
        for name, schema in properties.items()
        if not any(one.get("writeOnly") for one in (schema, *schema.get("anyOf", ())))
    }
