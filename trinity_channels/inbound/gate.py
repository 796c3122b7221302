"""The gate in front of an agent, asked about one person in one conversation; and how fast a person may write."""

from __future__ import annotations

from datetime import timedelta

from trinity_channels.access.gate import AccessSubject, Decision, decide, policies
from trinity_channels.access.login import Asker
from trinity_channels.api import Channel
from trinity_channels.store import Tx, scenes
from trinity_channels.store.scenes import Message, Person, Scene

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
PER_MINUTE = 30


def too_fast(tx: Tx, person: Person, message: Message) -> bool:
    """Whether this message is beyond what one person may write in a minute."""
    return scenes.written_before(tx, person.id, message.id, message.at, MINUTE) > PER_MINUTE


def decision(scene: Scene, email: str | None, *, blocked: bool, has_access: bool) -> Decision:
    """What the gate says to a person in a direct conversation."""
    policy, _ = policies(scene.policies)
    return decide(policy, AccessSubject(email, blocked, has_access))


def asks_to_sign_in(scene: Scene, person: Person) -> bool:
    """Whether the gate holds what this person writes until they have verified an e-mail."""
    asked = decision(scene, person.email, blocked=person.blocked, has_access=False)
    return person.email is None and asked is Decision.ASK_LOGIN


def asker(scene: Scene, person: Person, manifest: Channel) -> Asker:
    """Who a login code is bound to."""
    return Asker(person.id, scene.binding, scene.agent, manifest.title, scene.channel)
