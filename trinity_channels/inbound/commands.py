"""Chat commands, recognised before the gate: /login and its like, the words STOP, START and HELP, and mailed codes."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from trinity_channels.api import Button, Note, NoteKind, OptOut
from trinity_channels.inbound.code_in_text import only_number
from trinity_channels.inbound.email_in_text import Emails, emails_in
from trinity_channels.inbound.typed import seen, without_widths
from trinity_channels.store.conversation_state import Message

TOLERANCE = timedelta(minutes=1)
"""By which a provider's clock may be behind ours."""


class Verb(StrEnum):
    """What a person asks the host itself to do."""

    LOGIN = "login"
    CODE = "code"
    SPENT = "spent"
    LOGOUT = "logout"
    WHOAMI = "whoami"
    HELP = "help"
    HUMAN = "human"
    STOP = "stop"
    START = "start"


@dataclass(frozen=True, slots=True)
class Command:
    """A recognised command.

    Attributes:
        verb: what to do. `SPENT` is a code that no longer counts, sent once more.
        code: the code, of `CODE` and `SPENT`.
        emails: the addresses to sign in with, of `LOGIN`; None if nothing was given.
        answered: the provider has already replied to it.
    """

    verb: Verb
    code: str = field(default="", repr=False)
    emails: Emails | None = field(default=None, repr=False)
    answered: bool = False


@dataclass(frozen=True, slots=True)
class Expecting:
    """What decides how a message is understood, besides its words.

    Attributes:
        stopped: the person has turned messages off that they did not ask for.
        code_for: the e-mail that a live code was mailed to; None without a live code.
        code_since: when it was mailed; what was written before cannot be that code.
        asked: the gate holds the person's messages until they have signed in, so none of them is for the agent yet.
    """

    stopped: bool = False
    code_for: str | None = field(default=None, repr=False)
    code_since: datetime | None = None
    asked: bool = False

    def awaits(self, message: Message) -> bool:
        """Whether a number in this message may be the live code: it was typed, and after the code was mailed."""
        # some providers' times of messages are whole seconds, and their clocks are their own
        return self.code_since is not None and message.at >= self.code_since - TOLERANCE and not _is_choice(message)


# ASCII, for without it the I of the words would also be a Turkish one, which has no lower case among the verbs.
# What stands in front are marks of people who copied it from a text: `/login`, */login*, "/login".
_COMMAND = re.compile(
    r"[\s*_~`'\"\u2018\u201c\u201e\u00ab(]*(?:[/\uff0f] ?|[!\uff01])"
    r"((?ai:login|logout|whoami|help|human|stop|start))(?:@\w+)?(.*)",
    re.DOTALL,
)
_BARE = re.compile(r"[^\W_].*[^\W_]|[^\W_]", re.DOTALL)

# The words that stand for opting out and in when they are all there is in a message. Words that people also answer an
# agent with, such as "cancelar" or "alta", are not among them.
_WORDS = {
    Verb.STOP: "stop stopall unsubscribe abmelden stopp arrêt arret disiscrivimi стоп",
    Verb.START: "start unstop anmelden subscribe старт",
    Verb.HELP: "help hilfe aide ayuda ajuda aiuto помощь",
}
_VERBS = {word: verb for verb, words in _WORDS.items() for word in words.split()}

# How people answer who were asked to send /login and their address.
_SIGN_IN = re.compile(r"(?:please )?(?:log ?-?in|sign ?-?in)\b(.*)", re.DOTALL | re.IGNORECASE)
_BESIDE = (
    "log ?-?in|sign ?-?in|send|hi|hello|it's|this|here|here's|is|my|the|use|with|e-?mail|mail|mailto|address|please"
    "|thanks|thank|you"
)
_ONLY_ADDRESS = re.compile(rf"\W*(?:(?:{_BESIDE})\W+)*", re.IGNORECASE)
_NAME_IN_FRONT = re.compile(r"[^<>?]{0,60}<\s+>\W*")


def recognise(message: Message, expecting: Expecting) -> Command | None:
    """The command in a message, None if the message is for the agent. Unknown slash words are for the agent.

    So is START from someone who has not stopped anything: people greet bots that way.
    """
    # The provider has understood it already, in languages that we do not know, and has replied.
    if message.opt_out:
        return Command(Verb(OptOut(message.opt_out).value), answered=True)
    text = seen(message.text)
    command = _slash(text, expecting) or _word(text, expecting)
    # After the words: "/login 482913" is a command with a code, not a code with words around it.
    if command is None and expecting.awaits(message) and (code := only_number(text)):
        command = Command(Verb.CODE, code)
    if command is None and expecting.asked:
        command = _sign_in(text)
    return command


def _slash(text: str, expecting: Expecting) -> Command | None:
    found = _COMMAND.fullmatch(text)
    if found is None:
        return None
    verb, rest = Verb(found[1].lower()), found[2]
    if verb is Verb.LOGIN:
        return _login(rest, expecting)
    if _bare(rest):
        # "/stop the music" and "/help-desk" are for the agent
        return Command(verb) if rest[0].isspace() and verb not in (Verb.STOP, Verb.START) else None
    return None if verb is Verb.START and not expecting.stopped else Command(verb)


def _login(rest: str, expecting: Expecting) -> Command | None:
    """`/login` with what follows: a code, an address, or nothing."""
    if not _bare(rest):
        return Command(Verb.LOGIN)
    code, emails = only_number(rest), emails_in(rest)
    # An address beside the code does no harm if it is the one that the code went to.
    if code and emails.found in ((), (expecting.code_for,)):
        return Command(Verb.CODE, code)
    if code or emails.found or rest[0].isspace() or rest[0] in ":=,":
        return Command(Verb.LOGIN, emails=emails)
    return None  # another word that begins with "login"


def _word(text: str, expecting: Expecting) -> Command | None:
    # "Stop?" is a question, and "start/stop" is neither.
    verb = None if "?" in text or "/" in text else _VERBS.get(_bare(without_widths(text)).lower())
    if verb is None or (verb is Verb.START and not expecting.stopped):
        return None
    return Command(verb)


def _sign_in(text: str) -> Command | None:
    """Signing in without a slash: only for people whose messages the agent does not get until they have."""
    if found := _SIGN_IN.fullmatch(text):
        if not _bare(found[1]):
            return Command(Verb.LOGIN)
        emails = emails_in(found[1])
        # A deceptive address is taken too: its sender is told what is wrong with it, where silence would puzzle them.
        return Command(Verb.LOGIN, emails=emails) if emails.found or emails.deceptive else None
    emails = emails_in(text) if "@" in text or "\uff20" in text else Emails()
    is_answer = _ONLY_ADDRESS.fullmatch(f"{emails.around} ") or _NAME_IN_FRONT.fullmatch(emails.around)
    return Command(Verb.LOGIN, emails=emails) if is_answer and (emails.found or emails.deceptive) else None


def _bare(text: str) -> str:
    """The text without the punctuation, marks and emoji around its words."""
    found = _BARE.search(text)
    return found[0] if found else ""


def _is_choice(message: Message) -> bool:
    """Whether the text is the title of something tapped, not typed."""
    return any(
        isinstance(part, Button) or (isinstance(part, Note) and part.kind in (NoteKind.CHOICE, NoteKind.FORM))
        for part in message.parts
    )
