"""A quick check leaves out what `costly.txt` names, with all its cases; measuring names the costliest fifth."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import costly

pytest_plugins = ["pytester"]
FIVE = "\n".join(f"def test_{number}(): sum(range({10_000_000 if number == 7 else 1}))" for number in range(5, 10))
CASES = "import pytest\n@pytest.mark.parametrize('case', [1, 2])\ndef test_7(case): pass\ndef test_8(): pass"


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The list, with one name."""
    names = tmp_path / "costly.txt"
    names.write_text("test_some.py::test_7\n")
    monkeypatch.setattr(costly, "LIST", names)
    return names


@pytest.mark.usefixtures("names")
def test_what_the_list_names_is_left_out_with_all_its_cases(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(test_some=CASES)

    result = pytester.inline_run("-p", "no:asyncio", plugins=[costly.Costly(cheap=True, measure=False)])

    result.assertoutcome(passed=1)


def test_the_costliest_fifth_is_named(pytester: pytest.Pytester, names: Path) -> None:
    names.write_text("")
    pytester.makepyfile(test_some=FIVE)

    pytester.inline_run("-p", "no:asyncio", plugins=[costly.Costly(cheap=False, measure=True)])

    assert names.read_text() == "test_some.py::test_7\n"
