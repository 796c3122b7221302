"""What keeps a document from being imported: every row that has to be changed, and how. Nothing of a row is quoted."""

from __future__ import annotations

from collections.abc import Sequence

from trinity_channels.refusal import Refusal

MOST_TOLD = 100
"""Problems that are told; a document may have one in each of thousands of rows."""


class ImportRefused(Refusal):
    """The document has problems, and nothing of it was imported."""

    def __init__(self, problems: Sequence[str]) -> None:
        told = [*problems[:MOST_TOLD]]
        if len(problems) > MOST_TOLD:
            told.append(f"and {len(problems) - MOST_TOLD} more")
        message = "\n".join(["Nothing was imported. Change these rows, or leave them out, and try again:", *told])
        super().__init__("import_refused", message, extra={"problems": told})


class Problems:
    """Collects them, so that all are told at once."""

    def __init__(self) -> None:
        self._found: list[str] = []

    def add(self, place: str, sentence: str) -> None:
        """Add one; `place` says which row and field it is about."""
        self._found.append(f"{place}: {sentence}")

    def refuse(self) -> None:
        """End the import if there are any.

        Raises:
            ImportRefused: with all of them.
        """
        if self._found:
            raise ImportRefused(self._found)
