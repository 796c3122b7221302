"""The encryption keys: read from TRINITY_CHANNELS_CREDENTIAL_ENCRYPTION_KEY, or from a key file made on first start.

A key ring is ordered. The first key encrypts, all of them decrypt, so a key is rotated by putting a new one in front.
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import stat
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

VARIABLE = "TRINITY_CHANNELS_CREDENTIAL_ENCRYPTION_KEY"
_KEY = re.compile(r"[0-9a-fA-F]{64}")
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


class VaultError(Exception):
    """A secret cannot be sealed or opened, or its key not be had. The text names what to set and holds no secret."""


@dataclass(frozen=True, slots=True)
class Key:
    """One AES-256 key. `id` is a short hash that names it in records and says nothing about it."""

    id: str
    secret: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class KeyRing:
    """The keys in use, newest first; at least one."""

    keys: tuple[Key, ...]

    @property
    def newest(self) -> Key:
        return self.keys[0]

    def find(self, key_id: str) -> Key | None:
        return next((key for key in self.keys if key.id == key_id), None)


def generate_key() -> str:
    """Make a fresh key, in the form that TRINITY_CHANNELS_CREDENTIAL_ENCRYPTION_KEY takes."""
    return secrets.token_hex(32)


def parse_keys(text: str) -> KeyRing:
    """Read one key or several, comma-separated, newest first.

    Raises:
        ValueError: a key is not 64 hexadecimal digits. The sentence names the variable and quotes nothing.
    """
    parts = [part.strip() for part in text.split(",")]
    for place, part in enumerate(parts, start=1):
        if not _KEY.fullmatch(part):
            raise ValueError(
                f"{VARIABLE} must be 64 hexadecimal digits, or several such keys separated by commas; key {place} of "
                f"{len(parts)} is not. Make one with `trinity-channels keygen`."
            )
    return KeyRing(tuple(_key(bytes.fromhex(part)) for part in dict.fromkeys(part.lower() for part in parts)))


def load_or_create_key_file(path: Path) -> KeyRing:
    """Read the key file, or make it with one fresh key, readable by its owner only.

    Two processes that start at once agree on one key: the file appears under its name complete, or not at all.

    Raises:
        VaultError: the file can be read by others, cannot be read or written, or holds no key.
    """
    try:
        if not path.exists():
            _create(path)
        if path.stat().st_mode & _OTHERS:
            raise VaultError(f"The key file {path} can be read by other users. Run `chmod 600 {path}` and start again.")
        return parse_keys(path.read_text(encoding="ascii").strip())
    except OSError as error:
        raise VaultError(
            f"The key file {path} cannot be read or made ({error.strerror}). "
            f"Make its folder writable, or set {VARIABLE}."
        ) from error
    except ValueError as error:
        raise VaultError(
            f"The key file {path} holds no usable key. Restore it from a backup, or set {VARIABLE}."
        ) from error


def _create(path: Path) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    # mkstemp makes the file with O_EXCL and mode 0600; the link then fails if another process was faster.
    descriptor, draft = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(generate_key() + "\n")
            file.flush()
            os.fsync(file.fileno())
        os.link(draft, path)
    except FileExistsError:
        pass  # the other process's key is as good as ours
    finally:
        Path(draft).unlink()


def _key(secret: bytes) -> Key:
    # A label in front, so that the id is not the plain hash of the key; twelve digits are enough to tell a few keys apart.
    return Key(hashlib.sha256(b"trinity_channels key id\0" + secret).hexdigest()[:12], secret)
