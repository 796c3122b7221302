"""Every recorded request in `payloads/` gives what stands in the file beside it.

The requests are signed with `fake-signing-secret-for-tests-01` and were received at 2026-01-01 00:00 UTC.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

import trinity_channels_slack as plugin
from trinity_channels.api import Binding
from trinity_channels_contract_tests.testing import Recorded

RECORDED = Recorded(Path(__file__).parent.parent / "payloads", received_at=datetime(2026, 1, 1, tzinfo=UTC))


@pytest.mark.parametrize("name", RECORDED.names())
def test_a_recorded_request_is_read_as_expected(name: str, make_binding: Callable[..., Binding]) -> None:
    binding = make_binding(signing_secret_secondary="fake-signing-secret-for-tests-02")

    assert RECORDED.outcome(name, plugin.receive, binding) == RECORDED.expected(name)


def test_every_payload_has_its_expectation() -> None:
    assert RECORDED.names() == RECORDED.expectations()
    assert len(RECORDED.names()) >= 40
