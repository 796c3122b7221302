"""Slack's text as people read it.

https://docs.slack.dev/messaging/formatting-message-text — everything between < and > is Slack's; what people
type of these signs is escaped. So the brackets are read first, and the three escapes last.
"""

from __future__ import annotations

import re

_BRACKETS = re.compile(r"<([^<>]*)>")
_UNTYPED = re.compile(r"[\s*_~`>•◦▪\u200b-\u200d\ufe0f]+")


def plain(text: str, own_id: str = "") -> str:
    """Decode `text`, and leave out mentions of `own_id`: they say whom a message is for, not what it says."""
    without = _mention_of(own_id).sub(_gap, text) if own_id and own_id in text else text
    text = text if without == text else without.strip()
    return unescape(_BRACKETS.sub(_readable, text))


def mentions(text: str, user_id: str) -> bool:
    """Tell whether `text` mentions a member."""
    return user_id in text and _mention_of(user_id).search(text) is not None


def unescape(text: str) -> str:
    """Turn Slack's three escapes back, and no other entity: `&copy;` is what the person wrote."""
    # `&amp;` last, or the typed text `&lt;` (sent as `&amp;lt;`) would become "<".
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def escape(text: str) -> str:
    """Protect literal text from `plain`."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def bracket(target: str, label: str = "") -> str:
    """Slack's own sign for an address or a mention, for `plain` to read."""
    # These three end or divide a bracket.
    target = target.replace("|", "%7C").replace("<", "%3C").replace(">", "%3E")
    return f"<{target}|{escape(label)}>" if label else f"<{target}>"


def typed(text: str) -> str:
    """The signs of a decoded text that Slack does not add or take away when it writes the same words another way."""
    return _UNTYPED.sub("", text)


def _mention_of(user_id: str) -> re.Pattern[str]:
    return re.compile(rf" ?<@{re.escape(user_id)}(?:\|[^<>]*)?> ?")


def _gap(mention: re.Match[str]) -> str:
    return " " if mention[0].startswith(" ") and mention[0].endswith(" ") else ""


def _readable(found: re.Match[str]) -> str:
    target, _, label = found[1].partition("|")
    match target[:1]:
        case "@":
            return f"@{label or target[1:]}"
        case "#":
            return f"#{label or target[1:]}"
        case "!":
            return _special(target[1:], label)
        case _:
            return _link(target, label)


def _special(command: str, label: str) -> str:
    name, _, argument = command.partition("^")
    if name == "subteam":
        return f"@{label.removeprefix('@') or argument}"
    if name == "date":
        return label
    return f"@{name}"  # here, channel, everyone


def _link(url: str, label: str) -> str:
    # People type example.org or zoe@example.org, and Slack makes <http://example.org|example.org> of it.
    if not label or label in {url, url.partition("://")[2], url.partition("mailto:")[2]}:
        return label or url.removeprefix("mailto:")
    return f"{label} ({url})"
