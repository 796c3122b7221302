"""Markdown → tokens: CommonMark, tables, strikethrough, and what people mean who write no Markdown at all."""

from __future__ import annotations

import re
import unicodedata

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock, table
from markdown_it.rules_block.table import escapedSplit, getLine
from markdown_it.rules_inline import StateInline, emphasis
from markdown_it.token import Token

from trinity_channels.outbound.dialects.lines import URL

NESTING = 24
"""Levels of quotes (one each) and lists (two each). markdown-it drops, without a word, what lies deeper."""

MOST_COLUMNS = 50
"""A table with more is not read as one: its empty cells alone could keep the parser busy for seconds."""

MARKUP = re.compile(r"[*_~`\[\]<>&\\#|]|[^\S \n]|^(?: |[-+=]|\d+[.)])", re.MULTILINE)
"""What Markdown could read as more than text, deliberately generous. Without a match, parsing changes nothing."""


_ARITHMETIC = re.compile(
    r"(?<=[A-Za-z0-9])\*(?=[A-Za-z0-9])"
    r"|(?<=[0-9])\*\*(?=[A-Za-z0-9])|(?<=[A-Za-z])\*\*(?=[0-9])"
)


_ENDS_PROSE = frozenset(':.!?…"\u201d\u2019')
_NOT_A_TABLE = "not a table"  # key of the parser's environment: the line up to which no table is to be looked for


class TooDeepError(ValueError):
    """The source nests deeper than the parser follows, so the tokens would lack some of it."""


class _Parser(MarkdownIt):
    def normalizeLink(self, url: str) -> str:  # noqa: N802 - markdown-it's name
        return url  # people are shown what the agent wrote, neither percent-encoded nor in punycode

    def normalizeLinkText(self, link: str) -> str:  # noqa: N802 - markdown-it's name
        return link


def _bare_url(state: StateInline, silent: bool) -> bool:
    """Take a URL in running text as one piece: `_` and `*` in it are no emphasis. Seen at the colon, as by linkify."""
    if not state.src.startswith("://", state.pos):
        return False
    for scheme in (5, 4):
        start = state.pos - scheme
        url = URL.match(state.src, start, state.posMax) if start >= 0 else None
        if url and url.start() + scheme == state.pos and state.src[start : state.pos].lower() in ("https", "http"):
            break
    else:
        return False
    if not silent:
        state.pending = state.pending[: start - state.pos]
        state.push("bare_url", "", 0).content = url.group()
    state.pos = url.end()
    return True


def _emphasis(state: StateInline, silent: bool) -> bool:
    """Emphasis, except that `2*3*4`, `2**8` and `x**2` are no such thing: their signs are text."""
    arithmetic = None if silent else _ARITHMETIC.match(state.src, state.pos)
    if arithmetic:
        state.append_pending(arithmetic.group())
        state.pos = arithmetic.end()
        return True
    start, known = state.pos, len(state.delimiters)
    if not emphasis.tokenize(state, silent):
        return False
    if state.src.startswith("**", start):
        opens, closes = _meant(state.src[start - 1 : start], state.src[state.pos : state.pos + 1])
        for delimiter in state.delimiters[known:]:
            delimiter.open |= opens
            delimiter.close |= closes
    return True


def _meant(before: str, after: str) -> tuple[bool, bool]:
    """Whether `**` opens and closes bold text although CommonMark says no.

    It wants space between a punctuation mark inside and a letter outside, which models forget (`**Note:**text`) and
    Chinese and Japanese do not have (`これは**「重要」**です`). https://github.com/commonmark/commonmark-spec/issues/650
    """
    opens = _is_uncased(before) and unicodedata.category(after or " ") in ("Ps", "Pi")
    ends = before in _ENDS_PROSE or unicodedata.category(before or " ") == "So"
    closes = after.isalpha() and (ends or (_is_uncased(after) and unicodedata.category(before or " ")[0] == "P"))
    return opens, closes


def _is_uncased(letter: str) -> bool:
    return unicodedata.category(letter or " ") == "Lo"


def _newline(state: StateInline, silent: bool) -> bool:
    """Every line break counts (in a chat, soft ones too), and the indentation after it is kept."""
    if state.src[state.pos] != "\n":
        return False
    if not silent:
        state.push("softbreak", "br", 0)
    state.pos += 1
    return True


def _whole_table(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """A table of sane width whose rows all fit its header. GFM drops surplus cells; showing the pipes loses nothing."""
    known = len(state.tokens)
    if start < state.env.get(_NOT_A_TABLE, 0) or _cells(state, start) > MOST_COLUMNS:
        return False
    if not table(state, start, end, silent):
        return False
    if silent or all(_cells(state, line) <= _cells(state, start) for line in range(start + 2, state.line)):
        return True
    del state.tokens[known:]
    state.env[_NOT_A_TABLE] = state.line  # trying each of its lines again would take the square of its length
    state.line = start
    return False


def _cells(state: StateBlock, line: int) -> int:
    return len(escapedSplit(getLine(state, line).strip().removeprefix("|").removesuffix("|")))


def _build() -> MarkdownIt:
    options = {"maxNesting": NESTING, "inline_definitions": True, "store_labels": True}
    parser = _Parser("commonmark", options).enable(["table", "strikethrough"]).disable("html_block")
    parser.inline.ruler.before("newline", "bare_url", _bare_url)
    parser.block.ruler.at("table", _whole_table, {"alt": ["paragraph", "reference"]})
    parser.inline.ruler.at("emphasis", _emphasis)
    parser.inline.ruler.at("newline", _newline)
    return parser


_PARSER = _build()


def parse(markdown: str) -> list[Token]:
    """Parse to markdown-it's block tokens.

    Raises:
        TooDeepError: quotes or lists nest deeper than `NESTING`.
    """
    tokens = _PARSER.parse(markdown)
    if any(token.level >= NESTING - 1 for token in tokens):
        raise TooDeepError
    return tokens
