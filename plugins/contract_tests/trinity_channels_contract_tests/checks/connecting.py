"""Connecting an account and looking after it: `configure` and `verify`."""

from __future__ import annotations

from dataclasses import replace
from string import Formatter

from trinity_channels.api import Account, CheckState, ConfigurationError, Verification
from trinity_channels_contract_tests.check import Checks, story
from trinity_channels_contract_tests.expectations import broken, expect, told
from trinity_channels_contract_tests.harness import Harness
from trinity_channels_contract_tests.outcomes import failure_of, hooks, revoked, says_unavailable
from trinity_channels_contract_tests.transport import NetworkFault
from trinity_channels_contract_tests.variants import secrets_of

UNAVAILABLE = "Map transport errors, time-outs, 5xx and pages that are not JSON to ProviderUnavailable, nothing else."


async def _refusal(harness: Harness, hook: str) -> ConfigurationError:
    message = await harness.message("hello")
    revoked(harness)
    error = await failure_of(harness, hooks(harness, message)[hook])
    if not isinstance(error, ConfigurationError):
        broken(f"with wrong credentials, {hook} raised {told(error) if error else 'nothing'}, not ConfigurationError")
    return error


class Connecting(Checks):
    """`configure`: a live check that changes nothing."""

    area = "connect"

    @story("configure", "`key` is what the provider calls the account; `sender` is what people see as the other side.")
    async def test_working_settings_open_an_account(self, harness: Harness) -> None:
        """Working settings open an account with a key and a sender; its pace is not negative."""
        account = harness.binding.account
        expect(account.key and account.sender, f"key is {account.key!r}, sender {account.sender!r}")
        expect(account.pace.total_seconds() >= 0, "the pace is negative")

    @story("configure", "Take the key from the provider's answer or the settings, never from chance or time.")
    async def test_an_account_keeps_its_key(self, harness: Harness) -> None:
        """The same account has the same key each time: two agents must not share one."""
        again = await harness.ask("configure", Account, settings=harness.settings, ctx=harness.ctx)
        before = harness.binding.account.key
        expect(again.key == before, f"the key was {before!r} and became {again.key!r}")

    @story("channel: `account_fields`", "Note in `Account.facts` what the formats name, under the same names.")
    async def test_what_it_shows_of_an_account_is_known(self, harness: Harness) -> None:
        """What the manifest shows of an account can be filled in from what `configure` says about it."""
        known = harness.binding.account.facts.keys()
        for name, form in harness.manifest.account_fields.items():
            named = {one for _, one, _, _ in Formatter().parse(form) if one is not None}
            expect(
                named <= known, f"{name} names {', '.join(sorted(named - known))}, which is not a fact of the account"
            )

    @story("configure", "`Account` is stored in the open; keep what authenticates in the settings.")
    async def test_an_account_holds_no_secret(self, harness: Harness) -> None:
        """No field of the account, not even its facts, holds a secret; neither does what `verify` says about it."""
        found = await harness.ask("verify", Verification, binding=harness.binding, ctx=harness.ctx)
        shown = f"{harness.binding.account!r} {found!r}"
        for name, secret in secrets_of(harness.settings).items():
            expect(secret not in shown, f"the account holds {name}")

    @story("configure", "Ask the provider something that needs the credentials, and map its 401/403 to the error.")
    async def test_wrong_credentials_are_refused(self, harness: Harness) -> None:
        """Wrong credentials are `ConfigurationError(refused=True)` naming a field of the settings, and nothing else."""
        error = await _refusal(harness, "configure")
        expect(error.refused, "`refused` is False, so the owner gets 422 instead of the provider's refusal")
        fields = harness.manifest.settings.model_fields
        expect(error.field in fields, f"field is {error.field!r}; the settings have {', '.join(fields)}")

    @story("configure", UNAVAILABLE)
    async def test_connecting_says_if_the_provider_is_down(self, harness: Harness) -> None:
        """A provider that is unreachable, hangs up or answers with a proxy's page is `ProviderUnavailable`."""
        await says_unavailable(harness, "configure", only=True)

    @story("configure", "Keep the time-outs of `ctx.http`, and map httpx.TimeoutException to ProviderUnavailable.")
    async def test_connecting_does_not_wait_indefinitely(self, harness: Harness) -> None:
        """A provider that does not answer is `ProviderUnavailable` after the time-out."""
        await says_unavailable(harness, "configure", only=True, faults=(NetworkFault.SILENT,))

    @story("configure", "Only read. The webhook belongs into `register_webhook`, a greeting nowhere.")
    async def test_connecting_changes_nothing(self, harness: Harness) -> None:
        """Connecting sends no message and leaves the webhook where it is."""
        await _changes_nothing(harness, "configure")


