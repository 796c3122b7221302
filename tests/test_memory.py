"""The suite itself stays small: it has to run on machines with 2 GB."""

from __future__ import annotations

import gc
import resource
import sys

from tests.memory import free
from trinity_channels.host import Host

MOST = 1_000_000_000
FEW = 40


def test_the_run_so_far_took_less_than_a_gigabyte() -> None:
    unit = 1 if sys.platform == "darwin" else 1024  # getrusage counts in bytes there, in kilobytes elsewhere

    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit < MOST


def test_hosts_are_gone_when_their_tests_have_ended() -> None:
    free()
    gc.unfreeze()  # or those that it has kept would not be found

    assert sum(type(one) is Host for one in gc.get_objects()) < FEW
