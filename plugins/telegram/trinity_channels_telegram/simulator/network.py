"""All that the simulated Telegram remembers, in one place that its modules share."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random

from trinity_channels.api import Fault
from trinity_channels.simulation import Background, Clock, Faults
from trinity_channels_telegram.simulator.behaviour import Behaviour
from trinity_channels_telegram.simulator.chats import Bot, Chat, Webhook
from trinity_channels_telegram.simulator.phones import Phone
from trinity_channels_telegram.simulator.problems import Problem, answer, forbidden, too_many

FIRST_PERSON = 5_550_001
FIRST_BOT = 7_770_001
FIRST_GROUP = -1_009_990_001


def _faults() -> Faults:
    return Faults(
        {
            Fault.RATE_LIMITED: answer(too_many(1)),
            Fault.SERVER_ERROR: answer(Problem(500, "Internal Server Error: restart")),
            Fault.UNAUTHORIZED: answer(Problem(401, "Unauthorized")),
            Fault.REFUSED: answer(forbidden("bot was blocked by the user")),
        }
    )


@dataclass(slots=True)
class Network:
    """The state behind one simulator.

    Chance is the same in every run, so that a test that fails once fails again.
    """

    clock: Clock
    behaviour: Behaviour = field(default_factory=Behaviour)
    background: Background = field(default_factory=Background)
    faults: Faults = field(default_factory=_faults)
    poll_faults: Faults = field(default_factory=_faults)
    chance: Random = field(default_factory=lambda: Random(42))  # noqa: S311 -- no secret
    people: dict[str, Phone] = field(default_factory=dict)
    bots: dict[str, Bot] = field(default_factory=dict)
    groups: dict[int, Chat] = field(default_factory=dict)

    def revoke_token(self, bot: Bot) -> None:
        """Give a bot another token; the old one stops working."""
        del self.bots[bot.token]
        bot.token = f"{bot.id}:{f'RevokedToken{self.chance.randrange(10**6)}':-<35}"
        # Telegram stores the webhook under the token, so that a revoked one takes it along.
        bot.webhook = Webhook()
        self.bots[bot.token] = bot

    def chat(self, bot: Bot, number: int) -> Chat | None:
        """What a bot reaches under an identifier."""
        return bot.private.get(number) or self.groups.get(number)

    def chats(self) -> Iterator[Chat]:
        """Every chat there is."""
        for bot in self.bots.values():
            yield from bot.private.values()
        yield from self.groups.values()
