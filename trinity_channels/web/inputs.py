"""What several routes take: an e-mail in its one spelling, the id of a row, a time, any JSON object."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import Body, Path
from pydantic import AfterValidator, Field

from trinity_channels.email_address import normalise_email

Email = Annotated[str, AfterValidator(normalise_email), Field(max_length=254, json_schema_extra={"format": "email"})]
RowId = Annotated[int, Path(ge=1, le=2**63 - 1)]
"""As much as a database takes."""


def _aware(at: datetime) -> datetime:
    # Else comparing it with our own times would be an error.
    return at if at.tzinfo else at.replace(tzinfo=UTC)


Moment = Annotated[datetime, AfterValidator(_aware)]
"""A time; without an offset it is in UTC, as all times are answered."""


def _sendable(body: dict[str, Any]) -> dict[str, Any]:
    """JSON can spell half of a character, which no provider, no database and no answer of ours takes."""
    try:
        # Encoding is what would fail later, in the database or at the provider.
        json.dumps(body, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise ValueError("A text holds half of a character (a lone surrogate).") from None
    return body


JsonObject = Annotated[dict[str, Any], AfterValidator(_sendable), Body()]
