"""Finding lies out: a plugin that breaks one promise must fail the check that names it, and no other."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from trinity_channels_contract_tests import ChannelContract, fuzz, loop
from trinity_channels_contract_tests.case import broken_promises


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Try every lying class of a module."""
    if "lie" in metafunc.fixturenames:
        found = [one for one in vars(metafunc.module).values() if isinstance(one, type) and hasattr(one, "breaks")]
        metafunc.parametrize("lie", found)


@pytest.fixture
def broken_by(monkeypatch: pytest.MonkeyPatch) -> Callable[[object], dict[str, str]]:
    """Runs the whole contract on a plugin called `echo`."""
    monkeypatch.setattr(fuzz, "EXAMPLES", 5)
    monkeypatch.setattr(loop, "GRACE", 0)  # echo has no threads

    def run(lying: object) -> dict[str, str]:
        class Contract(ChannelContract):
            channel = "echo"
            plugin = lying

        return broken_promises(Contract)

    return run
