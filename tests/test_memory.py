"""The suite itself stays small: it has to run on machines with 2 GB."""

from __future__ import annotations

import resource
import sys

MOST = 1_000_000_000


def test_the_run_so_far_took_less_than_a_gigabyte() -> None:
    unit = 1 if sys.platform == "darwin" else 1024  # getrusage counts in bytes there, in kilobytes elsewhere

    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit < MOST
