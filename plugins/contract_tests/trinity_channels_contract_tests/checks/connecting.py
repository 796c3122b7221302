"""Connecting an account and looking after it: `configure` and `verify`."""

from __future__ import annotations

from dataclasses import replace

from trinity_channels.api import Account, CheckState, ConfigurationError, Verification
from trinity_channels_contract_tests.check import Checks, story
from trinity_channels_contract_tests.outcomes import failure_of, hooks, revoked, says_unavailable
from trinity_channels_contract_tests.stage import Stage
from trinity_channels_contract_tests.variants import secrets_of
from trinity_channels_contract_tests.verdict import broken, expect, told
from trinity_channels_contract_tests.wire import Weather

UNAVAILABLE = "Map transport errors, time-outs, 5xx and pages that are no JSON to ProviderUnavailable, nothing else."


async def _refusal(stage: Stage, hook: str) -> ConfigurationError:
    message = await stage.message("hello")
    revoked(stage)
    error = await failure_of(stage, hooks(stage, message)[hook])
    if not isinstance(error, ConfigurationError):
        broken(f"with wrong credentials, {hook} raised {told(error) if error else 'nothing'}, not ConfigurationError")
    return error


class Connecting(Checks):
    """`configure`: a live check that changes nothing."""

    area = "connect"

    @story("configure", "`key` is what the provider calls the account; `sender` is what people see as the other side.")
    async def test_working_settings_open_an_account(self, stage: Stage) -> None:
        """Working settings open an account with a key and a sender; its pace is not negative."""
        account = stage.binding.account
        expect(account.key and account.sender, f"key is {account.key!r}, sender {account.sender!r}")
        expect(account.pace.total_seconds() >= 0, "the pace is negative")

    @story("configure", "Take the key from the provider's answer or the settings, never from chance or time.")
    async def test_an_account_keeps_its_key(self, stage: Stage) -> None:
        """The same account has the same key each time: two agents must not share one."""
        again = await stage.ask("configure", Account, settings=stage.settings, ctx=stage.ctx)
        before = stage.binding.account.key
        expect(again.key == before, f"the key was {before!r} and became {again.key!r}")

    @story("configure", "`Account` is stored in the open; keep what authenticates in the settings.")
    async def test_an_account_holds_no_secret(self, stage: Stage) -> None:
        """No field of the account, not even its facts, holds a secret; neither does what `verify` says about it."""
        found = await stage.ask("verify", Verification, binding=stage.binding, ctx=stage.ctx)
        shown = f"{stage.binding.account!r} {found!r}"
        for name, secret in secrets_of(stage.settings).items():
            expect(secret not in shown, f"the account holds {name}")

    @story("configure", "Ask the provider something that needs the credentials, and map its 401/403 to the error.")
    async def test_wrong_credentials_are_refused(self, stage: Stage) -> None:
        """Wrong credentials are `ConfigurationError(refused=True)` naming a field of the settings, and nothing else."""
        error = await _refusal(stage, "configure")
        expect(error.refused, "`refused` is False, so the owner gets 422 instead of the provider's verdict")
        fields = stage.manifest.settings.model_fields
        expect(error.field in fields, f"field is {error.field!r}; the settings have {', '.join(fields)}")

    @story("configure", UNAVAILABLE)
    async def test_connecting_says_if_the_provider_is_down(self, stage: Stage) -> None:
        """A provider that is unreachable, hangs up or answers with a proxy's page is `ProviderUnavailable`."""
        await says_unavailable(stage, "configure", only=True)

    @story("configure", "Keep the time-outs of `ctx.http`, and map httpx.TimeoutException to ProviderUnavailable.")
    async def test_connecting_does_not_wait_for_ever(self, stage: Stage) -> None:
        """A provider that does not answer is `ProviderUnavailable` after the time-out."""
        await says_unavailable(stage, "configure", only=True, weathers=(Weather.SILENT,))

    @story("configure", "Only read. The webhook belongs into `register_webhook`, a greeting nowhere.")
    async def test_connecting_changes_nothing(self, stage: Stage) -> None:
        """Connecting writes to nobody and leaves the webhook where it is."""
        await _changes_nothing(stage, "configure")


class Verifying(Checks):
    """`verify`: are the credentials good, does the provider point at us?"""

    area = "verify"

    @story("verify", "Return the account as `configure` does; give each question a code, a message and, if bad, a fix.")
    async def test_verifying_reports_what_it_found(self, stage: Stage) -> None:
        """Verifying tells the same account, each check once and in words, with what to do where something is wrong."""
        found = await stage.ask("verify", Verification, binding=stage.binding, ctx=stage.ctx)
        key = found.account.key
        expect(key == stage.binding.account.key, f"the account is {key!r}, not the connected one")
        codes = [check.code for check in found.checks]
        expect(len(set(codes)) == len(codes), f"a code is there twice: {', '.join(codes)}")
        for check in found.checks:
            expect(check.code and check.message, f"a check has no code or no message: {check}")
            bad = check.state in {CheckState.FAILED, CheckState.WARNING}
            expect(check.fix or not bad, f"check {check.code} is {check.state} and has no fix")

    @story("verify", "Raise what `configure` raises for the same answer of the provider.")
    async def test_verifying_tells_revoked_credentials(self, stage: Stage) -> None:
        """Credentials that have been revoked are `ConfigurationError`."""
        await _refusal(stage, "verify")

    @story("verify", UNAVAILABLE)
    async def test_verifying_says_if_the_provider_is_down(self, stage: Stage) -> None:
        """A provider that is unreachable, hangs up or answers with a proxy's page is `ProviderUnavailable`."""
        await says_unavailable(stage, "verify", only=True)

    @story("verify", "Keep the time-outs of `ctx.http`, and map httpx.TimeoutException to ProviderUnavailable.")
    async def test_verifying_does_not_wait_for_ever(self, stage: Stage) -> None:
        """A provider that does not answer is `ProviderUnavailable` after the time-out."""
        await says_unavailable(stage, "verify", only=True, weathers=(Weather.SILENT,))

    @story("verify", "Only read: owners verify live accounts in the middle of the day.")
    async def test_verifying_changes_nothing(self, stage: Stage) -> None:
        """Verifying writes to nobody and leaves the webhook where it is, also when it points elsewhere."""
        await _changes_nothing(stage, "verify")


async def _changes_nothing(stage: Stage, hook: str) -> None:
    before = stage.arrived()
    elsewhere = replace(stage.ctx, webhook_url=f"{stage.webhook_url}-elsewhere")
    if hook == "verify":
        await stage.ask("verify", Verification, binding=stage.binding, ctx=elsewhere)
    else:
        await stage.ask("configure", Account, settings=stage.settings, ctx=elsewhere)
    expect(stage.arrived() == before, f"somebody received {stage.arrived()[len(before) :]}")
    request = await stage.said("hello")
    expect(request.url.startswith(stage.webhook_url), "the provider points elsewhere since")
    expect("-elsewhere" not in request.url, f"the provider points at {request.url} since")
