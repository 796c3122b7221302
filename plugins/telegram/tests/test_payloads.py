"""Every recorded request in `payloads/` gives what stands in the file beside it.

The requests carry the secret `fake-secret_of-the-webhook`.
"""

from __future__ import annotations

from pathlib import Path

import pytest

import trinity_channels_telegram as plugin
from trinity_channels.api import Binding
from trinity_channels_contract_tests.testing import Recorded

RECORDED = Recorded(Path(__file__).parent.parent / "payloads")


@pytest.mark.parametrize("name", RECORDED.names())
def test_a_recorded_request_is_read_as_expected(name: str, binding: Binding) -> None:
    assert RECORDED.outcome(name, plugin.receive, binding) == RECORDED.expected(name)


def test_every_payload_has_its_expectation() -> None:
    assert RECORDED.names() == RECORDED.expectations()
    assert len(RECORDED.names()) >= 70
