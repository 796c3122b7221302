"""`demo` with other channels than ours: some only fetch their messages, and one that fails leaves the others alone."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from tests.cli.conftest import Terminal
from trinity_channels.api import Binding, ConfigurationError, Context, Simulator, hookimpl
from trinity_channels.cli import servers
from trinity_channels.cli.demo import environment
from trinity_channels.cli.simulate import run
from trinity_channels.plugins import load
from trinity_channels_contract_tests.echo import Echo, ListeningEcho, plugin, provider
from trinity_channels_contract_tests.echo.provider import EchoSimulator
from trinity_channels_contract_tests.under_test import Uninstalled

Plays = Callable[..., None]


class WithoutWebhooks(EchoSimulator):
    """What a provider without webhooks has to say about them."""

    def connect(self, webhook_url: str) -> None:
        raise AssertionError(f"no owner can enter {webhook_url} here")

    async def repeat_last_webhook(self) -> int:
        raise LookupError("this provider has no webhooks")


class Fetched(ListeningEcho):
    @hookimpl
    def simulator(self, ctx: Context) -> Simulator:
        return WithoutWebhooks(ctx, self.signed)


class Refusing(Echo):
    manifest = replace(Echo.manifest, name="refusing", provider="refusing", title="Refusing")

    @hookimpl
    async def register_webhook(self, binding: Binding, ctx: Context) -> None:  # noqa: ARG002  the hook's arguments
        raise ConfigurationError("Only https:// addresses are taken.", refused=True)


class Unmade(Echo):
    manifest = replace(Echo.manifest, name="unmade", provider="unmade", title="Unmade")

    @hookimpl
    def simulator(self, ctx: Context) -> Simulator:  # noqa: ARG002  the hook's arguments
        raise RuntimeError("the simulator is unfinished")


class Unfinished(Echo):
    manifest = replace(Echo.manifest, name="unfinished", provider="unfinished", title="Unfinished")

    @hookimpl
    def simulator(self, ctx: Context) -> Simulator:
        return WithoutWebhooks(ctx, self.signed)


async def _at_once() -> None:
    """People who stop the server as soon as they have read where it is."""


@pytest.fixture
def has(monkeypatch: pytest.MonkeyPatch) -> Plays:
    """Installs these channels, and no others. Their providers take messages as fast as they come, and hold no request."""
    monkeypatch.setattr(plugin, "PACE", timedelta(0))
    monkeypatch.setattr(provider, "EVERY", timedelta(0))
    monkeypatch.setattr(provider, "WAIT", 0.1)

    def install(*plugins: Echo) -> None:
        points = [Uninstalled(one.manifest.name, one) for one in plugins]
        monkeypatch.setattr(environment, "load", lambda: load(points))

    return install


def test_a_channel_without_webhooks_is_connected_to_fetch(terminal: Terminal, has: Plays) -> None:
    has(Fetched())

    result = terminal.run("demo", "--script")

    assert result.exit_code == 0, result.output
    assert "Everything went as it should, on Echo." in result.output
    assert "repeats its last webhook" not in result.output


@pytest.mark.parametrize(("options", "repeated"), [((), True), (("--listen",), False)])
def test_a_channel_that_can_do_both_has_a_webhook_unless_told_otherwise(
    terminal: Terminal, has: Plays, options: tuple[str, ...], *, repeated: bool
) -> None:
    has(Echo())

    result = terminal.run("demo", "--script", *options)

    assert result.exit_code == 0, result.output
    assert ("repeats its last webhook" in result.output) is repeated


def test_channels_that_fail_leave_the_others_alone(terminal: Terminal, has: Plays) -> None:
    has(Echo(), Refusing(), Unfinished(), Unmade())

    result = terminal.run("demo", "--script")

    assert result.exit_code == 1
    assert "Everything went as it should, on Echo." in result.output
    assert "Refusing: PUT agents/demo/refusing was answered 400: Only https:// addresses are taken." in result.stderr
    assert "Unmade: RuntimeError: the simulator is unfinished" in result.stderr
    assert "Unfinished: AssertionError: no owner can enter http://" in result.stderr
    assert "Traceback" not in result.output


def test_people_are_told_which_channel_failed_and_why(
    terminal: Terminal, has: Plays, monkeypatch: pytest.MonkeyPatch
) -> None:
    has(Echo(), Refusing())
    monkeypatch.setattr(servers, "until_told_to_stop", _at_once)

    result = terminal.run("demo", "--port", "0")

    assert result.exit_code == 0, result.output
    assert re.search(r"^  Refusing failed +PUT .*Only https:// addresses are taken\.$", result.output, re.MULTILINE)


def test_a_simulator_without_webhooks_is_fetched_from_without_being_told(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "load", lambda: load([Uninstalled("echo", Fetched())]))
    monkeypatch.setattr(servers, "until_told_to_stop", _at_once)

    result = terminal.run("simulate", "echo", "--port", "0")

    assert result.exit_code == 0, result.output
    assert "--listen" in result.output
    assert "webhook" not in result.output


def test_without_any_simulator_that_starts_the_reasons_are_told(terminal: Terminal, has: Plays) -> None:
    has(Unmade())

    result = terminal.run("demo", "--script")

    assert result.exit_code == 1
    assert "unmade: RuntimeError: the simulator is unfinished" in result.stderr
