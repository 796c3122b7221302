"""Finding lies out: a plugin that breaks one promise must fail the check that names it, and no other.

A lie meets the check that must find it, and a thirtieth of the others. To let every check meet every lie took many times as
long and proved no more: a check that also fails for a wrong reason does so for some of the eight or so lies that it meets.
Which checks a lie meets depends on its name, so that they are the same ones in every run.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable

import pytest

from trinity_channels_contract_tests import CHECKS, ChannelContract, fuzz, loop
from trinity_channels_contract_tests.case import broken_promises

SHARE = 30


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Try every lying class of a module."""
    if "lie" in metafunc.fixturenames:
        found = [one for one in vars(metafunc.module).values() if isinstance(one, type) and hasattr(one, "breaks")]
        metafunc.parametrize("lie", found)


@pytest.fixture
def broken_by(monkeypatch: pytest.MonkeyPatch) -> Callable[[type], dict[str, str]]:
    """Runs the checks that a lie meets on it, as a plugin called `echo`."""
    monkeypatch.setattr(fuzz, "EXAMPLES", 5)
    monkeypatch.setattr(loop, "GRACE", 0)  # echo has no threads

    def run(lie: type) -> dict[str, str]:
        class Contract(ChannelContract):
            channel = "echo"
            plugin = lie()

        return broken_promises(Contract, met_by(lie))

    return run


def met_by(lie: type) -> list[str]:
    """The checks that a lie meets, in the contract's order."""
    first = zlib.crc32(lie.__name__.encode()) % SHARE
    others = list(CHECKS)[first::SHARE]
    return [check for check in CHECKS if check == vars(lie)["breaks"] or check in others]
