"""Finding lies out: a plugin that breaks one promise must fail the check that names it, and no other.

A lie meets the check that must find it, and a thirtieth of the others: which ones depends on its name, so that they are the
same in every run. With `--every-check` it meets all of them, which takes many times as long.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable

import pytest

from trinity_channels_contract_tests import CHECKS, ChannelContract, fuzz
from trinity_channels_contract_tests.case import broken_promises

SHARE = 30


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Try every lying class of a module."""
    if "lie" in metafunc.fixturenames:
        found = [one for one in vars(metafunc.module).values() if isinstance(one, type) and hasattr(one, "breaks")]
        metafunc.parametrize("lie", found)


@pytest.fixture
def broken_by(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Callable[[type], dict[str, str]]:
    """Runs the checks that a lie meets on it, as a plugin called `echo`."""
    monkeypatch.setattr(fuzz, "EXAMPLES", 5)

    def run(lie: type) -> dict[str, str]:
        class Contract(ChannelContract):
            channel = "echo"
            plugin = lie()

        met = CHECKS if request.config.getoption("--every-check") else met_by(lie)
        return broken_promises(Contract, met)

    return run


def met_by(lie: type) -> list[str]:
    """The checks that a lie meets, in the contract's order."""
    first = zlib.crc32(lie.__name__.encode()) % SHARE
    others = list(CHECKS)[first::SHARE]
    return [check for check in CHECKS if check == vars(lie)["breaks"] or check in others]
