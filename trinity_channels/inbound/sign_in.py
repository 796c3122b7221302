"""Codes in messages, within a transaction: which message holds one, and that none of them stays in what is stored."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from trinity_channels.access.login import Guess, Login, LoginContact
from trinity_channels.api import Forwarded, Note, Part, Quoted
from trinity_channels.inbound.code_in_text import hide, only_number, six_digit_numbers
from trinity_channels.inbound.commands import Command, Expecting, Verb, recognise
from trinity_channels.store import Tx, conversation_state, messages
from trinity_channels.store.conversation_state import Message

MOST_NUMBERS = 10
"""Six-digit numbers of one message that are compared with codes; a message with more of them is a list."""


def may_hold_code(waiting: Sequence[Message]) -> bool:
    """Whether it matters for any of these messages if a code is live."""
    return any(six_digit_numbers(message.text) for message in waiting)


@dataclass(frozen=True, slots=True)
class SignIn:
    """The codes of one contact; `guesses` gathers what became of the numbers that were compared with a live one."""

    login: Login
    contact: LoginContact
    guesses: list[Guess] = field(default_factory=list)

    def expecting(self, tx: Tx, waiting: Sequence[Message], *, stopped: bool, asked: bool) -> Expecting:
        """How these messages are to be understood."""
        awaited = self.login.awaited(tx, self.contact.id) if may_hold_code(waiting) else None
        if awaited is None:
            return Expecting(stopped=stopped, asked=asked)
        return Expecting(stopped=stopped, code_for=awaited.email, code_since=awaited.created_at, asked=asked)

    def understood(self, tx: Tx, message: Message, expecting: Expecting) -> Command | None:
        """The command in a message, also if it is a code that no longer counts: people send them twice."""
        command = recognise(message, expecting)
        # Else the agent would get a code as a question, and puzzle about it.
        if command is None and (code := only_number(message.text)) and self.login.spent(tx, self.contact, {code}):
            return Command(Verb.SPENT, code)
        return command

    def hide(self, tx: Tx, message: Message, numbers: Collection[str] | None = None) -> None:
        """Take these six-digit numbers (None: all) out of a stored message, also out of what it quotes."""
        text, content = hide(message.text, numbers), tuple(_hidden(part, numbers) for part in message.parts)
        if (text, content) != (message.text, message.parts):
            messages.rewrite(tx, message.id, text, content)

    def hide_codes(self, tx: Tx, batch: Sequence[Message], *, live: bool) -> None:
        """Take codes that no longer count out of messages; with `live`, for the agent, also one that still counts.

        Such a code stands beside other numbers or in a quotation: alone it would have confirmed.
        """
        for message in batch:
            numbers = {one.value for text in _texts(message) for one in six_digit_numbers(text)}
            if not 0 < len(numbers) <= MOST_NUMBERS:
                continue
            still_live = self._live(tx, message, numbers) if live else None
            if found := {*filter(None, [still_live]), *self.login.spent(tx, self.contact, numbers)}:
                self.hide(tx, message, found)

    def _live(self, tx: Tx, message: Message, numbers: Collection[str]) -> str | None:
        awaited = self.login.awaited(tx, self.contact.id)
        if awaited is None or not Expecting(code_since=awaited.created_at).awaits(message):
            return None
        found, wrong = self.login.mentioned(tx, self.contact, numbers)
        self.guesses.extend(wrong)
        return found

    def hide_everywhere(self, tx: Tx, code: str, since: datetime) -> None:
        """Take a code that has just been used out of everything that this contact wrote since it was mailed.

        What still waits is looked at when its turn comes.
        """
        for message in conversation_state.written_since(tx, self.contact.id, since):
            self.hide(tx, message, {code})


def _texts(message: Message) -> list[str]:
    return [message.text, *(text for part in message.parts for text in _words(part).values())]


def _words(part: Part) -> dict[str, str]:
    """What people wrote in a part, by the name of its field."""
    if isinstance(part, Quoted | Forwarded):
        return {"text": part.text}
    # Also forms and pasted tables: people put a code wherever there is a field.
    return {name: one for name, one in part.data.items() if isinstance(one, str)} if isinstance(part, Note) else {}


def _hidden(part: Part, numbers: Collection[str] | None) -> Part:
    words = {name: hide(text, numbers) for name, text in _words(part).items()}
    if isinstance(part, Note):
        return replace(part, data={**part.data, **words})
    return replace(part, text=words["text"]) if isinstance(part, Quoted | Forwarded) else part
