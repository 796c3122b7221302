"""Lies about what the host may know before a channel is used: manifest and settings; each class is one."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace
from http import HTTPStatus
from typing import Any

from pydantic import ConfigDict, field_validator, model_validator

from trinity_channels.api import (
    AddressFormat,
    Binding,
    Channel,
    Context,
    Dialect,
    Response,
    hookimpl,
)
from trinity_channels_contract_tests.echo import Echo
from trinity_channels_contract_tests.echo.manifest import MANIFEST, EchoSettings

ZOE = "echo:100001"


class HasAnotherName(Echo):
    breaks = "test_the_host_loads_it"
    manifest = replace(MANIFEST, name="ekko")


class DeclaresAHookThatIsMissing(Echo):
    breaks = "test_the_host_loads_it"
    list_missed = None  # type: ignore[assignment]


class HidesAHook(Echo):
    breaks = "test_the_host_loads_it"
    manifest = replace(MANIFEST, capabilities=replace(MANIFEST.capabilities, find_sent=0))


class TakesMoreThanItGets(Echo):
    breaks = "test_the_host_loads_it"

    @hookimpl
    async def indicate(
        self, binding: Binding, message_id: str, ctx: Context, done: bool = False, mood: str = "busy"
    ) -> None:
        await super().indicate(binding, message_id, ctx, done)


class ShowsASettingAsItsAccount(Echo):
    breaks = "test_the_host_loads_it"
    manifest = replace(MANIFEST, account_fields={next(iter(EchoSettings.model_fields)): "Echo"})


class ShowsWhatItDoesNotKnow(Echo):
    breaks = "test_what_it_shows_of_an_account_is_known"
    manifest = replace(MANIFEST, account_fields={"shoe_size": "{size}"})


class ChangesItsManifest(Echo):
    breaks = "test_the_manifest_never_changes"
    titles = itertools.count(1)

    @hookimpl
    def channel(self) -> Channel:
        return replace(MANIFEST, title=f"Echo {next(self.titles)}")


class HasNoTitle(Echo):
    breaks = "test_its_names_can_be_used"
    manifest = replace(MANIFEST, title=" ")


class AnswersUnknownKeysWithAnError(Echo):
    breaks = "test_an_unknown_key_is_acknowledged"
    manifest = replace(MANIFEST, acknowledgement=Response(HTTPStatus.NOT_FOUND))


class TypesBackwards(Echo):
    breaks = "test_its_capabilities_make_sense"
    manifest = replace(MANIFEST, capabilities=replace(MANIFEST.capabilities, indicate=-1))


class NeverClosesItsMarks(Echo):
    breaks = "test_its_dialect_is_complete"
    manifest = replace(MANIFEST, dialect=Dialect(bold=("*", "")))


class DoesNotKnowItsAddresses(Echo):
    breaks = "test_its_address_pattern_fits"
    manifest = replace(MANIFEST, address=AddressFormat("to", r"echo:(\d{5}|g\d+)"))


class DoesNotKnowItsPeople(Echo):
    breaks = "test_its_address_pattern_fits"
    manifest = replace(MANIFEST, address=replace(MANIFEST.address, person=r"echo:\d{5}"))


class AsksTooEarly(Echo):
    breaks = "test_a_missing_setting_is_asked_for"

    class Settings(EchoSettings):
        @model_validator(mode="before")
        @classmethod
        def look(cls, given: dict[str, Any]) -> dict[str, Any]:
            given["token"]
            return given

    manifest = replace(MANIFEST, settings=Settings)


class TakesBlanks(Echo):
    breaks = "test_a_blank_setting_is_refused"

    class Settings(EchoSettings):
        account: str

    manifest = replace(MANIFEST, settings=Settings)


class OverlooksMisspellings(Echo):
    breaks = "test_an_unknown_setting_is_refused"

    class Settings(EchoSettings):
        model_config = ConfigDict(extra="ignore")

    manifest = replace(MANIFEST, settings=Settings)


class KeepsASecretInTheOpen(Echo):
    breaks = "test_secrets_are_declared_as_such"

    class Settings(EchoSettings):
        api_key: str = "fake-key-in-the-open"

    manifest = replace(MANIFEST, settings=Settings)


class ShowsItsSettings(Echo):
    breaks = "test_settings_hide_their_secrets"

    class Settings(EchoSettings):
        def __str__(self) -> str:
            return f"token {self.token.get_secret_value()}"

    manifest = replace(MANIFEST, settings=Settings)


class QuotesWhatWasEntered(Echo):
    breaks = "test_a_refused_setting_is_not_quoted"

    class Settings(EchoSettings):
        model_config = ConfigDict(hide_input_in_errors=False)

    manifest = replace(MANIFEST, settings=Settings)


class GrowsInStorage(Echo):
    breaks = "test_stored_settings_read_back_the_same"

    class Settings(EchoSettings):
        @field_validator("account")
        @classmethod
        def prefix(cls, account: str) -> str:
            return f"echo/{account}"

    manifest = replace(MANIFEST, settings=Settings)


def test_a_lie_is_found_out(lie: Any, broken_by: Callable[[type], dict[str, str]]) -> None:
    assert set(broken_by(lie)) == {lie.breaks}
