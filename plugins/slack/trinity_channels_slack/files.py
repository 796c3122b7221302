"""Files that came with a message. https://docs.slack.dev/reference/objects/file-object."""

from __future__ import annotations

from dataclasses import dataclass

from trinity_channels.api import Attachment, Note, NoteKind
from trinity_channels_slack.fields import Json, object_of, objects_of, text_of

MAX_FILES = 20
MAX_NAME = 200
MAX_TEXT = 12_000

# What can be told of a file that is not there. The modes are documented in part only: hosted, snippet, post and
# external are, these two are what Slack sends in their place.
_GONE = {
    "tombstone": "sent a file that has been deleted",
    "hidden_by_limit": "sent a file that Slack hides, because the workspace's plan does not show files of that age",
}
_DENIED = {
    "access_denied": "sent a file that the app may not see",
    "file_not_found": "sent a file that no longer exists",
}


@dataclass(frozen=True, slots=True)
class Files:
    """The files that are there, and notes on what they say or why they are not."""

    attachments: tuple[Attachment, ...] = ()
    notes: tuple[Note, ...] = ()


def read(files: object) -> Files:
    """Name the files by their ids: what is shared from another workspace comes with nothing else (`check_file_info`)."""
    listed = objects_of({"files": files}, "files", MAX_FILES)
    attachments: list[Attachment] = []
    notes: list[Note] = []
    for file in listed:
        missing = _GONE.get(text_of(file, "mode")) or _DENIED.get(text_of(file, "file_access"))
        if missing or not text_of(file, "id"):
            notes.append(_said(missing or "sent a file that cannot be opened"))
            continue
        attachments.append(_attachment(file))
        notes.extend(_contents(file))
    if isinstance(files, list) and len(files) > MAX_FILES:
        notes.append(_said(f"sent {len(files) - MAX_FILES} more files"))
    return Files(tuple(attachments), tuple(notes))


def _attachment(file: Json) -> Attachment:
    size = file.get("size")
    return Attachment(
        ref=text_of(file, "id"),
        media_type=text_of(file, "mimetype") or "application/octet-stream",
        name=_name(file),
        size=size if isinstance(size, int) and not isinstance(size, bool) and size >= 0 else None,
    )


def _contents(file: Json) -> list[Note]:
    """What Slack itself reports about the contents: snippets, mails, transcripts of clips, and where an external file is."""
    mode = text_of(file, "mode")
    notes = []
    if mode == "snippet":
        notes.append(_card(f"the beginning of {_name(file) or 'the snippet'}", text_of(file, "preview")))
    elif mode == "email":
        notes.append(
            _card(text_of(file, "subject"), text_of(file, "plain_text") or text_of(file, "preview_plain_text"))
        )
    elif mode == "external" or file.get("is_external") is True:
        notes.append(_card("", "", text_of(file, "external_url") or text_of(file, "url_private")))
    transcript = object_of(object_of(file, "transcription"), "preview")
    notes.append(_card(f"what is said in {_name(file) or 'the clip'}", text_of(transcript, "content")))
    if described := text_of(file, "alt_txt"):
        notes.append(_card(f"description of {_name(file) or 'the file'}", described))
    return [note for note in notes if note is not None]


def _card(title: str, text: str, url: str = "") -> Note | None:
    data = {"title": title if text else "", "text": text[:MAX_TEXT], "url": url}
    return Note(NoteKind.CARD, {name: value for name, value in data.items() if value}) if text or url else None


def _said(sentence: str) -> Note:
    return Note(NoteKind.OTHER, {"text": sentence})


def _name(file: Json) -> str:
    return " ".join((text_of(file, "name") or text_of(file, "title")).split())[:MAX_NAME]
