"""Phone numbers and user ids, as they come."""

from __future__ import annotations

import pytest

from trinity_channels_whatsapp.addresses import is_address, is_user_id, stable_id


@pytest.mark.parametrize(
    ("address", "valid", "user_id"),
    [
        ("whatsapp:+15557770002", True, False),
        ("whatsapp:+5491155551234", True, False),  # Argentina's 9 stays
        ("whatsapp:US.13491208655302741918", True, True),
        ("whatsapp:US.ENT.11815799212886844830", True, True),
        ("whatsapp:ID.aB9", True, True),
        ("whatsapp:us.1349", False, False),
        ("whatsapp:US.", False, False),
        ("whatsapp:US." + "1" * 129, False, False),
        ("whatsapp:+US.1349", False, False),
        ("whatsapp:+15557770002\n", False, False),
        ("whatsapp:+1\u0665557770002", False, False),
        ("+15557770002", False, False),
        ("WHATSAPP:+15557770002", False, False),
        ("", False, False),
    ],
)
def test_addresses(address: str, valid: bool, user_id: bool) -> None:
    assert (is_address(address), is_user_id(address)) == (valid, user_id)


@pytest.mark.parametrize(
    ("address", "external", "stable"),
    [
        ("whatsapp:+15557770002", "whatsapp:US.1", "whatsapp:US.1"),
        ("whatsapp:US.1", "", "whatsapp:US.1"),
        ("whatsapp:US.1", "whatsapp:US.ENT.2", "whatsapp:US.ENT.2"),
        ("whatsapp:+15557770002", "", None),
        ("whatsapp:+15557770002", "whatsapp:+15557770002", None),
    ],
)
def test_who_is_recognised_by_what(address: str, external: str, stable: str | None) -> None:
    assert stable_id(address, external) == stable
