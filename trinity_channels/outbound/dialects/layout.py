"""Block tokens → lines: quotes and lists become prefixes, headings bold lines, fences blocks, tables records."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import ClassVar

from markdown_it.token import Token

from trinity_channels.api import Dialect
from trinity_channels.outbound.dialects.inline import Inline, split_lines
from trinity_channels.outbound.dialects.lines import Block, Kind, Line, Run, Runs, plain_runs
from trinity_channels.outbound.dialects.tables import Table

RULE = "———"
TO_DO, DONE = "☐ ", "☑ "

_TASK = re.compile(r"\[([ xX])\](?: |$)")
_LANGUAGE = re.compile(r"[\w+#.-]+")


@dataclass(slots=True)
class _Frame:
    """A quote or list item that is open. `first` starts its first line, `rest` all further ones."""

    first: str
    rest: str
    line: int
    item: bool = False
    block: Block | None = None
    started: bool = False


@dataclass(slots=True)
class _Counter:
    """Numbers an ordered list as it was written, except that a repeated number (`1. 1. 1.`) is counted on."""

    written: str = ""
    number: int = 0

    def next(self, written: str) -> str:
        if written == self.written:
            self.number += 1
            return str(self.number)
        self.written, self.number = written, int(written)
        return written


class Layout:
    """Lays one parsed text out for one dialect. Use once."""

    def __init__(self, dialect: Dialect, limit: int) -> None:
        self._dialect = dialect
        self._inline = Inline(dialect, limit)
        self._lines: list[Line] = []
        self._frames: list[_Frame] = []
        self._counters: list[_Counter | None] = []
        self._used_labels: set[str] = set()
        self._rest: Iterator[Token] = iter(())
        self._end = 0  # the source line after what was laid out last

    def lines(self, tokens: list[Token]) -> list[Line]:
        """Lay out all of `tokens`. Between two blocks there is a blank line where the source has any."""
        self._used_labels = _used_labels(tokens)
        self._rest = iter(tokens)
        for token in self._rest:
            if handle := self._HANDLERS.get(token.type):
                handle(self, token)
        return self._lines

    def _open_quote(self, token: Token) -> None:
        start, _ = _span(token)
        if any(self._dialect.quote_block) and not any(frame.block for frame in self._frames):
            self._frames.append(_Frame("", "", start, block=Block(*self._dialect.quote_block)))
        else:
            self._frames.append(_Frame(self._dialect.quote, self._dialect.quote, start))

    def _open_list(self, token: Token) -> None:
        self._counters.append(_Counter() if token.type == "ordered_list_open" else None)

    def _close_list(self, _token: Token) -> None:
        self._counters.pop()

    def _open_item(self, token: Token) -> None:
        start, _ = _span(token)
        if counter := self._counters[-1]:
            number = f"{counter.next(token.info)}{token.markup} "
            self._frames.append(_Frame(number, " " * len(number), start, item=True))
        else:
            self._frames.append(_Frame(self._dialect.bullet, "  ", start, item=True))

    def _close_frame(self, _token: Token) -> None:
        frame = self._frames[-1]
        if not frame.started:  # empty, but a number may be all that was said
            self._add([()], frame.line, frame.line + 1)
        self._frames.pop()

    def _heading(self, token: Token) -> None:
        runs = self._inline.runs(next(self._rest).children or (), self._inline.bold())
        self._add(split_lines(runs), *_span(token), leads=True)

    def _rule(self, token: Token) -> None:
        self._add([(Run(RULE),)], *_span(token))

    def _definition(self, token: Token) -> None:
        """Show a definition that is never used; the address of a used one stands where it is used."""
        label, title = token.meta["label"], token.meta["title"]
        if token.meta["id"] in self._used_labels:
            self._used_labels.remove(token.meta["id"])
            return
        text = token.content or f"[{label}]: {token.meta['url']}" + (f' "{title}"' if title else "")
        self._add([plain_runs(line.rstrip()) for line in text.split("\n")], *_span(token))

    def _text(self, token: Token) -> None:
        children = token.children or []
        if self._frames and children and children[0].type == "text":
            self._tick(self._frames[-1], children[0])
        self._add(split_lines(self._inline.runs(children)), *_span(token))

    def _tick(self, frame: _Frame, text: Token) -> None:
        """Show a task's `[x]` as a box, in place of the bullet if there is one."""
        task = _TASK.match(text.content)
        if task and frame.item and not frame.started:
            text.content = (TO_DO if task[1] == " " else DONE) + text.content[task.end() :]
            frame.first = "" if self._counters[-1] is None else frame.first

    def _code(self, token: Token) -> None:
        """Code stands at the margin: the marks of quotes and lists around it would become part of it."""
        start, end = _span(token)
        # An item that begins with code still shows its bullet or number, in a line of its own.
        if any(frame.item and not frame.started for frame in self._frames):
            self._add([()], start, start)
        self._gap(start)
        block = self._fence(token.info.split(maxsplit=1)[0] if token.info.strip() else "")
        code = token.content.removesuffix("\n") if token.content.strip() else token.info
        if code:
            self._lines.extend(Line((Run(line, kind=Kind.FENCED),), block=block) for line in code.split("\n"))
        self._advance(end)

    def _fence(self, language: str) -> Block:
        if any(self._dialect.fence_language) and _LANGUAGE.fullmatch(language):
            return Block(*(mark.replace("{language}", language) for mark in self._dialect.fence_language))
        return Block(*self._dialect.fence)

    def _table(self, token: Token) -> None:
        start, end = _span(token)
        for record in Table.read(self._rest).records(self._inline):
            self._add(record, start, end)
            start = end + 1  # a blank line between records

    def _add(self, lines: Iterable[Runs], start: int, end: int, *, leads: bool = False) -> None:
        """Add what the source lines from `start` to before `end` said."""
        self._gap(start)
        first = "".join(frame.rest if frame.started else frame.first for frame in self._frames)
        rest = "".join(frame.rest for frame in self._frames)
        block = next((frame.block for frame in self._frames if frame.block), None)
        for runs in lines:
            self._lines.append(Line(runs, first, rest, block, leads=leads))
            first = rest
        self._advance(end)

    def _advance(self, end: int) -> None:
        for frame in self._frames:
            frame.started = True
        self._end = end

    def _gap(self, start: int) -> None:
        if self._lines and start > self._end:
            frames = [frame for frame in self._frames if frame.started]
            prefix = "".join(frame.rest for frame in frames)
            block = next((frame.block for frame in frames if frame.block), None)
            self._lines.append(Line((), prefix, prefix, block, gap=True))

    _HANDLERS: ClassVar[dict[str, Callable[[Layout, Token], None]]] = {
        "blockquote_close": _close_frame,
        "blockquote_open": _open_quote,
        "bullet_list_close": _close_list,
        "bullet_list_open": _open_list,
        "definition": _definition,
        "fence": _code,
        "heading_open": _heading,
        "hr": _rule,
        "inline": _text,
        "list_item_close": _close_frame,
        "list_item_open": _open_item,
        "ordered_list_close": _close_list,
        "ordered_list_open": _open_list,
        "table_open": _table,
    }


def _span(token: Token) -> tuple[int, int]:
    start, end = token.map or (0, 0)
    return start, end


def _used_labels(tokens: list[Token]) -> set[str]:
    if not any(token.type == "definition" for token in tokens):
        return set()
    return {child.meta["label"] for token in tokens for child in token.children or () if "label" in child.meta}
