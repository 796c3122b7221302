"""The vault: what is sealed opens only with its key, unchanged, in its place."""

import re
import stat
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from trinity_channels.crypto.vault import Vault, VaultError, generate_key, load_or_create_key_file, parse_keys

OLD, NEW, OTHER = "0a" * 32, "1b" * 32, "2c" * 32
CONTEXT = ("support", "whatsapp", "auth_token")
texts = st.text()
contexts = st.lists(st.text(), max_size=4).map(tuple)


def vault(*keys: str) -> Vault:
    return Vault(parse_keys(",".join(keys)))


@given(texts, contexts)
def test_what_is_sealed_opens_again(plain: str, context: tuple[str, ...]) -> None:
    assert vault(NEW).open(vault(NEW).seal(plain, context=context), context=context) == plain


@given(st.integers(0, 66), st.characters(exclude_categories=["Cs"]))
def test_one_changed_character_anywhere_is_refused(place: int, other: str) -> None:
    record = vault(NEW).seal("fake-token", context=CONTEXT)
    assume(record[place] != other)
    changed = record[:place] + other + record[place + 1 :]

    with pytest.raises(VaultError):
        vault(NEW).open(changed, context=CONTEXT)


def test_another_spelling_of_the_same_bytes_is_refused() -> None:
    record = vault(NEW).seal("fake-token", context=CONTEXT)
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    other = alphabet[alphabet.index(record[-1]) ^ 1]  # the last bits of 38 bytes in base64 mean nothing

    with pytest.raises(VaultError):
        vault(NEW).open(record[:-1] + other, context=CONTEXT)


@given(st.text())
def test_any_text_that_is_no_record_is_refused(text: str) -> None:
    with pytest.raises(VaultError, match="TRINITY_CHANNELS_CREDENTIAL_ENCRYPTION_KEY"):
        vault(NEW).open(text, context=CONTEXT)


@given(contexts, contexts)
def test_a_record_opens_only_in_its_own_place(mine: tuple[str, ...], other: tuple[str, ...]) -> None:
    record = vault(NEW).seal("fake-token", context=mine)
    if mine == other:
        assert vault(NEW).open(record, context=other) == "fake-token"
        return
    with pytest.raises(VaultError, match="Enter it again"):
        vault(NEW).open(record, context=other)


def test_contexts_that_only_join_alike_are_two() -> None:
    record = vault(NEW).seal("fake-token", context=("a", "bc"))

    with pytest.raises(VaultError):
        vault(NEW).open(record, context=("ab", "c"))


def test_the_same_secret_is_sealed_differently_each_time() -> None:
    assert vault(NEW).seal("fake-token", context=CONTEXT) != vault(NEW).seal("fake-token", context=CONTEXT)


def test_an_older_key_still_opens_and_asks_to_be_rotated() -> None:
    record = vault(OLD).seal("fake-token", context=CONTEXT)
    both = vault(NEW, OLD)

    assert both.open(record, context=CONTEXT) == "fake-token"
    assert both.needs_reseal(record)
    assert not both.needs_reseal(both.seal("fake-token", context=CONTEXT))


def test_a_missing_key_is_named_and_nothing_else() -> None:
    record = vault(OLD).seal("fake-token", context=CONTEXT)

    with pytest.raises(VaultError) as caught:
        vault(NEW).open(record, context=CONTEXT)

    text = str(caught.value)
    assert "TRINITY_CHANNELS_CREDENTIAL_ENCRYPTION_KEY" in text
    assert record.split(".")[1] in text
    assert "fake-token" not in text
    assert OLD not in text


def test_keys_do_not_show_in_representations() -> None:
    assert bytes.fromhex(NEW).hex() not in repr(parse_keys(NEW))
    assert repr(bytes.fromhex(NEW)) not in repr(parse_keys(NEW))


@given(texts, texts)
def test_digests_tell_values_apart_and_survive_rotation(value: str, other: str) -> None:
    stored = vault(OLD).digest(value, purpose="login code")

    assert stored in vault(NEW, OLD).digests(value, purpose="login code")
    assert (stored in vault(NEW, OLD).digests(other, purpose="login code")) is (value == other)


def test_a_digest_is_bound_to_its_purpose_and_its_key() -> None:
    stored = vault(NEW).digest("123456", purpose="login code")

    assert stored == vault(NEW, OLD).digests("123456", purpose="login code")[0]
    assert stored not in vault(NEW, OLD).digests("123456", purpose="admin token")
    assert stored not in vault(OTHER).digests("123456", purpose="login code")


@pytest.mark.parametrize(
    "text",
    ["", "zz" * 32, "1b" * 31, "1b" * 33, f"{NEW},", f"{NEW};{OLD}", "\N{ARABIC-INDIC DIGIT ONE}" * 64],
)
def test_a_wrong_key_is_refused_by_name_without_quoting_it(text: str) -> None:
    with pytest.raises(
        ValueError, match="TRINITY_CHANNELS_CREDENTIAL_ENCRYPTION_KEY must be 64 hexadecimal digits"
    ) as caught:
        parse_keys(text)

    assert not text or text not in str(caught.value)


def test_spaces_upper_case_and_repeats_do_not_matter() -> None:
    assert parse_keys(f" {NEW.upper()} , {OLD},{NEW} ") == parse_keys(f"{NEW},{OLD}")


def test_generated_keys_are_usable_and_differ() -> None:
    assert re.fullmatch("[0-9a-f]{64}", generate_key())
    assert parse_keys(generate_key()) != parse_keys(generate_key())


def test_the_key_file_is_made_once_for_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "home" / "credential.key"

    ring = load_or_create_key_file(path)

    assert load_or_create_key_file(path) == ring
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [entry.name for entry in path.parent.iterdir()] == ["credential.key"]


def test_a_process_that_comes_second_takes_the_first_one_s_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "credential.key"
    winner = load_or_create_key_file(path)
    monkeypatch.setattr(Path, "exists", lambda _path: False)  # it looked before the first one was done

    assert load_or_create_key_file(path) == winner
    assert len(list(tmp_path.iterdir())) == 1


def test_a_key_file_that_others_can_read_is_refused_with_the_fix(tmp_path: Path) -> None:
    path = tmp_path / "credential.key"
    load_or_create_key_file(path)
    path.chmod(0o640)

    with pytest.raises(VaultError, match=f"chmod 600 {path}"):
        load_or_create_key_file(path)


def test_a_damaged_key_file_is_never_replaced(tmp_path: Path) -> None:
    path = tmp_path / "credential.key"
    path.write_text("half a k")
    path.chmod(0o600)

    with pytest.raises(VaultError, match="TRINITY_CHANNELS_CREDENTIAL_ENCRYPTION_KEY"):
        load_or_create_key_file(path)

    assert path.read_text() == "half a k"


def test_a_key_file_that_cannot_be_made_names_the_variable(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(VaultError, match="set TRINITY_CHANNELS_CREDENTIAL_ENCRYPTION_KEY"):
        load_or_create_key_file(tmp_path / "file" / "credential.key")
