"""Buttons, menus, forms and shortcuts as messages. https://docs.slack.dev/reference/interaction-payloads.

Our own messages have no such elements. But others may post with the app's token, and an app may have shortcuts: what people
do with these comes here if the app's interactivity URL is the webhook's. Slack does not repeat such a request.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs

from trinity_channels.api import (
    Account,
    Button,
    Event,
    Forwarded,
    Ignored,
    Inbound,
    MalformedPayload,
    MessageReceived,
    Note,
    NoteKind,
    Quoted,
    Response,
    Sender,
)
from trinity_channels_slack import elements
from trinity_channels_slack.addresses import is_id, is_ts, message_id, time_of
from trinity_channels_slack.blocks import blocks_of
from trinity_channels_slack.content import read, words
from trinity_channels_slack.envelope import OTHER_INSTALLATION, Envelope, kind_of
from trinity_channels_slack.fields import Json, object_of, objects_of, text_of
from trinity_channels_slack.signature import SignedBody

# https://docs.slack.dev/interactivity/implementing-slash-commands: only the person sees the answer.
NO_COMMANDS = b"This app has no slash commands. Send it a direct message, or mention it in a channel."
# https://docs.slack.dev/reference/interaction-payloads/block_suggestion-payload
NO_OPTIONS = Response(200, b'{"options":[]}', "application/json")
MAX_FIELDS = 100


def receive(body: SignedBody, account: Account) -> Inbound:
    """Translate one form.

    Raises:
        MalformedPayload: it is not a form, or its payload lacks what payloads of its type always have.
    """
    try:
        form = parse_qs(body.decode(), max_num_fields=MAX_FIELDS)
        payload = json.loads(form["payload"][0]) if "payload" in form else None
    except (ValueError, RecursionError):
        raise MalformedPayload("The request is signed, but holds no form that Slack sends.") from None
    # Slack waits three seconds for the answer to a command and does not repeat it: too short for an agent.
    if "command" in form:
        return command()
    if not isinstance(payload, dict):
        return Inbound((Ignored("not_an_event"),))
    return used(payload, account)


def command() -> Inbound:
    """A slash command, whichever it is."""
    return Inbound((Ignored("slash_command"),), Response(200, NO_COMMANDS))


def used(payload: Json, account: Account) -> Inbound:
    """Translate one interaction that Slack has surely sent; errors as `receive`."""
    kind = kind_of(text_of(payload, "type"))
    team = text_of(object_of(payload, "team"), "id")
    if not Envelope(kind, {**payload, "team_id": team}, {}).concerns(account):
        return Inbound((OTHER_INSTALLATION,))
    reader = INTERACTIONS.get(kind)
    event = reader(payload, account) if reader else Ignored(kind)
    return Inbound((event,), NO_OPTIONS if kind == "block_suggestion" else Response())


def _used(payload: Json, account: Account) -> Event:
    """Buttons and menus of a message, or of the app's home page."""
    actions = objects_of(payload, "actions")
    if not actions:
        raise MalformedPayload("The interaction names no element.")
    place = _Place(payload)
    name = "/".join(text_of(actions[0], one) for one in ("action_id", "name") if text_of(actions[0], one))
    known = [(action, elements.chosen(action)) for action in actions]
    said = [one for _, found in known if found for one in found]
    buttons = [
        Button(found[0].label, found[0].value) for action, found in known if found and elements.is_button(action)
    ]
    return _message(
        payload,
        place,
        # Pressing the same button twice is two messages; a request that is sent twice is one.
        f"{place.name}/{name}/{_at(payload, actions[0])}",
        text=", ".join(one.label or one.value for one in said),
        button=buttons[0] if buttons else None,
        quoted=place.quoted(account),
        notes=tuple(note for action, found in known for note in _notes(action, found)),
    )


def _notes(action: Json, found: tuple[elements.Chosen, ...] | None) -> list[Note]:
    if found is None:
        return [Note(NoteKind.UNSUPPORTED, {"type": kind_of(text_of(action, "type"))})]
    if not found:
        return [Note(NoteKind.OTHER, {"text": "took a choice back"})]
    if elements.is_button(action):
        return []
    options = [{"id": one.value, "title": one.label, "description": one.description} for one in found if one.value]
    return [Note(NoteKind.CHOICE, {name: text for name, text in one.items() if text}) for one in options]


