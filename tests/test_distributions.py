"""The five distributions are released together: one version, one licence, and plugins that say which host they are for."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

ROOT = Path(__file__).parent.parent
HOST = ROOT / "pyproject.toml"
PLUGINS = sorted(ROOT.glob("plugins/*/pyproject.toml"))


def project(path: Path) -> dict[str, Any]:
    return dict(tomllib.loads(path.read_text(encoding="utf-8"))["project"])


def pythons(path: Path) -> tuple[str, ...]:
    """The versions of Python that a distribution says it runs on."""
    said = (one.rpartition(" :: ") for one in project(path)["classifiers"])
    return tuple(version for topic, _, version in said if topic == "Programming Language :: Python")


def test_the_versions_are_equal() -> None:
    versions = {path.parent.name: project(path)["version"] for path in (HOST, *PLUGINS)}

    assert len(versions) == 5
    assert len(set(versions.values())) == 1, versions


def test_all_name_the_same_pythons_and_so_does_the_readme() -> None:
    named = {path.parent.name: pythons(path) for path in (HOST, *PLUGINS)}
    readme = (ROOT / "README.md").read_text(encoding="utf-8")

    assert set(named.values()) == {("3.11", "3.12", "3.13")}, named
    assert "Python 3.11, 3.12 or 3.13" in readme


@pytest.mark.parametrize("path", [HOST, *PLUGINS], ids=lambda path: path.parent.name)
def test_each_carries_the_licence(path: Path) -> None:
    assert project(path)["license"] == "Apache-2.0"
    assert project(path)["license-files"] == ["LICENSE"]
    assert (path.parent / "LICENSE").read_bytes() == (ROOT / "LICENSE").read_bytes()


@pytest.mark.parametrize("path", PLUGINS, ids=lambda path: path.parent.name)
def test_a_plugin_requires_the_hosts_of_its_own_series(path: Path) -> None:
    required = [Requirement(one) for one in project(path)["dependencies"]]
    hosts = next(one.specifier for one in required if one.name == "trinity-channels")
    ours = Version(project(HOST)["version"])

    assert ours in hosts
    assert Version(f"{ours.major}.{ours.minor + 1}") not in hosts
    assert Version(f"{ours.major}.{ours.minor - 1}") not in hosts or ours.minor == 0
