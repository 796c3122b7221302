r"""What people can see: removes characters that hide, forge or reorder text, and reports whether anything is left.

Agents' answers and the names that people choose both go through here. A model may print terminal escapes or its own
citation marks, and a name may hold an instruction written in characters that only a model reads.
"""

from __future__ import annotations

import re

_TAGS = "\U000e0000-\U000e00ff\U000e01f0-\U000e0fff"
_VARIATIONS = "\ufe00-\ufe0f\U000e0100-\U000e01ef"
_PRIVATE = "\ue000-\uf8ff\U000f0000-\U0010ffff"
_BIDI = "\u202a-\u202e\u2066-\u206f"  # embeddings, overrides, isolates
_NEVER_TEXT = "\ufdd0-\ufdef\ufeff\ufff9-\ufffb\ufffe\uffff"

_LINE_END = re.compile("\r\n|[\r\v\f\x85\u2028\u2029]")
_REMOVED = re.compile(
    # A flag of a region, such as Scotland's: https://www.unicode.org/reports/tr51/#def_emoji_tag_sequence
    "(\U0001f3f4[\U000e0030-\U000e0039\U000e0061-\U000e007a]{3,6}\U000e007f)"
    r"|(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]"  # colours of a terminal (ECMA-48), whose parameters would stay behind as text
    r"|(?:\x1b\]|\x9d)[^\x07\x1b\x9c\x9d\n]*(?:\x07|\x1b\\|\x9c)"  # its links and titles
    "|\ue200[^\ue200\ue201\\s]{1,200}\ue201"  # a citation mark that some models leave in their text
    f"|[\0-\x08\x0e-\x1f\x7f-\x9f{_BIDI}{_NEVER_TEXT}{_TAGS}{_PRIVATE}]"  # one by one: the next may begin a sequence
)
# Marks that hint a direction, for which a sentence has a use, and characters without width that join nothing. In a name
# they only make two that differ look the same.
_UNSEEN = re.compile("[\u00ad\u034f\u061c\u180e\u200b\u200e\u200f\u2060-\u2065]+")
# One follows a character; more of them only carry hidden bytes.
_REPEATED = re.compile(f"(?<=[{_VARIATIONS}])[{_VARIATIONS}]+")
# https://www.unicode.org/Public/UCD/latest/ucd/DerivedCoreProperties.txt (Default_Ignorable_Code_Point), and blanks.
_SHOWS = re.compile(
    "[^\\s\0-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\u2800\u3164\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    f"{_NEVER_TEXT}{_VARIATIONS}{_TAGS}{_PRIVATE}]"
)


def cleaned(text: str) -> str:
    r"""The text as people are to see it.

    Removes control characters (with the whole of a terminal's escape sequence), bidirectional embeddings, overrides and
    isolates, tag characters outside of flags, private-use characters, repeated variation selectors and the byte order
    mark. Line ends of every kind become `\n`; half of a surrogate pair becomes U+FFFD.
    """
    # Most texts end here, without a pattern.
    if text.isprintable() and text.isascii():
        return text
    if not text.isascii():
        text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return _REPEATED.sub("", _REMOVED.sub(lambda found: found[1] or "", _LINE_END.sub("\n", text)))


def cleaned_name(name: str) -> str:
    """A name that someone chose, as one line of visible text; empty if nothing of it can be seen."""
    words = one_line(name)
    return words if _SHOWS.search(words) else ""


def one_line(text: str) -> str:
    """The text as one line that no character hides, forges or reorders: a name, or a value on a terminal."""
    text = cleaned(text)
    return " ".join((text if text.isascii() else _UNSEEN.sub("", text)).split())


def for_terminal(text: str) -> str:
    """The same for a text whose line ends and indents stay."""
    return "\n".join(_UNSEEN.sub("", line) for line in cleaned(text).split("\n"))


def visible(text: str) -> bool:
    """Whether a person sees anything of `text`: not if it is only space, control or zero-width characters."""
    return _SHOWS.search(cleaned(text)) is not None
