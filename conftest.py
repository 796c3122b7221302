"""What all tests share: profiles of property tests, the marks of tests that need a browser or PostgreSQL, and the short run.

The suite runs the same examples of properties every time, `make test-fast` a twentieth of them, `make fuzz` new ones.
`--fast` takes one case of each test: nothing is left untried, but a table of cases only by its first row. Browsers and what
is marked `long` are left out.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from itertools import islice
from types import ModuleType
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from tests.costly import Costly
from trinity_channels_contract_tests import fuzz

_SLOW = [HealthCheck.too_slow, HealthCheck.filter_too_much]

settings.register_profile(
    "suite",
    # The same ones each time, so that more would only take longer: `make fuzz` makes others.
    max_examples=50,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=_SLOW,
)
settings.register_profile("fast", settings.get_profile("suite"), max_examples=5)
settings.register_profile(
    "fuzz",
    max_examples=int(os.environ.get("FUZZ_EXAMPLES", "500")),
    database=None,
    deadline=None,
    print_blob=True,
    suppress_health_check=_SLOW,
)
settings.load_profile("suite")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--fast`, `--cheap`, `--every-check`, `--measure`, `--mounted` and `--postgres`."""
    parser.addoption("--fast", action="store_true", help="one case of each test, without browsers and long tests")
    parser.addoption("--cheap", action="store_true", help="without the costliest tests, see tests/costly.py")
    parser.addoption("--measure", action="store_true", help="write the list of the costliest tests again")
    parser.addoption("--every-check", action="store_true", help="every lie of the contract kit meets every check")
    parser.addoption(
        "--mounted",
        choices=["beside", "moved"],
        help="every host of a story within an application, see tests/mounted.py",
    )
    parser.addoption("--postgres", action="store_true", help="every story with PostgreSQL, see tests/postgres.py")


def pytest_configure(config: pytest.Config) -> None:
    """Let checks of the contract kit try a twentieth of their requests in the short run."""
    if config.getoption("--fast"):
        fuzz.EXAMPLES = 3
    if config.getoption("--cheap") or config.getoption("--measure"):
        cheap, measure = config.getoption("--cheap"), config.getoption("--measure")
        config.pluginmanager.register(Costly(cheap=cheap, measure=measure), "costly")


@pytest.hookimpl(tryfirst=True)
def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """With `--fast` make no test of any case but the first: nine out of ten would be left out again."""
    if not metafunc.config.getoption("--fast"):
        return
    parametrize = metafunc.parametrize

    def by_first_case(names: Any, cases: Iterable[Any], *args: Any, ids: Any = None, **options: Any) -> None:
        first = list(islice(cases, 1))
        parametrize(names, first, *args, ids=ids if ids is None or callable(ids) else list(islice(ids, 1)), **options)

    metafunc.parametrize = by_first_case  # type: ignore[assignment, method-assign]  # of this test alone


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark the tests that need a browser or PostgreSQL: by what their modules use, and those with pages as a fixture."""
    for item in items:
        module = item.getparent(pytest.Module)
        used = {_origin(one) for one in vars(module.obj).values()} if module else set()
        if "page_of" in getattr(item, "fixturenames", ()) or any(one.startswith("playwright.") for one in used):
            item.add_marker("browser")
        if item.path.parent.name == "postgresql" or any(one.startswith("tests.postgres") for one in used):
            item.add_marker("postgres")
    if config.getoption("--fast"):
        _keep_one_case_each(config, items)


def _keep_one_case_each(config: pytest.Config, items: list[pytest.Item]) -> None:
    seen: set[str] = set()
    left_out = []
    for item in items[:]:
        test = item.nodeid.partition("[")[0]
        if test in seen or item.get_closest_marker("browser") or item.get_closest_marker("long"):
            left_out.append(item)
            items.remove(item)
        seen.add(test)
    config.hook.pytest_deselected(items=left_out)


def _origin(value: object) -> str:
    """The module where something was made, or the name of a module."""
    return str(value.__name__ if isinstance(value, ModuleType) else getattr(value, "__module__", ""))
