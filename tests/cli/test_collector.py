"""What a process that serves leaves out of its garbage collection: modules, also those that are imported later."""

from __future__ import annotations

import subprocess
import sys

import pytest

_SETTLED = """
import gc
from trinity_channels.cli import collector
class Cycle: pass
def made():
    one = Cycle()
    one.itself = one
collector.settle()
left_out = gc.get_freeze_count()
{between}
print(gc.get_freeze_count() > left_out, gc.collect() > 0)
"""


@pytest.mark.parametrize(
    ("between", "printed"),
    [
        ("gc.collect()", "False False"),
        ("import wave", "False False"),
        ("import wave; gc.collect(0); gc.collect(1)", "False False"),
        ("import wave; gc.collect()", "True False"),
        ("import wave; gc.collect(); made()", "True True"),
    ],
)
def test_what_was_imported_is_left_out_once_all_was_searched(between: str, printed: str) -> None:
    code = _SETTLED.format(between=between)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)  # noqa: S603  ours

    assert done.stdout.strip() == printed
