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
EVERY_FORM = "it tries that outcome in every form, the plain one included"
ALSO_NAMED = {
    "GivesUpWhenAskedToWait": ("test_any_pause_is_understood", EVERY_FORM),
    "GivesUpOnServerErrors": ("test_a_server_error_may_hide_a_taken_message", EVERY_FORM),
    "ReadsPagesAsJson": (
        "test_a_server_error_may_hide_a_taken_message",
        "test_an_odd_answer_to_a_send_is_unknown",
        "a page is read as JSON whatever its status is",
    ),
    "TakesACutForAnAbsence": ("test_every_broken_connection_is_unknown", EVERY_FORM),
    "TakesATimeOutForAnAbsence": ("test_every_broken_connection_is_unknown", EVERY_FORM),
    "GivesUpWithoutAConnection": ("test_every_broken_connection_is_unknown", EVERY_FORM),
    "TriesAgainAfterAnError": (
        "test_a_server_error_may_hide_a_taken_message",
        "the second try brings a receipt for what may have been taken before",
    ),
    "ReplaysWhatIsUnknown": (
        "test_every_broken_connection_is_unknown",
        "the second try brings a receipt for what may have been taken before",
    ),
    "AsksForTheSecretInAnyCase": (
        "test_a_missing_setting_of_a_way_is_named",
        "asked for first, the secret hides the field that is really missing",
    ),
    "GivesTheBatchUp": (
        "test_odd_events_hold_up_nothing",
        "webhooks and `listen` read events by the same step",
    ),
    "StumblesOverOddEvents": ("test_odd_fields_of_events_are_survived", "the text is one of the fields"),
}
"""Lies that further checks name rightly, each with those checks and the reason."""


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
        broken = broken_promises(Contract, met)
        also = ALSO_NAMED.get(lie.__name__, ())[:-1]
        assert {check for check in also if check in met} <= broken.keys()  # or the table is out of date
        return {check: said for check, said in broken.items() if check not in also}

    return run


def met_by(lie: type) -> list[str]:
    """The checks that a lie meets, in the contract's order."""
    first = zlib.crc32(lie.__name__.encode()) % SHARE
    others = list(CHECKS)[first::SHARE]
    return [check for check in CHECKS if check == vars(lie)["breaks"] or check in others]
