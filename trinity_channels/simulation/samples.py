"""What people send on a simulated phone: a photo, a voice note, a document and a place, the same for everyone."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

_FOLDER = Path(__file__).parent / "samples"


@dataclass(frozen=True, slots=True)
class Sample:
    """One thing to send. `kind` is `photo`, `voice` or `file`, which have a name and content, or `place`."""

    kind: str
    name: str
    content_type: str = ""
    content: bytes = field(default=b"", repr=False)
    latitude: float = 0.0
    longitude: float = 0.0
    address: str = ""


_PLACE = Sample("place", "Market Hall", latitude=52.4995, longitude=13.4338, address="12 Example Street")
_FILES = {
    "photo": ("market.jpg", "image/jpeg"),
    "voice": ("voice.ogg", "audio/ogg"),
    "file": ("report.pdf", "application/pdf"),
}


@cache
def sample(kind: str) -> Sample:
    """The sample of a kind.

    Raises:
        KeyError: there is no such kind.
    """
    if kind == "place":
        return _PLACE
    name, content_type = _FILES[kind]
    return Sample(kind, name, content_type, (_FOLDER / name).read_bytes())
