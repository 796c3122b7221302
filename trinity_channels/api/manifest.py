"""The manifest: the facts about a channel that the host has without asking its provider."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Literal

from pydantic import BaseModel

from trinity_channels.api.messages import DeliveryState
from trinity_channels.api.values import Response


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a channel marks up text, as pairs of opening and closing marks; an empty pair means "cannot show it".

    `quote` starts each quoted line, once per level; `quote_block`, if set, goes around the outermost quote instead.
    `fence_language` goes around a fence whose language is known, which it may name as `{language}`; empty: `fence` does,
    and the language is dropped. `link` is a format with `{text}` and `{url}`: one that starts with `{text}` shows the
    address, any other hides it behind the text if its scheme is one of `link_schemes`, in lower case. `escape` replaces
    single characters of plain text and addresses; `escape_code` does so inside code. A channel without escapes leaves both
    empty. `hugging` says that the marks are the channel's own plain characters, which work only next to a word boundary and
    within one line, and that nothing escapes them: a literal character that would act as a mark is then followed or
    preceded by U+200B.
    """

    bold: tuple[str, str] = ("", "")
    italic: tuple[str, str] = ("", "")
    strike: tuple[str, str] = ("", "")
    code: tuple[str, str] = ("", "")
    fence: tuple[str, str] = ("", "")
    fence_language: tuple[str, str] = ("", "")
    quote: str = "> "
    quote_block: tuple[str, str] = ("", "")
    bullet: str = "- "
    link: str = "{text} ({url})"
    link_schemes: tuple[str, ...] = ("http", "https")
    escape: Mapping[str, str] = field(default_factory=dict)
    escape_code: Mapping[str, str] = field(default_factory=dict)
    hugging: bool = False


