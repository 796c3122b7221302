"""The simulator itself: what the demo, the tests and the contract kit hold in their hands."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from http import HTTPStatus
from typing import Any

from starlette.types import ASGIApp

from trinity_channels.api import Context, Fault, Request
from trinity_channels.simulation import Clock
from trinity_channels_slack.simulator import events
from trinity_channels_slack.simulator.api import application
from trinity_channels_slack.simulator.behaviour import Behaviour
from trinity_channels_slack.simulator.messages import Conversation, Message
from trinity_channels_slack.simulator.people import User, slug
from trinity_channels_slack.simulator.phones import SlackGroup, SlackPhone
from trinity_channels_slack.simulator.signing import sign
from trinity_channels_slack.simulator.sockets import Sockets
from trinity_channels_slack.simulator.webhooks import WebhookCall, Webhooks
from trinity_channels_slack.simulator.workspace import App, Workspace


class SlackSimulator:
    """A Slack workspace with one app on this machine: not Slack, and with no connection to it.

    Attributes:
        app: the Web API and a page to chat on, to serve at `ctx.api_base_url`.
        installation: the Slack app, as its settings page shows it.
        behaviour: switches for duplicates, disorder, stale signatures and the like.
        sockets: the app's connections in Socket Mode.
    """

    def __init__(self, ctx: Context) -> None:
        base_url = (ctx.api_base_url or "http://slack.simulator").rstrip("/")
        self._workspace = Workspace(base_url, Clock(ctx.now))
        self.sockets = Sockets(self._workspace)
        self._webhooks = Webhooks(self._workspace, ctx.http, self.sockets)
        self._phones: dict[str, SlackPhone] = {}
        self._latest: dict[str, Any] | None = None
        self.behaviour: Behaviour = self._workspace.behaviour
        self.installation: App = self._workspace.app
        self.app: ASGIApp = application(self._workspace, self, self.sockets)

    # --- the Simulator protocol ---

    def settings(self) -> Mapping[str, str]:
        """Working settings for a binding to the app, in Socket Mode or not."""
        app = self.installation
        way = {"app_token": app.app_token} if app.socket_mode else {"signing_secret": app.signing_secret}
        return {"bot_token": app.token} | way

    def connect(self, webhook_url: str) -> None:
        """Enter the request URL in the app's settings. The handshake precedes the next event, which fails with it."""
        self._webhooks.enter(webhook_url)

    def phone(
        self,
        name: str,
        address: str | None = None,
        *,
        email: str | None = None,
        guest: bool = False,
        stranger: bool = False,
    ) -> SlackPhone:
        """A member of the workspace; the same one for the same name.

        Args:
            name: display name.
            address: user id; an invented one if None.
            email: confirmed e-mail address; one made of the name if None, none if empty.
            guest: only invited to single channels.
            stranger: a member of another workspace, met in a shared channel.
        """
        if name in self._phones:
            return self._phones[name]
        number = len(self._phones) + 1
        identity = address or f"U0SIM{number:04d}"
        if identity in self._workspace.users:
            raise ValueError(f"{identity} belongs to {self._workspace.users[identity].name}")
        if email is None:
            taken = {one.email for one in self._workspace.users.values()}
            email = f"{slug(name)}@example.org"
            email = f"{slug(name)}.{number}@example.org" if email in taken else email
        user = User(identity, name, email, guest=guest, stranger=stranger)
        self._workspace.users[identity] = user
        self._phones[name] = SlackPhone(user, self._workspace, self)
        return self._phones[name]

    def inject(self, fault: Fault, times: int = 1) -> None:
        """Let the next `times` posts fail this way."""
        self._workspace.faults.inject(fault, times)

    def advance(self, by: timedelta) -> None:
        """Move Slack's clock forward; retries that are due then are sent by `settle`."""
        self._workspace.clock.advance(by)

    async def repeat_last_webhook(self) -> int:
        """Post the latest message's event once more, as a retry; returns the host's status, 0 for none."""
        if self._latest is None:
            raise LookupError("no message has been received yet")
        return (await self._webhooks.repeat(self._latest)).status

    async def settle(self) -> None:
        """Wait until every event that is due has been answered, retries and the handshake included."""
        await self._webhooks.ready()
        await self._workspace.background.settle()
        # A retry may have events of its own.
        while await self.send_due():
            await self._workspace.background.settle()

    async def send_due(self) -> bool:
        """Send the retries that are due by now; returns whether there were any."""
        return await self._webhooks.retry_due()

    # --- more than the protocol: what lets the contract kit see further ---

    def group(self, name: str) -> SlackGroup:
        """A channel with the app in it; a slug is made of the name, as Slack does."""
        return SlackGroup(slug(name), self._workspace)

    async def posts_unknown(self) -> None:
        """Send an event of a type that Slack does not have yet."""
        await self._webhooks.deliver(events.envelope(self._workspace, {"type": "teleported"}))

    async def writes_unaddressed(self, text: str) -> str:
        """Let a member write in a channel without mentioning the app; returns the message's id."""
        message = await self.phone("Ann").posts(text)
        return f"{self._workspace.conversation_of(message).id}/{message.ts}"

    def sign(self, request: Request) -> Request:
        """Sign content made up by the caller, at the time that the request names."""
        timestamp = int(request.headers["x-slack-request-timestamp"])
        signature = sign(self.installation.signing_secret, timestamp, request.body)
        return replace(request, headers={**request.headers, "x-slack-signature": signature})

    def prepare_listening(self) -> None:
        """Switch Socket Mode on; `settings` are then those for it."""
        self.switch_socket_mode(on=True)

    # --- what the app's settings page and the workspace's administrators do ---

    @property
    def request_url(self) -> str:
        """The URL of the Events API, verified or not yet."""
        return self._webhooks.request_url

    async def enter_request_url(self, url: str) -> None:
        """Enter the request URL and wait for the handshake; raises `RequestUrlRefused`."""
        self._webhooks.enter(url)
        await self._webhooks.ready()

    def enter_interactivity_url(self, url: str) -> None:
        """Switch on Interactivity & Shortcuts with this request URL; Slack does not check it."""
        self.installation.interactivity_url = url

    def switch_socket_mode(self, *, on: bool) -> None:
        """Switch Socket Mode on or off; events then go over the app's connections, or to its request URL again."""
        self.installation.socket_mode = on
        if not on:
            self._workspace.background.start(self.sockets.refresh("link_disabled", close=True))

    def revoke_app_token(self) -> str:
        """Revoke the app-level token, and generate another one; returns it. Open connections stay."""
        start, _, number = self.installation.app_token.rpartition("-1-simulated")
        self.installation.app_token = f"{start}-1-simulated{int(number or 1) + 1}"
        return self.installation.app_token

    def regenerate_signing_secret(self) -> str:
        """Sign with a new secret from now on; returns it."""
        number = int(self.installation.signing_secret.rpartition("-")[2]) + 1
        self.installation.signing_secret = f"simulated-signing-secret-{number}"
        return self.installation.signing_secret

    async def uninstall(self) -> None:
        """Remove the app from the workspace: Slack says so twice, and the token ends."""
        revoked = {"type": "tokens_revoked", "tokens": {"bot": [self.installation.user_id]}}
        await self._webhooks.deliver(events.envelope(self._workspace, revoked))
        await self._webhooks.deliver(events.envelope(self._workspace, {"type": "app_uninstalled"}))
        self.installation.installed = False

    def channel(self, name: str, *, kind: str = "channel", joined: bool = True, archived: bool = False) -> Conversation:
        """A channel, `private` or not, or a group chat (`mpim`); `joined` says whether the app was invited."""
        found = self._workspace.channel(name)
        found.kind, found.joined, found.archived = kind, joined, archived
        return found

    # --- what people and other apps do ---

    async def carry(self, conversation: Conversation, message: Message) -> None:
        """Send the events of a message, if the app is there to get them."""
        # An app hears nothing of channels that it was not invited to.
        if not conversation.joined or (message.bot_id and not self.behaviour.echoes):
            return
        for body in events.of_message(self._workspace, conversation, message):
            if not message.bot_id:
                self._latest = body
            await self._webhooks.deliver(body)

    async def edit(self, conversation: Conversation, message: Message, change: Mapping[str, Any]) -> None:
        """Change a message, and tell the app."""
        previous = message.fields()
        for name, value in change.items():
            setattr(message, name, value)
        await self._webhooks.deliver(events.edited(self._workspace, conversation, message, previous))

    async def delete(self, message: Message) -> None:
        """Take a message back, and tell the app; where a thread hangs from it, a tombstone keeps its place."""
        conversation = self._workspace.conversation_of(message)
        told = events.deleted(self._workspace, conversation, message)
        # Without it, its replies would hang from nothing.
        if message.thread_ts == message.ts:
            message.user, message.subtype, message.text = "USLACKBOT", "tombstone", "This message was deleted."
            message.blocks, message.files, message.attachments = [], [], []
        else:
            del conversation.messages[message.ts]
        await self._webhooks.deliver(told)

    async def interact(self, payload: Mapping[str, Any]) -> None:
        """Send what a person did with a button, a menu or a form."""
        await self._webhooks.interact(payload)

    async def open_home(self, user: User, tab: str) -> None:
        """Tell the app that its space was opened, as if it had subscribed to that."""
        opened = {"type": "app_home_opened", "user": user.id, "channel": self._workspace.direct(user).id, "tab": tab}
        event = opened | {"event_ts": self._workspace.new_ts()}
        await self._webhooks.deliver(events.envelope(self._workspace, event))

    async def command(self, form: Mapping[str, str]) -> str:
        """Send a slash command; returns what the person is shown, nothing if it reached no one."""
        call = await self._webhooks.command(form)
        if call is None or call.status != HTTPStatus.OK:
            return ""
        return str((json.loads(call.text) or {}).get("text", "")) if self.installation.socket_mode else call.text

    async def slack_says(self, text: str, phone: SlackPhone, *, user: str = "USLACK") -> Message:
        """Let Slack itself post in a person's direct chat with the app, as it does about what the person has done."""
        direct = self._workspace.direct(phone.user)
        message = Message(self._workspace.new_ts(), user, text)
        direct.add(message)
        await self.carry(direct, message)
        return message

    async def other_bot_says(self, text: str, *, channel: str = "general") -> None:
        """Let another app write in a channel."""
        message = Message(self._workspace.new_ts(), "U0OTHERBT", text, bot_id="B0OTHER01", app_id="A0OTHER01")
        found = self._workspace.channel(channel)
        found.add(message)
        await self.carry(found, message)

    # --- what there is to look at ---

    @property
    def phones(self) -> Sequence[SlackPhone]:
        """All people, in the order in which they came."""
        return tuple(self._phones.values())

    @property
    def webhook_calls(self) -> Sequence[WebhookCall]:
        """The latest requests with the host's answers, oldest first."""
        return tuple(self._webhooks.calls)

    @property
    def api_calls(self) -> Mapping[str, int]:
        """How often each method of the Web API was called with a good token."""
        return self._workspace.calls

    @property
    def statuses(self) -> Mapping[tuple[str, str], str]:
        """What threads show beside the app's name, by channel and thread."""
        return self._workspace.statuses
