"""Inline tokens → runs: which text, with which marks, and how a link shows its address."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import reduce

from markdown_it.token import Token

from trinity_channels.api import Dialect
from trinity_channels.outbound.dialects import addresses
from trinity_channels.outbound.dialects.lines import Kind, Mark, Run, Runs, shared
from trinity_channels.visible import cleaned, visible

_BREAK = re.compile(r"(?i)<br\s*/?>")


class Inline:
    """Reads inline tokens for one dialect. A mark that wraps an address takes at most a quarter of `limit`."""

    def __init__(self, dialect: Dialect, limit: int) -> None:
        self._pairs = {"strong": dialect.bold, "em": dialect.italic, "s": dialect.strike}
        self._escape = str.maketrans(dict(dialect.escape))
        self._before_text, _, self._after_text = dialect.link.partition("{text}")
        shown = " ({url})" if self._before_text else self._after_text
        self._around_url = shown.partition("{url}")[::2]
        self._schemes = dialect.link_schemes if self._before_text else ()
        # The address is repeated in each part of a link that is cut; a longer one would leave no room for words.
        self._longest_mark = limit // 4

    def bold(self) -> tuple[Mark, ...]:
        """A new bold span, as the marks of what stands in it; none where the dialect has no bold."""
        return self._span("strong", ())

    def runs(self, tokens: Iterable[Token], marks: tuple[Mark, ...] = ()) -> list[Run]:
        """Read `tokens`; everything stands inside `marks`. A line break is a run of one newline."""
        runs: list[Run] = []
        outer: list[tuple[Mark, ...]] = []
        link: tuple[int, str] | None = None
        for token in tokens:
            if token.type == "link_open":
                link = len(runs), cleaned(str(token.attrs["href"]))
            elif token.type == "link_close" and link:
                start, url = link
                runs[start:] = self._linked(runs[start:], url)
                link = None
            elif token.type == "image":
                runs += self._image(token, marks, linked=link is not None)
            elif token.nesting > 0:
                outer.append(marks)
                marks = self._span(token.tag, marks)
            elif token.nesting < 0:
                marks = outer.pop()
            else:
                runs.append(_run(token, marks))
        return runs

    def _span(self, tag: str, marks: tuple[Mark, ...]) -> tuple[Mark, ...]:
        opening, closing = self._pairs[tag]
        if not opening or any(mark.opening == opening for mark in marks):
            return marks
        return (*marks, Mark(opening, closing))

    def _image(self, token: Token, marks: tuple[Mark, ...], *, linked: bool) -> list[Run]:
        url = cleaned(str(token.attrs["src"]))
        label = [Run("".join(run.text for run in self.runs(token.children or ())), marks)]
        # A picture within a link: the link's own address follows.
        if linked and label[0].text:
            return label
        return self._linked(label, url)

    def _linked(self, label: list[Run], url: str) -> list[Run]:
        """`label` as a link to `url`; just the address where the label says the same."""
        if not url:
            return label
        kind = Kind.URL if "://" in url else Kind.TEXT
        address = addresses.encoded(addresses.shown(url)) if kind is Kind.URL else addresses.shown(url)
        text = "".join(run.text for run in label).strip()
        if not visible(text) or addresses.is_same(text, address):
            return [Run(address, kind=kind)]
        if addresses.claims_another(text, url):
            address = addresses.exposed(address)
        elif self._hides(url) and (mark := self._link_mark(url)):
            # Emphasis of the whole label goes around the link: inside, not every app shows it.
            label = [run for run in label if run.text]
            depth = len(reduce(shared, (run.marks for run in label)))
            return [run._replace(marks=(*run.marks[:depth], mark, *run.marks[depth:])) for run in label]
        before, after = self._around_url
        return [*label, Run(before), Run(addresses.encoded(address, parentheses=True), kind=kind), Run(after)]

    def _hides(self, url: str) -> bool:
        """Whether the channel shows words in place of this address. Some drop other schemes or make them wrong."""
        return url.partition(":")[0].lower() in self._schemes and not addresses.has_user(url)

    def _link_mark(self, url: str) -> Mark | None:
        address = addresses.encoded(url).translate(self._escape)
        mark = Mark(*(half.replace("{url}", address) for half in (self._before_text, self._after_text)))
        return mark if len(mark.opening) + len(mark.closing) <= self._longest_mark else None


def _run(token: Token, marks: tuple[Mark, ...]) -> Run:
    match token.type:
        case "bare_url":
            return Run(token.content, kind=Kind.URL)  # without marks, which apps would take for a part of it
        case "code_inline":
            return Run(token.content, marks, Kind.CODE)
        case "softbreak" | "hardbreak":
            return Run("\n")
        case "html_inline" if _BREAK.fullmatch(token.content):
            return Run("\n")
        case _:
            return Run(cleaned(token.content), marks)  # an entity may stand for what is not to be seen


def split_lines(runs: Sequence[Run]) -> list[Runs]:
    """Cut at newlines; space at the end of a line goes, space at the start of a later line stays."""
    lines: list[list[Run]] = [[]]
    for run in runs:
        if "\n" in run.text:
            head, *further = run.text.split("\n")
            lines[-1] += [run._replace(text=head)] if head else []
            lines += [[run._replace(text=text)] if text else [] for text in further]
        elif run.text:
            lines[-1].append(run)
    return [_without_trailing_space(line) for line in lines]


def _without_trailing_space(line: list[Run]) -> Runs:
    while line and line[-1].kind is Kind.TEXT:
        last = line.pop()
        if text := last.text.rstrip():
            line.append(last._replace(text=text))
            break
    return tuple(line)
