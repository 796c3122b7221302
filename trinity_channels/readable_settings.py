"""Where a running host is found while its settings cannot work: what of them can still be read, without the rest."""

from __future__ import annotations

import os
import re
import tomllib
from pathlib import Path
from typing import Any

import platformdirs

from trinity_channels.settings import (
    CONFIG_VARIABLE,
    DATABASE_SCHEME,
    POSTGRES_SCHEME,
    PREFIX,
    SettingsError,
    StandaloneSettings,
    read_file,
)

HOME = "trinity_channels_home"
DATABASE = "database_url"
_TABLE = re.compile(r"^\s*\[", re.MULTILINE)


def data_folder() -> Path:
    """The data folder, also while other settings cannot work."""
    try:
        return StandaloneSettings.load().home
    except SettingsError:
        home = _given(HOME)
        return Path(home).expanduser() if home else platformdirs.user_data_path("trinity_channels", appauthor=False)


def database_url() -> str:
    """The address of the database, also while other settings cannot work."""
    try:
        return StandaloneSettings.load().database_url.get_secret_value()
    except SettingsError:
        url = _given(DATABASE)
        # Another database cannot be the one that a host is running on.
        named = url.startswith((DATABASE_SCHEME, POSTGRES_SCHEME))
        return url if named else f"{DATABASE_SCHEME}{data_folder() / 'trinity_channels.db'}"


def is_set(name: str) -> bool:
    """Whether a setting has a value in the environment or the file, also one that cannot work."""
    return bool(_given(name))


def _given(name: str) -> str:
    """A setting as the environment or the file gives it, empty if it cannot be read."""
    names = dict.fromkeys((name if name.startswith(PREFIX) else PREFIX + name, name))
    for one in names:
        if from_environment := os.environ.get(one.upper()):
            return from_environment
    path = os.environ.get(CONFIG_VARIABLE)
    for one in names:
        try:
            found = read_file(path).get(one)
        except SettingsError:
            found = _in_damaged_file(path, one)
        if isinstance(found, str):
            return found
    return ""


def _in_damaged_file(path: str | None, name: str) -> Any:
    """A setting of a file that is not TOML, if its own line is, and stands before the tables."""
    try:
        text = Path(path or "").expanduser().read_text(encoding="utf-8")
    except (OSError, ValueError):
        return None
    # Behind a table's heading, a key of the same name would be another one.
    for line in _TABLE.split(text, maxsplit=1)[0].splitlines():
        if re.match(rf"\s*{name}\s*=", line):
            try:
                return tomllib.loads(line)[name]
            except ValueError:
                return None
    return None
