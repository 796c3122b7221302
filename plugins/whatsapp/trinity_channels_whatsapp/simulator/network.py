"""All that the simulated provider remembers, in one place that its modules share."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from trinity_channels.api import Fault
from trinity_channels.simulation import Background, Clock, Faults, recent
from trinity_channels_whatsapp.simulator.accounts import Accounts
from trinity_channels_whatsapp.simulator.behaviour import Behaviour
from trinity_channels_whatsapp.simulator.people import People
from trinity_channels_whatsapp.simulator.problems import Problem, answer
from trinity_channels_whatsapp.simulator.webhooks import Webhooks


def _faults() -> Faults:
    return Faults(
        {
            Fault.RATE_LIMITED: answer(Problem(20429), {"Retry-After": "1"}),
            Fault.SERVER_ERROR: answer(Problem(20503)),
            Fault.UNAUTHORIZED: answer(Problem(20003)),
            Fault.REFUSED: answer(Problem(21610)),
            Fault.EXHAUSTED: answer(Problem(63038)),
        }
    )


@dataclass(frozen=True, slots=True)
class Alert:
    """An entry of the console's debugger: what was wrong with a webhook, by Twilio's code."""

    code: int
    url: str
    message_sid: str


@dataclass(slots=True)
class Network:
    """The state behind one simulator. `base_url` is where its API is reached, without a slash at the end.

    `typed` are the messages that typing was shown for.
    """

    base_url: str
    clock: Clock
    webhooks: Webhooks
    accounts: Accounts = field(default_factory=Accounts)
    people: People = field(default_factory=People)
    behaviour: Behaviour = field(default_factory=Behaviour)
    background: Background = field(default_factory=Background)
    faults: Faults = field(default_factory=_faults)
    alerts: deque[Alert] = field(default_factory=recent)
    typed: deque[str] = field(default_factory=recent)
