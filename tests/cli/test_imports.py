"""What the commands load: a server does without rich, and what a program has loaded already is left alone."""

from __future__ import annotations

import subprocess
import sys

import pytest


@pytest.mark.parametrize(
    ("before", "true_after"),
    [
        ("import sys", "'rich.console' not in sys.modules and 'pygments' not in sys.modules"),
        ("import sys, rich, pygments", "sys.modules['rich'] is rich and sys.modules['pygments'] is pygments"),
    ],
)
def test_importing_the_commands(before: str, true_after: str) -> None:
    program = f"{before}\nimport trinity_channels.cli\nassert {true_after}\nimport rich.console"

    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)  # noqa: S603  our own text

    assert ended.returncode == 0, ended.stderr
