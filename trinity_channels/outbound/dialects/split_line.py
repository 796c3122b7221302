"""Cuts one line in two by what a person sees: after a sentence, a word or a character, not inside a URL or code."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

from trinity_channels.outbound.dialects.characters import is_space, is_spaceless
from trinity_channels.outbound.dialects.lines import Kind, Line, Run, Runs, entities
from trinity_channels.outbound.dialects.render import Renderer

# Chinese and Japanese put no space after their full-width stops and commas.
_SENTENCE = re.compile(r"[.!?…][\"'\u201d\u2019)\]]*(?=\s)|[\u3002\uff01\uff1f]")
_WORD = re.compile(r"\S(?=\s)|[\uff0c\u3001\uff1b\uff1a]")
_JOINER = "\u200d"
_VIRAMA = 9  # binds two consonants: https://www.unicode.org/reports/tr29/#GB9c
_LONGEST_CHARACTER = 64  # code points that are looked at before a pile of combining marks is cut after all


def width(text: str) -> int:
    """Length in UTF-16 code units."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le")) // 2


def split_line(
    line: Line, room: int, renderer: Renderer, most: int, share: float, *, may_tear: bool
) -> tuple[Line, Line] | None:
    """Cut `line` so that its first half renders to at most `room`, and drop the space at the cut.

    It ends after a sentence if that leaves at least `share` of the room filled, and has at most `most` entities.

    Returns:
        The halves, the second of which may be empty; None if nothing fits, or if a URL or code would have to be torn
        and not `may_tear`.
    """
    # A character has at least one unit, so what lies further on cannot fit; a line may be very long.
    near = line._replace(runs=_beginning(line.runs, room + 1))
    longest = min(room, sum(len(run.text) for run in _affordable(near.runs, most)))

    def width_to(end: int) -> int:
        return width(renderer.line(_halves(near, end)[0]))

    text = "".join(run.text for run in near.runs)[: room + 1]
    end = _last_that_fits(width_to, longest, room)
    whole = _whole(near.runs, end)
    while end > 0:
        end = _best_end(text, end, whole, share, may_tear=may_tear)
        if end > 0 and width_to(end) <= room:
            return _halves(line, end)
        end -= 1
    return None


def _beginning(runs: Runs, length: int) -> Runs:
    """As many of `runs` as have `length` characters."""
    for count, run in enumerate(runs, start=1):
        length -= len(run.text)
        if length <= 0:
            return runs[:count]
    return runs


def _affordable(runs: Runs, most: int) -> Runs:
    """As many of `runs` as have at most `most` entities."""
    for index, count in enumerate(entities(runs)):
        most -= count
        if most < 0:
            return runs[:index]
    return runs


def _last_that_fits(width_to: Callable[[int], int], end: int, room: int) -> int:
    """The last position up to `end` whose `width_to` is within `room`, found by rule of three and halving in turn; or 0."""
    fits, fits_width, guess = 0, 0, end
    fails, fails_width = end + 1, room + 1
    by_proportion = True
    while fails - fits > 1:
        guessed = width_to(guess)
        if guessed <= room:
            fits, fits_width = guess, guessed
        else:
            fails, fails_width = guess, guessed
        # The width is nearly proportional; halving in between bounds the number of steps where it is not.
        share = (room - fits_width) / (fails_width - fits_width) if by_proportion else 0.5
        guess = min(max(fits + int((fails - fits) * share), fits + 1), fails - 1)
        by_proportion = not by_proportion
    return fits


def _whole(runs: Runs, end: int) -> dict[int, int]:
    """Each position up to `end` that lies inside a URL or code → where that starts."""
    inside: dict[int, int] = {}
    start = 0
    for run in runs:
        if start >= end:
            break
        if run.kind in (Kind.URL, Kind.CODE):
            inside.update(dict.fromkeys(range(start + 1, min(start + len(run.text), end + 1)), start))
        start += len(run.text)
    return inside


def _best_end(text: str, end: int, inside: dict[int, int], share: float, *, may_tear: bool) -> int:
    """The best place to cut `text` at or before `end`; 0 if there is none.

    Sentences count from a `share` of it on. A word is torn only if it may be, and then if it fills more than half.
    """
    for pattern, start in ((_SENTENCE, int(end * share)), (_WORD, end // 2 if may_tear else 0)):
        ends = [match.end() for match in pattern.finditer(text, start, end + 1)]
        for best in reversed(ends):
            if best <= end and best not in inside:
                return best
    if end in inside:
        return inside[end] or (end if may_tear else 0)
    if not may_tear and _in_word(text, end):
        return 0
    return next((best for best in range(end, max(end - _LONGEST_CHARACTER, 0), -1) if not _joined(text, best)), end)


def _in_word(text: str, position: int) -> bool:
    """Whether a cut before `position` would tear a word. Scripts without spaces may be cut anywhere."""
    before, after = text[position - 1], text[position : position + 1]
    spaceless = is_spaceless(before) or is_spaceless(after)
    return not (spaceless or before.isspace() or is_space(after))


def _joined(text: str, position: int) -> bool:
    """Whether a cut before `position` would tear what a person sees as one character."""
    before, after = text[position - 1], text[position : position + 1]
    if not after:
        return False
    if _JOINER in (before, after) or unicodedata.category(after).startswith("M") or _extends(after):
        return True
    if unicodedata.combining(before) == _VIRAMA:
        return after.isalpha()
    if not _is_flag_half(before) or not _is_flag_half(after):
        return False
    halves = 0
    while halves < position and _is_flag_half(text[position - 1 - halves]):
        halves += 1
    return halves % 2 == 1


def _extends(character: str) -> bool:
    """Skin tones, the tags of regional flags, later parts of a decomposed Korean syllable, and single signs."""
    return (
        "\U0001f3fb" <= character <= "\U0001f3ff"
        or "\U000e0020" <= character <= "\U000e007f"
        or "\u1160" <= character <= "\u11ff"
        or character in "\u200c\u0e33\u0eb3"  # Persian's non-joiner, the vowel AM of Thai and Lao
    )


def _is_flag_half(character: str) -> bool:
    return "\U0001f1e6" <= character <= "\U0001f1ff"


def _halves(line: Line, end: int) -> tuple[Line, Line]:
    """Cut after `end` characters. The rest gets the prefix of later lines and, unless it is code, no leading space."""
    head: list[Run] = []
    tail: list[Run] = []
    for index, run in enumerate(line.runs):
        head.append(run._replace(text=run.text[:end]))
        if len(run.text) >= end:
            tail = [run._replace(text=run.text[end:])] if len(run.text) > end else []
            tail += line.runs[index + 1 :]
            break
        end -= len(run.text)
    if not line.fenced:
        _strip(head, -1)
        _strip(tail, 0)
    return line._replace(runs=tuple(head)), line._replace(runs=tuple(tail), first=line.rest)


def _strip(runs: list[Run], edge: int) -> None:
    """Take the space from the first (0) or last (-1) text of `runs`, and runs that are nothing else."""
    while runs and runs[edge].kind is Kind.TEXT:
        run = runs.pop(edge)
        if text := run.text.lstrip() if edge == 0 else run.text.rstrip():
            runs.insert(edge if edge == 0 else len(runs), run._replace(text=text))
            break