class Verifying(Checks):
    """`verify`: are the credentials good, does the provider point at us?"""

    area = "verify"

    @story("verify", "Return the account as `configure` does; give each question a code, a message and, if bad, a fix.")
    async def test_verifying_reports_what_it_found(self, harness: Harness) -> None:
        """Verifying reports the same account, each check once and in words, with what to do where something is wrong."""
        found = await harness.ask("verify", Verification, binding=harness.binding, ctx=harness.ctx)
        key = found.account.key
        expect(key == harness.binding.account.key, f"the account is {key!r}, not the connected one")
        codes = [check.code for check in found.checks]
        expect(len(set(codes)) == len(codes), f"a code is there twice: {', '.join(codes)}")
        for check in found.checks:
            expect(check.code and check.message, f"a check has no code or no message: {check}")
            # A finding without a fix leaves the owner with a problem and no next step.
            bad = check.state in {CheckState.FAILED, CheckState.WARNING}
            expect(check.fix or not bad, f"check {check.code} is {check.state} and has no fix")

    @story("verify", "Raise what `configure` raises for the same answer of the provider.")
    async def test_verifying_tells_revoked_credentials(self, harness: Harness) -> None:
        """Credentials that have been revoked are `ConfigurationError`."""
        await _refusal(harness, "verify")

    @story("verify", UNAVAILABLE)
    async def test_verifying_says_if_the_provider_is_down(self, harness: Harness) -> None:
        """A provider that is unreachable, hangs up or answers with a proxy's page is `ProviderUnavailable`."""
        await says_unavailable(harness, "verify", only=True)

    @story("verify", "Keep the time-outs of `ctx.http`, and map httpx.TimeoutException to ProviderUnavailable.")
    async def test_verifying_does_not_wait_indefinitely(self, harness: Harness) -> None:
        """A provider that does not answer is `ProviderUnavailable` after the time-out."""
        await says_unavailable(harness, "verify", only=True, faults=(NetworkFault.SILENT,))

    @story("verify", "Only read: owners verify live accounts in the middle of the day.")
    async def test_verifying_changes_nothing(self, harness: Harness) -> None:
        """Verifying sends no message and leaves the webhook where it is, also when it points elsewhere."""
        await _changes_nothing(harness, "verify")


async def _changes_nothing(harness: Harness, hook: str) -> None:
    before = harness.arrived()
    # Another address than the registered one: a hook that sets the webhook shows itself.
    elsewhere = replace(harness.ctx, webhook_url=f"{harness.webhook_url}-elsewhere")
    if hook == "verify":
        await harness.ask("verify", Verification, binding=harness.binding, ctx=elsewhere)
    else:
        await harness.ask("configure", Account, settings=harness.settings, ctx=elsewhere)
    expect(harness.arrived() == before, f"a person received {harness.arrived()[len(before) :]}")
    if not harness.plugin.receives:
        await harness.hears("hello")
        return
    request = await harness.said("hello")
    expect(request.url.startswith(harness.webhook_url), "the provider points elsewhere since")
    expect("-elsewhere" not in request.url, f"the provider points at {request.url} since")
