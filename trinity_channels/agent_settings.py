"""The tables `[agents.<name>]` of channels.toml: the agents there are when the host runs alone, and what runs them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, StringConstraints

from trinity_channels.email_address import normalise_email
from trinity_channels.escalation_contact import normalise_escalation_contact
from trinity_channels.public_url import normalise_url


def check_token(token: SecretStr) -> SecretStr:
    """Check that a token can stand in an Authorization header.

    Raises:
        ValueError: it cannot. The sentence does not quote it.
    """
    # A header with a line break in it would be two headers.
    if not all("!" <= character <= "~" for character in token.get_secret_value()):
        raise ValueError("must consist of visible ASCII characters, without spaces")
    return token


def _check_tools(tools: tuple[str, ...]) -> tuple[str, ...]:
    # The platform takes an empty list for none at all, and lets the agent use everything.
    if not tools:
        raise ValueError("must name at least one tool; without any the agent would have all of its tools")
    return tools


Email = Annotated[str, AfterValidator(normalise_email)]
EscalationContact = Annotated[str, AfterValidator(normalise_escalation_contact)]
HttpUrl = Annotated[str, AfterValidator(normalise_url)]
BearerToken = Annotated[SecretStr, AfterValidator(check_token)]
Days = Annotated[int, Field(ge=1, le=3650)]
Tool = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
Tools = Annotated[tuple[Tool, ...], AfterValidator(_check_tools)]
AgentName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$")]


class _Agent(BaseModel):
    # Errors must not quote what was given: it may be a key in the wrong place.
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    escalation_contact: EscalationContact | None = None
    keep_bodies_days: Days | None = None


class _OwnedAgent(_Agent):
    owner: Email


class EchoAgent(_OwnedAgent):
    """Answers with what it hears: for demonstrations and for trying out a connection."""

    runtime: Literal["echo"]


class OpenAIAgent(_OwnedAgent):
    """A model behind any OpenAI-compatible chat completions API; `base_url` usually ends in /v1."""

    runtime: Literal["openai"]
    base_url: HttpUrl
    model: Annotated[str, StringConstraints(min_length=1)]
    api_key: BearerToken | None = None
    system_prompt: str = ""
    system_role: Literal["system", "developer", "none"] = "system"
    timeout_seconds: Annotated[float, Field(gt=0, le=3600)] = 120


class TrinityAgent(_Agent):
    """An agent of the same name on the platform at TRINITY_URL.

    Attributes:
        owner: None if the platform says who owns its agents.
        allowed_tools: all that the agent may use in a run, as the platform names tools. Never empty, which would mean all.
        resume_sessions: whether the agent goes on with its own session of the conversation, instead of reading the history.
        timeout_seconds: of one request to the platform; the run itself may take longer.
    """

    runtime: Literal["trinity"]
    owner: Email | None = None
    allowed_tools: Tools = ("WebSearch", "WebFetch")
    resume_sessions: bool = False
    timeout_seconds: Annotated[float, Field(gt=0, le=3600)] = 120


ON_THE_PLATFORM = TrinityAgent(runtime="trinity")
"""An agent of the platform that no table says anything about."""


class UnknownAgent(_OwnedAgent):
    """A table whose runtime is wrong or missing: whatever some runtime takes may stand in it. Only validated, never run."""

    runtime: object = None
    base_url: HttpUrl = ""
    model: str = ""
    api_key: BearerToken | None = None
    system_prompt: str = ""
    system_role: Literal["system", "developer", "none"] = "system"
    allowed_tools: Tools = ("WebSearch",)
    resume_sessions: bool = False
    timeout_seconds: Annotated[float, Field(gt=0, le=3600)] = 120


Agent = Annotated[EchoAgent | OpenAIAgent | TrinityAgent, Field(discriminator="runtime")]
