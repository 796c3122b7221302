"""The pause an answer asks for, in every form that servers use."""

from __future__ import annotations

from datetime import UTC, datetime

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trinity_channels.api import retry_after

NOW = datetime(2030, 1, 1, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "7"}, 7),
        ({"Retry-After": "0"}, 0),
        ({"RETRY-AFTER": " 7 "}, 7),
        ({"Retry-After": "7.66"}, 7.66),
        ({"Retry-After": "7."}, 7),
        ({"Retry-After": ".5"}, 0.5),
        ({"Retry-After": "1m30s"}, 90),
        ({"Retry-After": "1h"}, 3600),
        ({"Retry-After": "6m0s"}, 360),
        ({"Retry-After": "36s"}, 36),
        ({"Retry-After": "1.5s"}, 1.5),
        ({"Retry-After": "250ms"}, 0.25),
        ({"Retry-After": "1m 30s"}, 90),
        ({"Retry-After": "1M30S"}, 90),
        ({"Retry-After": "30 sec"}, 30),
        ({"Retry-After": "2 seconds"}, 2),
        ({"Retry-After": "1 minute"}, 60),
        ({"Retry-After": "1 hour 2 mins"}, 3720),
        ({"Retry-After": '"5"'}, 5),
        ({"Retry-After": "120, 120"}, 120),
        ({"Retry-After": "Tue, 01 Jan 2030 12:00:30 GMT"}, 30),
        ({"Retry-After": "Tue, 01 Jan 2030 12:00:30 -0000"}, 30),
        ({"Retry-After": "Tue, 01 Jan 2030 14:00:30 +0200"}, 30),
        ({"Retry-After": "Tuesday, 01-Jan-30 12:00:30 GMT"}, 30),
        ({"Retry-After": "Tue Jan  1 12:00:30 2030"}, 30),
        ({"Retry-After": "2030-01-01T12:00:30Z"}, 30),
        ({"Retry-After": "2030-01-01T12:00:30.5+00:00"}, 30.5),
        ({"Retry-After": "Tue, 01 Jan 2030 11:00:00 GMT"}, 0),
        ({"retry-after-ms": "1500"}, 1.5),
        ({"retry-after-ms": "0.5"}, 0.0005),
        ({"x-ms-retry-after-ms": "2500"}, 2.5),
        ({"X-Ms-Retry-After-Ms": "2500ms"}, 2.5),
        ({"Retry-After": "2", "retry-after-ms": "1500"}, 1.5),
        ({"Retry-After": "2", "retry-after-ms": "soon"}, 2),
    ],
)
def test_a_pause_in_any_usual_form(headers: dict[str, str], seconds: float) -> None:
    assert retry_after(headers, NOW) == pytest.approx(seconds)
    assert retry_after(httpx.Headers(headers), NOW) == pytest.approx(seconds)


@pytest.mark.parametrize("text", ["86401", "9" * 5000, "100h", "Wed, 01 Jan 2031 12:00:00 GMT", "1893499200"])
def test_a_pause_beyond_a_day_is_cut(text: str) -> None:
    assert retry_after({"Retry-After": text}, NOW) == 86_400


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", "soon", "-5", "+5", "nan", "inf", "-inf", "1e3", "0x10", "1_000", "\u0667", "7 apples", "1m30", "s"),
        *("Tue, 99 Jan 2030 12:00:30 GMT", "Tue, 01 Jan 99999 12:00:30 GMT", "Tue, 01 Jan 2030 12:00:30 +9999"),
    ],
)
def test_what_names_no_pause_is_none(text: str) -> None:
    assert retry_after({"Retry-After": text, "retry-after-ms": text}, NOW) is None


def test_an_answer_without_a_pause_is_none() -> None:
    assert retry_after({"Content-Type": "text/plain"}, NOW) is None


@given(st.text(), st.text())
def test_no_header_raises_or_asks_for_more_than_a_day(text: str, milliseconds: str) -> None:
    pause = retry_after({"Retry-After": text, "retry-after-ms": milliseconds}, NOW)

    assert pause is None or 0 <= pause <= 86_400
