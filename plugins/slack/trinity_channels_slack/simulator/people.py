"""Members, guests, and strangers from a connected workspace. https://docs.slack.dev/reference/objects/user-object."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Any

HOME = "T0SIM0001"
ELSEWHERE = "T0OTHER01"


@dataclass(slots=True, eq=False)
class User:
    """A person with an account.

    Attributes:
        guest: invited by e-mail address to single channels (`is_restricted`).
        stranger: from another workspace, met in a shared channel.
        email_confirmed: has clicked the link in Slack's mail.
        deleted: deactivated.
    """

    id: str
    name: str
    email: str = ""
    guest: bool = False
    stranger: bool = False
    email_confirmed: bool = True
    deleted: bool = False

    @property
    def team_id(self) -> str:
        return ELSEWHERE if self.stranger else HOME

    def fields(self, *, with_email: bool) -> dict[str, Any]:
        """As users.info shows it; strangers have a thin profile."""
        profile = {"display_name": self.name, "real_name": self.name, "team": self.team_id}
        # Slack never shows the address of someone from another workspace.
        if with_email and self.email and not self.stranger:
            profile["email"] = self.email
        user: dict[str, Any] = {
            "id": self.id,
            "team_id": self.team_id,
            "name": slug(self.name),
            "real_name": self.name,
            "deleted": self.deleted,
            "is_bot": False,
            "is_app_user": False,
            "profile": profile,
        }
        if self.stranger:
            return user | {"is_stranger": True}
        return user | {
            "is_restricted": self.guest,
            "is_ultra_restricted": False,
            "is_email_confirmed": self.email_confirmed,
            "tz": "Europe/Berlin",
            "tz_offset": 3600,
            "locale": "en-GB",
        }


def slug(name: str) -> str:
    """A name as it stands in an address."""
    ascii_only = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub("[^a-z0-9]+", ".", ascii_only).strip(".") or "somebody"
