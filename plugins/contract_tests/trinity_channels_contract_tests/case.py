"""Running the contract without pytest: what the kit's own tests and an author's debugger need."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from trinity_channels_contract_tests.contract import CHECKS, ChannelContract
from trinity_channels_contract_tests.expectations import BrokenPromise


def broken_promises(contract: type[ChannelContract], checks: Iterable[str] = CHECKS) -> dict[str, str]:
    """Run every check, or those of some names; the failures by the check's name. What does not apply is left out."""
    found = {}
    for name in checks:
        try:
            getattr(contract(), name)()
        except BrokenPromise as error:
            found[name] = str(error)
        except pytest.skip.Exception:  # how a check says that it does not apply
            continue
    return found
