"""File objects with every field that Slack sends. https://docs.slack.dev/reference/objects/file-object."""

from __future__ import annotations

from pathlib import PurePath
from typing import Any


def file_object(
    identity: str, name: str, media_type: str, size: int, *, user: str, created: int, base_url: str
) -> dict[str, Any]:
    """A hosted file as a message event shows it; pictures also have thumbnails, snippets their first lines."""
    kind = PurePath(name).suffix.removeprefix(".") or media_type.partition("/")[2]
    private = f"{base_url}/files-pri/T0SIM0001-{identity}/{name}"
    file: dict[str, Any] = {
        "id": identity,
        "created": created,
        "timestamp": created,
        "name": name,
        "title": name,
        "mimetype": media_type,
        "filetype": kind,
        "pretty_type": kind.upper(),
        "user": user,
        "user_team": "T0SIM0001",
        "source_team": "T0SIM0001",
        "editable": False,
        "size": size,
        "mode": "hosted",
        "is_external": False,
        "external_type": "",
        "external_id": "",
        "external_url": "",
        "is_public": False,
        "public_url_shared": False,
        "display_as_bot": False,
        "username": "",
        "url_private": private,
        "url_private_download": private.replace(f"/{name}", f"/download/{name}"),
        "permalink": f"https://simulated.slack.com/files/{user}/{identity}/{name}",
        "permalink_public": f"https://slack-files.com/T0SIM0001-{identity}-fake",
        "media_display_type": "unknown",
        "is_starred": False,
        "has_rich_preview": False,
        "has_more_shares": False,
        "skipped_shares": False,
        "file_access": "visible",
        "comments_count": 0,
        "channels": [],
        "groups": [],
        "ims": [],
        "shares": {},
    }
    return file | (_picture(private) if media_type.startswith("image/") else {})


def snippet(text: str) -> dict[str, Any]:
    """What a text snippet has besides, or instead."""
    return {
        "mode": "snippet",
        "editable": True,
        "preview": "\n".join(text.split("\n")[:5]),
        "preview_highlight": "",
        "preview_is_truncated": text.count("\n") > 4,  # noqa: PLR2004 - five lines are shown
        "lines": text.count("\n") + 1,
        "lines_more": max(0, text.count("\n") - 4),
    }


def _picture(private: str) -> dict[str, Any]:
    sizes = (64, 80, 160, 360)
    thumbs: dict[str, Any] = {f"thumb_{size}": f"{private}?thumb={size}" for size in sizes}
    return thumbs | {"thumb_360_w": 360, "thumb_360_h": 270, "original_w": 800, "original_h": 600, "thumb_tiny": "AwAg"}
