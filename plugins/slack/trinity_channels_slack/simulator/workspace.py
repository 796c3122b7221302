"""All that the simulated Slack remembers: one workspace with one app installed in it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from starlette.responses import JSONResponse

from trinity_channels.api import Fault
from trinity_channels.simulation import Background, Clock, Faults
from trinity_channels_slack.simulator.behaviour import Behaviour
from trinity_channels_slack.simulator.messages import Conversation, Message
from trinity_channels_slack.simulator.people import HOME, User
from trinity_channels_slack.simulator.rates import Rates

BOT_SCOPES = (
    "chat:write",
    "app_mentions:read",
    "im:history",
    "mpim:history",
    "channels:history",
    "groups:history",
    "im:write",
    "users:read",
    "users:read.email",
    "reactions:write",
    "files:read",
)

# The scope that the messages of each kind of conversation need, read or sent as events.
HISTORY_SCOPES = {
    "im": "im:history",
    "mpim": "mpim:history",
    "channel": "channels:history",
    "private": "groups:history",
}


def _faults() -> Faults:
    return Faults(
        {
            Fault.RATE_LIMITED: JSONResponse({"ok": False, "error": "ratelimited"}, 429, {"Retry-After": "1"}),
            Fault.SERVER_ERROR: JSONResponse({"ok": False, "error": "service_unavailable"}, 503),
            Fault.UNAUTHORIZED: JSONResponse({"ok": False, "error": "invalid_auth"}),
            Fault.REFUSED: JSONResponse({"ok": False, "error": "channel_not_found"}),
        }
    )


@dataclass(slots=True)
class App:
    """The app as its settings page shows it."""

    id: str = "A0SIM0001"
    bot_id: str = "B0SIM0001"
    user_id: str = "U0SIMBOT1"
    name: str = "agent"
    token: str = field(default="xoxb-simulated-token-1", repr=False)
    app_token: str = field(default="xapp-1-A0SIM0001-1-simulated", repr=False)
    signing_secret: str = field(default="simulated-signing-secret-1", repr=False)
    scopes: list[str] = field(default_factory=lambda: list(BOT_SCOPES))
    app_scopes: list[str] = field(default_factory=lambda: ["connections:write"])
    request_url: str = ""
    interactivity_url: str = ""
    socket_mode: bool = False
    installed: bool = True
    messages_tab: bool = True


@dataclass(slots=True)
class Workspace:
    """The state behind one simulator. `base_url` is where its API is reached, without a slash at the end.

    `statuses` are those that threads show, `calls` how often each method was called, `contents` what is in files, by id.
    """

    base_url: str
    clock: Clock
    app: App = field(default_factory=App)
    behaviour: Behaviour = field(default_factory=Behaviour)
    background: Background = field(default_factory=Background)
    faults: Faults = field(default_factory=_faults)
    users: dict[str, User] = field(default_factory=dict)
    conversations: dict[str, Conversation] = field(default_factory=dict)
    statuses: dict[tuple[str, str], str] = field(default_factory=dict)
    rates: Rates = field(init=False)
    calls: Counter[str] = field(default_factory=Counter)
    contents: dict[str, bytes] = field(default_factory=dict, repr=False)
    team_id: str = HOME
    team_name: str = "Simulated workspace"
    _last: int = 0

    def __post_init__(self) -> None:
        self.rates = Rates(self.clock)

    def conversation_of(self, message: Message) -> Conversation:
        """Where a message stands."""
        # By identity: a forwarded message stands in two places, with the same words.
        return next(one for one in self.conversations.values() if one.messages.get(message.ts) is message)

    def link_to(self, conversation: Conversation, ts: str) -> str:
        """The address of a message, as people copy it."""
        return f"{self.base_url}/archives/{conversation.id}/p{ts.replace('.', '')}"

    def new_ts(self) -> str:
        """A `ts` that no message has, later than all before."""
        # The clock of a test may stand still; two messages still need two names.
        self._last = max(self._last + 100, int(self.clock().timestamp() * 1_000_000))
        return f"{self._last // 1_000_000}.{self._last % 1_000_000:06d}"

    def direct(self, user: User) -> Conversation:
        """The direct chat of someone with the app; opened if it was not."""
        return self._get(f"D{user.id[1:]}", user.name, "im", {user.id})

    def channel(self, name: str) -> Conversation:
        """A channel by name; a new one has the app in it."""
        known = next((one for one in self.conversations.values() if one.name == name and one.kind != "im"), None)
        return known or self._get(f"C0SIM{len(self.conversations) + 1:04d}", name, "channel", set())

    def _get(self, identity: str, name: str, kind: str, members: set[str]) -> Conversation:
        return self.conversations.setdefault(identity, Conversation(identity, name, kind, members))

    def visible_to(self, user: User) -> Iterator[tuple[Conversation, Message]]:
        """Everything someone can read, oldest first."""
        mine = (one for one in self.conversations.values() if user.id in one.members)
        found = [(conversation, message) for conversation in mine for message in conversation.messages.values()]
        yield from sorted(found, key=lambda pair: tuple(int(part) for part in pair[1].ts.split(".")))

    def name_of(self, user_id: str) -> str:
        """What people call a member."""
        if user_id == self.app.user_id:
            return self.app.name
        return self.users[user_id].name if user_id in self.users else user_id
