"""What several routes take: an e-mail in its one spelling, and the id of a row."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path
from pydantic import AfterValidator, Field

from trinity_channels.email_address import normalise_email

Email = Annotated[str, AfterValidator(normalise_email), Field(max_length=254, json_schema_extra={"format": "email"})]
RowId = Annotated[int, Path(ge=1, le=2**63 - 1)]
"""As much as a database takes."""
