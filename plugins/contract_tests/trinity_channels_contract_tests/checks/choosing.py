"""Channels that can be listened to: each way of receiving messages asks for its own settings, and looks for nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import replace

from pydantic import BaseModel, ValidationError

from trinity_channels.api import Account, CheckState, ConfigurationError, Verification
from trinity_channels_contract_tests.check import Checks, story
from trinity_channels_contract_tests.checks.listening import listener, listening
from trinity_channels_contract_tests.checks.looking import WEBHOOK
from trinity_channels_contract_tests.expectations import NotApplicable, Seen, broken, expect, told
from trinity_channels_contract_tests.fetching import prepare
from trinity_channels_contract_tests.harness import Harness
from trinity_channels_contract_tests.outcomes import failure_of

Way = tuple[str, dict[str, str]]
"""`webhook` or `listen`, as in `FieldHint.only`, and what an owner enters for it."""
MODEL = "Give it the default None in the model; `configure` asks for it, by its argument `listens`."


class Choosing(Checks):
    """`configure` for each way that the channel has."""

    area = "connect"

    @story("configure", "Ask only for settings of the way that is chosen: look at `listens` before you miss one.")
    async def test_settings_of_the_other_way_are_not_needed(self, harness: Harness) -> None:
        """An account is connected in either way without the settings that only the other one needs."""
        for way, given in _ways(harness):
            entered = {name: value for name, value in given.items() if _only(harness, name) in {None, way}}
            how = f"connected to {'listen' if way == 'listen' else 'get webhooks'}, without settings of the other way"
            try:
                await _configured(harness, _validated(harness, entered, how), way)
            except Seen:
                raise
            except Exception as error:  # noqa: BLE001  whatever comes out is the finding
                broken(f"{how}, configure raised {told(error)}")

    @story("configure", "Raise `ConfigurationError(…, field=…)` for a setting of the chosen way that is None or blank.")
    async def test_a_missing_setting_of_a_way_is_named(self, harness: Harness) -> None:
        """A setting that only the chosen way needs is asked for with a `ConfigurationError` that names it."""
        looked = False
        for way, given in _ways(harness):
            for name in given:
                if _only(harness, name) == way:
                    looked = True
                    await _is_asked_for(harness, way, given, name)
        if not looked:
            raise NotApplicable("no setting belongs to one way of receiving messages alone (`FieldHint.only`)")

    @story("verify", "Look at `binding.listens`: where messages are fetched, nothing has to be posted to us.")
    async def test_a_listening_account_misses_no_webhook(self, harness: Harness) -> None:
        """Of an account that is listened to, `verify` finds no fault with the webhook that it does not have."""
        binding = listener(harness)
        async with listening(harness, binding) as heard:
            await heard.until(lambda: heard.delivered)  # by then, a webhook that was in the way is gone
            ctx = replace(harness.ctx, webhook_url=None)
            found = await harness.ask("verify", Verification, binding=binding, ctx=ctx)
        for check in found.checks:
            about = check.code == WEBHOOK or "webhook" in f"{check.message} {check.fix}".lower()
            expect(
                check.state is CheckState.OK or not about, f"the check {check.code!r} is {check.state}: {check.message}"
            )
        expect(not found.elsewhere, f"nothing is posted anywhere, and `elsewhere` is {found.elsewhere!r}")


def _ways(harness: Harness) -> Iterator[Way]:
    """The ways that the channel has, the one with webhooks first: what is done to listen is not undone."""
    harness.needs("listen")
    if harness.plugin.receives:
        yield "webhook", dict(harness.simulator.settings())
    prepare(harness.simulator)
    yield "listen", dict(harness.simulator.settings())


def _only(harness: Harness, name: str) -> str | None:
    hint = harness.manifest.form.get(name)
    return hint.only if hint else None


def _validated(harness: Harness, entered: Mapping[str, str], how: str) -> BaseModel:
    try:
        return harness.manifest.settings.model_validate(entered)
    except ValidationError as error:
        fields = ", ".join(str(one["loc"][0]) for one in error.errors(include_input=False) if one["loc"])
        return broken(f"{how}, the settings' model refuses {fields or 'them'}", MODEL)


async def _configured(harness: Harness, settings: BaseModel, way: str) -> Account:
    ctx = replace(harness.ctx, webhook_url=None) if way == "listen" else harness.ctx
    return await harness.ask("configure", Account, settings=settings, ctx=ctx, listens=way == "listen")


async def _is_asked_for(harness: Harness, way: str, given: Mapping[str, str], name: str) -> None:
    rest = {key: value for key, value in given.items() if key != name}
    how = f"connected to {'listen' if way == 'listen' else 'get webhooks'}, without {name}"
    entered = [_validated(harness, rest, how)]
    # Forms send it for what was not filled in; a model may refuse it.
    with suppress(ValidationError):
        entered.append(harness.manifest.settings.model_validate({**rest, name: ""}))
    for settings in entered:
        error = await failure_of(harness, lambda settings=settings: _configured(harness, settings, way))  # type: ignore[misc]
        what = told(error) if error else "nothing"
        expect(isinstance(error, ConfigurationError), f"{how}, configure raised {what}, not ConfigurationError")
        field = getattr(error, "field", None)
        expect(field == name, f"{how}, the error names {field!r} as the field")
