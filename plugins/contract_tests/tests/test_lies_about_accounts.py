"""Lies of `configure` and `verify`; each class is one."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any

import httpx
from pydantic import BaseModel

from trinity_channels.api import (
    Account,
    Binding,
    Check,
    CheckState,
    ConfigurationError,
    Context,
    ProviderUnavailable,
    Verification,
    hookimpl,
)
from trinity_channels_contract_tests.echo import Echo
from trinity_channels_contract_tests.echo.manifest import EchoSettings
from trinity_channels_contract_tests.echo.webhooks import settings_of

ZOE = "echo:100001"


class Configuring(Echo):
    """Opens the account in its own way when it is connected; `opened` is the lie."""

    async def opened(self, settings: EchoSettings, ctx: Context) -> Account:
        return await self.open_account(settings, ctx)

    @hookimpl
    async def configure(self, settings: BaseModel, ctx: Context, listens: bool = False) -> Account:
        self.require(settings_of(settings), listens=listens)
        return await self.opened(settings_of(settings), ctx)


class OpensAnAccountWithoutASender(Configuring):
    breaks = "test_working_settings_open_an_account"

    async def opened(self, settings: EchoSettings, ctx: Context) -> Account:
        return replace(await super().opened(settings, ctx), sender="")


class RollsTheKey(Configuring):
    breaks = "test_an_account_keeps_its_key"

    async def opened(self, settings: EchoSettings, ctx: Context) -> Account:
        return replace(await super().opened(settings, ctx), key=str(uuid.uuid4()))

    @hookimpl
    async def verify(self, binding: Binding, ctx: Context) -> Verification:
        return replace(await super().verify(binding, ctx), account=binding.account)


class KeepsTheTokenAmongTheFacts(Configuring):
    breaks = "test_an_account_holds_no_secret"

    async def opened(self, settings: EchoSettings, ctx: Context) -> Account:
        return replace(await super().opened(settings, ctx), facts={"token": settings.token.get_secret_value()})


class BelievesAnyToken(Configuring):
    breaks = "test_wrong_credentials_are_refused"

    async def opened(self, settings: EchoSettings, ctx: Context) -> Account:
        try:
            return await self.open_account(settings, ctx)
        except ConfigurationError:
            return Account(key="acc-1", sender="echo:100000")


class CallsARefusalAnOutage(Configuring):
    breaks = "test_wrong_credentials_are_refused"

    async def opened(self, settings: EchoSettings, ctx: Context) -> Account:
        try:
            return await self.open_account(settings, ctx)
        except ConfigurationError:
            raise ProviderUnavailable("Echo did not answer.") from None


class KeepsTheRefusalToItself(Configuring):
    breaks = "test_wrong_credentials_are_refused"

    async def opened(self, settings: EchoSettings, ctx: Context) -> Account:
        try:
            return await self.open_account(settings, ctx)
        except ConfigurationError as error:
            raise ConfigurationError(error.message) from None


class CallsAnOutageARefusal(Configuring):
    breaks = "test_connecting_says_if_the_provider_is_down"

    async def opened(self, settings: EchoSettings, ctx: Context) -> Account:
        try:
            await ctx.http.get(f"{ctx.api_base_url}/account")
        except httpx.ConnectError:
            raise ConfigurationError("The token is wrong.", field="token", refused=True) from None
        except httpx.HTTPError:
            raise ProviderUnavailable("Echo did not answer.") from None
        return await self.open_account(settings, ctx)


class WaitsForEverToConnect(Configuring):
    breaks = "test_connecting_does_not_wait_indefinitely"

    async def opened(self, settings: EchoSettings, ctx: Context) -> Account:
        with suppress(httpx.HTTPError):
            await ctx.http.get(f"{ctx.api_base_url}/account", timeout=None)  # the lie
        return await self.open_account(settings, ctx)


class GreetsEverybody(Configuring):
    breaks = "test_connecting_changes_nothing"

    async def opened(self, settings: EchoSettings, ctx: Context) -> Account:
        with suppress(httpx.HTTPError):
            await self.request(settings, ctx, "POST", "/messages", {"to": ZOE, "text": "I am online!", "reference": ""})
        return await self.open_account(settings, ctx)


class MovesTheWebhookAtOnce(Configuring):
    breaks = "test_connecting_changes_nothing"

    async def opened(self, settings: EchoSettings, ctx: Context) -> Account:
        await self.ask(settings, ctx, "POST", "/webhook", {"url": ctx.webhook_url})
        return await self.open_account(settings, ctx)


class FindsFaultsWithoutRemedy(Echo):
    breaks = "test_verifying_reports_what_it_found"

    @hookimpl
    async def verify(self, binding: Binding, ctx: Context) -> Verification:
        found = await super().verify(binding, ctx)
        return replace(found, checks=(*found.checks, Check("quota", CheckState.FAILED, "Something is wrong.")))


class OverlooksARevokedToken(Echo):
    breaks = "test_verifying_tells_revoked_credentials"

    @hookimpl
    async def verify(self, binding: Binding, ctx: Context) -> Verification:
        try:
            return await super().verify(binding, ctx)
        except ConfigurationError:
            return Verification(binding.account)


class LetsTransportErrorsOut(Echo):
    breaks = "test_verifying_says_if_the_provider_is_down"

    @hookimpl
    async def verify(self, binding: Binding, ctx: Context) -> Verification:
        with suppress(httpx.TimeoutException):
            await ctx.http.get(f"{ctx.api_base_url}/account")
        return await super().verify(binding, ctx)


class WaitsForEverToVerify(Echo):
    breaks = "test_verifying_does_not_wait_indefinitely"

    @hookimpl
    async def verify(self, binding: Binding, ctx: Context) -> Verification:
        with suppress(httpx.HTTPError):
            await ctx.http.get(f"{ctx.api_base_url}/account", timeout=None)  # the lie
        return await super().verify(binding, ctx)


class VerifiesByWriting(Echo):
    breaks = "test_verifying_changes_nothing"

    @hookimpl
    async def verify(self, binding: Binding, ctx: Context) -> Verification:
        body = {"to": ZOE, "text": "This is a test.", "reference": ""}
        with suppress(httpx.HTTPError):
            await self.request(binding.settings, ctx, "POST", "/messages", body)
        return await super().verify(binding, ctx)


class MendsWhatItLooksAt(Echo):
    breaks = "test_verifying_changes_nothing"

    @hookimpl
    async def verify(self, binding: Binding, ctx: Context) -> Verification:
        found = await super().verify(binding, ctx)
        await self.ask(binding.settings, ctx, "POST", "/webhook", {"url": ctx.webhook_url})
        return found


class HidesAnotherWebhook(Echo):
    breaks = "test_another_webhook_is_named"

    @hookimpl
    async def verify(self, binding: Binding, ctx: Context) -> Verification:
        return replace(await super().verify(binding, ctx), elsewhere="")


class TellsTheWholeWebhook(Echo):
    breaks = "test_another_webhook_is_named"

    @hookimpl
    async def verify(self, binding: Binding, ctx: Context) -> Verification:
        found = await super().verify(binding, ctx)
        return replace(found, elsewhere=found.elsewhere and f"https://{found.elsewhere}/hook/key")


def test_a_lie_is_found_out(lie: Any, broken_by: Callable[[type], dict[str, str]]) -> None:
    assert set(broken_by(lie)) == {lie.breaks}
