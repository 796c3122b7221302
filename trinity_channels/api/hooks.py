"""The plugin contract: five required hooks, `receive` or `listen`, and optional ones, each tied to a capability.

A plugin is a module (or object) published under the entry-point group `trinity_channels`; the entry point's name is the
channel's name. It keeps no state and sees neither the database nor another binding. Hooks are called for one named plugin,
never broadcast; returning None where a value is promised is a failure of the plugin.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

import pluggy
from pydantic import BaseModel

from trinity_channels.api.content import Quoted
from trinity_channels.api.manifest import Channel
from trinity_channels.api.messages import Deliver, Inbound, MessageReceived, OutboundMessage, Receipt
from trinity_channels.api.simulator import Simulator
from trinity_channels.api.values import Account, Binding, Context, Identity, Request, Sender, Verification

PROJECT = "trinity_channels"
# Every hook is `firstresult`: the host calls one named plugin and wants its value, not a list of one.
hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


@hookspec(firstresult=True)
def channel() -> Channel:
    """Describe the channel.

    Called once, when the host starts; synchronous and pure. It must not import the provider's SDK.

    Returns:
        The manifest. Its `name` must equal the entry point's name.

    Example:
        `return Channel(name="echo", title="Echo", provider="echo", settings=Settings, limits=Limits(text=1000), …)`
    """


@hookspec(firstresult=True)
async def configure(settings: BaseModel, ctx: Context, listens: bool) -> Account:
    """Connect: check the credentials with a live call and say which account they open.

    Called when an owner saves settings, before anything is stored. `settings` is a validated instance of the manifest's
    model. Nothing may be changed at the provider, and no message may be sent.

    Args:
        settings: as entered, with the stored secrets of those that were left out.
        ctx: client, clock, addresses.
        listens: messages will be fetched by `listen`; otherwise they come by webhook. A setting that only one of the ways
            needs (`FieldHint.only`) is required here, with `ConfigurationError(…, field=…)`.

    Returns:
        The account. `key` must be the same whenever the same account is opened, whatever else the settings say.

    Raises:
        ConfigurationError: the provider refused the credentials (`refused=True`, its own words; HTTP 400), or a setting
            cannot work (`field`; HTTP 422).
        ProviderUnavailable: the provider could not be asked (HTTP 502).

    Example:
        A 401 from the provider becomes `ConfigurationError(body["message"], field="auth_token", refused=True)`.
    """


@hookspec(firstresult=True)
async def verify(binding: Binding, ctx: Context) -> Verification:
    """Look whether a stored binding still works: are the credentials good, does the provider point at `ctx.webhook_url`?

    Called on an owner's request. Sends nothing to any person and changes nothing at the provider. Of a binding that listens
    (`binding.listens`) there is no webhook to look for; the host itself tells the state of its connection.

    Returns:
        The account as it is now, with one check per question; what the provider cannot tell is `UNKNOWN`, not left out.

    Raises:
        ConfigurationError: the credentials are refused (HTTP 400).
        ProviderUnavailable: the provider could not be asked (HTTP 502).

    Example:
        `Verification(account, (Check("webhook", CheckState.UNKNOWN, "The sandbox's webhook can only be seen in …"),))`
    """


@hookspec(firstresult=True)
def receive(binding: Binding, request: Request) -> Inbound:
    """Authenticate a raw request, then translate it.

    A channel without it has no webhooks, and needs `listen`. Called for every webhook with a known key, before anything is
    stored; synchronous and pure: no I/O, no clock but the request's, the same input gives the same output. The host may
    call it again with another `request.url` or other settings to find out why a signature does not match.

    Returns:
        The events in the provider's order, and the answer that the provider gets after they are stored. A real event that
        does not concern us is `Ignored` (HTTP 200, counted). A message whose text is empty or missing has an empty text,
        or is `Ignored`: `Malformed` is one that lacks its id, its kind, or its writer.

    Raises:
        SignatureError: not authentic (HTTP 403). Everything unexpected before authentication ends is this error too.
        MalformedPayload: authentic, but impossible (HTTP 400). Of several events in one request, a malformed one is
            returned as `Malformed` beside the others, so that it does not take them along.

    Not checked here: whether the event was seen before; the host does that by `event_id`.

    Example:
        `return Inbound((MessageReceived(event_id="SM…", sender=Sender("+15551234567"), …),))`
    """


@hookspec(firstresult=True)
async def send(binding: Binding, message: OutboundMessage, ctx: Context) -> Receipt:
    """Hand one message to the provider.

    Called by the delivery loop, once per attempt, never twice at once for one conversation. The text is already in the
    channel's dialect and within `Limits.text`; the plugin splits nothing and retries nothing.

    Returns:
        The provider's message id and first state. It proves acceptance, not delivery.

    Raises:
        SendRejected: the provider will never take this message (bad address, opted out, credentials refused).
        SendDeferred: it was certainly not taken; try again after `retry_after` seconds.
        SendUnknown: it may have been taken (time-out, cut connection, 5xx).

    Example:
        HTTP 429 with `Retry-After: 3` becomes `SendDeferred("The provider asks for a pause.", retry_after=3)`.
    """


@hookspec(firstresult=True)
async def resolve_identity(binding: Binding, sender: Sender, ctx: Context, conversation: str | None) -> Identity:
    """Say who a sender is: all addresses, the name they chose, and an e-mail only where the provider has verified it.

    Called before a turn for a contact that has not been resolved for an hour, before a turn is tried again later, once a day
    for silent contacts whose e-mail the provider has verified, and when such a person signs in. An e-mail that was returned
    before is withdrawn when it is missing or another one.

    Args:
        binding: settings and account.
        sender: as `receive` gave it, or as it was stored.
        ctx: client, clock, addresses.
        conversation: `MessageReceived.conversation` where they have just written, such as the group whose member they are;
            None in their direct chat, and where no message is the reason for asking.

    Returns:
        The identity; `addresses` contains `sender.address`.

    Raises:
        ProviderUnavailable: the provider could not be asked; the turn is tried again later.

    Example:
        `return Identity(addresses=(sender.address,), name=sender.name)` where the provider reports nothing more.
    """


@hookspec(firstresult=True)
async def indicate(
    binding: Binding, message_id: str, ctx: Context, conversation: str | None, address: str, done: bool
) -> None:
    """Show the person that their message is being worked on. Capability `indicate`.

    Called when an agent run takes a moment, and again for newer messages; best effort with a time-out of five seconds. With
    the capability `indicate_ends` it is called once more when the work is done, whatever became of it, if it was called
    before: for signs that do not go away by themselves.

    Args:
        binding: settings and account.
        message_id: `MessageReceived.provider_id` of the newest message.
        ctx: client, clock, addresses.
        conversation: `MessageReceived.conversation`, None in the one direct chat.
        address: what answers here, as in `OutboundMessage.to`.
        done: the work is done; without `indicate_ends` always false.

    Raises:
        ChannelError: it did not work; counted, otherwise without effect.

    Example:
        `await client.post("/typing", {"messageId": message_id})`
    """


@hookspec(firstresult=True)
async def find_sent(
    binding: Binding, message: OutboundMessage, attempted_at: datetime, known: Collection[str], ctx: Context
) -> Receipt | None:
    """Read back a send whose outcome is unknown. Capability `find_sent`.

    Called after `SendUnknown` and for attempts that a crash interrupted, never before `Capabilities.find_sent` seconds have
    passed since the attempt.

    Args:
        binding: settings and account.
        message: the message as it was handed to `send`.
        attempted_at: when `send` was called; allow for clocks that differ.
        known: provider ids that belong to other messages; an equal text under one of them is not this message.
        ctx: client, clock, addresses.

    Returns:
        The receipt if the provider has the message; None only if it surely has not. (None is a value here.)

    Raises:
        ProviderUnavailable: it could not be found out; asked again later.

    Example:
        List the provider's messages to `message.to` since `attempted_at` and compare text and sender.
    """


@hookspec(firstresult=True)
async def list_missed(binding: Binding, since: datetime, ctx: Context) -> list[MessageReceived]:
    """List inbound messages since a time, for catch-up after an outage. Capability `list_missed`.

    Called once per binding when the host starts, again if the provider could not be asked then, after webhooks could not be
    stored or were refused for their signature, once the credentials work, and after a connection of `listen` has failed.
    Messages that are known already are recognised by `event_id`.

    Returns:
        The messages, oldest first, at most 1,000.

    Raises:
        ConfigurationError: nothing could be listed; logged, and tried when the credentials work, or at the next start.
        ProviderUnavailable: nothing could be listed; logged, and tried again after seconds.

    Example:
        `[message(row) for row in await client.messages(to=binding.account.sender, since=since)]`
    """


@hookspec(firstresult=True)
async def listen(binding: Binding, ctx: Context, deliver: Deliver) -> None:
    """Fetch what people write, or hold a connection over which it comes, as long as it is let. Capability `listen`.

    Called for bindings whose owner has chosen this way (`binding.listens`), in one process of those that serve the database.
    It runs until the host cancels it: when the binding is changed or disconnected, when the process ends, or when another
    process may listen. For a moment two may run. When it ends by itself, it is called again after 1 to 60 seconds, later
    each time it has ended soon, and not before a pause that it names (`ProviderUnavailable.retry_after`); after a
    `ConfigurationError` in ten minutes, or when the owner enters the settings again.

    `await deliver(inbound)` returns once the events are stored; only then may the provider be told that they were received.
    It does what the host does with `receive`'s answer: events that came before are recognised by `event_id`, malformed ones
    (`unreadable(error)` where reading one has failed) are logged and left out, as is one that the host has failed to store
    for five minutes although the database works, since others may wait for it; `BindingState` is told to the owner;
    `inbound.response` is not used. `deliver(Inbound())` says only that the connection works, and is called as soon as that
    is known. A server that answers at once what it should wait for is asked again after a pause, of a second or so.

    Args:
        binding: settings and account.
        ctx: client, clock, addresses; a webhook at `ctx.webhook_url` is this binding's own. Its client waits 15 s for an
            answer unless a request says otherwise.
        deliver: takes what has come, in the provider's order.

    Raises:
        ConfigurationError: the provider refuses the credentials, at first or later; the owner is alerted.
        ProviderUnavailable: the connection could not be made, or broke; shown to the owner while it lasts. A plugin may try
            again by itself, with pauses, for a minute or two: until it raises this, the owner sees a connection that works.
        NotStored: as `deliver` has raised it. What was not stored has to come again: where acknowledging an event
            acknowledges those before it, nothing more may be; where each is acknowledged by itself, the plugin may go on.

    Example:
        `while True: updates = await poll(after); await deliver(Inbound(read(updates))); after = last(updates)`
    """


@hookspec(firstresult=True)
async def register_webhook(binding: Binding, ctx: Context) -> None:
    """Point the provider at `ctx.webhook_url`. Capability `register_webhook`.

    Called after an owner connects or rotates, and when the public address changes; never without an address. Another
    service's webhook may only be replaced because an owner has just asked for it, which is when this is called. With the
    capability `register_when_asked` it is called only when an owner asks for the webhook to be set, and with
    `register_by_hand_in_sandbox` not for an account that is a sandbox.

    Raises:
        ConfigurationError: the provider refuses the address or the credentials; shown to the owner.
        ProviderUnavailable: the provider could not be asked; shown to the owner, who can save again.

    Example:
        `await call("setWebhook", url=ctx.webhook_url, secret_token=binding.webhook_secret.get_secret_value())`
    """


@hookspec(firstresult=True)
async def unregister_webhook(binding: Binding, ctx: Context) -> None:
    """Take our webhook back at the provider. Capability `unregister_webhook`.

    Called once after an owner has disconnected, with the secrets that were stored, for at most ten seconds; best effort:
    disconnecting does not depend on it, and it may never be called, for instance because the process ends. A webhook that
    points elsewhere than `ctx.webhook_url` is another program's, and stays. What waits at the provider is not dropped: the
    owner may connect again.

    Raises:
        ChannelError: it did not work; logged, otherwise without effect.

    Example:
        `if (await call("getWebhookInfo"))["url"] == ctx.webhook_url: await call("deleteWebhook")`
    """


@hookspec(firstresult=True)
async def resolve_quoted(binding: Binding, message_id: str, ctx: Context, conversation: str | None) -> Quoted:
    """Read a message that a person answers, and that the host has never seen. Capability `resolve_quoted`.

    Called before an agent runs, once per turn for each `MessageReceived.quoted` that has a `provider_id` and no text, and
    whose words are neither among the messages received nor among those sent: such as the root of a thread in which the
    agent is mentioned for the first time. The host keeps what is returned, and cuts long texts.

    Args:
        binding: settings and account.
        message_id: `Quoted.provider_id` as `receive` gave it.
        ctx: client, clock, addresses.
        conversation: `MessageReceived.conversation` of the message that quotes it, for providers whose ids name a message
            within a chat only; None in a direct chat that has no name. Hooks that do not need it leave it out.

    Returns:
        The message: its words with the names of what came with them, its author's name, and whether our own account wrote
        it. `text` is empty if the provider will never tell (it is deleted, or the account may not see it).

    Raises:
        ProviderUnavailable: it could not be found out now; the agent is told only that an earlier message is answered.

    Example:
        `return Quoted(text=row["text"], provider_id=message_id, author=row["name"], by_agent=row["from"] == ours)`
    """


@hookspec(firstresult=True)
def simulator(ctx: Context) -> Simulator:
    """Make a local provider that behaves like the real one. Capability `simulator`.

    Called by `demo`, the contract kit and tests. `ctx.api_base_url` is where the simulator will be reached, `ctx.http`
    reaches the host.

    Returns:
        The simulator, ready to serve its ASGI app.

    Example:
        `return MySimulator(ctx)`
    """
