"""Keeps literal characters from acting as marks on a channel that has no escape character.

Such a channel opens a span at a sign that follows no letter or digit and precedes no space, and closes it at the next
such sign that follows no space and precedes no letter or digit. A zero-width space breaks one of the two conditions.
It is inserted only where a span would come to be: `2 * 3 * 4`, `a*b*c` and `snake_case` stay as they are. Of code, only
what would end it early is touched: three backticks in a fence, one in inline code.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from trinity_channels.api import Dialect
from trinity_channels.outbound.dialects.hugging import ZERO_WIDTH_SPACE, Reader
from trinity_channels.outbound.dialects.lines import Kind, Piece

_LIST = ("- ", "* ")


def guard_of(dialect: Dialect) -> Guard | None:
    """The guard of a dialect that needs one."""
    if not dialect.hugging:
        return None
    pairs = (dialect.bold, dialect.italic, dialect.strike, dialect.code)
    signs = "".join(opening for opening, _ in pairs if len(opening) == 1)
    return _guard(signs, dialect.code[0], dialect.fence[0][:1], dialect.quote.strip())


class Guard:
    """Guards lines in which `signs` are marks, `code` that of inline code, `tick` begins a fence, and `quote` a quote."""

    def __init__(self, signs: str, code: str, tick: str, quote: str) -> None:
        self._signs = signs
        sign = f"[{re.escape(self._signs)}]" if self._signs else "(?!)"
        self._sign = re.compile(sign)
        self._opens = re.compile(rf"(?<![^\W_]){sign}(?=\S)")
        self._closes = re.compile(rf"(?<=\S){sign}(?![^\W_])")
        self._reader = Reader(signs, code)
        self._code = code
        self._fence = re.compile(f"{re.escape(tick)}{{3,}}" if tick else "(?!)")
        self._starts = (quote or ZERO_WIDTH_SPACE, *_LIST)

    def is_needed(self, pieces: list[Piece]) -> bool:
        """Whether a literal sign among the `pieces` of one line may act: with its like, beside a mark, or at the start."""
        literal = "".join(text for text, kind in pieces if kind is Kind.TEXT)
        signs = {sign for sign in self._signs if sign in literal}
        if signs:
            line = "".join(text for text, _ in pieces)
            # A single sign opens nothing.
            if any(line.count(sign) > 1 for sign in signs):
                return True
        return any(
            text.startswith(self._starts) or text[0] in signs or text[-1] in signs
            if kind is Kind.TEXT
            else self._code in text
            for text, kind in pieces
            if kind and kind is not Kind.URL and text
        )

    def holds(self, pieces: list[Piece]) -> bool:
        """Whether people see what the `pieces` of one line say: every mark works, and nothing else does."""
        marked = [(self._opaque(text, kind), kind) for text, kind in pieces]
        meant = "".join(text for text, kind in marked if kind).replace(ZERO_WIDTH_SPACE, "")
        return self._reader.sees("".join(text for text, _ in marked)) == {meant}

    def _opaque(self, text: str, kind: Kind | None) -> str:
        """An address is one word, whatever stands in it; what stands around a link's words is not seen."""
        if kind is Kind.URL:
            return f"{text[0]}{text[-1]}"
        return "" if kind is None and len(text) > 1 else text

    def takes_code(self, text: str) -> bool:
        """Whether the channel would show `text` as inline code: its marks work like all others."""
        edges_work = text == text.strip() and not text.startswith((self._code, ZERO_WIDTH_SPACE))
        return bool(text) and edges_work and not text.endswith(ZERO_WIDTH_SPACE)

    def protect(self, pieces: list[Piece], *, at_start: bool) -> list[Piece]:
        """The `pieces` of one line, safe to put together; `at_start` says that no prefix comes before them."""
        guarded = [(self._safe(text, kind), kind) for text, kind in self._without_spans(pieces)]
        guarded = list(self._apart(guarded))
        if at_start and guarded[0][0].startswith(self._starts):
            guarded.insert(0, (ZERO_WIDTH_SPACE, None))
        return guarded

    def _safe(self, text: str, kind: Kind | None) -> str:
        """Without what ends code, or begins a fence in the middle of a line."""
        if kind is None or kind is Kind.URL:
            return text
        if kind is Kind.CODE and self._code:
            text = text.replace(self._code, ZERO_WIDTH_SPACE + self._code)
        return self._fence.sub(lambda found: ZERO_WIDTH_SPACE.join(found[0]), text)

    def _apart(self, pieces: list[Piece]) -> Iterator[Piece]:
        """Keep literal signs from the outer side of a mark: together they would be other marks."""
        inside: set[str] = set()
        before, closed = "", False
        for text, kind in pieces:
            is_mark = kind is None and len(text) == 1 and text in self._signs
            opens = is_mark and text not in inside
            beside = (opens and not closed) or (closed and not is_mark)
            if beside and self._sign.match(before) and self._sign.match(text):
                yield ZERO_WIDTH_SPACE, None
            yield text, kind
            if is_mark:
                inside ^= {text}
            before, closed = text[-1:], is_mark and not opens

    def _without_spans(self, pieces: list[Piece]) -> Iterator[Piece]:
        line = "".join(text for text, _ in pieces)
        last_close = {match.group(): match.start() for match in self._closes.finditer(line)}
        inside: set[str] = set()
        start = 0

        def break_span(match: re.Match[str]) -> str:
            sign, position = match.group(), start + match.start()
            before, after = line[position - 1 : position], line[position + 1 : position + 2]
            opens = self._opens.match(line, position) and last_close.get(sign, 0) > position + 1
            closes = sign in inside and before and not before.isspace() and (opens or not after.isalnum())
            return ZERO_WIDTH_SPACE * bool(closes) + sign + ZERO_WIDTH_SPACE * bool(opens)

        for text, kind in pieces:
            if kind is None:
                inside ^= {text}
            yield self._sign.sub(break_span, text) if kind is Kind.TEXT else text, kind
            start += len(text)


# Its patterns are compiled once per dialect, not for each message.
_guard = lru_cache(maxsize=32)(Guard)
