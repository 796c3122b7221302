"""How an attempt at a turn ends: answered, put off, given up, or handed back to the gate. Each is one transaction."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

from trinity_channels.agents.port import AgentError, AgentTimeout, AgentUnavailable, Working
from trinity_channels.api import Channel
from trinity_channels.inbound import overdue
from trinity_channels.inbound.attempt import Attempt
from trinity_channels.inbound.following import Following
from trinity_channels.observability.log import get_logger
from trinity_channels.observability.masking import mask_text
from trinity_channels.observability.metrics import Metrics
from trinity_channels.outbound import replies
from trinity_channels.outbound.lateness import Lateness
from trinity_channels.outbound.notices import Limit, Notices
from trinity_channels.store import Store, Tx, conversation_state, disclosures, turns
from trinity_channels.store.conversation_state import ConversationState, OpenTurn
from trinity_channels.visible import cleaned

log = get_logger(__name__)

RETRIES = 8
"""Runs that may find the agent unavailable before the turn is parked; about two minutes."""
LONGEST_PAUSE = timedelta(minutes=5)
PATIENCE = 5
"""A run that is followed is looked at after so much of the time that it has taken."""
SHORTEST_LOOK = timedelta(seconds=1)
LONGEST_LOOK = timedelta(seconds=30)
LONG = 1000
"""Characters from which an answer is composed beside the event loop."""
LONGEST_REASON = 300


class Endings:
    """Records how attempts ended, and queues what the person is told."""

    def __init__(
        self,
        store: Store,
        notices: Notices,
        lateness: Lateness,
        metrics: Metrics,
        now: Callable[[], datetime],
    ) -> None:
        self._store = store
        self._notices = notices
        self._lateness = lateness
        self._metrics = metrics
        self._now = now

    async def answer(
        self, state: ConversationState, turn: OpenTurn, manifest: Channel, text: str, attempt: Attempt
    ) -> Following:
        """The agent has answered; without a text nothing is sent."""
        now = self._now()
        if why := overdue.parked(self._lateness, manifest, state, turn, now):  # an agent may have worked for hours
            return await self.give_up(state, turn, manifest, why, turns.Cause.LATE)
        reminder = overdue.reminder(self._lateness, attempt.messages[0], now)
        before = "\n".join(filter(None, (attempt.disclosure, reminder)))
        composing = partial(replies.parts, manifest, text, before=before)
        # Composing takes about a millisecond per thousand characters, a thread costs a fifth of that.
        composed = await asyncio.to_thread(composing) if len(text) > LONG else composing()

        def end(tx: Tx) -> ConversationState | None:
            # `finish` stands first: the turn ends even if nothing is said.
            if turns.finish(tx, turn.id, now) and composed and not _blocked(tx, state):
                newest = attempt.messages[-1].id
                message = replies.queue(tx, state, text, composed, origin="agent", now=now, answers=newest)
                if attempt.disclosure:
                    # In the same transaction: an answer that is not queued has disclosed nothing.
                    disclosures.disclosed(tx, state.conversation, message, now)
            return conversation_state.load_work(tx, state.conversation)

        following = await self._store.write(end)
        if turn.run_at:
            self._metrics.agent_seconds.observe((now - turn.run_at).total_seconds())
        self._metrics.turns.labels(state.channel, "answered" if composed else "silent").inc()
        return Following(following)

    async def follow(self, state: ConversationState, turn: OpenTurn, working: Working, *, counted: bool) -> Following:
        """The agent works on: look again later, the seldomer the longer it takes. Nothing is left if the turn has ended."""
        now = self._now()
        since = turn.run_at if turn.run_at and turn.run == working.run else now
        pause = min(max((now - since) / PATIENCE, SHORTEST_LOOK), LONGEST_LOOK)

        def follow(tx: Tx) -> bool:
            return turns.follow(tx, turn.id, working.run, since, now + pause, now, agent=state.agent, counted=counted)

        followed = await self._store.write(follow)
        return Following(at=now + pause) if followed else Following()

    async def retry(
        self, state: ConversationState, turn: OpenTurn, manifest: Channel, error: AgentUnavailable, *, counted: bool
    ) -> Following:
        """The agent is unavailable: try again later, unless that has happened too often; `counted`: this attempt was."""
        if turn.retries >= RETRIES:
            return await self.give_up(state, turn, manifest, _reason(error))
        now = self._now()
        # The agent knows best when it will be back, but may not ask for less than our own pause.
        pause = max(error.retry_after or 0, min(30, 2**turn.retries))
        at = now + timedelta(seconds=min(pause, LONGEST_PAUSE.total_seconds()))
        log.info("agent unavailable", agent=state.agent, turn=turn.id, retry=turn.retries + 1, reason=_why(error))
        await self._store.write(lambda tx: turns.postpone(tx, turn.id, at, _reason(error), now, counted=counted))
        self._metrics.turns.labels(state.channel, "postponed").inc()
        return Following(at=at)

    async def fail(self, state: ConversationState, turn: OpenTurn, manifest: Channel, error: AgentError) -> Following:
        """The agent has failed."""
        log.warning("agent failed", agent=state.agent, turn=turn.id, reason=_why(error))
        # After a time-out the same key may still find the answer; after a failure it would find that again.
        ended = not isinstance(error, AgentTimeout)
        return await self.give_up(state, turn, manifest, _reason(error), ended=ended)

    async def give_up(
        self,
        state: ConversationState,
        turn: OpenTurn,
        manifest: Channel,
        why: str,
        cause: turns.Cause | None = None,
        *,
        ended: bool = False,
    ) -> Following:
        """Park a turn for the owner; the person gets an apology, unless they were blocked or it would come too late.

        With `ended`, no run of the agent goes on for it: resubmitted, it is a new one.
        """
        now = self._now()
        key = secrets.token_hex(16)

        def end(tx: Tx) -> tuple[ConversationState | None, Limit | None]:
            withheld = None
            failed = turns.fail(tx, turn.id, why, now, cause)
            if failed and ended:
                turns.end_run(tx, turn.id, key)
            # Not open any more: it has ended in another way meanwhile.
            silent = not failed or _blocked(tx, state)
            sorry = "" if silent else overdue.apology(tx, self._lateness, state, turn, now)
            # Outside the window the provider would refuse it, and the owner would see one more failure.
            if sorry and replies.window_open(manifest, state, now):
                # Within the budgets: an agent that fails for everyone must not make a bill of apologies.
                withheld = self._notices.queue(tx, manifest, state, sorry, contact=turn.writer, now=now)
            return conversation_state.load_work(tx, state.conversation), withheld

        following, withheld = await self._store.write(end)
        self._notices.withheld(state, [withheld] if withheld else [])
        self._metrics.turns.labels(state.channel, "failed").inc()
        return Following(following)

    async def withdraw(self, state: ConversationState, turn: OpenTurn) -> Following:
        """Let the messages of a turn wait again, so that the gate says what becomes of them."""
        now = self._now()

        def withdraw(tx: Tx) -> ConversationState | None:
            turns.withdraw(tx, turn.id, now)
            return conversation_state.load_work(tx, state.conversation)

        return Following(await self._store.write(withdraw))


def _why(error: AgentError) -> str:
    """What an agent's error says, in one line for the log."""
    return " ".join(str(error).split())[:LONGEST_REASON] or type(error).__name__


def _reason(error: AgentError) -> str:
    """The same for the list of failed turns, with the agent's own words; these may quote people and are never logged."""
    detail = f" It said: {error.detail[:LONGEST_REASON]}" if error.detail else ""
    return mask_text(cleaned(_why(error) + detail))


def _blocked(tx: Tx, state: ConversationState) -> bool:
    """Whether the owner has blocked the person by now; an agent may have worked for minutes."""
    return state.contact is not None and conversation_state.is_blocked(tx, state.contact.id)