def _submitted(payload: Json, _: Account) -> Event:
    """A form. It stands in no conversation, so the person's direct chat answers it."""
    view = object_of(payload, "view")
    labels = {text_of(block, "block_id"): elements.words(block.get("label")) for block in blocks_of(view)}
    answers: dict[str, Any] = {}
    for block_id, inputs in object_of(object_of(view, "state"), "values").items():
        for action_id, action in (inputs if isinstance(inputs, dict) else {}).items():
            found = elements.chosen(action) if isinstance(action, dict) else None
            texts = [one.label or one.value for one in found or ()]
            answers[labels.get(block_id) or action_id] = texts if len(texts) > 1 else "".join(texts)
    identity = text_of(view, "id")
    if not identity:
        raise MalformedPayload("The form has no id.")
    title = elements.words(view.get("title"))
    form = {"title": title, "answers": answers} if title else {"answers": answers}
    event_id = f"view/{identity}/{text_of(view, 'hash')}"
    return _message(payload, _Place({}), event_id, notes=(Note(NoteKind.FORM, form),))


def _dialog(payload: Json, _: Account) -> Event:
    """A form of the kind that was there before views."""
    place, answers = _Place(payload), dict(object_of(payload, "submission"))
    return _message(
        payload,
        place,
        f"{place.name}/{text_of(payload, 'callback_id')}/{_at(payload, {})}",
        notes=(Note(NoteKind.FORM, {"answers": answers}),),
    )


def _shortcut(payload: Json, account: Account) -> Event:
    """A shortcut on a message: the message, handed to the agent in the person's direct chat."""
    message, place = object_of(payload, "message"), _Place(payload)
    content = read(message, account.sender)
    name = text_of(payload, "callback_id")
    return _message(
        payload,
        _Place({}),
        f"{place.name}/{name}/{_at(payload, {})}",
        forwarded=Forwarded(text=words(message, account.sender)),
        attachments=content.attachments,
        notes=(Note(NoteKind.OTHER, {"text": f"used the shortcut {name} on that message"}),),
    )


# https://docs.slack.dev/reference/interaction-payloads; the others (view_closed, shortcut, block_suggestion and future
# ones) say nothing to an agent.
INTERACTIONS: dict[str, Callable[[Json, Account], Event]] = {
    "block_actions": _used,
    "interactive_message": _used,
    "view_submission": _submitted,
    "dialog_submission": _dialog,
    "message_action": _shortcut,
}


class _Place:
    """Where an interaction happened: a message in a direct chat or a channel, or nowhere in particular."""

    def __init__(self, payload: Json) -> None:
        container = object_of(payload, "container")
        self.message = object_of(payload, "message") or object_of(payload, "original_message")
        self.channel = text_of(object_of(payload, "channel"), "id") or text_of(container, "channel_id")
        times = (text_of(container, "message_ts"), text_of(payload, "message_ts"), text_of(self.message, "ts"))
        self.ts = next((ts for ts in times if is_ts(ts)), "")
        thread = text_of(container, "thread_ts") or text_of(self.message, "thread_ts")
        self.thread = thread if is_ts(thread) else ""
        self._view = text_of(container, "view_id") or text_of(object_of(payload, "view"), "id")

    @property
    def direct(self) -> bool:
        return not is_id(self.channel) or self.channel.startswith("D")

    @property
    def name(self) -> str:
        """What names the place within the workspace."""
        return message_id(self.channel, self.ts) if self.channel and self.ts else self.channel or self._view

    @property
    def conversation(self) -> str | None:
        if not is_id(self.channel):
            return None
        thread = self.thread or ("" if self.direct else self.ts)
        return message_id(self.channel, thread) if thread else self.channel

    def quoted(self, account: Account) -> Quoted | None:
        """The message that the element belongs to."""
        if not self.message:
            return None
        own = text_of(self.message, "user") == account.sender
        identity = message_id(self.channel, self.ts) if self.ts else None
        return Quoted(words(self.message, account.sender), identity, by_agent=own)


def _at(payload: Json, action: Json) -> str:
    """What tells one use of an element from the next."""
    at = text_of(action, "action_ts") or text_of(payload, "action_ts") or text_of(payload, "trigger_id")
    if not at:
        raise MalformedPayload("The interaction does not say when it happened.")
    return at


def _message(payload: Json, place: _Place, event_id: str, **content: Any) -> MessageReceived:
    user = text_of(object_of(payload, "user"), "id")
    if not is_id(user):
        raise MalformedPayload("The interaction does not say who it was.")
    return MessageReceived(
        event_id=event_id,
        sender=Sender(address=user, stable=user),
        text=content.pop("text", ""),
        provider_id=message_id(place.channel, place.ts) if place.channel and place.ts else event_id,
        conversation=place.conversation,
        group=not place.direct,
        sent_at=time_of(event_id.rpartition("/")[2]),
        raw={name: payload[name] for name in ("type", "callback_id") if name in payload},
        **content,
    )
