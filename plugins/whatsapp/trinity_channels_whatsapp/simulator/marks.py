"""WhatsApp's text formatting as HTML, as its apps draw it. https://faq.whatsapp.com/539178204879377."""

from __future__ import annotations

import re
from collections.abc import Callable

from markupsafe import Markup, escape

_MARKED = r"(?<![^\W_]){sign}(?=[^\s\u200b])([^\n]*?[^\s\u200b]){sign}(?![^\W_])"
_FENCE = re.compile(r"\n?```\n?(.+?)\n?```\n?", re.DOTALL)
_LIST = re.compile(r"(?:^|\n)((?:[-*] [^\n]+(?:\n|\Z))+)")
_NUMBERED = re.compile(r"(?:^|\n)((?:\d+\. [^\n]+(?:\n|\Z))+)")
_QUOTE = re.compile(r"(?:^|\n)((?:> [^\n]+(?:\n|\Z))+)")

Draw = Callable[[str], Markup]


def drawn(text: str) -> Markup:
    """The text as HTML, with nothing in it that the sender could make run."""
    # From the outside inwards: nothing within a code block is a list, and nothing within a list a quotation.
    return _each(text, _FENCE, _code, lambda rest: _each(rest, _LIST, _items, _below_lists))


def _below_lists(text: str) -> Markup:
    return _each(text, _NUMBERED, _numbered, lambda rest: _each(rest, _QUOTE, _quote, _inline))


def _each(text: str, pattern: re.Pattern[str], made: Draw, rest: Draw) -> Markup:
    """Draw what a pattern finds one way, and what stands between in another."""
    html, at = Markup(""), 0
    for found in pattern.finditer(text):
        html += rest(text[at : found.start()]) + made(found[1])
        at = found.end()
    return html + rest(text[at:]) if at < len(text) else html


def _code(text: str) -> Markup:
    return Markup("<pre>{}</pre>").format(text)


def _items(text: str) -> Markup:
    lines = (_inline(line[2:]) for line in text.splitlines())
    return Markup("<ul>{}</ul>").format(Markup("").join(Markup("<li>{}</li>").format(line) for line in lines))


def _numbered(text: str) -> Markup:
    start = text.partition(".")[0]
    lines = (_inline(line.partition(". ")[2]) for line in text.splitlines())
    items = Markup("").join(Markup("<li>{}</li>").format(line) for line in lines)
    return Markup('<ol start="{}">{}</ol>').format(start, items)


def _quote(text: str) -> Markup:
    lines = (_inline(line[2:]) for line in text.splitlines())
    return Markup("<blockquote>{}</blockquote>").format(Markup("\n").join(lines))


def _link(address: str) -> Markup:
    return Markup('<a href="{0}" target="_blank" rel="noopener noreferrer">{0}</a>').format(address)


def _element(tag: str) -> Draw:
    def made(text: str) -> Markup:
        return Markup(f"<{tag}>{{}}</{tag}>").format(_inline(text))  # noqa: S704 -- our own tag

    return made


_INLINE: tuple[tuple[re.Pattern[str], Draw], ...] = (
    (re.compile(_MARKED.format(sign="`")), lambda text: Markup("<code>{}</code>").format(text)),
    (re.compile(r"(https?://[^\s<>\u200b]*[^\s<>\u200b.,;:!?)'\"\]*_~])"), _link),
    (re.compile(_MARKED.format(sign=r"\*")), _element("strong")),
    (re.compile(_MARKED.format(sign="_")), _element("em")),
    (re.compile(_MARKED.format(sign="~")), _element("s")),
)


def _inline(text: str) -> Markup:
    html = Markup("")
    while True:
        found = [(match, draw) for pattern, draw in _INLINE if (match := pattern.search(text))]
        if not found:
            return html + escape(text.replace("\u200b", ""))
        # The first in the text wins, whichever mark it is: `*a _b* c_` is bold, with two loose underscores.
        first, draw = min(found, key=lambda pair: pair[0].start())
        html += escape(text[: first.start()].replace("\u200b", "")) + draw(first[1])
        text = text[first.end() :]
