"""Whether `*` and `_` mark text or are text: CommonMark's rules, and what people mean who never heard of them.

CommonMark reads `__init__.py`, `src/*.py and lib/*.py`, `COUNT(*) and SUM(*)` and `f**k this s**t` as emphasis and loses
characters; and it does not read `これは**「重要」**です`, which needs spaces that Japanese does not have
(https://github.com/commonmark/commonmark-spec/issues/650). Both are decided here, before the pairs are matched.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from markdown_it.rules_inline import StateInline
from markdown_it.rules_inline.state_inline import Delimiter

from trinity_channels.outbound.dialects.characters import (
    closes,
    ends_text,
    is_sign,
    is_space,
    is_uncased,
    opens,
    starts_text,
)
from trinity_channels.outbound.dialects.identifiers import NAMES

_RUN = re.compile(r"\*+|_+")

# Stars that are text whatever stands around them: 2*3, f(x)*g(y), *.* and */*.
_STARS = re.compile(
    r"(?<=[A-Za-z0-9])\*(?=[A-Za-z0-9])|(?<=\))\*(?=[A-Za-z0-9(])|(?<![*\w])\*[.,:;/\\_|+=<>?!&%^~$#@-]{1,3}\*(?![*\w])"
)
_DUNDER = re.compile(r"__([A-Za-z0-9]+(?:_[A-Za-z0-9]+)*)__(?!_)")
_IDENTIFIER = re.compile(r"_[A-Za-z0-9]+(?:_[A-Za-z0-9]+)+_(?![\w])")
_COMPARED = re.compile(r"[(\[]|\s*(?:[=!<>]=|=\s|[+*/-]=)")

_FILE = re.compile(r"(\*{1,2})/?(?:[\w.~@+-]+/)*[\w.~@+-]*\w\1(?![\w/*.])")  # **/etc/hosts**, **.env**
_SAME_WORD = re.compile(r"(\*+)[^\s*]+\1(?!\*)")
_SAME_LINE = re.compile(r"(\*{2,3})(?=\S)[^*\n]*[^\s*/\\]\1(?![*\w])")
_DIRECTORY = re.compile(r"(?:^|(?<=[\s(\[\"']))\*{1,2}[\w.~@+/-]+\Z")  # what stands before the end of **src/**

_CODE_BEFORE = frozenset("/\\@$=.-+&%")
_CODE_AFTER = re.compile(r"[/\\@={]|[.:-][\w*]|::")
_NEVER_FIRST = frozenset("/\\)]},;:!?=|>^%+-.")
_NEVER_FIRST_WIDE = frozenset("\u3002\uff0c\u3001\uff01\uff1f\uff1b\uff1a")
_WEAK = frozenset(")]}.,;=+/\\")
"""After one of these a mark may belong to a formula, so it does not wait for a mark that only might close."""
_AROUND = frozenset(":;,|*_~")
_LONGEST_WORD = 100
_MOST_MARKS = 3
"""More of them are stars: ****1234."""


@dataclass(slots=True)
class _Counted(Delimiter):
    """A delimiter with the number of its kind that wait to be closed, itself included."""

    waiting: int = 0


@dataclass(frozen=True, slots=True)
class _Marks:
    """A run of marks and what stands around it. `waiting` tells whether one like it waits to be closed."""

    source: str
    start: int
    end: int
    limit: int
    waiting: bool

    @property
    def length(self) -> int:
        return self.end - self.start

    @property
    def before(self) -> str:
        return self.source[self.start - 1] if self.start else ""

    @property
    def after(self) -> str:
        return self.source[self.end] if self.end < self.limit else ""


def emphasis(state: StateInline, silent: bool) -> bool:
    """The rule of markdown-it that finds marks of emphasis; it replaces the one of the same name."""
    marker = state.src[state.pos]
    # `silent` asks only whether something begins here; pairs are matched afterwards, so nothing certain does.
    if silent or marker not in "*_":
        return False
    literal = _literal(state.src, state.pos, state.posMax)
    if literal:
        state.append_pending(state.src[state.pos : literal])
        state.pos = literal
        return True
    run = _RUN.match(state.src, state.pos, state.posMax)
    assert run is not None  # noqa: S101  there is at least the marker
    known = (one for one in reversed(state.delimiters) if isinstance(one, _Counted))
    # Kept on the delimiters: counting them again at each mark would take the square of the text's length.
    waiting = next((one.waiting for one in known if chr(one.marker) == marker), 0)
    marks = _Marks(state.src, state.pos, run.end(), state.posMax, waiting > 0)
    decide = _stars if marker == "*" else _scores
    opening, closing = decide(marks) if marks.length <= _MOST_MARKS else (False, False)
    if closing and waiting:
        waiting = max(0, waiting - marks.length)
    elif opening and marks.before not in _WEAK:
        waiting += marks.length
    for _ in range(marks.length):
        state.push("text", "", 0).content = marker
        token = len(state.tokens) - 1
        state.delimiters.append(_Counted(ord(marker), marks.length, token, -1, opening, closing, None, waiting))
    state.pos = marks.end
    return True


# --- what is text ---


def _literal(source: str, start: int, limit: int) -> int:
    """The end of marks (and of the word they belong to) that are text for certain; 0 if they may be marks."""
    if source[start] == "*":
        found = _STARS.match(source, start, limit)
        return found.end() if found else 0
    before = source[start - 1] if start else ""
    if before.isalnum() or before == "_":
        return 0
    if identifier := _IDENTIFIER.match(source, start, limit):
        return identifier.end()
    dunder = _DUNDER.match(source, start, limit)
    return dunder.end() if dunder and _is_name(dunder, before, limit) else 0


def _is_name(dunder: re.Match[str], before: str, limit: int) -> bool:
    """Whether `__word__` is a name of a program and not a bold word."""
    source, end = dunder.string, dunder.end()
    after = source[end] if end < limit else ""
    return (
        dunder[1] in NAMES
        or "_" in dunder[1]
        or before in _CODE_BEFORE
        or source.endswith("::", 0, dunder.start())
        or (before == after and before in ("'", '"'))
        or after.isalnum()
        or bool(_CODE_AFTER.match(source, end, limit) or _COMPARED.match(source, end, limit))
    )


# --- what may open and close ---


def _stars(marks: _Marks) -> tuple[bool, bool]:
    """Whether a run of `*` may open and may close."""
    before, after = marks.before, marks.after
    if is_space(before):
        return not is_space(after) and _may_begin(marks), False
    if is_space(after):
        return False, _may_end(marks)
    if opens(before) and closes(after):
        return False, False  # "*" and (*) speak of the star itself
    if is_sign(before) and is_sign(after):
        return _opens_among_signs(marks), marks.waiting and _ends_among_signs(marks)
    if is_sign(before):
        return before not in ")]}" and _may_begin(marks), marks.waiting and _closes_before_letter(marks)
    if is_sign(after):
        return _opens_after_letter(marks), True
    if is_uncased(before) or is_uncased(after):
        return True, True
    return _inside_word(marks)


def _may_begin(marks: _Marks) -> bool:
    """Whether what follows can be the beginning of marked text; `*.py` and `**/x` are more likely patterns."""
    after, following = marks.after, marks.source[marks.end : marks.end + 2]
    if after not in _NEVER_FIRST or following in ("..", "--"):
        return True
    pattern = _FILE if after in "./" else _SAME_WORD
    # A single star before a dot is a pattern, though *.NET* may be meant.
    return not (marks.length == 1 and after == ".") and _matches(pattern, marks)


def _may_end(marks: _Marks) -> bool:
    """Whether what comes before can be the end of marked text; `src/*` is more likely a pattern."""
    if marks.before in "/\\":
        word = marks.source[max(0, marks.start - _LONGEST_WORD) : marks.start]
        return marks.before == "/" and marks.waiting and bool(_DIRECTORY.search(word))
    return closes(marks.before) or not opens(marks.before)


def _opens_among_signs(marks: _Marks) -> bool:
    if not starts_text(marks.after):
        return marks.after in "$+-.*_~" and (opens(marks.before) or marks.before in _AROUND) and _may_begin(marks)
    if marks.length == 1:
        return opens(marks.before) or marks.before in _AROUND or not marks.before.isascii()
    return marks.before not in "/\\^"


def _ends_among_signs(marks: _Marks) -> bool:
    before = marks.before
    return _may_end(marks) and (before in "*_~/" or ends_text(before) or not before.isascii())


def _closes_before_letter(marks: _Marks) -> bool:
    """Bold text may end with a sign before a letter: CommonMark wants a space, which people forget or do not have."""
    if opens(marks.before) and not closes(marks.before):
        return False
    return is_uncased(marks.after) or ends_text(marks.before)


def _opens_after_letter(marks: _Marks) -> bool:
    """The same at the beginning."""
    if is_uncased(marks.before):
        return marks.after not in _NEVER_FIRST_WIDE and (not closes(marks.after) or opens(marks.after))
    return marks.length > 1 and (marks.after == "`" or (opens(marks.after) and marks.after not in "([{"))


def _inside_word(marks: _Marks) -> tuple[bool, bool]:
    """Between letters or digits: `un**believ**able` and `the **5**th` are marked, `f**k` and `2**8` are not."""
    start = marks.source.rfind("*" * marks.length, max(0, marks.start - _LONGEST_WORD), marks.start)
    word = marks.source[start : marks.start]
    same_word = start >= 0 and not any(map(is_space, word))
    numbers = marks.before.isdigit() or marks.after.isdigit()
    closing = marks.waiting and (same_word or not numbers)
    opening = not marks.before.isdigit() and (_matches(_SAME_WORD, marks) or _matches(_SAME_LINE, marks))
    return opening, closing


def _scores(marks: _Marks) -> tuple[bool, bool]:
    """Whether a run of `_` may open and may close: never inside a word, a path or a name of a program."""
    before, after = marks.before, marks.after
    if is_space(before):
        return not is_space(after) and after not in _NEVER_FIRST, False
    opening = is_sign(before) and before not in _CODE_BEFORE and not is_space(after)
    closing = (is_space(after) or is_sign(after)) and not _CODE_AFTER.match(marks.source, marks.end, marks.limit)
    if opens(before) and closes(after):
        return False, False
    if is_sign(before) and is_sign(after):
        return opening and starts_text(after), closing and marks.waiting and _ends_among_signs(marks)
    if is_sign(before):
        return opening, closing and is_space(after)
    return False, closing


def _matches(pattern: re.Pattern[str], marks: _Marks) -> bool:
    """Whether `pattern` matches from the marks on, with as many marks as there are."""
    found = pattern.match(marks.source, marks.start, min(marks.limit, marks.end + 10 * _LONGEST_WORD))
    return found is not None and len(found[1]) == marks.length
