"""`verify` and `register_webhook`: where the provider posts, looked at and told as it is."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from urllib.parse import urlsplit

from starlette.responses import JSONResponse

from trinity_channels.api import CheckState, ConfigurationError, Context, ProviderUnavailable, Verification
from trinity_channels_contract_tests.check import Checks, story
from trinity_channels_contract_tests.expectations import NotApplicable, Seen, broken, expect, told
from trinity_channels_contract_tests.harness import Harness
from trinity_channels_contract_tests.outcomes import failure_of, hooks, revoked
from trinity_channels_contract_tests.transport import NetworkFault

WEBHOOK = "webhook"
"""The code of the check that the host looks at."""
# Not 409, which may say that it is set already.
REFUSALS = (400, 403, 404, 422)


class Looking(Checks):
    """What `verify` says of the webhook, and what becomes of a registration that is refused."""

    area = "verify"

    @story("verify", "Compare the provider's address with `ctx.webhook_url` by ==; if it does not tell, say UNKNOWN.")
    async def test_a_webhook_elsewhere_is_not_ok(self, harness: Harness) -> None:
        """The check `webhook` is only OK while the provider posts exactly to `ctx.webhook_url`."""
        harness.needs("receive")
        ours = await _webhook(harness, harness.ctx, "while the provider posts to us")
        expect(ours is not None, f"there is no check with the code {WEBHOOK!r}; what the provider hides is UNKNOWN")
        url = harness.webhook_url
        host = urlsplit(url).netloc
        others = (f"{url}-2", url[:-1], f"{url}?a=1", f"{url}/", url.upper(), url.replace(host, f"other.{host}", 1))
        for other in others:
            how = f"while the provider posts to {url} and ours is {other}"
            found = await _webhook(harness, replace(harness.ctx, webhook_url=other), how)
            expect(found is not CheckState.OK, f"{how}, the check {WEBHOOK!r} is {found}")
        if ours is CheckState.UNKNOWN:
            raise NotApplicable("the provider does not tell where it posts")

    @story("verify", "Expect an empty or missing webhook, and `ctx.webhook_url` None: owners verify before setting up.")
    async def test_no_webhook_is_a_finding(self, harness: Harness) -> None:
        """Without a webhook at the provider, or without a public address, `verify` works and says that it is not OK."""
        harness.needs("receive")
        nowhere = await _is_disconnected(harness)
        for ctx in (harness.ctx, replace(harness.ctx, webhook_url=None)):
            how = "without a webhook at the provider" if nowhere else "with the provider's webhook as it was"
            how += "" if ctx.webhook_url else ", and without a public address of the host"
            found = await _webhook(harness, ctx, how)
            if nowhere or ctx.webhook_url is None:
                expect(found is not CheckState.OK, f"{how}, the check {WEBHOOK!r} is {found}")

    @story("register_webhook", "Look at the answer: a refused address or token is `ConfigurationError`.")
    async def test_a_refused_registration_is_told(self, harness: Harness) -> None:
        """A registration that the provider refuses is `ConfigurationError` or `ProviderUnavailable`, never silence."""
        harness.needs("register_webhook")
        message = await harness.message("hello")
        harness.transport.fault = NetworkFault.UNREACHABLE
        if await failure_of(harness, hooks(harness, message)["register_webhook"]) is None:
            return  # test_registering_says_if_the_provider_is_down says so
        harness.transport.fault = NetworkFault.NONE
        for status in REFUSALS:
            # Whatever the provider's own shape is: what is not a success has not set the webhook.
            harness.transport.app = JSONResponse({"ok": False, "error": "refused", "message": "refused"}, status)
            error = await failure_of(harness, hooks(harness, message)["register_webhook"])
            if not isinstance(error, ConfigurationError | ProviderUnavailable):
                broken(f"the provider answered {status}, and it {f'raised {told(error)}' if error else 'returned'}")
        harness.transport.app = harness.simulator.app
        revoked(harness)
        error = await failure_of(harness, hooks(harness, message)["register_webhook"])
        how = told(error) if error else "nothing"
        expect(
            isinstance(error, ConfigurationError), f"with wrong credentials, it raised {how}, not ConfigurationError"
        )


async def _webhook(harness: Harness, ctx: Context, how: str) -> CheckState | None:
    """What `verify` says of the webhook; None if nothing."""
    try:
        found = await harness.ask("verify", Verification, binding=harness.binding, ctx=ctx)
    except Seen:
        raise
    except Exception as error:  # noqa: BLE001  whatever comes out is the finding
        broken(f"{how}, it raised {told(error)}")
    return next((check.state for check in found.checks if check.code == WEBHOOK), None)


async def _is_disconnected(harness: Harness) -> bool:
    """Take the webhook away at the provider, as far as its simulator can; whether nothing is posted to us any more."""
    with suppress(Exception):
        await harness.wait(harness.plugin.hook("unregister_webhook")(binding=harness.binding, ctx=harness.ctx))
    before = len(harness.host.requests)
    with suppress(Exception):
        harness.simulator.connect("")
        await harness.phone.says("is anybody there?")
        await harness.simulator.settle()
    return not harness.host.since(before)
