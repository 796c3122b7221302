"""`--version` names the release, before anything is configured."""

from __future__ import annotations

from importlib.metadata import version

import pytest

from tests.cli.conftest import Terminal


@pytest.mark.parametrize("arguments", [("--version",), ("--version", "serve")])
def test_it_names_the_release(terminal: Terminal, arguments: tuple[str, ...]) -> None:
    terminal.set(CREDENTIAL_ENCRYPTION_KEY="wrong")  # it does not look at the settings

    result = terminal.run(*arguments)

    assert (result.exit_code, result.stdout) == (0, f"trinity-channels {version('trinity-channels')}\n")
