"""Files with secrets: readable by their owner only, and replaced at once."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path


def write_private(file: Path, content: str) -> None:
    """Replace a file, with mode 0600: a reader sees the old content or the new, also after a crash.

    Raises:
        OSError: it cannot be written.
    """
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor, draft = tempfile.mkstemp(prefix=f".{file.name}-", dir=file.parent)  # made with mode 0600
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as written:
            written.write(content)
            written.flush()
            os.fsync(written.fileno())
        Path(draft).replace(file)
    except OSError:
        Path(draft).unlink(missing_ok=True)
        raise
