"""Renders the templates of the pages."""

from __future__ import annotations

from pathlib import Path

from trinity_channels.templates import templates
from trinity_channels.visible import cleaned

_TEMPLATES = Path(__file__).parent / "templates"


class Templates:
    """Renders the files in `templates/`."""

    def __init__(self) -> None:
        self._environment = templates(_TEMPLATES).overlay(finalize=_shown)

    def render(self, name: str, values: dict[str, object]) -> str:
        """A page, or a part of one.

        Raises:
            UndefinedError: the template uses a name that is not given.
        """
        return self._environment.get_template(name).render(values)


def _shown(value: object) -> object:
    """What a page prints, without characters that reorder, hide, or cannot be sent: people wrote some of it.

    HTML that a template has made already is left as it is; its words have gone through here.
    """
    return cleaned(value) if type(value) is str else value
