"""Every recorded request in `payloads/` gives what stands in the file beside it.

A `.http` file is a raw request, signed with `fake-signing-secret-for-tests-01` and received at 2026-01-01 00:00 UTC; lines
end with LF, and the last one does not belong to the body. `.expected.json` holds the events without `raw` and without
empty fields, or the error.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from datetime import UTC, datetime
from enum import Enum
from pathlib import Path

import pytest

import trinity_channels_slack as plugin
from trinity_channels.api import Binding, ChannelError, Inbound, Request

PAYLOADS = Path(__file__).parent.parent / "payloads"


def read_request(path: Path) -> Request:
    head, _, body = path.read_bytes().removesuffix(b"\n").partition(b"\n\n")
    first, *lines = head.decode().splitlines()
    method, target, _ = first.split(" ")
    headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
    return Request(method, f"https://{headers['host']}{target}", headers, body, datetime(2026, 1, 1, tzinfo=UTC))


def plain(value: object) -> object:
    """Turn values into JSON without their empty fields."""
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, tuple):
        return [plain(one) for one in value]
    if dataclasses.is_dataclass(value):
        fields = {one.name: getattr(value, one.name) for one in dataclasses.fields(value) if one.name != "raw"}
        return {name: plain(held) for name, held in fields.items() if held not in (None, "", ()) and held is not False}
    return value


def outcome(inbound: Inbound) -> dict[str, object]:
    return {
        "events": [{type(event).__name__: plain(event)} for event in inbound.events],
        "response": {"status": inbound.response.status, "body": inbound.response.body.decode()},
    }


@pytest.mark.parametrize("path", sorted(PAYLOADS.glob("*.http")), ids=lambda path: path.stem)
def test_a_recorded_request_is_read_as_expected(path: Path, make_binding: Callable[..., Binding]) -> None:
    binding = make_binding(signing_secret_secondary="fake-signing-secret-for-tests-02")
    expected = json.loads(path.with_suffix(".expected.json").read_text())

    try:
        seen: dict[str, object] = outcome(plugin.receive(binding, read_request(path)))
    except ChannelError as error:
        seen = {"error": type(error).__name__, "message": error.message}

    assert seen == expected


def test_every_payload_has_its_expectation() -> None:
    names = {path.name.removesuffix(".http") for path in PAYLOADS.glob("*.http")}

    assert names == {path.name.removesuffix(".expected.json") for path in PAYLOADS.glob("*.json")}
    assert len(names) >= 40
