"""How pages are drawn for people to look at: light, dark and on a phone, in full height."""

from __future__ import annotations

import shutil
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from playwright.async_api import Page

from tests.pages.browsing import Reader

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "build/pictures"
README = ROOT / "docs/pictures"
WIDE = {"width": 1280, "height": 900}
NARROW = {"width": 390, "height": 844}
SIZES = (("light", "light", WIDE), ("dark", "dark", WIDE), ("narrow", "light", NARROW))
DATA = "/var/lib/trinity-channels"

Step = Callable[[Page], Awaitable[None]]
"""What a person does on the page before it is drawn."""

_RENAME = """([from, to]) => {
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) texts.currentNode.data = texts.currentNode.data.replaceAll(from, to);
}"""


@dataclass(frozen=True)
class Picture:
    """A page to draw.

    Attributes:
        name: of the files.
        path: where the page is.
        who: owner, admin or visitor.
        step: what happens there first.
        status: of the answer; anything but 200 is announced to the browser's watch.
        readme: the light one also belongs to the README.
    """

    name: str
    path: str
    who: str = "owner"
    step: Step | None = None
    status: int = 200
    readme: bool = False


async def draw(reader: Reader, picture: Picture, folder: Path) -> None:
    """Draw a page; `folder` is where the host lives for the while, which the picture names as an installation would."""
    if picture.status != 200:
        reader.expects_status(picture.status)
    page = reader.page
    answer = await page.goto(f"{reader.url}{picture.path}")
    assert answer is not None
    assert picture.step is not None or answer.status == picture.status, f"{picture.name}: {answer.status}"
    if picture.step is not None:
        await picture.step(page)
        await page.wait_for_load_state()
    await reader.examines()
    await page.evaluate(_RENAME, [str(folder), DATA])
    await page.evaluate("scrollTo(0, 0)")
    for name, scheme, size in SIZES:
        await page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
        await page.set_viewport_size(size)  # type: ignore[arg-type]
        if size is NARROW:
            # A window as high as the page: in a longer picture the bar at the bottom would stand in the middle.
            height = await page.evaluate("document.documentElement.scrollHeight")
            await page.set_viewport_size({"width": NARROW["width"], "height": height})
        file = FOLDER / f"{picture.name}-{name}.png"
        await page.screenshot(path=file, full_page=True)
        if picture.readme and name == "light":
            README.mkdir(exist_ok=True)
            shutil.copy(file, README / f"{picture.name}.png")
