"""Files that came with a message. https://docs.slack.dev/reference/objects/file-object."""

from __future__ import annotations

from trinity_channels.api import Attachment
from trinity_channels_slack.envelope import text_of

MAX_FILES = 20
MAX_NAME = 200

# The file is gone, or beyond what a free workspace shows.
_GONE = frozenset({"tombstone", "hidden_by_limit"})


def attachments(files: object) -> tuple[Attachment, ...]:
    """Name the files by their ids: what is shared from another workspace comes with nothing else (`check_file_info`)."""
    if not isinstance(files, list):
        return ()
    return tuple(
        Attachment(
            ref=text_of(file, "id"),
            media_type=text_of(file, "mimetype") or "application/octet-stream",
            name=" ".join((text_of(file, "name") or text_of(file, "title")).split())[:MAX_NAME],
            size=_size(file.get("size")),
        )
        for file in files[:MAX_FILES]
        if isinstance(file, dict) and text_of(file, "id") and text_of(file, "mode") not in _GONE
    )


def _size(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None
