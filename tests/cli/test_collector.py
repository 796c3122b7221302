"""What a process that serves leaves out of its garbage collection, modules above all, and how often it has one."""

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


def test_new_objects_are_not_searched_for_every_message() -> None:
    code = """
import gc
from trinity_channels.cli import collector
collector.settle()
began = gc.get_stats()[0]["collections"]
kept = [[] for _ in range(1500)]
print(gc.get_stats()[0]["collections"] - began)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)  # noqa: S603  ours

    assert done.stdout.strip() == "0"
