"""What a simulator may offer beyond the protocol, recognised by the method's name: each one lets the kit show more."""

from __future__ import annotations

from collections.abc import Awaitable, Sequence
from typing import Any, Protocol, runtime_checkable

from trinity_channels.api import Heard, Request


@runtime_checkable
class SendsMedia(Protocol):
    """A phone that can send files."""

    async def sends_media(self, data: bytes, content_type: str, caption: str = "") -> None:
        """Send one file; returns when the webhook has been answered."""


@runtime_checkable
class PostsUnknown(Protocol):
    """A simulator that can post an authentic webhook of a kind that no plugin knows: tomorrow's event."""

    async def posts_unknown(self) -> None:
        """Post it; returns when the webhook has been answered."""


@runtime_checkable
class WritesUnaddressed(Protocol):
    """A simulator in which people also write what is not for the agent, where the account can read it."""

    async def writes_unaddressed(self, text: str) -> str:
        """Let a person write it; returns the message's id, as `Quoted.provider_id` would name it."""


@runtime_checkable
class Signs(Protocol):
    """A simulator that signs what the kit has made up, so that odd payloads pass the signature check."""

    def sign(self, request: Request) -> Request:
        """Return the request as the provider would have sent it: the same body and address, authentic headers."""


@runtime_checkable
class Group(Protocol):
    """A chat of several people with the account in it."""

    async def says(self, phone: Any, text: str, *, named: bool) -> object:
        """Let the person with this phone write, joining if need be; `named`: to the account, as the messenger marks it.

        Returns when the webhook, if there is one, has been answered.
        """

    def heard(self) -> Sequence[Heard]:
        """Everything that the account wrote in the group, oldest first."""


@runtime_checkable
class NamesOthers(Protocol):
    """A group in which members also write to each other by name."""

    async def names(self, phone: Any, other: Any, text: str) -> None:
        """Let the person with this phone write to that with the other one, as the messenger marks it; both may join."""


@runtime_checkable
class HasGroups(Protocol):
    """A simulator with groups; required with the capability `groups`."""

    def group(self, name: str) -> Group | Awaitable[Group]:
        """A group in which the account sees all that is written, as far as the provider allows it; it may be a coroutine."""


@runtime_checkable
class Corrects(Protocol):
    """A phone on which messages can be edited."""

    async def corrects(self, text: str) -> None:
        """Change the message that was written last in the direct chat; returns when the webhook has been answered."""


@runtime_checkable
class TakesBack(Protocol):
    """A phone on which messages can be taken back."""

    async def takes_back(self) -> None:
        """Remove the message that was written last in the direct chat; returns when the webhook has been answered."""


@runtime_checkable
class Blocks(Protocol):
    """A phone on which the account can be blocked."""

    async def blocks(self) -> None:
        """Block the account; returns when the webhook has been answered."""

    async def unblocks(self) -> None:
        """Take that back."""
