"""Goes through a page with the Tab key, as people do who have no mouse, and tells what they meet."""

from __future__ import annotations

from typing import Any

from playwright.async_api import Page

MOST = 400
"""Stops on one page; one that has more, or in which a stop is met again without an end, is a trap."""
_PARTS = 4
"""Further stops within one field: a date has one for each of its parts."""

# What people can do something with, in the order of the page. Of radio buttons with one name the browser stops at one.
_REACHABLE = """() => {
  const one = "a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex='0']";
  const seen = new Set();
  return [...document.querySelectorAll(one)].filter(element => {
    if (element.disabled || element.tabIndex < 0 || !element.checkVisibility({visibilityProperty: true})) return false;
    if (element.type !== "radio") return true;
    const group = [...document.querySelectorAll(`input[type=radio][name="${element.name}"]`)];
    return element === (group.find(radio => radio.checked) || group[0]);
  }).map(window.described);
}"""
_MOUSE_ONLY = """() => {
  const one = "a[href], button, input, select, textarea, summary, label, [tabindex='0']";
  return [...document.querySelectorAll("body *")].filter(element =>
    getComputedStyle(element).cursor === "pointer" && element.checkVisibility({visibilityProperty: true})
    && !element.closest(one) && !element.querySelector(one)
  ).map(element => element.outerHTML.slice(0, 120));
}"""
_BEGIN = """backwards => {
  window.drawn = element => {
    const style = getComputedStyle(element);
    return [style.outlineStyle, style.outlineWidth, style.outlineColor, style.boxShadow].join();
  };
  // Where the browser goes on from: the beginning of the page, or its end.
  document.activeElement?.blur();
  getSelection().collapse(document.body, backwards ? document.body.childNodes.length : 0);
  scrollTo(0, 0);
  window.met = [];
  window.plain = new Map([...document.querySelectorAll("*")].map(one => [one, window.drawn(one)]));
  window.described = element => {
    const copy = element.cloneNode(true);
    copy.querySelectorAll("[data-count]").forEach(one => one.remove());  // comes and changes by itself
    const name = element.getAttribute("aria-label") || copy.textContent.trim() || element.name || element.id;
    return `${element.tagName.toLowerCase()} ${name.trim().replace(/\\s+/g, " ").slice(0, 60)}`;
  };
}"""
_STOP = """() => {
  const element = document.activeElement;
  if (!element || element === document.body) return null;
  if (window.met.includes(element)) return {again: window.met.indexOf(element)};
  window.met.push(element);
  const box = element.getBoundingClientRect();
  const around = [element, ...(element.labels || [])];
  const [x, y] = [(box.left + box.right) / 2, (box.top + box.bottom) / 2];
  const top = document.elementFromPoint(x, y);
  return {
    what: window.described(element),
    ring: around.some(one => window.drawn(one) !== window.plain.get(one)),
    inView: box.width > 0 && box.top < innerHeight && box.bottom > 0 && box.right > 0 && box.left < innerWidth,
    covered: !!top && !element.contains(top) && !top.contains(element) && !top.closest("label"),
  };
}"""


class Walk:
    """A page as it is met with Tab: `stops` in their order, each with whether it is seen."""

    def __init__(self, stops: list[dict[str, Any]], reachable: list[str]) -> None:
        self.stops = stops
        self.reachable = reachable

    @property
    def names(self) -> list[str]:
        """What was met, in order."""
        return [one["what"] for one in self.stops]

    @property
    def unseen(self) -> list[str]:
        """Stops without a mark, outside of the window, or behind something else."""
        return [one["what"] for one in self.stops if not one["ring"] or not one["inView"] or one["covered"]]


async def mouse_only(page: Page) -> list[str]:
    """What looks as if something happened on a click, and has nothing in it that the keyboard reaches."""
    found: list[str] = await page.evaluate(_MOUSE_ONLY)
    return found


async def walk(page: Page, key: str = "Tab") -> Walk:
    """Press the key from the top of the page until it has been left."""
    await page.evaluate(_BEGIN, key != "Tab")
    stops: list[dict[str, Any]] = []
    parts = 0
    for _ in range(MOST):
        await page.keyboard.press(key)
        stop: dict[str, Any] | None = await page.evaluate(_STOP)
        if stop is None and not stops and parts < _PARTS:  # the browser was still beyond the end of the page
            parts += 1
            continue
        # Beyond the last one the browser's own controls come, or the first one again.
        if stop is None or stop.get("again") == 0:
            return Walk(stops, await page.evaluate(_REACHABLE))
        if stop.get("again") == len(stops) - 1 and parts < _PARTS:
            parts += 1
            continue
        assert "again" not in stop, f"a trap on {page.url}: {stops[-3:]}"
        stops.append(stop)
        parts = 0
    raise AssertionError(f"no end on {page.url}: {stops[-3:]}")
