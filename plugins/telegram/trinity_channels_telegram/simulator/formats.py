"""The text of a call, with its marks: in HTML, in one of the Markdowns, or as a list of entities.

https://core.telegram.org/bots/api#formatting-options. More lenient than Telegram: entities that cross each other are
kept as they are, where Telegram splits or drops one of them.
"""

from __future__ import annotations

from typing import Any

from trinity_channels_telegram.simulator import markdown, markup
from trinity_channels_telegram.simulator.entities import Entity, units
from trinity_channels_telegram.simulator.parameters import Params, listed, text, whole
from trinity_channels_telegram.simulator.problems import bad_request

LONGEST_SOURCE = 32_768
"""Bytes of a text with its markup."""
MOST_ENTITIES = 100
"""Of a message; Telegram drops the others without a word."""
FURTHEST = 1_000_000

_PARSERS = {"html": markup.parse, "markdownv2": markdown.parse, "markdown": markdown.parse_legacy}
# What bots may mark by themselves; Telegram finds mentions, addresses and commands on its own.
_FIELDS: dict[str, tuple[str, ...]] = {
    "blockquote": (),
    "bold": (),
    "code": (),
    "custom_emoji": ("custom_emoji_id",),
    "date_time": ("unix_time",),
    "expandable_blockquote": (),
    "italic": (),
    "pre": (),
    "spoiler": (),
    "strikethrough": (),
    "text_link": ("url",),
    "text_mention": ("user",),
    "underline": (),
}


def read(params: Params) -> tuple[str, tuple[Entity, ...]]:
    """What people see of a text, and how it is marked.

    Raises:
        Problem: a 400 that names the first thing that is wrong.
    """
    source, mode = text(params, "text"), text(params, "parse_mode").lower()
    if len(source.encode("utf-8", "replace")) > LONGEST_SOURCE:
        raise bad_request("text is too long")
    # Half of a character, which JSON can spell and UTF-8 cannot.
    if any("\ud800" <= character <= "\udfff" for character in source):
        raise bad_request("strings must be encoded in UTF-8")
    if mode in _PARSERS:
        shown, entities = _PARSERS[mode](source)
    elif mode in {"", "none"}:
        shown, entities = markup.finished(source, _entities(params, source))
    else:
        raise bad_request("unsupported parse_mode")
    if not shown:
        raise bad_request("message text is empty")
    # Characters, not UTF-16 units, as Telegram's published server counts.
    if len(shown) > markup.LONGEST:
        raise bad_request("message is too long")
    return shown, entities[:MOST_ENTITIES]


def _entities(params: Params, source: str) -> list[Entity]:
    found = [_entity(one) for one in listed(params, "entities")]
    known = [one for one in found if one is not None and one.length]
    end, begins = units(source), _beginnings(source)
    for one in sorted(known, key=lambda entity: entity.offset):
        if one.offset >= end:
            raise bad_request(f"entity begins after the end of the text at UTF-16 offset {one.offset}")
        if one.end > end:
            raise bad_request(
                f"entity beginning at UTF-16 offset {one.offset} ends after the end of the text at UTF-16 offset"
                f" {one.end}"
            )
        if one.offset not in begins:
            raise bad_request(f"entity begins in a middle of a UTF-16 symbol at byte offset {one.offset}")
        if one.end not in begins:
            raise bad_request(f"entity beginning at UTF-16 offset {one.offset} ends in a middle of a UTF-16 symbol")
    return known


def _entity(given: Any) -> Entity | None:
    if not isinstance(given, dict):
        raise bad_request("can't parse MessageEntity: expected an Object")
    kind, offset, length = text(given, "type"), whole(given, "offset"), whole(given, "length")
    if offset is None or length is None:
        raise bad_request('can\'t parse MessageEntity: Field "offset" must be of type Number')
    if not 0 <= offset <= FURTHEST:
        raise bad_request(f"receive an entity with incorrect offset {offset}")
    if not 0 <= length <= FURTHEST:
        raise bad_request(f"receive an entity with incorrect length {length}")
    # What a bot may not mark is left out without a word, as Telegram does.
    if kind not in _FIELDS:
        return None
    for name in _FIELDS[kind]:
        if name not in given:
            raise bad_request(f"can't parse MessageEntity: Can't find field \"{name}\"")
    url = text(given, "url")
    if kind == "text_link" and not markup.leads_somewhere(url):
        raise bad_request(f"entity URL '{url}' is invalid: Wrong HTTP URL")
    more = {name: given[name] for name in _FIELDS[kind] if name != "url"}
    return Entity(kind, offset, length, url, text(given, "language"), more)


def _beginnings(source: str) -> set[int]:
    """Where characters begin, and the end of the text, in UTF-16 code units."""
    at, found = 0, {0}
    for character in source:
        at += 2 if character > "\uffff" else 1
        found.add(at)
    return found
