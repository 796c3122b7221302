"""The export of a person as a file to save."""

from __future__ import annotations

from collections.abc import AsyncIterator

from starlette.responses import StreamingResponse


def exported(pieces: AsyncIterator[str], contact: int) -> StreamingResponse:
    """Answer with the file. Its name has the id alone: names of people may hold anything, and file names are seen."""
    headers = {
        "Content-Disposition": f'attachment; filename="client-{contact}.json"',
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
    }
    return StreamingResponse(pieces, media_type="application/json", headers=headers)
