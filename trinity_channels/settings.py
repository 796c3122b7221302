"""The settings: from the environment, and from the TOML file that TRINITY_CHANNELS_CONFIG names; the environment wins.

A key of the file is the variable's name in lower case. Besides those it holds the tables `[agents.<name>]`. Variables
begin with TRINITY_CHANNELS_, for within another application `DATABASE_URL`, `TRINITY_URL` and the like are its own. A host
that runs alone also reads those names: see `StandaloneSettings`.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from email.utils import parseaddr
from functools import partial
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, Self

import platformdirs
from pydantic import (
    AfterValidator,
    Field,
    ModelWrapValidatorHandler,
    PrivateAttr,
    SecretStr,
    ValidationError,
    model_validator,
)
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from trinity_channels.agent_settings import Agent, AgentName, BearerToken, Days, HttpUrl, UnknownAgent
from trinity_channels.crypto.keys import parse_keys
from trinity_channels.email_address import normalise_email
from trinity_channels.host_settings import Origin
from trinity_channels.mail.smtp_url import parse_smtp_url
from trinity_channels.missing_settings import missing
from trinity_channels.public_url import normalise_url
from trinity_channels.visible import one_line

PREFIX = "trinity_channels_"
CONFIG_VARIABLE = "TRINITY_CHANNELS_CONFIG"
SHORTEST_ADMIN_TOKEN = 24
_API_BASE_URL = "_api_base_url"
DATABASE_SCHEME = "sqlite:///"
POSTGRES_SCHEME = "postgresql+psycopg://"
FILE_ONLY = ("agents", "api_base_urls")
_NAMED_AFTER_OTHERS = ("trinity_url", "trinity_token")
"""Settings whose variables are documented without the prefix for a host that runs alone, as those of providers are."""
_RUNTIMES = 'needs runtime = "echo", "openai" or "trinity"'
_PAGES_PATH = re.compile(r"(?:/[A-Za-z0-9_-]+)*")
_QUOTED = 40
"""Characters of a runtime that are quoted."""
_TEXTS = {
    "extra_forbidden": "is not a setting; check the spelling",
    "missing": "is missing",
    "string_pattern_mismatch": "is not a valid agent name: 1 to 63 of a-z, 0-9, - and _, beginning with a letter or digit",
    "union_tag_invalid": _RUNTIMES,
    "union_tag_not_found": _RUNTIMES,
}


class SettingsError(Exception):
    """Settings cannot work. The text has one line per setting, with its name and what to do, and no secret."""


def _checked(check: Callable[[str], object]) -> AfterValidator:
    def validate(value: SecretStr) -> SecretStr:
        check(value.get_secret_value())
        return value

    return AfterValidator(validate)


def _database(url: str) -> None:
    if not url.startswith((DATABASE_SCHEME, POSTGRES_SCHEME)):
        raise ValueError(f"must start with {DATABASE_SCHEME} or {POSTGRES_SCHEME}")


def _admin_token(token: str) -> None:
    if len(token) < SHORTEST_ADMIN_TOKEN:
        raise ValueError(
            f"must have at least {SHORTEST_ADMIN_TOKEN} characters, so that it cannot be guessed; make one with "
            "`openssl rand -hex 32`, or leave it out to get one on the first start"
        )


def _mail_sender(text: str) -> str:
    if not text.isprintable():
        raise ValueError("must be one line")
    normalise_email(parseaddr(text)[1])
    return text


def _pages_path(text: str) -> str:
    path = text.rstrip("/")
    if not _PAGES_PATH.fullmatch(path):
        raise ValueError("must be a path such as /channels, of letters, digits, - and _")
    return path


class _Found(PydanticBaseSettingsSource):
    """Values under the keys that pydantic knows them by; `InitSettingsSource` looks for those of each field once more."""

    def __init__(self, settings_cls: type[BaseSettings], values: dict[str, Any]) -> None:
        super().__init__(settings_cls)
        self._values = values

    def __call__(self) -> dict[str, Any]:
        return self._values

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:  # noqa: ARG002  its name is enough
        return self._values.get(field_name), field_name, False


OpenTo = Literal["loopback", "all", "none"]
Hours = Annotated[float, Field(gt=0, le=8760)]


class Settings(BaseSettings):
    """Everything an operator can set. `Settings.load()` reads it; keyword arguments win over the environment.

    Attributes:
        home: data folder, for the database and the key file.
        database_url: SQLAlchemy address; secret, for it may hold a password.
        public_chat_url: first value of the setting, without trailing slash; the stored setting wins later.
        credential_encryption_key: None means the key file in `home`.
        admin_token: None means that one is made on first start.
        gather_seconds: how long a turn waits for more of a burst after its newest message; 0 means not at all.
        late_after_hours: the age of a question from which its answer says what it refers to.
        park_after_hours: the age from which a question or a message that waits to be sent is parked for the owner.
        disclose_after_hours: the silence after which an answer says again that it comes from an AI agent.
        open_monitoring: who sees `/metrics` and the details of `/readyz` without a token.
        pages_url: where owners open the pages, for links in mails; None means the public address.
        pages_path: the path that all pages are below; None means none for a host that runs alone, /channels in another
            application.
        open_docs: who sees `/docs` and `/openapi.json` without a token.
        notices_per_contact: messages of the host's own in an hour to one person without a verified e-mail.
        notices_per_binding: the same of one binding, to all people together.
        keep_bodies_days: how long the texts of messages are kept, of agents that have no setting of their own.
        email_lifetime_days: how long a verified e-mail counts after the person last wrote with it.
        api_base_urls: the variables `<PROVIDER>_API_BASE_URL`, lower-case and as written; read them by `api_base_url`.
        agents: by name; only used when the host runs alone. Without any that has an owner, the platform's count.
    """

    model_config = SettingsConfigDict(extra="forbid", frozen=True, env_ignore_empty=True, hide_input_in_errors=True)

    home: Annotated[Path, AfterValidator(Path.expanduser)] = Field(
        alias="trinity_channels_home",
        default_factory=lambda: platformdirs.user_data_path("trinity_channels", appauthor=False),
    )
    database_url: Annotated[SecretStr, _checked(_database)] = Field(
        default_factory=lambda known: SecretStr(f"sqlite:///{known['home'] / 'trinity_channels.db'}")
    )
    public_chat_url: HttpUrl | None = None
    credential_encryption_key: Annotated[SecretStr, _checked(parse_keys)] | None = None
    admin_token: Annotated[BearerToken, _checked(_admin_token)] | None = Field(
        alias="trinity_channels_admin_token", default=None
    )
    smtp_url: Annotated[SecretStr, _checked(parse_smtp_url)] | None = None
    mail_from: Annotated[str, AfterValidator(_mail_sender)] | None = None
    trinity_url: HttpUrl | None = None
    trinity_token: BearerToken | None = None
    max_concurrent_turns: int = Field(alias="trinity_channels_max_concurrent_turns", default=64, ge=1)
    gather_seconds: float = Field(alias="trinity_channels_gather_seconds", default=0.4, ge=0, le=5)
    late_after_hours: Hours = Field(alias="trinity_channels_late_after_hours", default=1)
    park_after_hours: Hours = Field(alias="trinity_channels_park_after_hours", default=24)
    disclose_after_hours: Hours = Field(alias="trinity_channels_disclose_after_hours", default=24)
    open_monitoring: OpenTo = Field(alias="trinity_channels_open_monitoring", default="loopback")
    open_docs: OpenTo = Field(alias="trinity_channels_open_docs", default="loopback")
    pages_url: HttpUrl | None = Field(alias="trinity_channels_pages_url", default=None)
    pages_path: Annotated[str, AfterValidator(_pages_path)] | None = Field(
        alias="trinity_channels_pages_path", default=None
    )
    notices_per_contact: int = Field(alias="trinity_channels_notices_per_contact", default=4, ge=1)
    notices_per_binding: int = Field(alias="trinity_channels_notices_per_binding", default=200, ge=1)
    keep_bodies_days: Days = Field(alias="trinity_channels_keep_bodies_days", default=30)
    email_lifetime_days: Days = Field(alias="trinity_channels_email_lifetime_days", default=180)
    api_base_urls: Mapping[str, str] = Field(default_factory=dict, repr=False)
    agents: Mapping[AgentName, Agent] = Field(default_factory=dict)

    bare_names: ClassVar[bool] = False
    """Whether variables count without the prefix, too."""
    _given: frozenset[str] = PrivateAttr(default=frozenset())

    @classmethod
    def load(cls, **given: Any) -> Self:
        """Read the settings.

        Raises:
            SettingsError: listing every one that is wrong, or why the file cannot be read.
        """
        made = cls(**_by_key(given))
        made._given = frozenset(name.lower() for name in _by_key(given))
        return made

    @property
    def serves_platform(self) -> bool:
        """Whether the agents are those of the platform, with its owners and shares; tables only add to them."""
        return self.trinity_url is not None and all(one.owner is None for one in self.agents.values())

    def origin(self, field: str) -> Origin:
        """Where the value of a field comes from, or that of a variable `<provider>_api_base_url`."""
        info = Settings.model_fields.get(field)
        key = (info.alias if info else None) or field
        if info and field not in self.model_fields_set:
            return Origin.DEFAULT
        if key in self._given or (info is None and "api_base_urls" in self._given):
            return Origin.APPLICATION
        if key in _by_key(_variables(bare=self.bare_names)):
            return Origin.ENVIRONMENT
        # What is left was in the file, if there is one: a program may also make settings itself.
        return Origin.FILE if os.environ.get(CONFIG_VARIABLE) else Origin.APPLICATION

    def named(self, field: str) -> str:
        """The variable of a field, or of `<provider>_api_base_url`, as it is documented for these settings."""
        return variable(field, bare=self.bare_names)

    def variables(self) -> list[str]:
        """The names of the variables that are set and count; their values may be secret."""
        known = {field.alias or name for name, field in Settings.model_fields.items() if name not in FILE_ONLY}
        set_here = {name: next(iter(_by_key({name: ""}))) for name in _variables(bare=self.bare_names)}
        return sorted(name.upper() for name, key in set_here.items() if key in known or key.endswith(_API_BASE_URL))

    def overlooked(self, providers: Iterable[str]) -> list[str]:
        """Variables without the prefix that are set and do not count, where nothing else sets what they would."""
        fields = {name for name, field in Settings.model_fields.items() if field.alias is None} - set(FILE_ONLY)
        unset = (fields - self.model_fields_set) | (
            {one.lower() + _API_BASE_URL for one in providers} - self.api_base_urls.keys()
        )
        return [] if self.bare_names else sorted(one.upper() for one in unset & _variables(bare=True).keys())

    def api_base_url(self, provider: str) -> str | None:
        """Return what `<PROVIDER>_API_BASE_URL` puts in place of a provider's own hosts, if it is set.

        Raises:
            SettingsError: it is set to something that is not an address. Variables of providers that are not used are not
                ours to judge, so they are checked here and not on loading.
        """
        name = provider.lower() + _API_BASE_URL
        text = self.api_base_urls.get(name)
        try:
            return None if text is None else normalise_url(text)
        except ValueError as error:
            raise SettingsError(f"{self.named(name)}: {error}") from None

    @model_validator(mode="wrap")
    @classmethod
    def _all_at_once(cls, values: dict[str, Any], validate: ModelWrapValidatorHandler[Self]) -> Self:
        """Settings that need each other are judged also while others are wrong, so that one look shows everything."""
        named = partial(_spelled, bare=cls.bare_names)
        lines = [text for text, applies in missing(values, named).items() if applies]
        try:
            made = validate(values)
        except ValidationError as error:
            # The cause is dropped: it may hold what was given, secrets included.
            lines = [_line(detail, named) for detail in _details(error)] + lines
        if lines:
            raise SettingsError("\n".join(lines)) from None
        return made

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - replaced by our own
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - a .env file is the shell's business
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - nothing we document
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        bare = issubclass(settings_cls, Settings) and settings_cls.bare_names
        # Providers are plugins, so these variables' names cannot be fields of this class.
        base_urls, variables = _split(_by_key(_variables(bare=bare)))
        file_base_urls, file = _split(_by_key(read_file(os.environ.get(CONFIG_VARIABLE))))
        known = {field.alias or name for name, field in Settings.model_fields.items() if name not in FILE_ONLY}
        return (
            init_settings,
            # Variables are other programs', too; in the file, every key is meant for us.
            _Found(settings_cls, {name: value for name, value in variables.items() if name in known}),
            _Found(settings_cls, {"api_base_urls": file_base_urls | base_urls}),
            _Found(settings_cls, file),
        )


class StandaloneSettings(Settings):
    """The settings of a host that runs alone, where `DATABASE_URL` and the like can only be meant for it.

    The name with the prefix wins.
    """

    bare_names = True


def variable(field: str, *, bare: bool = True) -> str:
    """The variable of a field, or of `<provider>_api_base_url`, as it is documented where names count without the prefix.

    Otherwise as it is documented within another application.
    """
    info = Settings.model_fields.get(field)
    name = (info.alias if info else None) or field
    stays = name.startswith(PREFIX) or (bare and (name in _NAMED_AFTER_OTHERS or name.endswith(_API_BASE_URL)))
    return (name if stays else PREFIX + name).upper()


def _variables(*, bare: bool) -> dict[str, str]:
    """The variables that count, in lower case. An empty one counts as not set: compose files leave them so."""
    given = {name.lower(): value for name, value in os.environ.items() if value}
    return {name: value for name, value in given.items() if bare or name.startswith(PREFIX)}


def _by_key(values: Mapping[str, Any]) -> dict[str, Any]:
    """Values by what pydantic knows them by, however they are spelled; the name with the prefix wins."""
    keys = {field.alias or name for name, field in Settings.model_fields.items()}
    found = dict(values)
    for name, value in values.items():
        bare = name.removeprefix(PREFIX)
        if bare != name and name not in keys and (bare in keys or bare.endswith(_API_BASE_URL)):
            del found[name]
            found[bare] = value
    return found


def _spelled(key: str, *, bare: bool) -> str:
    """How a setting is called to its owner: by the variable that they have set, if they have."""
    documented = variable(key, bare=bare)
    set_without = bare and os.environ.get(key.upper()) and not os.environ.get(documented)
    return key.upper() if set_without else documented


def read_file(path: str | None) -> dict[str, Any]:
    """The content of the settings file; empty without one.

    Raises:
        SettingsError: it cannot be read.
    """
    if not path:
        return {}
    try:
        return tomllib.loads(Path(path).expanduser().read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(f"{CONFIG_VARIABLE}: the file {path} cannot be read ({error.strerror})") from error
    except ValueError as error:
        raise SettingsError(f"{CONFIG_VARIABLE}: the file {path} is not TOML ({error})") from error


def _split(values: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Part the providers' addresses, whose names we cannot know, from all other values."""
    base_urls = {name: value for name, value in values.items() if name.endswith(_API_BASE_URL)}
    return base_urls, {name: value for name, value in values.items() if name not in base_urls}


