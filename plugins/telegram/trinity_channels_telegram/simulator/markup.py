"""Telegram's HTML, as strict as Telegram: what it does not know, it refuses, with the byte where it stood.

A quote that can be folded is shown as an ordinary one.

https://core.telegram.org/bots/api#html-style; the words of the refusals are those of Telegram's published parser
(https://github.com/tdlib/td, `MessageEntity.cpp`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from trinity_channels_telegram.simulator.entities import Entity, units
from trinity_channels_telegram.simulator.parser import Parser
from trinity_channels_telegram.simulator.problems import Problem, bad_request

TYPES = {
    "a": "text_link",
    "b": "bold",
    "blockquote": "blockquote",
    "code": "code",
    "del": "strikethrough",
    "em": "italic",
    "i": "italic",
    "ins": "underline",
    "pre": "pre",
    "s": "strikethrough",
    "span": "spoiler",
    "strike": "strikethrough",
    "strong": "bold",
    "tg-emoji": "custom_emoji",
    "tg-spoiler": "spoiler",
    "tg-time": "date_time",
    "u": "underline",
}
NAMED = {"lt": "<", "gt": ">", "amp": "&", "quot": '"'}
LONGEST = 4096

_REFERENCE = re.compile(r"&(?:#(?P<decimal>[0-9]+)|#[xX](?P<hex>[0-9a-fA-F]+)|(?P<name>[a-z]+));")
_NAME = re.compile(r"[^\s>]*")
_ATTRIBUTE = re.compile(r"\s*([^\s=>]+)(?:\s*=\s*(?:\"([^\"]*)\"|'([^']*)'))?")
_USER = re.compile(r"tg://user\?id=([1-9][0-9]{0,15})")
_VERBATIM = {"pre": 0, "code": 1}


@dataclass(frozen=True, slots=True)
class Tag:
    """A start tag, and where its text begins."""

    name: str
    start: int
    attributes: Mapping[str, str]


def parse(source: str) -> tuple[str, tuple[Entity, ...]]:
    """Read `source` into what people see and how it is marked.

    Raises:
        Problem: a 400 that names the first thing that is wrong.
    """
    return _Parser(source).run()


class _Parser(Parser[Tag]):
    def run(self) -> tuple[str, tuple[Entity, ...]]:
        while self._at < len(self._source):
            match self._source[self._at]:
                case "<" if self._source.startswith("</", self._at):
                    self._end_tag()
                case "<":
                    self._start_tag()
                case "&":
                    self._reference()
                case character:
                    self._text += character
                    self._at += 1
        if self._open:
            raise bad_request(
                f"can't parse entities: Can't find end tag corresponding to start tag \"{self._open[-1].name}\""
            )
        return finished(self._text, self._entities)

    def _reference(self) -> None:
        match = _REFERENCE.match(self._source, self._at)
        # Other HTML parsers know more names; Telegram shows them as they are.
        if match is None or (match["name"] and match["name"] not in NAMED):
            self._text += "&"
            self._at += 1
            return
        self._text += _character(match)
        self._at = match.end()

    def _start_tag(self) -> None:
        begin = self._at
        found = _NAME.match(self._source, begin + 1)
        name = found.group().lower() if found else ""
        if name not in TYPES:
            raise self._refused(f'Unsupported start tag "{name}"', begin)
        self._at = begin + 1 + len(name)
        attributes: dict[str, str] = {}
        while match := _ATTRIBUTE.match(self._source, self._at):
            attributes[match[1].lower()] = _REFERENCE.sub(_character, match[2] or match[3] or "")
            self._at = match.end()
        while self._source[self._at : self._at + 1].isspace():
            self._at += 1
        if self._source[self._at : self._at + 1] != ">":
            raise self._refused("Unclosed start tag", begin)
        if name == "span" and attributes.get("class") != "tg-spoiler":
            raise self._refused('Tag "span" must have class "tg-spoiler"', begin)
        self._at += 1
        self._open.append(Tag(name, len(self._text), attributes))

    def _end_tag(self) -> None:
        begin = self._at
        if not self._open:
            raise self._refused("Unexpected end tag", begin)
        found = _NAME.match(self._source, begin + 2)
        name = found.group().lower() if found else ""
        # Tags nest strictly; `<b><i></b></i>` is refused.
        tag = self._open.pop()
        if name and name != tag.name:
            raise self._refused("Unmatched end tag", begin, f', expected "</{tag.name}>", found "</{name}>"')
        close = self._source.find(">", begin)
        if close < 0 or self._source[begin + 2 + len(name) : close].strip():
            raise self._refused("Unclosed end tag", begin)
        self._at = close + 1
        self._mark(tag)

    def _mark(self, tag: Tag) -> None:
        inside = self._text[tag.start :]
        if not inside:
            return
        offset, length = units(self._text[: tag.start]), units(inside)
        special: Entity | None = None
        match tag.name:
            case "a":
                special = link(offset, length, tag.attributes.get("href") or inside)
            case "tg-time":
                special = date_time(offset, length, tag.attributes.get("unix", ""), tag.attributes.get("format", ""))
            case "tg-emoji":
                special = _emoji(offset, length, tag.attributes.get("emoji-id", ""))
        if special is not None or tag.name == "a":
            self._entities += [special] if special is not None else []
            return
        language = ""
        # Only `<pre><code class="language-…">` names a language.
        if tag.name == "code" and self._open and self._open[-1].name == "pre" and self._open[-1].start == tag.start:
            language = tag.attributes.get("class", "").partition("language-")[2]
        kind = "language" if language else TYPES[tag.name]
        self._entities.append(Entity(kind, offset, length, "", language))

    def _refused(self, what: str, at: int, more: str = "") -> Problem:
        offset = len(self._source[:at].encode())
        return bad_request(f"can't parse entities: {what} at byte offset {offset}{more}")


def _character(match: re.Match[str]) -> str:
    if match["name"]:
        return NAMED.get(match["name"], match.group())
    code = int(match["decimal"]) if match["decimal"] else int(match["hex"], 16)
    return chr(code) if 0 < code < 0x110000 and not 0xD800 <= code < 0xE000 else match.group()  # noqa: PLR2004


def link(offset: int, length: int, url: str) -> Entity | None:
    """What an address behind a text becomes: a link, a mention of a person, or nothing."""
    if found := _USER.fullmatch(url):
        return Entity("text_mention", offset, length, more={"user": {"id": int(found[1])}})
    return Entity("text_link", offset, length, url) if leads_somewhere(url) else None


def date_time(offset: int, length: int, unix: str, how: str) -> Entity:
    """A moment, shown in the reader's own time zone.

    Raises:
        Problem: it is not a time, or there is no such way to show one.
    """
    if not unix.isdecimal() or int(unix) <= 0:
        raise bad_request("can't parse entities: Invalid date specified")
    if how.lower() != "r" and not set(how) <= set("tTdDwW"):
        raise bad_request("can't parse entities: Invalid date format used")
    return Entity("date_time", offset, length, more={"unix_time": int(unix), "date_time_format": how})


def _emoji(offset: int, length: int, number: str) -> Entity:
    if not number.isdecimal() or int(number) == 0:
        raise bad_request("can't parse entities: Invalid custom emoji identifier specified")
    return Entity("custom_emoji", offset, length, more={"custom_emoji_id": number})


def leads_somewhere(url: str) -> bool:
    """Whether Telegram keeps a link; others it drops without a word."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return False
    return parts.scheme in {"http", "https", "tg"} and ("." in host or parts.scheme == "tg")


