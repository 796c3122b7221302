"""The host is generic: no line of it names a channel or a provider."""

from __future__ import annotations

import re
from pathlib import Path

from trinity_channels.plugins import load

HOST = Path(__file__).parent.parent / "trinity_channels"


def test_no_line_of_host_code_names_a_channel() -> None:
    plugins = load()
    names = {name for channel in plugins for name in (channel, plugins[channel].manifest.provider)}
    assert {"whatsapp", "twilio", "telegram", "slack"} <= names
    named = re.compile("|".join(sorted(names)), re.IGNORECASE)
    files = [one for one in HOST.rglob("*") if one.suffix in {".py", ".html", ".js", ".css", ".mako", ".toml", ".md"}]

    lines = [
        f"{file.relative_to(HOST)}:{number}"
        for file in files
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), start=1)
        if named.search(line)
    ]

    assert lines == []