def _details(error: ValidationError) -> Iterator[ErrorDetails]:
    """All that is wrong; where pydantic stops at an agent's runtime, the rest of its table is looked at too."""
    for detail in error.errors(include_url=False):
        yield detail
        if detail["type"].startswith("union_tag"):
            try:
                UnknownAgent.model_validate(detail["input"])
            except ValidationError as rest:
                for one in rest.errors(include_url=False):
                    yield {**one, "loc": (*detail["loc"], "", *one["loc"])}


def _line(detail: ErrorDetails, named: Callable[[str], str]) -> str:
    context = detail.get("ctx", {})
    text = _TEXTS.get(detail["type"]) or str(context.get("error", detail["msg"]))
    if detail["type"] == "union_tag_invalid":
        text += f', not "{one_line(str(context["tag"]))[:_QUOTED]}"'
    name = _name(detail["loc"], named)
    # What checks a value knows only how its variable is documented.
    text = text.replace(variable(str(detail["loc"][0])), name)
    return text if text.startswith(name) else f"{name}: {text}"


def _name(location: tuple[int | str, ...], named: Callable[[str], str]) -> str:
    """Name a setting as its owner wrote it: a variable, or a path in the file without pydantic's own marks."""
    if len(location) != 1:
        table, key = location[:2], location[3:]  # between them pydantic puts the runtime, or "[key]"
        return ".".join(str(part) for part in (*table, *key))
    ours = {field.alias or name for name, field in Settings.model_fields.items()} - set(FILE_ONLY)
    return named(str(location[0])) if location[0] in ours else str(location[0])
