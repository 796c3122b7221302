"""What all tests share: profiles of property tests, and the mark of tests that need a browser.

The suite runs the same examples of properties every time, `make test-fast` a tenth of them, `make fuzz` new ones.
"""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, settings

_SLOW = [HealthCheck.too_slow, HealthCheck.filter_too_much]

settings.register_profile("suite", derandomize=True, database=None, deadline=None, suppress_health_check=_SLOW)
settings.register_profile("fast", settings.get_profile("suite"), max_examples=10)
settings.register_profile(
    "fuzz",
    max_examples=int(os.environ.get("FUZZ_EXAMPLES", "500")),
    database=None,
    deadline=None,
    print_blob=True,
    suppress_health_check=_SLOW,
)
settings.load_profile("suite")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests that open a browser: those of modules that use playwright, and those with its pages as a fixture."""
    for item in items:
        module = item.getparent(pytest.Module)
        used = vars(module.obj).values() if module else ()
        if "page_of" in getattr(item, "fixturenames", ()) or any(map(_is_of_playwright, used)):
            item.add_marker("browser")


def _is_of_playwright(value: object) -> bool:
    return str(getattr(value, "__module__", "")).startswith("playwright.")
