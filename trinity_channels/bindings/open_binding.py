"""A binding ready for use: its plugin with everything that the plugin's hooks are given."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from trinity_channels.api import (
    Binding,
    Channel,
    Context,
    Deliver,
    Identity,
    Inbound,
    MessageReceived,
    OutboundMessage,
    Quoted,
    Receipt,
    Request,
    Sender,
    Verification,
)
from trinity_channels.plugins import Plugin


@dataclass(frozen=True, slots=True)
class OpenBinding:
    """A binding with its secrets open; its methods are the contract's hooks, called for this binding.

    Attributes:
        retired: if this was found by an address that was replaced: until when that one works.
        replaces: addresses that were replaced still work, until a message comes to this one.
    """

    id: int
    agent: str
    channel: str
    plugin: Plugin
    binding: Binding
    context: Context
    retired: datetime | None = None
    replaces: bool = False

    @property
    def manifest(self) -> Channel:
        """What the plugin declares about its channel."""
        return self.plugin.manifest

    @property
    def listens(self) -> bool:
        """Whether its messages are fetched; then it has no webhook."""
        return self.binding.listens

    @property
    def can_register(self) -> bool:
        """Whether the provider can be pointed at our webhook by API."""
        return not self.listens and self.manifest.capabilities.can_register(sandbox=self.binding.account.sandbox)

    @property
    def registers_unasked(self) -> bool:
        """Whether that is done as soon as our address is known or changes."""
        return not self.listens and self.manifest.capabilities.registers_unasked(sandbox=self.binding.account.sandbox)

    def receive(self, request: Request) -> Inbound:
        return self.plugin.receive(self.binding, request)

    async def verify(self) -> Verification:
        return await self.plugin.verify(self.binding, self.context)

    async def send(self, message: OutboundMessage) -> Receipt:
        return await self.plugin.send(self.binding, message, self.context)

    async def find_sent(
        self, message: OutboundMessage, attempted_at: datetime, known: Collection[str]
    ) -> Receipt | None:
        return await self.plugin.find_sent(self.binding, message, attempted_at, known, self.context)

    async def resolve_identity(self, sender: Sender, conversation: str | None) -> Identity:
        return await self.plugin.resolve_identity(self.binding, sender, self.context, conversation)

    async def resolve_quoted(self, message_id: str, conversation: str | None) -> Quoted:
        return await self.plugin.resolve_quoted(self.binding, message_id, self.context, conversation)

    async def indicate(self, message_id: str, conversation: str | None, address: str, *, done: bool) -> None:
        await self.plugin.indicate(self.binding, message_id, self.context, conversation, address, done)

    async def list_missed(self, since: datetime) -> list[MessageReceived]:
        return await self.plugin.list_missed(self.binding, since, self.context)

    async def listen(self, deliver: Deliver) -> None:
        await self.plugin.listen(self.binding, self.context, deliver)

    async def register_webhook(self) -> None:
        await self.plugin.register_webhook(self.binding, self.context)

    async def unregister_webhook(self) -> None:
        await self.plugin.unregister_webhook(self.binding, self.context)
