"""The turn: what waits in one conversation goes through commands and the gate to the agent, and replies are queued.

Every step is decided and recorded in one transaction, so that a crash between two lines repeats a step and loses nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

import structlog

from trinity_channels.access.directory import Directory
from trinity_channels.access.gate import Decision
from trinity_channels.access.self_service import SelfService
from trinity_channels.agents.answer import words
from trinity_channels.agents.port import (
    AgentError,
    AgentFailed,
    AgentRuntime,
    AgentTimeout,
    AgentTurn,
    AgentUnavailable,
)
from trinity_channels.api import ProviderUnavailable
from trinity_channels.bindings.vault import VaultError
from trinity_channels.dispatch import Dispatcher
from trinity_channels.inbound import overdue
from trinity_channels.inbound.attempt import Attempt, request
from trinity_channels.inbound.commands import Expecting, recognise
from trinity_channels.inbound.fair_slots import FairSlots
from trinity_channels.inbound.gate import decision
from trinity_channels.inbound.gather import complete_at
from trinity_channels.inbound.group import GroupStep
from trinity_channels.inbound.indicate import Indicator
from trinity_channels.inbound.lookups import Lookups
from trinity_channels.inbound.prepare import Preparation
from trinity_channels.inbound.rules import TurnRules
from trinity_channels.inbound.step import Step
from trinity_channels.masking import mask_text
from trinity_channels.metrics import Metrics
from trinity_channels.outbound import replies
from trinity_channels.outbound.notices import Limit, Notices
from trinity_channels.plugins import Plugins
from trinity_channels.store import Store, Tx, disclosures, messages, scenes, turns
from trinity_channels.store.scenes import Message, OpenTurn, Person, Scene
from trinity_channels.visible import cleaned

log = structlog.get_logger(__name__)

ATTEMPTS = 3
"""Runs that may die under a turn before it is parked."""
RETRIES = 8
"""Runs that may find the agent unavailable before the turn is parked; about two minutes."""
LONGEST_PAUSE = timedelta(minutes=5)
LONGEST_RUN = timedelta(hours=2)
"""After which a run is given up whose AgentRuntime keeps no time: it would hold its place for ever."""
LONG = 1000
"""Characters from which an answer is composed beside the event loop."""
LONGEST_REASON = 300
HOUR = timedelta(hours=1)
RESOLVE_AGAIN = timedelta(seconds=15)
LOCKED_AGAIN = timedelta(minutes=5)


class Turns:
    """Runs the `turn:` keys; at most `rules.most` agents run at once."""

    def __init__(
        self,
        *,
        store: Store,
        plugins: Plugins,
        lookups: Lookups,
        directory: Directory,
        agents: AgentRuntime,
        self_service: SelfService,
        dispatcher: Dispatcher,
        indicator: Indicator,
        metrics: Metrics,
        now: Callable[[], datetime],
        rules: TurnRules,
    ) -> None:
        self._store = store
        self._plugins = plugins
        self._directory = directory
        self._agents = agents
        self._self_service = self_service
        self._preparation = Preparation(store, directory, self_service, lookups.vouching)
        self._lookups = lookups
        self._dispatcher = dispatcher
        self._indicator = indicator
        self._metrics = metrics
        self._now = now
        # Only agents wait for each other. Commands and the gate answer at once, whatever the agents are doing.
        self._slots = FairSlots(rules.most)
        self._notices = Notices(dispatcher, rules.budget, metrics, now)
        self._rules = rules

    async def run(self, conversation: int) -> datetime | None:
        """Do everything that waits in a conversation; returns when to come back, None if nothing is left."""
        scene = await self._store.read(lambda tx: scenes.scene(tx, conversation))
        while scene and (scene.turn or scene.waiting or scene.kept or scene.stirred):
            if scene.channel not in self._plugins:  # it could not be loaded this time; nothing is given up for that
                return self._now() + HOUR
            if not scene.connected:
                await self._drop(scene)
                return None
            try:
                following = await self._work_on(scene)
            except ProviderUnavailable as error:
                log.warning("sender not resolved", channel=scene.channel, agent=scene.agent, reason=error.message)
                return self._now() + RESOLVE_AGAIN
            except VaultError as error:  # the operator can still bring the right key
                log.warning("secrets locked", channel=scene.channel, agent=scene.agent, reason=str(error))
                return self._now() + LOCKED_AGAIN
            if isinstance(following, datetime):
                return following
            scene = following
        return None

    async def _work_on(self, scene: Scene) -> Scene | datetime | None:
        """Take one step or make one attempt; returns what stands after it, when to come back, or None for nothing."""
        if scene.turn:
            return await self._attempt(scene, scene.turn)
        return await (self._group_step(scene) if scene.person is None else self._step(scene, scene.person))

    async def _drop(self, scene: Scene) -> None:
        now = self._now()

        def drop(tx: Tx) -> None:
            messages.drop(tx, [message.id for message in scene.waiting], now)
            if scene.turn:
                turns.fail(tx, scene.turn.id, "the channel is disconnected", now, turns.Cause.HOST)

        await self._store.write(drop)

    # --- before the agent ---

    async def _group_step(self, scene: Scene) -> Scene | datetime | None:
        now = self._now()
        has_command = any(recognise(message, Expecting()) for message in scene.waiting)
        if not has_command and (at := complete_at(scene.waiting, self._rules.gather, now)):
            return at
        scene, stale = self._of_one_age(scene)
        writers: dict[int, Person] = {}
        access: dict[int, bool] = {}
        for contact in {message.contact for message in scene.waiting if message.contact}:
            person = await self._store.read(partial(scenes.person, contact=contact))
            person = await self._lookups.senders.resolved(scene, person)
            writers[contact] = person
            access[contact] = person.email is not None and await self._directory.may_use(scene.agent, person.email)
        step = GroupStep(
            scene=scene,
            writers=writers,
            access=access,
            manifest=self._plugins[scene.channel].manifest,
            login=self._self_service.login,
            notices=self._notices,
            now=now,
            quiet=stale,
        )
        return await self._taken(step)

    async def _taken(self, step: Step | GroupStep) -> Scene | None:
        """Record a step; the transaction also reads what stands after it, for each one costs a wait."""
        conversation = step.scene.conversation

        def take(tx: Tx) -> Scene | None:
            step.guesses.clear()  # a unit may run twice
            return scenes.scene(tx, conversation) if step.take(tx) else None

        following = await self._store.write(take)
        self._self_service.login.count(step.guesses)
        self._notices.withheld(step.scene, step.withheld)
        if step.told:
            self._dispatcher.after_commit(f"deliver:{conversation}")
        return following

    async def _step(self, scene: Scene, person: Person) -> Scene | datetime | None:
        person = await self._lookups.senders.resolved(scene, person)
        manifest = self._plugins[scene.channel].manifest
        expecting = await self._preparation.expecting(scene, person, manifest)
        # A command is answered at once, and what stands before one is complete.
        has_command = any(recognise(message, expecting) for message in scene.waiting)
        if not has_command and (at := complete_at(scene.waiting, self._rules.gather, self._now())):
            return at
        scene, stale = self._of_one_age(scene)
        step = Step(
            scene=scene,
            person=person,
            manifest=manifest,
            prepared=await self._preparation.of(scene, person, manifest, expecting, stale=stale),
            self_service=self._self_service,
            notices=self._notices,
            now=self._now(),
            quiet=stale,
        )
        return await self._taken(step)

    def _of_one_age(self, scene: Scene) -> tuple[Scene, bool]:
        waiting, stale = self._rules.lateness.of_one_age(scene.waiting, self._now())
        return replace(scene, waiting=waiting), stale

    # --- the agent ---

    async def _attempt(self, scene: Scene, turn: OpenTurn) -> Scene | datetime | None:
        """Run the agent once; returns when to try again, or what stands when the turn has ended."""
        now = self._now()
        if turn.next_at and now < turn.next_at <= now + LONGEST_PAUSE:  # further ahead: the clock was set back
            return turn.next_at
        if turn.attempts >= ATTEMPTS:
            return await self._give_up(scene, turn, "the process died in every attempt", turns.Cause.HOST)
        if scene.person:
            scene = replace(scene, person=await self._lookups.senders.still(scene, scene.person))
        if not await self._admitted(scene):
            return await self._withdraw(scene, turn)
        lateness, manifest = self._rules.lateness, self._plugins[scene.channel].manifest
        if why := overdue.parked(lateness, manifest, scene, turn, now):
            return await self._give_up(scene, turn, why, turns.Cause.LATE)
        async with self._slots.slot(scene.agent, turn.writer) as waited:
            if waited and not await self._is_due(scene.conversation, turn):
                return await self._store.read(partial(scenes.scene, conversation=scene.conversation))
            now = self._now()
            attempt = await self._store.write(lambda tx: self._begin(tx, scene, turn, now))
            try:
                attempt = await self._lookups.quotes.completed(scene, attempt)
                text = await self._ask(scene, request(scene, turn, attempt), attempt.messages)
            except AgentUnavailable as error:
                return await self._retry(scene, turn, error)
            except AgentFailed as error:
                log.warning("agent failed", agent=scene.agent, turn=turn.id, reason=_why(error))
                return await self._give_up(scene, turn, _reason(error))
            except asyncio.CancelledError:
                # a shutdown in good order is no death: the attempt does not count
                await asyncio.shield(self._store.write(lambda tx: turns.uncount(tx, turn.id)))
                raise
        return await self._answer(scene, turn, text, attempt)

    async def _is_due(self, conversation: int, turn: OpenTurn) -> bool:
        """Whether a turn may still be run that has waited for a slot: minutes may have passed."""
        scene = await self._store.read(partial(scenes.scene, conversation=conversation))
        if scene is None or not scene.connected or scene.turn is None or scene.turn.id != turn.id:
            return False
        manifest = self._plugins[scene.channel].manifest
        return await self._admitted(scene) and not overdue.parked(
            self._rules.lateness, manifest, scene, scene.turn, self._now()
        )

    def _begin(self, tx: Tx, scene: Scene, turn: OpenTurn, now: datetime) -> Attempt:
        messages, history = turns.attempt(tx, scene.conversation, turn.id, now)
        return Attempt(messages, history, self._self_service.disclosure.before(tx, scene, messages[0].at))

    async def _admitted(self, scene: Scene) -> bool:
        """Whether the gate is still open: a turn may be tried again, or resubmitted, long after it was begun."""
        person = scene.person
        if person is None:
            return True
        gate = partial(decision, scene, person.email, blocked=person.blocked)
        if gate(has_access=False) is Decision.ALLOW:
            return True
        if person.email is None or person.blocked:
            return False
        return gate(has_access=await self._directory.may_use(scene.agent, person.email)) is Decision.ALLOW

    async def _withdraw(self, scene: Scene, turn: OpenTurn) -> Scene | None:
        """Let the messages of a turn wait again, so that the gate says what becomes of them."""
        now = self._now()

        def withdraw(tx: Tx) -> Scene | None:
            turns.withdraw(tx, turn.id, now)
            return scenes.scene(tx, scene.conversation)

        return await self._store.write(withdraw)

    async def _ask(self, scene: Scene, turn: AgentTurn, messages: tuple[Message, ...]) -> str:
        """What the agent says; empty if that is nothing. An AgentRuntime may be anyone's code: all else is a failure."""
        try:
            async with asyncio.timeout(LONGEST_RUN.total_seconds()), self._indicator.while_running(scene, messages):
                with self._metrics.agent_seconds.time():
                    answer: object = await self._agents.run(turn)
        except AgentError:
            raise
        except TimeoutError as error:
            raise AgentTimeout("no answer, and no error either") from error
        except asyncio.CancelledError as error:
            task = asyncio.current_task()
            if task and task.cancelling():
                raise
            raise AgentFailed("the agent cancelled its own run") from error
        except Exception as error:
            log.exception("agent broke", agent=scene.agent, error=type(error).__name__)
            raise AgentFailed(f"the agent broke ({type(error).__name__})") from error
        return words(answer)

    async def _answer(self, scene: Scene, turn: OpenTurn, text: str, attempt: Attempt) -> Scene | datetime | None:
        manifest = self._plugins[scene.channel].manifest
        lateness, now = self._rules.lateness, self._now()
        if why := overdue.parked(lateness, manifest, scene, turn, now):  # an agent may have worked for hours
            return await self._give_up(scene, turn, why, turns.Cause.LATE)
        reminder = overdue.reminder(lateness, attempt.messages[0], now)
        before = "\n".join(filter(None, (attempt.disclosure, reminder)))
        composing = partial(replies.parts, manifest, text, before=before)
        # Composing takes about a millisecond per thousand characters, a thread costs a fifth of that.
        composed = await asyncio.to_thread(composing) if len(text) > LONG else composing()

        def end(tx: Tx) -> Scene | None:
            if turns.finish(tx, turn.id, now) and composed and not _blocked(tx, scene):
                message = replies.queue(tx, self._dispatcher, scene, text, composed, origin="agent", now=now)
                if attempt.disclosure:
                    disclosures.said(tx, scene.conversation, message, now)
            return scenes.scene(tx, scene.conversation)

        following = await self._store.write(end)
        self._metrics.turns.labels(scene.channel, "answered" if composed else "silent").inc()
        self._dispatcher.after_commit(f"deliver:{scene.conversation}")
        return following

    async def _retry(self, scene: Scene, turn: OpenTurn, error: AgentUnavailable) -> Scene | datetime | None:
        if turn.retries >= RETRIES:
            return await self._give_up(scene, turn, _reason(error))
        now = self._now()
        pause = max(error.retry_after or 0, min(30, 2**turn.retries))
        at = now + timedelta(seconds=min(pause, LONGEST_PAUSE.total_seconds()))
        log.info("agent unavailable", agent=scene.agent, turn=turn.id, retry=turn.retries + 1, reason=_why(error))
        await self._store.write(lambda tx: turns.postpone(tx, turn.id, at, _reason(error), now))
        self._metrics.turns.labels(scene.channel, "postponed").inc()
        return at

    async def _give_up(self, scene: Scene, turn: OpenTurn, why: str, cause: turns.Cause | None = None) -> Scene | None:
        now = self._now()
        manifest = self._plugins[scene.channel].manifest
        withheld: list[Limit] = []

        def end(tx: Tx) -> Scene | None:
            failed = turns.fail(tx, turn.id, why, now, cause)
            silent = not failed or _blocked(tx, scene)
            sorry = "" if silent else overdue.apology(tx, self._rules.lateness, scene, turn, now)
            if sorry and replies.window_open(manifest, scene, now):
                limit = self._notices.queue(tx, manifest, scene, sorry, contact=turn.writer, now=now)
                withheld.extend(filter(None, [limit]))
            return scenes.scene(tx, scene.conversation)

        following = await self._store.write(end)
        self._notices.withheld(scene, withheld)
        self._metrics.turns.labels(scene.channel, "failed").inc()
        self._dispatcher.after_commit(f"deliver:{scene.conversation}")
        return following


def _why(error: AgentError) -> str:
    """What an agent's error says, in one line for the log."""
    return " ".join(str(error).split())[:LONGEST_REASON] or type(error).__name__


def _reason(error: AgentError) -> str:
    """The same for the list of failed turns, with the agent's own words; these may quote people and are never logged."""
    detail = f" It said: {error.detail[:LONGEST_REASON]}" if error.detail else ""
    return mask_text(cleaned(_why(error) + detail))


def _blocked(tx: Tx, scene: Scene) -> bool:
    """Whether the owner has blocked the person by now; an agent may have worked for minutes."""
    return scene.person is not None and scenes.person(tx, scene.person.id).blocked
