"""What a simulator may offer beyond the protocol, recognised by the method's name: each one lets the kit show more."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from trinity_channels.api import Request


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
