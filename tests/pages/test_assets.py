"""What pages load: vendored files are what they say, and nothing comes from another host."""

from __future__ import annotations

import gzip
import hashlib
import re
from pathlib import Path

import httpx
import pytest

from tests.world import PUBLIC, World
from tools import fetch_assets
from trinity_channels.assets import FILES, FOLDER, asset

TEMPLATES = Path(__file__).parents[2] / "trinity_channels/web/pages/templates"
OTHER_HOST = re.compile(r"""(?:src|href|action|hx-[a-z:]+)\s*=\s*["'](?:[a-z]+:)?//""")
LIMIT = 120_000


@pytest.mark.parametrize("package", fetch_assets.packages(), ids=lambda package: str(package["folder"]))
def test_vendored_files_have_the_hashes_of_their_list(package: dict[str, object]) -> None:
    fetch_assets.check(package)


def test_a_vendored_file_that_was_changed_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = fetch_assets.packages()[0]
    folder = tmp_path / package["folder"]
    folder.mkdir()
    for path in package["files"]:
        (folder / Path(path).name).write_bytes(b"changed")
    monkeypatch.setattr(fetch_assets, "VENDOR", tmp_path)

    with pytest.raises(fetch_assets.Wrong, match=r"htmx\.min\.js"):
        fetch_assets.check(package)


def test_every_vendored_package_has_its_licence() -> None:
    for package in fetch_assets.packages():
        assert any("LICENSE" in path for path in package["files"]), package["name"]


# A script is a file, deferred or not, and has no words of its own.
INLINE = re.compile(r'<style|\sstyle=|\son[a-z]+=|<script(?! (?:defer )?src="[^">]*"></script>)|hx-on|javascript:')


@pytest.mark.parametrize("template", sorted(TEMPLATES.glob("*.html")), ids=lambda file: file.name)
def test_no_template_loads_from_another_host_or_has_inline_script_or_style(template: Path) -> None:
    text = template.read_text(encoding="utf-8")

    assert OTHER_HOST.findall(text) == []
    assert INLINE.findall(text) == []


@pytest.mark.parametrize("name", [name for name in FILES if name.endswith(".css")])
def test_no_style_sheet_loads_from_another_host(name: str) -> None:
    text = (FOLDER / FILES[name]).read_text(encoding="utf-8")

    assert re.findall(r"@import|url\((?!\"?data:|'?data:)[^)]*\)", text) == []


def test_our_own_script_is_short() -> None:
    root = FOLDER.parents[1]
    ours = [
        file
        for folder in ("trinity_channels", "plugins")
        for file in (root / folder).rglob("*.js")
        if "vendor" not in file.parts
    ]

    assert ours == [FOLDER / "channels.js"]
    assert len(ours[0].read_text(encoding="utf-8").splitlines()) <= 60


def test_what_a_page_loads_is_small() -> None:
    assert sum(len(asset(name).compressed) for name in FILES) < LIMIT * 0.6  # the rest is for the page itself


@pytest.mark.parametrize("name", FILES)
async def test_assets_are_kept_by_browsers_and_change_their_address_with_their_content(world: World, name: str) -> None:
    answer = await world.http.get(f"{PUBLIC}/assets/{asset(name).path}")

    assert answer.status_code == httpx.codes.OK
    assert "immutable" in answer.headers["cache-control"]
    assert answer.headers["content-encoding"] == "gzip"
    assert hashlib.sha256(answer.content).hexdigest().startswith(asset(name).version)
    assert gzip.decompress(asset(name).compressed) == asset(name).content


@pytest.mark.parametrize("encoding", ["identity", "br", ""])
async def test_assets_are_served_as_they_are_to_those_who_do_not_take_gzip(world: World, encoding: str) -> None:
    one = asset("channels.css")

    answer = await world.http.get(f"{PUBLIC}/assets/{one.path}", headers={"Accept-Encoding": encoding})

    assert "content-encoding" not in answer.headers
    assert answer.content == one.content


@pytest.mark.parametrize(
    "path",
    [
        "/assets/0000000000000000/channels.css",
        "/assets/{version}/assets.toml",
        "/assets/{version}/../../settings.py",
        "/assets/{version}/%2e%2e/__init__.py",
        "/assets/{version}/vendor/htmx-4.0.1/htmx.min.js",
        "/assets/channels.css",
        "/assets/",
    ],
)
async def test_nothing_else_is_served(world: World, path: str) -> None:
    answer = await world.http.get(PUBLIC + path.format(version=asset("channels.css").version))

    assert answer.status_code == httpx.codes.NOT_FOUND
    assert "immutable" not in answer.headers.get("cache-control", "")
