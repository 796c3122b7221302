"""Content templates: what may be sent after the window has closed, once WhatsApp has approved it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from trinity_channels_whatsapp.simulator.sids import new_sid

PLACEHOLDER = re.compile(r"\{\{\s*(\w+)\s*\}\}")
MAX_TEXT = 1024

# Two types that cannot start a conversation, approved or not. https://www.twilio.com/docs/api/errors/63016
SESSION_ONLY = frozenset({"twilio/list-picker", "twilio/location"})

# https://www.twilio.com/docs/whatsapp/sandbox#pre-approved-message-templates
SANDBOX_REMINDER = "HXb5b62575e6e4ff6129ad7c8efe1f983e"
SANDBOX_REMINDER_TEXT = (
    "Your appointment is coming up on {{1}} at {{2}}. If you need to change it, please reply back and let us know."
)


@dataclass(slots=True)
class Approval:
    """WhatsApp's word on a template.

    `status` is unsubmitted, received, pending, approved, rejected, paused or disabled.
    """

    status: str = "unsubmitted"
    name: str = ""
    category: str = ""
    rejection_reason: str = ""


@dataclass(slots=True, eq=False)
class Template:
    """One content resource."""

    friendly_name: str
    types: Mapping[str, Mapping[str, Any]]
    created: datetime
    language: str = "en"
    variables: Mapping[str, str] = field(default_factory=dict)
    sid: str = field(default_factory=lambda: new_sid("HX"))
    approval: Approval = field(default_factory=Approval)

    @property
    def kind(self) -> str:
        """The first declared type, such as `twilio/text`; WhatsApp shows no other."""
        return next(iter(self.types), "")

    @property
    def buttons(self) -> Mapping[str, str]:
        """Titles of quick replies and the payloads they carry."""
        actions = self.types.get(self.kind, {}).get("actions", [])
        return {action["title"]: action.get("id", action["title"]) for action in actions if "title" in action}

    @property
    def rows(self) -> Mapping[str, Mapping[str, str]]:
        """Titles of the rows of a list, each with `id`, `item` (the title) and `description`."""
        items = self.types.get(self.kind, {}).get("items", [])
        return {row["item"]: row for row in items if "item" in row}

    def text(self, values: Mapping[str, str]) -> str:
        """The body with `values` filled in; for a missing one people read the template's sample."""
        filled = {**self.variables, **values}
        body = str(self.types.get(self.kind, {}).get("body", ""))
        return PLACEHOLDER.sub(lambda found: filled.get(found[1], found[0]), body)
