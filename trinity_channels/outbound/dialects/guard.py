"""Keeps literal characters from acting as marks on a channel that has no escape character.

Such a channel opens a span at a sign that follows no letter or digit and precedes no space, and closes it at the next
such sign that follows no space and precedes no letter or digit. A zero-width space breaks one of the two conditions.
It is inserted only where a span would come to be: `2 * 3 * 4`, `a*b*c` and `snake_case` stay as they are. Of code, only
what would end it early is touched: three backticks in a fence, one in inline code.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from trinity_channels.api import Dialect
from trinity_channels.outbound.dialects.lines import Kind, Piece

ZERO_WIDTH_SPACE = "\u200b"


class Guard:
    """Guards the lines of one dialect."""

    def __init__(self, dialect: Dialect) -> None:
        pairs = (dialect.bold, dialect.italic, dialect.strike, dialect.code)
        signs = "".join(opening for opening, _ in pairs if len(opening) == 1)
        sign = f"[{re.escape(signs)}]" if signs else "(?!)"
        self._sign = re.compile(sign)
        self._opens = re.compile(rf"(?<![^\W_]){sign}(?=\S)")
        self._closes = re.compile(rf"(?<=\S){sign}(?![^\W_])")
        self._quote = dialect.quote.strip()
        self._code = dialect.code[0]
        self._fence = dialect.fence[0].strip()
        self._broken_fence = ZERO_WIDTH_SPACE.join(self._fence)
        risks = [sign, re.escape(self._fence) or "(?!)", f"^{re.escape(self._quote)}" if self._quote else "(?!)"]
        self._risky = re.compile("|".join(risks))

    def protect(self, pieces: list[Piece], *, at_start: bool) -> list[Piece]:
        """The `pieces` of one line, safe to put together; `at_start` says that no prefix comes before them."""
        if not any(self._risky.search(text) for text, kind in pieces if kind):
            return pieces
        pieces = [(self._safe(text, kind), kind) for text, kind in self._without_spans(pieces)]
        if at_start and self._quote and pieces[0][0].startswith(self._quote):
            pieces.insert(0, (ZERO_WIDTH_SPACE, None))
        return pieces

    def _safe(self, text: str, kind: Kind | None) -> str:
        """Without what ends code, or begins a fence in the middle of a line."""
        if kind is None or kind is Kind.URL:
            return text
        if kind is Kind.CODE and self._code:
            text = text.replace(self._code, ZERO_WIDTH_SPACE + self._code)
        return text.replace(self._fence, self._broken_fence) if self._fence else text

    def _without_spans(self, pieces: list[Piece]) -> Iterator[Piece]:
        line = "".join(text for text, _ in pieces)
        last_close = {match.group(): match.start() for match in self._closes.finditer(line)}
        inside: set[str] = set()
        start = 0

        def break_span(match: re.Match[str]) -> str:
            sign, position = match.group(), start + match.start()
            if self._opens.match(line, position) and last_close.get(sign, 0) > position + 1:
                return sign + ZERO_WIDTH_SPACE
            if sign in inside and self._closes.match(line, position):
                return ZERO_WIDTH_SPACE + sign
            return sign

        for text, kind in pieces:
            if kind is None:
                inside ^= {text}
            yield self._sign.sub(break_span, text) if kind is Kind.TEXT else text, kind
            start += len(text)
