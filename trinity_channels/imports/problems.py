"""What is wrong with rows of a document, and how to change them. Nothing of a row is quoted."""

from __future__ import annotations

from collections.abc import Sequence

from trinity_channels.refusal import Refusal

MOST_TOLD = 100
"""Problems that are told; a document may have one in each of thousands of rows."""


class ImportRefused(Refusal):
    """Nothing of the document was imported."""

    def __init__(self, problems: Sequence[str]) -> None:
        told = first(problems)
        message = "\n".join(["Nothing was imported. Change these rows, or leave them out, and try again:", *told])
        super().__init__("import_refused", message, extra={"problems": told})


class Problems:
    """Collects them, so that all are told at once. A row that has one is left out.

    Attributes:
        found: all of them, each with its row.
    """

    def __init__(self) -> None:
        self.found: list[str] = []
        self._of_the_whole = False

    def add(self, place: str, sentence: str) -> None:
        """Add one; `place` says which row and field it is about."""
        self.found.append(f"{place}: {sentence}")

    def add_to_whole(self, place: str, sentence: str) -> None:
        """Add one that concerns the whole document."""
        self.add(place, sentence)
        self._of_the_whole = True

    def refuse_whole(self) -> None:
        """End the import if one concerns the whole document.

        Raises:
            ImportRefused: with all of them.
        """
        if self._of_the_whole:
            raise ImportRefused(self.found)


def first(problems: Sequence[str]) -> list[str]:
    """As many as are told, and how many more there are."""
    left = len(problems) - MOST_TOLD
    return [*problems[:MOST_TOLD], *([f"and {left} more"] if left > 0 else [])]
