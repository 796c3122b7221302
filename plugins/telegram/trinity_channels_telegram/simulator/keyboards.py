"""Buttons under a message. https://core.telegram.org/bots/api#inlinekeyboardmarkup.

More lenient than Telegram: `login_url`, `web_app` and `switch_inline_query` are taken whatever they hold, and other
keyboards than inline ones are taken and not shown.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from trinity_channels_telegram.simulator.parameters import Params, nested
from trinity_channels_telegram.simulator.problems import bad_request

LONGEST_DATA = 64
"""Bytes."""

ACTIONS = frozenset({
    "callback_data", "callback_game", "copy_text", "login_url", "pay", "switch_inline_query",
    "switch_inline_query_chosen_chat", "switch_inline_query_current_chat", "url", "web_app",
})  # fmt: skip

Keyboard = list[list[dict[str, Any]]]


def keyboard(params: Params) -> Keyboard:
    """The rows of buttons of a call.

    Raises:
        Problem: a 400 that names the first thing that is wrong.
    """
    rows = nested(params, "reply_markup").get("inline_keyboard", [])
    if not isinstance(rows, list) or not all(isinstance(row, list) for row in rows):
        raise bad_request("object expected as reply markup")
    for button in (one for row in rows for one in row):
        _check(button)
    return rows


def _check(button: object) -> None:
    if not isinstance(button, dict):
        raise bad_request("can't parse inline keyboard button: expected an Object")
    if not isinstance(button.get("text"), str) or not button["text"]:
        raise bad_request('can\'t parse inline keyboard button: Field "text" must be of type String')
    if not ACTIONS & set(button):
        raise bad_request("can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard")
    if "callback_data" in button:
        data = button["callback_data"]
        if not isinstance(data, str):
            raise bad_request('can\'t parse inline keyboard button: Field "callback_data" must be of type String')
        # Bytes, not characters: a limit that is easily met with other scripts.
        if not 0 < len(data.encode(errors="replace")) <= LONGEST_DATA:
            raise bad_request("BUTTON_DATA_INVALID")
    if "url" in button and urlsplit(str(button["url"])).scheme not in {"http", "https", "tg"}:
        raise bad_request("BUTTON_URL_INVALID")
