"""`ChannelContract`: every check in one class, which an author names a channel for and cannot take checks out of."""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping

from trinity_channels_contract_tests.check import Checks
from trinity_channels_contract_tests.checks.answering import Answering
from trinity_channels_contract_tests.checks.answers import Answers
from trinity_channels_contract_tests.checks.authenticating import Authenticating
from trinity_channels_contract_tests.checks.batches import Batches
from trinity_channels_contract_tests.checks.behaving import Behaving
from trinity_channels_contract_tests.checks.choosing import Choosing
from trinity_channels_contract_tests.checks.claiming import Claiming
from trinity_channels_contract_tests.checks.connecting import Connecting, Verifying
from trinity_channels_contract_tests.checks.entering import Entering
from trinity_channels_contract_tests.checks.fetched import Fetched
from trinity_channels_contract_tests.checks.groups import Groups
from trinity_channels_contract_tests.checks.identifying import Identifying
from trinity_channels_contract_tests.checks.listening import ListeningChecks
from trinity_channels_contract_tests.checks.loading import Loading
from trinity_channels_contract_tests.checks.looking import Looking
from trinity_channels_contract_tests.checks.messages import Messages
from trinity_channels_contract_tests.checks.oddities import Oddities
from trinity_channels_contract_tests.checks.optional import Optional
from trinity_channels_contract_tests.checks.outages import Outages
from trinity_channels_contract_tests.checks.own import Own
from trinity_channels_contract_tests.checks.readback import ReadingBack
from trinity_channels_contract_tests.checks.reading import Reading
from trinity_channels_contract_tests.checks.receipts import Receipts
from trinity_channels_contract_tests.checks.refusing import Refusing
from trinity_channels_contract_tests.checks.repeating import Repeating
from trinity_channels_contract_tests.checks.sending import Sending
from trinity_channels_contract_tests.checks.taken import Taken
from trinity_channels_contract_tests.checks.times import Times
from trinity_channels_contract_tests.checks.tokens import Tokens

OWN = frozenset({"channel", "plugin", "exempt", "no_receipts"})
"""What a subclass sets."""

EVASIONS = frozenset({"skip", "skipif", "xfail"})
"""Marks that would let a broken promise pass."""


class ContractRefused(TypeError):
    """A subclass of `ChannelContract` would check less than it says."""


# pytest collects the last base first.
class ChannelContract(
    Answers,
    Behaving,
    Outages,
    Fetched,
    ListeningChecks,
    Optional,
    Receipts,
    Repeating,
    ReadingBack,
    Tokens,
    Answering,
    Refusing,
    Taken,
    Sending,
    Identifying,
    Groups,
    Claiming,
    Own,
    Times,
    Messages,
    Batches,
    Oddities,
    Reading,
    Authenticating,
    Looking,
    Verifying,
    Choosing,
    Connecting,
    Entering,
    Loading,
):
    """Every promise of the contract, for one channel.

    Attributes:
        channel: the entry point's name.
        plugin: the module, for a plugin that is not installed.
        exempt: checks that the provider makes impossible, each with the reason and its address; or one aspect of a check,
            as in `test_a_file_is_an_attachment[caption]`. Strict: what is exempt and kept is a failure.
        no_receipts: why the channel cannot declare `receipts`, with the address of the provider's page that says so. The
            provider has none, so their absence does not cost the tier gold.

    Example:
        class TestMine(ChannelContract):
            channel = "mine"
    """

    def __init_subclass__(cls) -> None:
        """Refuse a subclass that replaces, removes or hides a check."""
        super().__init_subclass__()
        for name in _fixed():
            # Statically: a property or a metaclass of the subclass could answer with the original.
            if inspect.getattr_static(cls, name, None) is not inspect.getattr_static(ChannelContract, name):
                raise ContractRefused(f"{cls.__name__} replaces {name}; use `exempt` with the provider's reason")
        if not getattr(cls, "__test__", cls):
            raise ContractRefused(f"{cls.__name__} sets __test__, which hides every check")
        marks = getattr(cls, "pytestmark", [])
        names = {mark.name for mark in (marks if isinstance(marks, list) else [marks])}
        if names & EVASIONS:
            raise ContractRefused(f"{cls.__name__} is marked {', '.join(sorted(names & EVASIONS))}; use `exempt`")
        for name, reason in cls.exempt.items():
            check, bracket, aspect = name.partition("[")
            if check not in CHECKS or (bracket and not re.fullmatch(r"[^\[\]]+\]", aspect)):
                raise ContractRefused(f"{cls.__name__} exempts {name}, which is not a check")
            if bracket and check in cls.exempt:
                raise ContractRefused(f"{cls.__name__} exempts {check} as a whole, so {name} says nothing more")
            if not isinstance(reason, str) or not reason.strip():
                raise ContractRefused(f"{cls.__name__} exempts {name} without a reason")
        # Without either, every check would look at nothing and pass.
        if not cls.channel and cls.plugin is None:
            raise ContractRefused(f"{cls.__name__} names neither a channel nor a plugin")


def _groups() -> list[type[Checks]]:
    return [group for group in reversed(ChannelContract.__bases__) if issubclass(group, Checks)]


def _fixed() -> set[str]:
    """Everything that a subclass must leave as it is."""
    classes = (ChannelContract, *_groups(), Checks)
    names = {name for one in classes for name in vars(one) if name in CHECKS or not name.startswith("__")}
    # pytest collects nothing from a class with a constructor.
    return (names | {"__init__", "__new__", "__init_subclass__", "__getattribute__"}) - OWN


CHECKS: Mapping[str, type[Checks]] = {
    name: group for group in _groups() for name in vars(group) if name.startswith("test_")
}
"""Every check and the group that it is in, in the contract's order."""
