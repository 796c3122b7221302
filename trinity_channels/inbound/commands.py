"""Chat commands, recognised before the gate: /login, /logout, /whoami, /help, /human, and the words STOP, START and HELP."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from trinity_channels.api import OptOut
from trinity_channels.store.scenes import Message, Person


class Verb(StrEnum):
    """What a person asks the host itself to do."""

    LOGIN = "login"
    CODE = "code"
    LOGOUT = "logout"
    WHOAMI = "whoami"
    HELP = "help"
    HUMAN = "human"
    STOP = "stop"
    START = "start"


@dataclass(frozen=True, slots=True)
class Command:
    """A recognised command. `answered` says that the provider has already replied to it."""

    verb: Verb
    argument: str = ""
    answered: bool = False


# ASCII, for without it the I of the words would also be a Turkish one, which has no lower case among the verbs.
_COMMAND = re.compile(r"[/!]((?ai:login|logout|whoami|help|human))(?:\s+(.*))?", re.DOTALL)
_CODE = re.compile(r"[0-9]{3}[ -]?[0-9]{3}")

# The words that stand for opting out and in when they are all there is in a message. Words that people also answer an
# agent with, such as "cancelar" or "alta", are none of them.
_WORDS = {
    Verb.STOP: "stop stopall unsubscribe abmelden stopp arrêt arret disiscrivimi стоп",
    Verb.START: "start unstop anmelden subscribe старт",
    Verb.HELP: "help hilfe aide ayuda ajuda aiuto помощь",
}
_VERBS = {word: verb for verb, words in _WORDS.items() for word in words.split()}


def recognise(message: Message, person: Person) -> Command | None:
    """The command in a message, None if the message is for the agent. Unknown slash words are for the agent.

    So is START from somebody who has not stopped anything: people greet bots that way.
    """
    if message.opt_out:
        return Command(Verb(OptOut(message.opt_out).value), answered=True)
    text = message.text.strip()
    if found := _COMMAND.fullmatch(text):
        return _slash(found[1].lower(), (found[2] or "").strip())
    verb = _VERBS.get(text.rstrip(".!").lower())
    if verb is None or (verb is Verb.START and not person.stopped):
        return None
    return Command(verb)


def _slash(word: str, argument: str) -> Command:
    if word != "login":
        return Command(Verb(word))
    if _CODE.fullmatch(argument):
        return Command(Verb.CODE, re.sub(r"[ -]", "", argument))
    return Command(Verb.LOGIN, argument)
