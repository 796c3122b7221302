"""Settings: what an owner enters, and what must never be seen of it again."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import SecretStr, ValidationError

from trinity_channels_contract_tests.check import Checks, story
from trinity_channels_contract_tests.expectations import broken, expect, told
from trinity_channels_contract_tests.harness import Harness
from trinity_channels_contract_tests.variants import secrets_of

MODEL = "the settings model in the manifest"
STRANGE: tuple[object, ...] = ("", "   ", None, [], {"a": 1}, "\x00", "x" * 10_000)
SECRET_WORDS = ("token", "secret", "password", "passphrase", "private_key", "signing_key", "api_key")


PASTED = (" {}", "{} ", "{}\n", "\t{}\r\n", "\u00a0{}")


def _pasted(harness: Harness, given: Mapping[str, str]) -> dict[str, str]:
    """What owners paste, by setting; a private key of several lines may end with one."""
    known = {name: value for name, value in given.items() if isinstance(value, str)}
    # As the contract has it, a second secret looks like the first.
    seconds = {f"{name}_secondary": value for name, value in known.items()}
    fields, form = harness.manifest.settings.model_fields, harness.manifest.form
    return {
        name: value
        for name, value in {**seconds, **known}.items()
        if name in fields and not (name in form and form[name].multiline)
    }


def _problems(harness: Harness, given: Mapping[str, object]) -> ValidationError | None:
    try:
        harness.manifest.settings.model_validate(given)
    except ValidationError as error:
        return error
    except Exception as error:  # noqa: BLE001  the promise is that nothing else comes out
        broken(f"the model let out {told(error)}")
    return None


class Entering(Checks):
    """The settings model."""

    area = "settings"

    @story(MODEL, "Declare the field without a default; a validator that runs before must expect it to be missing.")
    async def test_a_missing_setting_is_asked_for(self, harness: Harness) -> None:
        """A required setting that is missing is a `ValidationError` that names it."""
        given = dict(harness.simulator.settings())
        for name, field in harness.manifest.settings.model_fields.items():
            if not field.is_required():
                continue
            found = _problems(harness, {key: value for key, value in given.items() if key != name})
            if found is None:
                broken(f"settings without {name} were accepted")
            named = {str(one["loc"][0]) for one in found.errors(include_input=False) if one["loc"]}
            expect(name in named, f"the error about a missing {name} names {', '.join(sorted(named)) or 'no field'}")

    @story(MODEL, "Refuse blank text in a required field: forms send it for what was not filled in.")
    async def test_a_blank_setting_is_refused(self, harness: Harness) -> None:
        """A required setting that is blank, of the wrong type or absurd is a `ValidationError`, nothing else."""
        given = dict(harness.simulator.settings())
        for name, field in harness.manifest.settings.model_fields.items():
            for value in STRANGE:
                found = _problems(harness, {**given, name: value})
                blank = value is None or (isinstance(value, str) and not value.strip())
                if field.is_required() and blank:
                    expect(found, f"{name}={value!r} was accepted")

    @story(MODEL, "Use `model_config = ConfigDict(str_strip_whitespace=True)`: people paste a line, not a word.")
    async def test_white_space_around_a_setting_is_harmless(self, harness: Harness) -> None:
        """White space around what was pasted is taken off or refused, never kept."""
        given = dict(harness.simulator.settings())
        for name, value in _pasted(harness, given).items():
            clean = harness.manifest.settings.model_validate({**given, name: value})
            for around in PASTED:
                pasted = {**given, name: around.format(value)}
                if _problems(harness, pasted) is None:
                    kept = harness.manifest.settings.model_validate(pasted) != clean
                    expect(not kept, f"{name}={around.format('…')!r} was accepted as it is, with the white space")

    @story(MODEL, 'Use `model_config = ConfigDict(extra="forbid")`: a misspelt setting must not vanish.')
    async def test_an_unknown_setting_is_refused(self, harness: Harness) -> None:
        """A setting that the model does not know is a `ValidationError`."""
        given = {**harness.simulator.settings(), "no_such_setting": "x"}
        expect(_problems(harness, given), "no_such_setting was accepted")

    @story(MODEL, "Declare it as `SecretStr`: the host encrypts, masks and never shows fields of that type.")
    async def test_secrets_are_declared_as_such(self, harness: Harness) -> None:
        """A field named like a secret is a `SecretStr`, and there is at least one."""
        for name in harness.manifest.settings.model_fields:
            value = getattr(harness.settings, name)
            if any(word in name.lower() for word in SECRET_WORDS) and value is not None:
                expect(isinstance(value, SecretStr), f"{name} is a {type(value).__name__}")
        expect(secrets_of(harness.settings), "no setting is a SecretStr, so nothing authenticates this account")

    @story(MODEL, "Leave `__repr__` and `__str__` to pydantic, and keep secrets in `SecretStr` fields only.")
    async def test_settings_hide_their_secrets(self, harness: Harness) -> None:
        """No secret shows in `repr`, `str`, formatting or the plain dump of the settings."""
        shown = (harness.settings, harness.settings.model_dump(), harness.settings.model_dump_json())
        for value in shown:
            for name, secret in secrets_of(harness.settings).items():
                expect(secret not in f"{value!r} {value} {value!s}", f"{name} shows in {type(value).__name__}")

    @story(MODEL, "Use `model_config = ConfigDict(hide_input_in_errors=True)`; a token may stand in the wrong field.")
    async def test_a_refused_setting_is_not_quoted(self, harness: Harness) -> None:
        """The text of a `ValidationError` does not repeat what was entered: it may be a token in the wrong field."""
        given = dict(harness.simulator.settings())
        entered = "fake-token-in-the-wrong-field"
        for name in harness.manifest.settings.model_fields:
            # Wrong in type, in form and in length: each has an error text of its own.
            for value in ([entered], {"value": entered}, f" {entered}\x00" * 400):
                found = _problems(harness, {**given, name: value})
                expect(found is None or entered not in str(found), f"the error about {name} quotes what was entered")

    @story(MODEL, "Make validators idempotent: the host stores what they made and validates it again at every start.")
    async def test_stored_settings_read_back_the_same(self, harness: Harness) -> None:
        """Settings that were stored and read again are equal: validating twice changes nothing more."""
        # As the host does it: secrets are stored apart from the rest.
        dumped = harness.settings.model_dump(mode="json")
        again = harness.manifest.settings.model_validate({**dumped, **secrets_of(harness.settings)})
        expect(again == harness.settings, "the settings changed when they were validated a second time")
