"""The report of `--channel-report`: what became of each promise, by area, and the tier that follows from it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from trinity_channels_contract_tests.contract import CHECKS
from trinity_channels_contract_tests.expectations import IMPOSSIBLE, NOT_APPLICABLE
from trinity_channels_contract_tests.tiers import NO_TIER, TIERS, Outcome, tier_of

LONGEST = 200
FORMATS = ("json", "md")
SYMBOLS = {
    Outcome.KEPT: "kept",
    Outcome.BROKEN: "**broken**",
    Outcome.EXEMPT: "exempt",
    Outcome.IN_PART: "kept but for",
    Outcome.IMPOSSIBLE: "impossible",
    Outcome.NOT_APPLICABLE: "not applicable",
    Outcome.NOT_RUN: "not run",
}


class Reporter:
    """Collects outcomes while pytest runs, and writes them down at the end.

    `about` is the property of a test that names its channel and check, `aspects` the one that names what is exempt of it.
    """

    def __init__(self, wanted: str, about: str, aspects: str) -> None:
        self._about = about
        self._aspects = aspects
        self._format, _, path = wanted.partition(":")
        if self._format not in FORMATS:
            raise ValueError(f"--channel-report takes json or md, perhaps with :PATH, not {wanted!r}")
        self._path = Path(path) if path else None
        self._outcomes: dict[str, dict[str, tuple[Outcome, str]]] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep the outcome of a check."""
        properties = dict(report.user_properties)
        about = properties.get(self._about)
        # A check that fails or is skipped before it is called has no report of its call.
        if isinstance(about, str) and (report.when == "call" or (report.when == "setup" and not report.passed)):
            channel, _, check = about.partition("/")
            self._outcomes.setdefault(channel, {})[check] = _outcome(report, str(properties.get(self._aspects, "")))

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Write the report."""
        text = render(self._outcomes, self._format)
        if self._path is not None:
            self._path.write_text(text, encoding="utf-8")
            terminalreporter.write_line(f"channel report: {self._path}")
        else:
            terminalreporter.write_sep("=", "channel report")
            terminalreporter.write_line(text)


def _outcome(report: pytest.TestReport, aspects: str) -> tuple[Outcome, str]:
    if report.failed:
        seen = re.search(r"^\W*seen: +(.*)$", str(report.longrepr), re.MULTILINE)
        return Outcome.BROKEN, seen[1][:LONGEST] if seen else ""
    if not report.skipped:
        return (Outcome.IN_PART, aspects) if aspects else (Outcome.KEPT, "")
    if hasattr(report, "wasxfail"):
        return Outcome.EXEMPT, report.wasxfail
    reason = str(report.longrepr[2]) if isinstance(report.longrepr, tuple) else ""
    reason = reason.removeprefix("Skipped: ")
    if reason.startswith(NOT_APPLICABLE):
        return Outcome.NOT_APPLICABLE, reason.removeprefix(f"{NOT_APPLICABLE}: ")
    if reason.startswith(IMPOSSIBLE):
        return Outcome.IMPOSSIBLE, reason.removeprefix(f"{IMPOSSIBLE}: ")
    return Outcome.NOT_RUN, reason


def render(outcomes: Mapping[str, Mapping[str, tuple[Outcome, str]]], form: str) -> str:
    """The report as JSON or Markdown."""
    channels = {name: _complete(found) for name, found in outcomes.items()}
    return _json(channels) if form == "json" else _markdown(channels)


def _complete(found: Mapping[str, tuple[Outcome, str]]) -> dict[str, tuple[Outcome, str]]:
    # Checks that were deselected (`-k`) are named, and cost the tier.
    return {check: found.get(check, (Outcome.NOT_RUN, "")) for check in CHECKS}


def _tier(found: Mapping[str, tuple[Outcome, str]]) -> str:
    return tier_of({check: outcome for check, (outcome, _) in found.items()})


def _json(channels: Mapping[str, Mapping[str, tuple[Outcome, str]]]) -> str:
    told = {
        name: {
            "tier": _tier(found),
            "checks": {
                check: {"area": CHECKS[check].area, "outcome": outcome.value, "reason": reason}
                for check, (outcome, reason) in found.items()
            },
        }
        for name, found in channels.items()
    }
    return json.dumps({"channels": told}, indent=2, ensure_ascii=False)


def _markdown(channels: Mapping[str, Mapping[str, tuple[Outcome, str]]]) -> str:
    lines: list[str] = []
    for name, found in channels.items():
        lines += [f"## {name}: {_tier(found)}", "", "| area | promise | outcome | reason |", "|---|---|---|---|"]
        for check, (outcome, reason) in found.items():
            promise = check.removeprefix("test_").replace("_", " ")
            lines.append(f"| {CHECKS[check].area} | {promise} | {SYMBOLS[outcome]} | {reason.replace('|', '/')} |")
        lines += ["", *(f"- **{tier.name}**: {tier.means}" for tier in TIERS), ""]
        if _tier(found) == NO_TIER:
            lines += ["No tier: something that bronze stands for is broken or was not run.", ""]
    return "\n".join(lines)
