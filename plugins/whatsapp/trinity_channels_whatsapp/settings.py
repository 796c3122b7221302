"""What an owner enters to connect a Twilio account; the form is generated from this model."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr
from pydantic_core import PydanticCustomError

from trinity_channels.api import Binding
from trinity_channels_whatsapp.addresses import PREFIX, is_number

_ACCOUNT = re.compile(r"AC[0-9a-fA-F]{32}")
_KEYWORD = re.compile(r"[\w-]{1,40}(?: [\w-]{1,40})?")
_SERVICE = re.compile(r"MG[0-9a-fA-F]{32}")
_SID_LENGTH = 34
_QUOTES = "\"'`\u201c\u201d\u2018\u2019"
"""Copied along with a value from settings files and chats."""
_SCHEME = re.compile(rf"{re.escape(PREFIX)}\s*", re.IGNORECASE)
_BETWEEN_DIGITS = re.compile(r"[\s().\u2010-\u2015-]+")
"""How people and the console part the digits of a number."""


def _trimmed(value: object) -> object:
    return value.strip().strip(_QUOTES).strip() if isinstance(value, str) else value


def _none_if_blank(value: object) -> object:
    return _trimmed(value) or None


def _account_sid(value: object) -> object:
    text = _trimmed(value)
    if isinstance(text, str) and not _ACCOUNT.fullmatch(text):
        if text.startswith("SK"):
            raise PydanticCustomError(
                "account_sid",
                "This is the SID of an API key. The Account SID starts with AC, at the top of the console.",
            )
        raise PydanticCustomError("account_sid", "{why}", {"why": _why_no_sid("Account SID", "AC", text)})
    return text


def _why_no_sid(name: str, start: str, text: str) -> str:
    """What is wrong with something that is not such a SID, without repeating it."""
    if text[: len(start)] == start.lower():
        return f"The {name} starts with {start} in capital letters; this one starts with {start.lower()}."
    if text.startswith(start) and len(text) != _SID_LENGTH:
        return f"The {name} has {_SID_LENGTH} characters; this one has {len(text)}. Copy it again."
    return f"The {name} is {start} followed by 32 digits or letters from a to f."


# No check of its form: Twilio documents none.
def _auth_token(value: object) -> object:
    text = _trimmed(value)
    if text == "":
        raise PydanticCustomError("auth_token", "The Auth Token is missing; copy it from the Twilio Console.")
    return text


def _from_number(value: object) -> object:
    text = _trimmed(value)
    if not isinstance(text, str):
        return text
    # The console shows the number without the prefix and with blanks, and that is what people paste.
    address = PREFIX + _BETWEEN_DIGITS.sub("", _SCHEME.sub("", text, count=1))
    if not is_number(address):
        raise PydanticCustomError(
            "from_number", "The WhatsApp number is whatsapp:+ and 7 to 15 digits, for example whatsapp:+14155238886."
        )
    return address


def _service_sid(value: object) -> object:
    text = _none_if_blank(value)
    if isinstance(text, str) and not _SERVICE.fullmatch(text):
        raise PydanticCustomError(
            "messaging_service_sid", "{why}", {"why": _why_no_sid("Messaging Service SID", "MG", text)}
        )
    return text


def _keyword(value: object) -> object:
    if not isinstance(value, str):
        return value
    words = value.strip().split(" ")
    # People copy the whole command from the console.
    keyword = " ".join(words[1:] if words[0].lower() == "join" else words)
    if keyword and not _KEYWORD.fullmatch(keyword):
        raise PydanticCustomError("sandbox_keyword", "The keyword is one or two words, such as copper-lantern.")
    return keyword or None


class WhatsAppSettings(BaseModel):
    """The Twilio account and the WhatsApp sender that an agent answers from."""

    # Errors must not quote what was entered: it may be a token in the wrong field.
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True, title="WhatsApp (Twilio)")

    account_sid: Annotated[str, BeforeValidator(_account_sid)] = Field(
        title="Twilio Account SID",
        description="Starts with AC, 34 characters long. Shown at the top of the Twilio Console.",
        examples=["ACxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"],
    )
    auth_token: Annotated[SecretStr, BeforeValidator(_auth_token)] = Field(
        title="Auth Token",
        description="From the Twilio Console, beside the Account SID. An API key does not work: only this token proves"
        " that a message comes from Twilio.",
        examples=["your-auth-token"],
    )
    from_number: Annotated[str, BeforeValidator(_from_number)] = Field(
        title="WhatsApp From Number",
        description="The sender's number with its country code, as in whatsapp:+14155001234. The sandbox is"
        " whatsapp:+14155238886.",
        examples=["whatsapp:+14155238886"],
    )
    messaging_service_sid: Annotated[str | None, BeforeValidator(_service_sid)] = Field(
        default=None,
        title="Messaging Service SID",
        description="Only if the sender belongs to a Messaging Service; starts with MG. Replies go out through it.",
        examples=["MGxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"],
    )
    sandbox_keyword: Annotated[str | None, BeforeValidator(_keyword)] = Field(
        default=None,
        title="Sandbox keyword",
        description='Only for the sandbox: what follows "join" on the page "Try WhatsApp". With it, instructions for'
        " testers can be copied here.",
        examples=["copper-lantern"],
    )
    auth_token_secondary: Annotated[SecretStr | None, BeforeValidator(_none_if_blank)] = Field(
        default=None,
        title="Secondary Auth Token",
        description="While you rotate the token: messages signed with either one are accepted. Leave empty otherwise.",
        examples=["your-secondary-auth-token"],
    )

    @property
    def signing_tokens(self) -> tuple[str, ...]:
        """Every token with which Twilio may sign at present, the likeliest first."""
        tokens = (self.auth_token, self.auth_token_secondary)
        return tuple(token.get_secret_value() for token in tokens if token is not None)


def settings_of(binding: Binding) -> WhatsAppSettings:
    """Read a binding's settings with their type."""
    if not isinstance(binding.settings, WhatsAppSettings):
        raise TypeError(f"This binding holds {type(binding.settings).__name__}, not WhatsAppSettings.")
    return binding.settings
