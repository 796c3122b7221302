"""Where a Markdown text is code: fences and code spans, whose content is shown as it is written.

Not a Markdown parser: list items and quotes count as prefixes of a line, and four leading spaces do not make code.
https://spec.commonmark.org/0.31.2/#fenced-code-blocks and #code-spans
"""

from __future__ import annotations

import re

_FENCE = (
    r"[ \t>]*(?:(?:[-*+]|[0-9]{1,9}[.)])[ \t]+)*"  # the line may belong to a quote or a list item
    r"(?:`{3,}[^`\n]*|~{3,}[^\n]*)(?:\n|\Z)"
)
_FENCE_HERE = re.compile(_FENCE)
_FENCE_LINE = re.compile(rf"^{_FENCE}", re.MULTILINE)
_RAIL = re.compile(r"`{3,}|~{3,}")
_PARAGRAPH_END = re.compile(r"\n[ \t\r]*\n")
_LONGEST_SPAN = 5000
"""Characters; longer ones are not looked for, so that a text made of backticks costs no more than others."""

CODE_START = rf"(?P<fence>^{_FENCE})|(?P<ticks>`+)"
"""A pattern (multi-line mode) of what may begin code; `end_of_code` tells where that ends."""


def end_of_code(text: str, start: re.Match[str]) -> int:
    """The index after the code that a match of `CODE_START` begins; right after the backticks if no code begins there."""
    if start["fence"] is not None:
        return fence_end(text, start.start())
    return _span_end(text, start)


def fence_end(text: str, at: int) -> int:
    """The index after the fence whose first line begins at `at`; `at` itself if no fence begins there."""
    fence = _FENCE_HERE.match(text, at)
    if fence is None:
        return at
    closing = _closing(fence).search(text, fence.end())
    # CommonMark: a fence that nothing closes reaches to the end.
    return closing.end() if closing else len(text)


def open_fence(text: str) -> str:
    """The line that closes a fence left open at the end of a text; empty if none is open."""
    at = 0
    while fence := _FENCE_LINE.search(text, at):
        closing = _closing(fence).search(text, fence.end())
        if closing is None:
            return _rail(fence)
        at = closing.end()
    return ""


def _closing(fence: re.Match[str]) -> re.Pattern[str]:
    rail = _rail(fence)
    return re.compile(rf"^[ \t>]*{rail[0]}{{{len(rail)},}}[ \t\r]*$", re.MULTILINE)


def _rail(fence: re.Match[str]) -> str:
    found = _RAIL.search(fence[0])
    assert found is not None  # noqa: S101  the pattern of a fence holds one
    return found[0]


def _span_end(text: str, ticks: re.Match[str]) -> int:
    opening = ticks["ticks"]
    limit = ticks.end() + _LONGEST_SPAN
    if paragraph := _PARAGRAPH_END.search(text, ticks.end(), limit):
        limit = paragraph.start()
    # A span closes with exactly as many backticks as it opens with, and within its paragraph.
    closing = re.compile(rf"(?<!`){opening}(?!`)").search(text, ticks.end(), limit)
    return closing.end() if closing else ticks.end()