def finished(text: str, entities: list[Entity]) -> tuple[str, tuple[Entity, ...]]:
    """What is left of marks that cannot stand inside each other, and of a text without the blanks around it."""
    return _trimmed(text, _flat(entities))


def _flat(entities: list[Entity]) -> list[Entity]:
    """Nothing is marked inside code, no quote stands in a quote, and a fence has its language."""
    languages = {(one.offset, one.length): one.language for one in entities if one.type == "language"}
    kept: list[Entity] = []
    # Those around others first, so that what is inside them is known when they are looked at.
    for one in sorted(entities, key=lambda entity: (entity.offset, -entity.length, _VERBATIM.get(entity.type, 2))):
        around = [other for other in kept if other.offset <= one.offset < other.offset + other.length]
        quoted = one.type == "blockquote" and any(other.type == "blockquote" for other in around)
        if one.type == "language" or quoted or any(other.type in _VERBATIM for other in around):
            continue
        language = one.language or (languages.get((one.offset, one.length), "") if one.type == "pre" else "")
        kept.append(replace(one, language=language))
    return kept


def _trimmed(text: str, entities: list[Entity]) -> tuple[str, tuple[Entity, ...]]:
    """Cut blanks off both ends of the text."""
    start, shown = units(text) - units(text.lstrip()), text.strip()
    clipped = []
    for one in entities:
        begin = max(one.offset - start, 0)
        end = min(one.offset + one.length - start, units(shown))
        if begin < end:
            clipped.append(replace(one, offset=begin, length=end - begin))
    return shown, tuple(clipped)
