"""Lies about where the provider posts, and about settings and people that it does not know; each class is one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, ClassVar
from urllib.parse import urlsplit

import httpx
from pydantic import ConfigDict, field_validator

from trinity_channels.api import (
    Binding,
    Check,
    CheckState,
    ConfigurationError,
    Context,
    ProviderUnavailable,
    Sender,
    Verification,
    hookimpl,
)
from trinity_channels_contract_tests.echo import Echo
from trinity_channels_contract_tests.echo.manifest import MANIFEST, EchoSettings


class Looking(Echo):
    """Compares the provider's address with ours in its own way."""

    def is_ours(self, url: str, ours: str | None) -> bool:
        return url == ours

    @hookimpl
    async def verify(self, binding: Binding, ctx: Context) -> Verification:
        found = await super().verify(binding, ctx)
        if binding.listens:
            return found
        url = await self.webhook(binding, ctx)
        state = CheckState.OK if self.is_ours(url, ctx.webhook_url) else CheckState.FAILED
        return replace(found, checks=(Check("webhook", state, "Where Echo posts.", "Save the settings again."),))


class SaysOkWithoutLooking(Looking):
    breaks = "test_a_webhook_elsewhere_is_not_ok"

    def is_ours(self, url: str, ours: str | None) -> bool:
        return bool(url and ours)


class ComparesAPrefix(Looking):
    breaks = "test_a_webhook_elsewhere_is_not_ok"

    def is_ours(self, url: str, ours: str | None) -> bool:
        return bool(url and ours) and str(ours).startswith(url)


class ComparesTheOtherPrefix(Looking):
    breaks = "test_a_webhook_elsewhere_is_not_ok"

    def is_ours(self, url: str, ours: str | None) -> bool:
        return bool(ours) and url.startswith(str(ours))


class ComparesPathsOnly(Looking):
    breaks = "test_a_webhook_elsewhere_is_not_ok"

    def is_ours(self, url: str, ours: str | None) -> bool:
        return bool(url and ours) and urlsplit(url)[2:] == urlsplit(str(ours))[2:]


class LeavesTheWebhookOut(Echo):
    breaks = "test_a_webhook_elsewhere_is_not_ok"

    @hookimpl
    async def verify(self, binding: Binding, ctx: Context) -> Verification:
        found = await super().verify(binding, ctx)
        return replace(found, checks=(Check("token", CheckState.OK, "Echo accepts the token."),))


class StumblesWithoutAWebhook(Looking):
    breaks = "test_no_webhook_is_a_finding"

    def is_ours(self, url: str, ours: str | None) -> bool:
        return url[0] == "h" and url == ours


class TakesNowhereForHere(Looking):
    breaks = "test_no_webhook_is_a_finding"

    def is_ours(self, url: str, ours: str | None) -> bool:
        return url == (ours or "")


class NeedsAnAddressToVerify(Echo):
    breaks = "test_no_webhook_is_a_finding"

    @hookimpl
    async def verify(self, binding: Binding, ctx: Context) -> Verification:
        if ctx.webhook_url is None and not binding.listens:
            raise ConfigurationError("There is no public address.")
        return await super().verify(binding, ctx)


class OverlooksARefusedRegistration(Echo):
    breaks = "test_a_refused_registration_is_told"

    @hookimpl
    async def register_webhook(self, binding: Binding, ctx: Context) -> None:
        body = {"url": ctx.webhook_url}
        try:
            answer = await self.request(binding.settings, ctx, "POST", "/webhook", body)
        except httpx.HTTPError:
            raise ProviderUnavailable("Echo did not answer.") from None
        if answer.is_server_error:
            raise ProviderUnavailable("Echo is in trouble.")


class CallsARefusedTokenAnOutage(Echo):
    breaks = "test_a_refused_registration_is_told"

    @hookimpl
    async def register_webhook(self, binding: Binding, ctx: Context) -> None:
        try:
            await super().register_webhook(binding, ctx)
        except ConfigurationError:
            raise ProviderUnavailable("Echo did not answer.") from None


# --- people ---


class TakesAnUnknownPersonForAnOutage(Echo):
    breaks = "test_an_unknown_person_is_not_an_outage"

    async def person(self, binding: Binding, sender: Sender, ctx: Context) -> dict[str, Any] | None:
        found = await super().person(binding, sender, ctx)
        if found is None:
            raise ProviderUnavailable("Echo did not answer.")
        return found


class StumblesOverAnUnknownPerson(Echo):
    breaks = "test_an_unknown_person_is_not_an_outage"

    async def person(self, binding: Binding, sender: Sender, ctx: Context) -> dict[str, Any] | None:
        if (found := await super().person(binding, sender, ctx)) is None:
            raise LookupError("name")
        return found


class KeepsProfiles(Echo):
    breaks = "test_accounts_do_not_share_people"
    profiles: ClassVar[dict[str, dict[str, Any] | None]] = {}

    async def person(self, binding: Binding, sender: Sender, ctx: Context) -> dict[str, Any] | None:
        # Asked nevertheless, so that only what is kept is wrong.
        found = await super().person(binding, sender, ctx)
        return self.profiles.setdefault(sender.address, found)


# --- secrets and settings ---


class SignsWithAnUnsetSecret(Echo):
    breaks = "test_an_empty_secret_is_not_a_key"

    def secrets(self, settings: EchoSettings) -> list[bytes]:
        second = settings.signing_secret_secondary
        return [*super().secrets(settings), second.get_secret_value().encode() if second else b""]


class SignsWithABlankSecret(Echo):
    breaks = "test_an_empty_secret_is_not_a_key"

    def secrets(self, settings: EchoSettings) -> list[bytes]:
        held = (settings.signing_secret, settings.signing_secret_secondary)
        return [secret.get_secret_value().encode() for secret in held if secret is not None]


class SignsWithTheWordNone(Echo):
    breaks = "test_an_empty_secret_is_not_a_key"

    def secrets(self, settings: EchoSettings) -> list[bytes]:
        return [*super().secrets(settings), str(settings.signing_secret_secondary).encode()]


class KeepsWhatWasPasted(Echo):
    breaks = "test_white_space_around_a_setting_is_harmless"

    class Settings(EchoSettings):
        model_config = ConfigDict(str_strip_whitespace=False)

        @field_validator("account")
        @classmethod
        def not_blank(cls, account: str) -> str:
            if not account.strip():
                raise ValueError("The account is missing.")
            return account

        @field_validator("token", "signing_secret", "signing_secret_secondary")
        @classmethod
        def filled(cls, secret: Any) -> Any:
            if secret is not None and not secret.get_secret_value().strip():
                raise ValueError("The secret is missing.")
            return secret

    manifest = replace(MANIFEST, settings=Settings)


class KeepsTheLineFeed(Echo):
    breaks = "test_white_space_around_a_setting_is_harmless"

    class Settings(KeepsWhatWasPasted.Settings):
        @field_validator("account", "token", "signing_secret", "signing_secret_secondary", mode="before")
        @classmethod
        def trimmed(cls, value: Any) -> Any:
            return value.strip(" \t") if isinstance(value, str) else value

    manifest = replace(MANIFEST, settings=Settings)


def test_a_lie_is_found_out(lie: Any, broken_by: Callable[[type], dict[str, str]]) -> None:
    assert set(broken_by(lie)) == {lie.breaks}
