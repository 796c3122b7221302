"""Renders the templates of the pages."""

from __future__ import annotations

from pathlib import Path

from trinity_channels.templates import templates

_TEMPLATES = Path(__file__).parent / "templates"


class Templates:
    """Renders the files in `templates/`."""

    def __init__(self) -> None:
        self._environment = templates(_TEMPLATES)

    def render(self, name: str, values: dict[str, object]) -> str:
        """A page, or a part of one.

        Raises:
            UndefinedError: the template uses a name that is not given.
        """
        return self._environment.get_template(name).render(values)
