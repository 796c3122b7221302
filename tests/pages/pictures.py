"""Draws the pages of a fictional host for people to look at: light, dark and on a phone. `make screenshots` runs it.

No test compares these pictures, for fonts differ from machine to machine; that pages are accessible and fit their window is
examined here all the same.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest
from freezegun.api import FrozenDateTimeFactory

from tests.pages.browsing import Reader, Readers
from tests.pages.fiction import OWNER, Fiction
from tests.world import ADMIN, Found
from trinity_channels.web.auth import Role

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "build/pictures"
README = ROOT / "docs/pictures"
WIDE = {"width": 1280, "height": 900}
NARROW = {"width": 390, "height": 844}
DATA = "/var/lib/trinity-channels"


@dataclass(frozen=True)
class Picture:
    """A page to draw. `who`: owner, admin, or nobody; `readme`: the light one also belongs to the README."""

    name: str
    path: str
    who: str = "owner"
    readme: bool = False


PICTURES = (
    Picture("signin", "/signin", who="visitor"),
    Picture("agents", "/agents", readme=True),
    Picture("agents-admin", "/agents", who="admin"),
    Picture("settings", "/settings", who="admin"),
    Picture("limits", "/settings/limits", who="admin"),
    Picture("all-settings", "/settings/all", who="admin"),
    Picture("audit", "/settings/audit", who="admin"),
    Picture("token", "/settings/tokens/new", who="admin"),
    Picture("sharing", "/agents/front-desk"),
    Picture("sharing-empty", "/agents/travel-desk"),
    Picture("erase", "/agents/front-desk/clients/1/erase"),
    Picture("channel", "/agents/front-desk/channels/whatsapp"),
    Picture("connect", "/agents/travel-desk/channels/whatsapp"),
    Picture("conversations", "/conversations"),
    Picture("conversation", "/agents/front-desk/conversations/1", readme=True),
    Picture("conversation-undelivered", "/agents/order-help/conversations/4"),
    Picture("conversation-held", "/agents/front-desk/conversations/5"),
)


_RENAME = """([from, to]) => {
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) texts.currentNode.data = texts.currentNode.data.replaceAll(from, to);
}"""


async def draw(reader: Reader, picture: Picture, folder: Path) -> None:
    """Draw a page; `folder` is where the host lives for the while, which the picture names as an installation would."""
    page = await reader.opens(picture.path)
    await page.evaluate(_RENAME, [str(folder), DATA])
    for name, scheme, size in (("light", "light", WIDE), ("dark", "dark", WIDE), ("narrow", "light", NARROW)):
        await page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
        await page.set_viewport_size(size)  # type: ignore[arg-type]
        file = FOLDER / f"{picture.name}-{name}.png"
        await page.screenshot(path=file, full_page=size is WIDE)
        if picture.readme and name == "light":
            README.mkdir(exist_ok=True)
            shutil.copy(file, README / f"{picture.name}.png")


@pytest.mark.timeout(600)
async def test_draw_every_page(tmp_path: Path, blank: Path, clock: FrozenDateTimeFactory, page_of: Readers) -> None:
    shutil.copy(blank, tmp_path)
    FOLDER.mkdir(parents=True, exist_ok=True)
    async with Fiction(tmp_path, clock) as fiction:
        await fiction.lives()
        tokens = {"admin": ADMIN, "owner": await fiction.token(Role.USER, OWNER), "visitor": None}
        readers = {who: await page_of(fiction, token) for who, token in tokens.items()}
        for picture in PICTURES:
            await draw(readers[picture.who], picture, tmp_path)


async def test_draw_a_fresh_host(found: Found, page_of: Readers, tmp_path: Path) -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    world = await found(connected=False, public_chat_url=None, credential_encryption_key=None, mailer=False)
    await draw(await page_of(world), Picture("set-up", "/agents"), tmp_path)