@dataclass(frozen=True, slots=True)
class Limits:
    """What one message may hold.

    `text` is for outbound messages, counted in UTF-16 code units, the strictest count in use. `webhook_body` is in bytes; a
    webhook with a larger body is refused unread. `entities` are marked stretches of an outbound message: emphasis, code,
    quotes, links, addresses; 0 for any number.
    """

    text: int
    webhook_body: int = 1_048_576
    entities: int = 0


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a plugin can do beyond the required hooks. Each one that names a hook must come with it, and the reverse.

    Attributes:
        indicate: shows "typing" or "read"; seconds that one indication lasts, 0 for none. Hook `indicate`.
        indicate_repeats: the same message may be indicated again when that time is over.
        indicate_ends: `indicate` is also called, with `done`, when the work is done.
        receipts: the furthest state that receipts report, None for no receipts. Delivered through `receive`.
        find_sent: seconds after an attempt from which a send that `find_sent` does not see is surely absent; 0 for no hook.
        idempotent: how long the provider recognises `OutboundMessage.id`, since the first attempt: `send` hands it over, and
            returns the receipt of the message that the provider has already. Within that time an unknown outcome is cleared
            up by sending again. Zero for a provider that does not, or not for every call that `send` makes: answers by
            `reply_to.token` are repeated like all others, with the token or without.
        list_missed: how far back inbound messages can be listed after an outage; zero for none. Hook `list_missed`.
        listen: messages can be fetched, or come over a connection that we open; no public address is needed. Hook `listen`.
        register_webhook: our webhook can be set at the provider by API. Hook `register_webhook`.
        register_when_asked: it is set only when an owner asks for just that, because the account may serve another program:
            connecting, a new webhook address and a new public address leave it as it is. While the check `webhook` of
            `verify` is UNKNOWN, it is set only if replacing another webhook was confirmed.
        register_by_hand_in_sandbox: of a sandbox it is set in the provider's console only.
        unregister_webhook: what `register_webhook` has set can be taken back. Hook `unregister_webhook`.
        resolve_quoted: a message that a person answers can be read by its id. Hook `resolve_quoted`.
        simulator: a local provider ships with the plugin. Hook `simulator`.
        groups: group conversations are received.
        verified_email: `resolve_identity` may return an e-mail that the provider has verified; otherwise it is ignored.
    """

    indicate: float = 0
    indicate_repeats: bool = False
    indicate_ends: bool = False
    receipts: DeliveryState | None = None
    find_sent: float = 0
    idempotent: timedelta = timedelta(0)
    list_missed: timedelta = timedelta(0)
    listen: bool = False
    register_webhook: bool = False
    register_when_asked: bool = False
    register_by_hand_in_sandbox: bool = False
    unregister_webhook: bool = False
    resolve_quoted: bool = False
    simulator: bool = False
    groups: bool = False
    verified_email: bool = False

    def can_register(self, *, sandbox: bool) -> bool:
        """Whether the webhook of a sandbox, or of another account, can be set by API."""
        return self.register_webhook and not (sandbox and self.register_by_hand_in_sandbox)

    def registers_unasked(self, *, sandbox: bool) -> bool:
        """Whether it is set as soon as our address is known or changes, without being asked for."""
        return self.can_register(sandbox=sandbox) and not self.register_when_asked


@dataclass(frozen=True, slots=True)
class AddressFormat:
    """How a person's address is typed: the API's field for it, a regular expression it matches whole, an example.

    `thread_mark` stands between the address of a group and what names a thread or topic in it, where those have addresses of
    their own; conversations that are the same in front of it are one group. `person` is a regular expression that matches
    people's addresses alone, where `pattern` matches groups' too; empty, all that `pattern` matches belong to people.
    """

    field: str = "to"
    pattern: str = r"\S{1,200}"
    example: str = ""
    thread_mark: str = ""
    person: str = ""


@dataclass(frozen=True, slots=True)
class SetupStep:
    """One step an owner takes in the provider's console.

    `sandbox` limits it to sandbox (True) or real (False) senders, `only` to one way of receiving messages. `connected`
    marks what is to do between connecting the account and the first message; health repeats these steps until one has
    arrived. `path` is the way through the console's menus, from its start: pages draw it as such. `invitation` is what
    people have to be told before they can write, for the owner to copy and pass on; `{name}` in it stands for a setting
    that is not secret.
    """

    title: str
    text: str
    sandbox: bool | None = None
    connected: bool = False
    path: tuple[str, ...] = ()
    invitation: str = ""
    only: Literal["webhook", "listen"] | None = None

    @property
    def words(self) -> str:
        """The whole step as text: first the way through the menus, then what to do there."""
        return f"{' → '.join(self.path)}. {self.text}" if self.path else self.text


@dataclass(frozen=True, slots=True)
class FieldHint:
    """How a setting is drawn in forms, beyond what its model says.

    Attributes:
        order: forms show lower numbers first, and equal ones in the order of the model.
        help_url: where the provider says how to find the value; `https` only.
        multiline: the value has several lines, such as a private key.
        only: the way of receiving messages that needs the value; None for both. Its model cannot require such a setting;
            `configure` does, by its argument `listens`.
    """

    order: int = 0
    help_url: str = ""
    multiline: bool = False
    only: Literal["webhook", "listen"] | None = None


@dataclass(frozen=True, slots=True)
class Channel:
    """A plugin's manifest: all facts about a channel that the host has without asking the provider.

    `name` is also the entry point's name, the URL segment and the log field. `provider` names the variable that moves its
    API to another host: `<PROVIDER>_API_BASE_URL`. `settings` has secrets as `SecretStr`; during a rotation a second
    one counts too, in a setting called like the first with `_secondary` behind it. `acknowledgement` answers
    webhooks with an unknown key. `auto` says whether a proactive message may choose this channel automatically, `auto_rank`
    which of several it chooses: the lowest. `command_mark` is what people put before a chat command where the messenger
    keeps "/" for itself; "/" is understood too. `escalation_rule` is the address of the channel's rule that people need a
    way to a human being, empty if it has none; health warns while the agent of such a channel has no escalation contact.
    `account_fields` are what the API shows of an account beside its settings: by the field's name a format in which `{name}`
    stands for one of `Account.facts`. While one of those is unknown the field is null. `contract` is the version of the
    contract that the plugin was written for: of a later one than its own, the host ignores the hooks that it does not know.
    `form` has hints for forms, by setting. `texts` are translations of the title, of the texts of `setup_steps`, and of
    the titles and descriptions of `settings`: by language (a tag such as `de` or `pt-BR`) what such a text is in it. What is
    not there is shown as it is, in English. Readers of the channel's page and its form see them in the language that their
    browser asks for, as readers of other pages see the title; readers of `GET /api/channels` in that of `Accept-Language`.
    The host's own words stay English, also where they name the channel within a sentence.
    """

    name: str
    title: str
    provider: str
    settings: type[BaseModel]
    limits: Limits
    dialect: Dialect
    capabilities: Capabilities = Capabilities()
    address: AddressFormat = AddressFormat()
    acknowledgement: Response = field(default_factory=Response)
    reply_window: timedelta | None = None
    auto: bool = True
    auto_rank: int = 100
    command_mark: str = "/"
    escalation_rule: str = ""
    setup_steps: tuple[SetupStep, ...] = ()
    account_fields: Mapping[str, str] = field(default_factory=dict)
    contract: int = 1
    form: Mapping[str, FieldHint] = field(default_factory=dict)
    texts: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def left_to_do(self, *, sandbox: bool, listens: bool) -> list[SetupStep]:
        """The steps between connecting an account of this kind, in this way, and the first message."""
        other = "webhook" if listens else "listen"
        return [
            step
            for step in self.setup_steps
            if step.connected and step.sandbox in (None, sandbox) and step.only != other
        ]

    def translated(self, text: str, languages: Sequence[str]) -> str:
        """A text in the first of these languages that has it, also without its region; as it is if none has."""
        known = {tag.lower(): texts for tag, texts in self.texts.items()}
        for wanted in languages:
            tag = wanted.lower()
            if tag.partition("-")[0] == "en":  # what is asked for is what the manifest says
                return text
            for one in (tag, tag.partition("-")[0]):
                if text in known.get(one, {}):
                    return known[one][text]
        return text
