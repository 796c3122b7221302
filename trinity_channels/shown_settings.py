"""Describes the settings of a running host: each value with where it comes from, and no secret."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import SecretStr

from trinity_channels.bindings.public_address import PublicAddress
from trinity_channels.host_settings import Origin, ShownSetting
from trinity_channels.limits import BOUNDS, Limits
from trinity_channels.principal import COMMAND_LINE
from trinity_channels.settings import FILE_ONLY, Settings

LIMITS_ROUTE = "PUT /api/settings/limits"
ADDRESS_ROUTE = "PUT /api/settings/public_chat_url"
MEANINGS = {
    "home": "The data folder: database and key file.",
    "database_url": "Where the database is.",
    "public_chat_url": "Where providers reach this host.",
    "credential_encryption_key": "Encrypts the credentials of channels; without it a key file in the data folder does.",
    "admin_token": "An administrator's token besides those that are listed.",
    "smtp_url": "The mail server.",
    "mail_from": "The sender of mails.",
    "trinity_url": "The platform that runs agents.",
    "trinity_token": "The token for the platform.",
    "max_concurrent_turns": "How many agents may run at once.",
    "gather_seconds": "How long a turn waits for more after its newest message.",
    "late_after_hours": "How old a question must be for its answer to say what it refers to.",
    "park_after_hours": "After how long a question, or a message that waits to be sent, is left to the owner.",
    "disclose_after_hours": "The silence after which people are told again that an AI agent answers.",
    "open_monitoring": "Who sees the metrics without a token.",
    "open_docs": "Who sees the API's description without a token.",
    "pages_url": "Where owners open the pages, for links in mails.",
    "pages_path": "The path below which all pages are.",
    "notices_per_contact": "How many messages of its own the host sends in an hour to one person without a verified e-mail.",
    "notices_per_binding": "The same for one agent on one channel, for all people together.",
    "keep_bodies_days": "How many days the texts of messages are kept, for agents without a setting of their own.",
    "email_lifetime_days": "How many days a verified e-mail counts after the person's last message.",
}
"""By field of `Settings`."""


def shown(settings: Settings, limits: Limits, address: PublicAddress) -> list[ShownSetting]:
    """Every setting as it counts now."""
    return [*_fields(settings, limits, address), *_base_urls(settings)]


def _fields(settings: Settings, limits: Limits, address: PublicAddress) -> Iterator[ShownSetting]:
    # Who asks is decided by the service that is read; this only describes.
    stored = {one.name for one in limits.settings(COMMAND_LINE) if one.stored}
    for field, info in Settings.model_fields.items():
        if field in FILE_ONLY:
            continue
        value, origin, route = getattr(settings, field), settings.origin(field), ""
        secret = isinstance(value, SecretStr) or "SecretStr" in str(info.annotation)
        if field in BOUNDS:
            route, value = LIMITS_ROUTE, getattr(limits.values, field)
            origin = Origin.STORED if field in stored else origin
        if field == "public_chat_url":
            route, value = "" if address.given else ADDRESS_ROUTE, address.value
            origin = origin if address.value == address.configured else Origin.STORED
            origin = Origin.APPLICATION if address.given else origin
        told = ("set" if value else "") if secret else _text(value)
        yield ShownSetting(settings.named(field), MEANINGS[field], told, secret, origin, route)


def _base_urls(settings: Settings) -> Iterator[ShownSetting]:
    for name, value in sorted(settings.api_base_urls.items()):
        meaning = "In place of a provider's own hosts, for simulators."
        # It may name a user and a password.
        told = "set" if "@" in value else value
        yield ShownSetting(settings.named(name), meaning, told, "@" in value, settings.origin(name))


def _text(value: object) -> str:
    match value:
        case None:
            return ""
        case float():
            return f"{value:g}"
        case _:
            return str(value)
