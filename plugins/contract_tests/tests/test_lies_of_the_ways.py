"""Lies about the two ways of receiving messages: what each asks for, and what `verify` misses."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from trinity_channels.api import Binding, ConfigurationError, Context, Verification, hookimpl
from trinity_channels_contract_tests.echo import Echo
from trinity_channels_contract_tests.echo.manifest import EchoSettings


class AsksForTheSecretInAnyCase(Echo):
    breaks = "test_settings_of_the_other_way_are_not_needed"

    def require(self, settings: EchoSettings, *, listens: bool) -> None:
        super().require(settings, listens=listens)
        super().require(settings, listens=False)


class AsksForNothing(Echo):
    breaks = "test_a_missing_setting_of_a_way_is_named"

    def require(self, settings: EchoSettings, *, listens: bool) -> None:
        pass


class NamesNoField(Echo):
    breaks = "test_a_missing_setting_of_a_way_is_named"

    def require(self, settings: EchoSettings, *, listens: bool) -> None:
        try:
            super().require(settings, listens=listens)
        except ConfigurationError as error:
            raise ConfigurationError(error.message) from None


class MissesTheWebhook(Echo):
    breaks = "test_a_listening_account_misses_no_webhook"

    @hookimpl
    async def verify(self, binding: Binding, ctx: Context) -> Verification:
        return await super().verify(replace(binding, listens=False), ctx)


def test_a_lie_is_found_out(lie: Any, broken_by: Callable[[type], dict[str, str]]) -> None:
    assert set(broken_by(lie)) == {lie.breaks}
