"""Templates: everything is escaped, and a name that a template misspells is an error instead of an empty place."""

from __future__ import annotations

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

_TEMPLATES = Path(__file__).parent / "templates"


class Templates:
    """Renders the files in `templates/`."""

    def __init__(self) -> None:
        self._environment = Environment(
            loader=FileSystemLoader(_TEMPLATES),
            autoescape=True,
            undefined=StrictUndefined,
            # Files of the package do not change while it runs; looking would cost a system call for each.
            auto_reload=False,
            trim_blocks=True,
            lstrip_blocks=True,
        )

    def render(self, name: str, values: dict[str, object]) -> str:
        """A page, or a part of one.

        Raises:
            UndefinedError: the template uses a name that is not given.
        """
        return self._environment.get_template(name).render(values)
