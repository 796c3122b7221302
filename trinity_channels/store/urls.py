"""URLs of databases: how one is read, and that nothing of a password is shown where one cannot be."""

from __future__ import annotations

import re

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

ENCODED = (
    "is not a URL; special characters of the user and the password are percent-encoded: @ as %40, : as %3A, / as %2F, "
    "% as %25"
)
_BEHIND_PASSWORD = re.compile(r"[\w+]+://[^:/]*:[^@]*@(?P<rest>.*)", re.DOTALL)
"""As SQLAlchemy reads it: a password ends at the first @."""


def parsed(url: str) -> URL:
    """Read the URL of a database.

    Raises:
        ValueError: it is none, or where its password ends is not certain: SQLAlchemy and the server's library would take the
            rest for a host, and show it in errors. Nothing of the URL is in the text.
    """
    credentials = _BEHIND_PASSWORD.match(url)
    if credentials and "@" in credentials["rest"]:
        raise ValueError(ENCODED)
    try:
        return make_url(url)
    except (ArgumentError, ValueError):
        raise ValueError(ENCODED) from None


def without_passwords(url: str) -> str:
    """A URL, or the name that stands for one with its passwords hidden, without them; libpq looks for them elsewhere."""
    place = parsed(url)
    place = URL.create(place.drivername, place.username, None, place.host, place.port, place.database, place.query)
    return place.difference_update_query([name for name in place.query if "password" in name]).render_as_string()
