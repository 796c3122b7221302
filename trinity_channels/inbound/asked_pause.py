"""How long a provider that could not be asked wants to be left alone."""

from __future__ import annotations

from datetime import timedelta

from trinity_channels import api


def asked_pause(error: BaseException | None) -> timedelta:
    """The pause that it asks for, at most a day; zero if it asks for none. A plugin may have put anything there."""
    asked = error.retry_after if isinstance(error, api.ProviderUnavailable) else None
    if not isinstance(asked, int | float) or not asked >= 0:  # nor nan
        return timedelta()
    return timedelta(seconds=min(asked, api.http.LONGEST_PAUSE))
