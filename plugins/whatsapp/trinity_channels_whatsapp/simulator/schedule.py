"""When a message is to be sent, and how long it may wait.

https://www.twilio.com/docs/messaging/features/message-scheduling
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from trinity_channels_whatsapp.simulator.problems import Problem

EARLIEST, LATEST = timedelta(seconds=300), timedelta(days=35)
LONGEST_WAIT = 36_000
"""Seconds that a message may stay in Twilio's queue."""


def send_at(form: Mapping[str, Sequence[str]], now: datetime) -> datetime | None:
    """Read `ScheduleType` and `SendAt`; None for a message that is sent at once.

    Raises:
        Problem: 35111 no time, 35115 a time out of range, 35118 without a Messaging Service, 35126 another type.
    """
    kind, at = (form.get(name, [""])[0] for name in ("ScheduleType", "SendAt"))
    if not kind and not at:
        return None
    if not form.get("MessagingServiceSid", [""])[0]:
        raise Problem(35118)
    if kind != "fixed":
        raise Problem(35126)
    if not at:
        raise Problem(35111)
    try:
        moment = datetime.fromisoformat(at)
    except ValueError:
        raise Problem(35115) from None
    # Twilio wants an offset; a local time would be another one for each reader.
    if moment.tzinfo is None or not EARLIEST < moment - now <= LATEST:
        raise Problem(35115)
    return moment


def check_validity(value: str) -> None:
    """Check `ValidityPeriod`, in seconds.

    Raises:
        Problem: 21624, it is not a whole number of 1 to 36000.
    """
    # By length first: converting a number of thousands of digits is an error of its own.
    if value and not (value.isascii() and value.isdigit() and len(value) <= len(str(LONGEST_WAIT))):
        raise Problem(21624)
    if value and not 1 <= int(value) <= LONGEST_WAIT:
        raise Problem(21624)
