"""Telegram's two Markdowns, as strict as Telegram. https://core.telegram.org/bots/api#markdownv2-style and #markdown-style.

The words of the refusals are those of Telegram's published parser (https://github.com/tdlib/td, `MessageEntity.cpp`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

from trinity_channels_telegram.simulator.entities import Entity, units
from trinity_channels_telegram.simulator.markup import date_time, finished, link
from trinity_channels_telegram.simulator.parser import Parser
from trinity_channels_telegram.simulator.problems import Problem, bad_request

RESERVED = "_*[]()~`>#+-=|{}.!\n"
_LANGUAGE = re.compile(r"([^\s`]*)(?=\s)")
_LEGACY = {"_": "italic", "*": "bold", "`": "code", "[": "text_link"}

# What opens an entity, longest first; each closes with the same characters but links and quotes.
_OPENERS = (
    ("```", "pre"),
    ("![", "custom_emoji"),
    ("__", "underline"),
    ("||", "spoiler"),
    ("_", "italic"),
    ("*", "bold"),
    ("~", "strikethrough"),
    ("`", "code"),
    ("[", "text_link"),
)
_CLOSERS = {kind: opener for opener, kind in _OPENERS} | {"text_link": "]", "custom_emoji": "]"}
_NAMES = {
    "pre": "Pre",
    "custom_emoji": "CustomEmoji",
    "underline": "Underline",
    "spoiler": "Spoiler",
    "italic": "Italic",
    "bold": "Bold",
    "strikethrough": "Strikethrough",
    "code": "Code",
    "text_link": "TextUrl",
    "blockquote": "BlockQuote",
}


@dataclass(frozen=True, slots=True)
class Open:
    """An entity that has begun: where its text begins, and where its mark stood in the source."""

    kind: str
    start: int
    at: int
    language: str = ""


def parse(source: str) -> tuple[str, tuple[Entity, ...]]:
    """Read MarkdownV2 into what people see and how it is marked.

    Raises:
        Problem: a 400 that names the first thing that is wrong.
    """
    return _Parser(source).run()


class _Parser(Parser[Open]):
    def __init__(self, source: str) -> None:
        super().__init__(source)
        self._line_begins = True

    def run(self) -> tuple[str, tuple[Entity, ...]]:
        while self._at < len(self._source):
            self._step(self._source[self._at])
        if self._open and self._open[-1].kind == "spoiler" and self._source.endswith("||") and len(self._open) > 1:
            self._open.pop()  # "||" at the end of a quote folds it
        if self._open and self._open[-1].kind == "blockquote":
            self._close(self._open.pop())
        if self._open:
            raise self._unclosed()
        return finished(self._text, self._entities)

    def _step(self, character: str) -> None:
        inside = self._open[-1].kind if self._open else ""
        escaped = self._source[self._at + 1 : self._at + 2]
        # Before everything else: an escaped mark is text wherever it stands.
        if character == "\\" and escaped and escaped.isascii():
            self._take(escaped, 2)
        # Within code only the backtick means anything.
        elif character not in ("`" if inside in {"code", "pre"} else RESERVED):
            self._take(character, 1)
        elif character == "\n":
            self._end_line()
        elif self._closes(inside):
            self._end(self._open.pop())
        elif character == ">" and self._line_begins:
            if not any(one.kind == "blockquote" for one in self._open):
                self._open.append(Open("blockquote", len(self._text), self._at))
            self._at += 1
        else:
            self._begin(character)

    def _take(self, shown: str, length: int) -> None:
        self._text += shown
        self._at += length
        self._line_begins = shown == "\n"

    def _end_line(self) -> None:
        quoted = any(one.kind == "blockquote" for one in self._open)
        if quoted and self._source[self._at + 1 : self._at + 2] != ">":
            if self._open[-1].kind == "spoiler" and self._open[-1].start == len(self._text):
                self._open.pop()
            if self._open[-1].kind != "blockquote":
                raise self._unclosed()
            self._close(self._open.pop())
        self._take("\n", 1)

    def _closes(self, kind: str) -> bool:
        closer = _CLOSERS.get(kind)
        if closer is None or not self._source.startswith(closer, self._at):
            return False
        # "__" inside of italics opens an underline.
        return not (kind == "italic" and self._source.startswith("__", self._at))

    def _begin(self, character: str) -> None:
        opener, kind = next((one for one in _OPENERS if self._source.startswith(one[0], self._at)), ("", ""))
        if not kind:
            raise _refused(f"Character '{character}' is reserved and must be escaped with the preceding '\\'")
        begin = self._at
        self._at += len(opener)
        language = ""
        if kind == "pre":
            language, self._at = _fence(self._source, self._at)
        self._open.append(Open(kind, len(self._text), begin, language))

    def _end(self, opened: Open) -> None:
        self._at += len(_CLOSERS[opened.kind])
        url = ""
        if opened.kind in {"text_link", "custom_emoji"}:
            if self._source.startswith("(", self._at):
                url = self._url()
            elif opened.kind == "custom_emoji":
                raise _refused("The entity must contain a tg://emoji or tg://time URL")
            else:
                url = self._text[opened.start :]
        self._close(opened, url)

    def _url(self) -> str:
        begin = self._at = self._at + 1
        url = ""
        while self._source[self._at : self._at + 1] not in ("", ")"):
            if self._source[self._at] == "\\" and self._source[self._at + 1 : self._at + 2].isascii():
                self._at += 1
            url += self._source[self._at : self._at + 1]
            self._at += 1
        if self._at >= len(self._source):
            raise _refused(f"Can't find end of a URL at byte offset {_bytes(self._source, begin)}")
        self._at += 1
        return url

    def _close(self, opened: Open, url: str = "") -> None:
        offset, length = units(self._text[: opened.start]), units(self._text[opened.start :])
        # An entity around nothing is dropped, as Telegram does.
        if not length:
            return
        entity: Entity | None = Entity(opened.kind, offset, length, "", opened.language)
        if opened.kind == "text_link":
            entity = link(offset, length, url)
        elif opened.kind == "custom_emoji":
            entity = _special(offset, length, url)
        if entity is not None:
            self._entities.append(entity)

    def _unclosed(self) -> Problem:
        opened = self._open[-1]
        name = "PreCode" if opened.language else _NAMES[opened.kind]
        return _refused(f"Can't find end of {name} entity at byte offset {_bytes(self._source, opened.at)}")


def parse_legacy(source: str) -> tuple[str, tuple[Entity, ...]]:
    """Read the older Markdown, in which nothing can be nested; errors as `parse` has."""
    text, entities, at = "", [], 0
    while at < len(source):
        character = source[at]
        if character == "\\" and source[at + 1 : at + 2] in {"_", "*", "`", "["}:
            text += source[at + 1]
            at += 2
        elif character not in _LEGACY:
            text += character
            at += 1
        else:
            inside, entity, at = _legacy_entity(source, at, units(text))
            text += inside
            entities += [entity] if entity is not None and inside else []
    return finished(text, entities)


def _legacy_entity(source: str, begin: int, offset: int) -> tuple[str, Entity | None, int]:
    """One entity: its text, what it is, and where the source goes on."""
    opener = "```" if source.startswith("```", begin) else source[begin]
    kind, at, language = _LEGACY[opener[0]], begin + len(opener), ""
    if opener == "```":
        kind = "pre"
        language, at = _fence(source, at)
    closer = "]" if opener == "[" else opener
    end = source.find(closer, at)
    if end < 0:
        raise _refused(f"Can't find end of the entity starting at byte offset {_bytes(source, begin)}")
    inside, after = source[at:end], end + len(closer)
    if kind != "text_link":
        return inside, Entity(kind, offset, units(inside), "", language), after
    url = inside
    if source.startswith("(", after):
        close = source.find(")", after)
        # The older parser takes an address that is never closed to the end of the text.
        close = len(source) if close < 0 else close
        url, after = source[after + 1 : close], close + 1
    return inside, link(offset, units(inside), url), after


def _fence(source: str, at: int) -> tuple[str, int]:
    """The language of a fence, and where its text begins."""
    found = _LANGUAGE.match(source, at)
    language = found[1] if found else ""
    at += len(language)
    if source.startswith(("\r\n", "\n\r"), at):
        return language, at + 2
    return language, at + (1 if source.startswith(("\n", "\r"), at) else 0)


def _special(offset: int, length: int, url: str) -> Entity:
    """A custom emoji or a moment, which are written as addresses."""
    parts = urlsplit(url)
    fields = {name: values[0] for name, values in parse_qs(parts.query).items()}
    if parts.scheme == "tg" and parts.netloc == "emoji" and fields.get("id", "").isdecimal():
        return Entity("custom_emoji", offset, length, more={"custom_emoji_id": fields["id"]})
    if parts.scheme == "tg" and parts.netloc == "time" and fields.get("unix", "").isdecimal():
        return date_time(offset, length, fields["unix"], fields.get("format", ""))
    raise _refused("Invalid tg://emoji or tg://time URL specified")


def _bytes(source: str, at: int) -> int:
    return len(source[:at].encode())


def _refused(what: str) -> Problem:
    return bad_request(f"can't parse entities: {what}")
