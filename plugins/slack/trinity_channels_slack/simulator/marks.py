"""mrkdwn as HTML, as Slack's apps draw it. https://docs.slack.dev/messaging/formatting-message-text."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from markupsafe import Markup, escape

_FENCE = re.compile(r"\n?```\n?(.+?)\n?```\n?", re.DOTALL)
_QUOTE = re.compile(r"(?:^|\n)((?:(?:>|&gt;) ?[^\n]*(?:\n|\Z))+)")
_LIST = re.compile(r"(?:^|\n)((?: *[•◦▪] [^\n]+(?:\n|\Z))+)")
_CODE = re.compile(r"(?<![^\W_])`(?=[^\s\u200b])([^\n]*?[^\s\u200b])`(?![^\W_])")
_BRACKETS = re.compile(r"<([^<>\n]+)>")
_STYLES = {
    re.compile(rf"(?<![\w*~]){re.escape(sign)}(?=[^\s\u200b])([^\n]*?[^\s\u200b]){re.escape(sign)}(?![\w*~])"): tag
    for sign, tag in (("*", "strong"), ("_", "em"), ("~", "s"))
}
_SCHEME = re.compile(r"https?://|mailto:|tel:", re.IGNORECASE)

NameOf = Callable[[str], str]
Draw = Callable[[str], Markup]


def drawn(text: str, name_of: NameOf) -> Markup:
    """The text as HTML, with nothing in it that the sender could make run; `name_of` tells a member's name by id."""

    def line(rest: str) -> Markup:
        return _inline(rest, name_of)

    def quote(rest: str) -> Markup:
        lines = re.sub(r"^(?:>|&gt;) ?", "", rest.rstrip("\n"), flags=re.MULTILINE)
        return Markup("<blockquote>{}</blockquote>").format(line(lines))

    def items(rest: str) -> Markup:
        return Markup("<ul>{}</ul>").format(Markup("").join(_items(rest, line)))

    def below_code(rest: str) -> Markup:
        return _each(rest, _QUOTE, quote, lambda other: _each(other, _LIST, items, line))

    return _each(text, _FENCE, lambda code: Markup("<pre>{}</pre>").format(_plain(code)), below_code)


def _items(text: str, line: Draw) -> Iterator[Markup]:
    for one in text.rstrip("\n").split("\n"):
        words = one.lstrip(" ")
        nested = ' class="nested"' if one.startswith("  ") else ""
        yield Markup("<li{}>{}</li>").format(Markup(nested), line(words[2:]))  # noqa: S704 -- one of two texts of ours


def _each(text: str, pattern: re.Pattern[str], made: Draw, rest: Draw) -> Markup:
    """Draw what a pattern finds one way, and what stands between in another."""
    html, at = Markup(""), 0
    for found in pattern.finditer(text):
        html += rest(text[at : found.start()]) + made(found[1])
        at = found.end()
    return html + rest(text[at:])


def _inline(text: str, name_of: NameOf) -> Markup:
    found = _first(text)
    if found is None:
        return _plain(text)
    match, tag = found
    before, after = _plain(text[: match.start()]), _inline(text[match.end() :], name_of)
    if tag == "<":
        return before + _bracket(match[1], name_of) + after
    # Nothing is styled within code.
    inner = _plain(match[1]) if tag == "code" else _inline(match[1], name_of)
    return before + Markup(f"<{tag}>{{}}</{tag}>").format(inner) + after  # noqa: S704 -- a tag of ours


def _first(text: str) -> tuple[re.Match[str], str] | None:
    patterns = ((_CODE, "code"), (_BRACKETS, "<"), *_STYLES.items())
    found = [(match, tag) for pattern, tag in patterns if (match := pattern.search(text))]
    return min(found, key=lambda pair: pair[0].start(), default=None)


def _bracket(inside: str, name_of: NameOf) -> Markup:
    target, _, label = inside.partition("|")
    # Any other scheme, such as `javascript:`, is not made a link.
    if _SCHEME.match(target):
        link = Markup('<a href="{}" target="_blank" rel="noopener noreferrer">{}</a>')
        return link.format(_unescaped(target), _unescaped(label or target.removeprefix("mailto:")))
    if target.startswith("@"):
        words = f"@{label or name_of(target[1:])}"
    elif target.startswith("!"):
        words = f"@{label or target[1:].partition('^')[0]}"
    else:
        words = f"#{label or target.removeprefix('#')}"
    return Markup('<b class="mention">{}</b>').format(_unescaped(words))


def _plain(text: str) -> Markup:
    return escape(_unescaped(text).replace("\u200b", ""))


def _unescaped(text: str) -> str:
    # The ampersand last: `&amp;lt;` is the text `&lt;`.
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
