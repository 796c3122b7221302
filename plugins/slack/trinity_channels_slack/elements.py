"""What people do with interactive elements: buttons, menus, pickers and inputs, as answers.

https://docs.slack.dev/reference/block-kit/block-elements, and what of them comes back:
https://docs.slack.dev/reference/interaction-payloads/block_actions-payload
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from trinity_channels_slack import rich_text
from trinity_channels_slack.blocks import composed
from trinity_channels_slack.fields import Json, object_of, objects_of, text_of
from trinity_channels_slack.rich_text import Findings
from trinity_channels_slack.text import plain

MAX_OPTIONS = 100


@dataclass(frozen=True, slots=True)
class Chosen:
    """One thing that was chosen or entered: the words that the person saw, and the value behind them."""

    label: str
    value: str = ""
    description: str = ""


def chosen(action: Json) -> tuple[Chosen, ...] | None:
    """What an element holds now, nothing if it was cleared; None for an element that is not known."""
    kind = text_of(action, "type")
    reader = ELEMENTS.get(kind)
    return None if reader is None else tuple(one for one in reader(action) if one.label or one.value)


def is_button(action: Json) -> bool:
    """Tell whether the element is pressed, not filled in."""
    return ELEMENTS.get(text_of(action, "type")) is _button


def words(option: object) -> str:
    """A text object, or a text, as a person reads it."""
    return option if isinstance(option, str) else plain(composed(option))


def _button(action: Json) -> list[Chosen]:
    label = words(action.get("text")) or text_of(action, "alt_text")
    # `name` is that of buttons in attachments, before there were blocks.
    return [Chosen(label, text_of(action, "value") or text_of(action, "action_id") or text_of(action, "name"))]


def _option(option: Json) -> Chosen:
    return Chosen(words(option.get("text")), text_of(option, "value"), words(option.get("description")))


def _one(name: str) -> Callable[[Json], list[Chosen]]:
    return lambda action: [_option(object_of(action, name))]


def _several(name: str) -> Callable[[Json], list[Chosen]]:
    return lambda action: [_option(one) for one in objects_of(action, name, MAX_OPTIONS)]


def _plain(name: str) -> Callable[[Json], list[Chosen]]:
    return lambda action: [Chosen(text_of(action, name))]


def _names(name: str) -> Callable[[Json], list[Chosen]]:
    def read(action: Json) -> list[Chosen]:
        listed = action.get(name)
        texts = [one for one in listed[:MAX_OPTIONS] if isinstance(one, str)] if isinstance(listed, list) else []
        return [Chosen(one) for one in texts]

    return read


def _moment(action: Json) -> list[Chosen]:
    at = action.get("selected_date_time")
    try:
        text = datetime.fromtimestamp(at, UTC).isoformat() if isinstance(at, int) else ""
    except (ValueError, OverflowError, OSError):
        text = ""
    return [Chosen(text)]


def _rich(action: Json) -> list[Chosen]:
    return [Chosen(plain(rich_text.read(object_of(action, "rich_text_value"), Findings())))]


def _files(action: Json) -> list[Chosen]:
    return [Chosen(text_of(file, "name") or text_of(file, "id")) for file in objects_of(action, "files", MAX_OPTIONS)]


ELEMENTS: dict[str, Callable[[Json], list[Chosen]]] = {
    **dict.fromkeys(("button", "workflow_button", "icon_button", "feedback_buttons"), _button),
    **dict.fromkeys(("static_select", "external_select", "overflow", "radio_buttons"), _one("selected_option")),
    **dict.fromkeys(("multi_static_select", "multi_external_select", "checkboxes"), _several("selected_options")),
    "select": _several("selected_options"),  # of attachments, before there were blocks
    "users_select": _plain("selected_user"),
    "conversations_select": _plain("selected_conversation"),
    "channels_select": _plain("selected_channel"),
    "multi_users_select": _names("selected_users"),
    "multi_conversations_select": _names("selected_conversations"),
    "multi_channels_select": _names("selected_channels"),
    "datepicker": _plain("selected_date"),
    "timepicker": _plain("selected_time"),
    "datetimepicker": _moment,
    **dict.fromkeys(("plain_text_input", "email_text_input", "url_text_input", "number_input"), _plain("value")),
    "rich_text_input": _rich,
    "file_input": _files,
}
