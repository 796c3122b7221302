"""When a silence is unusual: the rule alone, over hours counted from Monday, midnight."""

from __future__ import annotations

import math

import pytest

from trinity_channels.alerts.quiet import EXPECTED, is_unusual

DAY = 24
WEEK = 7 * DAY


def steady(days: int, each: int) -> dict[int, int]:
    """So many conversations every hour."""
    return dict.fromkeys(range(days * DAY), each)


def office(days: int, each: int, *, opens: int = 8, closes: int = 18) -> dict[int, int]:
    """So many conversations every hour of office, Monday to Friday."""
    return {hour: each for hour in range(days * DAY) if hour // DAY % 7 < 5 and opens <= hour % DAY < closes}


def first_alarm(hours: dict[int, int], end: int) -> int | None:
    """After how many hours of silence it is unusual, of the following two weeks; None if never."""
    return next((now - end for now in range(end + 1, end + 2 * WEEK) if is_unusual(hours, end - 1, now)), None)


@pytest.mark.parametrize(
    ("each", "hours"),
    [(1000, 1), (10, 1), (9, 2), (5, 2), (2, 5), (1, 10)],
)
def test_a_channel_that_is_busy_round_the_clock_is_missed_after_ten_conversations(each: int, hours: int) -> None:
    assert first_alarm(steady(8, each), 8 * DAY) == hours


def test_nobody_is_alarmed_at_night_or_on_a_weekend() -> None:
    hours = office(19, 20)  # up to Friday of the third week, when the office closes

    assert first_alarm(hours, 18 * DAY + 18) == (2 * DAY + 6) + 8 + 1, "on Monday, after the first hour of office"


def test_a_busy_office_is_missed_within_the_hour() -> None:
    hours = {hour: each for hour, each in office(16, 20).items() if hour < 15 * DAY + 11}

    assert first_alarm(hours, 15 * DAY + 11) == 1


def test_a_public_holiday_within_the_last_two_weeks_makes_it_wait() -> None:
    hours = {hour: each for hour, each in office(16, 20).items() if not 8 * DAY <= hour < 9 * DAY}
    hours = {hour: each for hour, each in hours.items() if hour < 15 * DAY}

    found = first_alarm(hours, 15 * DAY)

    assert found is not None
    assert found > DAY, "the same day a week before was silent too"


@pytest.mark.parametrize(
    "hours",
    [
        {},
        steady(1, 1000),
        steady(6, 1000),  # not known for a week
        {0: 10_000},  # one crowd, once
        dict.fromkeys(range(0, 30 * DAY, 5 * DAY), 30),  # a crowd every fifth day
        dict.fromkeys(range(0, 30 * DAY, DAY), 3),  # three people a day: too few to tell within a week
    ],
)
def test_a_channel_that_was_never_busy_is_not_missed(hours: dict[int, int]) -> None:
    end = max(hours, default=0) + 1

    assert not any(is_unusual(hours, end - 1, now) for now in range(end, end + DAY))


def test_a_little_used_channel_is_missed_after_days() -> None:
    daily = dict.fromkeys(range(12, 30 * DAY, DAY), 3)

    found = first_alarm(daily, 29 * DAY + 13)

    assert found is not None
    assert 3 * DAY <= found <= 5 * DAY


def test_the_hour_of_the_last_message_and_the_present_hour_are_not_silence() -> None:
    hours = steady(8, 1000)

    assert not is_unusual(hours, 8 * DAY - 1, 8 * DAY)
    assert is_unusual(hours, 8 * DAY - 1, 8 * DAY + 1)


def test_a_clock_that_was_set_back_alarms_nobody() -> None:
    assert not is_unusual(steady(8, 1000), 8 * DAY, 7 * DAY)


def test_ten_expected_conversations_fail_to_begin_by_chance_once_in_22000_times() -> None:
    assert 1 / math.exp(-EXPECTED) == pytest.approx(22_026, abs=1)
