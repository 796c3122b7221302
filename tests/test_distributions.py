"""The five distributions are released together: one version, one licence, and plugins that say which host they are for."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).parent.parent
FLOORS = ROOT / "floors.txt"
CONSTRAINTS = ROOT / "constraints.txt"
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


def pinned(path: Path) -> dict[str, Version]:
    """The versions in a file of pins, by canonical name."""
    lines = path.read_text(encoding="utf-8").split()
    return {canonicalize_name(name): Version(version) for name, _, version in (line.partition("==") for line in lines)}


@pytest.mark.parametrize("path", [HOST, *PLUGINS], ids=lambda path: path.parent.name)
def test_the_oldest_library_that_is_taken_is_the_one_that_is_tested(path: Path) -> None:
    tested = pinned(FLOORS)
    said = project(path)
    extras = (one for extra in said.get("optional-dependencies", {}).values() for one in extra)
    required = [Requirement(one) for one in (*said["dependencies"], *extras)]

    # The test tools of the contract kit are those of the one who uses it.
    libraries = [one for one in required if one.name not in ("trinity-channels", "pytest", "hypothesis")]
    taken = {one.name: [Version(said.version) for said in one.specifier if said.operator == ">="] for one in libraries}
    assert taken == {one.name: [tested[canonicalize_name(one.name)]] for one in libraries}


def test_floors_are_older_than_what_is_installed_otherwise_or_the_same() -> None:
    newest = pinned(CONSTRAINTS)

    assert {name: version for name, version in pinned(FLOORS).items() if version > newest[name]} == {}


@pytest.mark.parametrize(
    ("library", "version"),
    [
        # What an application may hold these at: https://github.com/Abilityai/trinity/blob/main/docker/backend/Dockerfile
        ("fastapi", "0.115.6"),
        ("pydantic", "2.10.4"),
        ("starlette", "0.41.3"),
        ("sqlmodel", "0.0.33"),
        ("sqlalchemy", "2.0.36"),
        ("alembic", "1.18.4"),
        ("aiohttp", "3.14.3"),
        ("cryptography", "44.0.1"),
        ("httpx", "0.28.1"),
        ("uvicorn", "0.37.0"),
        ("slack-sdk", "3.41.0"),
        ("twilio", "9.10.5"),
    ],
)
def test_applications_with_older_libraries_can_mount_it(library: str, version: str) -> None:
    assert pinned(FLOORS)[library] <= Version(version)
