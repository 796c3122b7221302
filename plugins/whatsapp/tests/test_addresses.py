"""Phone numbers and user ids, as they come."""

from __future__ import annotations

import pytest

from trinity_channels_whatsapp.addresses import is_address, is_user_id, masked, stable_id


@pytest.mark.parametrize(
    ("address", "valid", "user_id"),
    [
        ("whatsapp:+15557770002", True, False),
        ("whatsapp:+5491155551234", True, False),  # Argentina's 9 stays
        ("whatsapp:US.13491208655302741918", True, True),
        ("whatsapp:US.ENT.11815799212886844830", True, True),
        ("whatsapp:ID.aB9", True, True),
        # A user id is a word with a letter: no length, alphabet or case is taken for granted.
        ("whatsapp:us.1349", True, True),
        ("whatsapp:US." + "1" * 500, True, True),
        ("whatsapp:1349-aB_9=", True, True),
        ("whatsapp:US.пример", True, True),
        ("whatsapp:", False, False),
        ("whatsapp:15557770002", False, False),  # a number without its plus is not an address, and changes hands
        ("whatsapp:1 555 777-0002", False, False),
        ("whatsapp:US. 1349", False, False),
        ("whatsapp:US.13\u202e49", False, False),
        ("whatsapp:US.13\x0049", False, False),
        ("messenger:US.1349", False, False),
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
        # without the prefix
        ("whatsapp:+15557770002", "US.13491208655302741918", "whatsapp:US.13491208655302741918"),
        ("whatsapp:+15557770002", "US.ENT.11815799212886844830", "whatsapp:US.ENT.11815799212886844830"),
        ("whatsapp:+15557770002", "us.1349-120_86", "whatsapp:us.1349-120_86"),
        ("whatsapp:US.1", "US.1", "whatsapp:US.1"),
        ("whatsapp:US.1", "US.ENT.2", "whatsapp:US.ENT.2"),
        ("whatsapp:+15557770002", "+15557770002", None),
        ("whatsapp:+15557770002", "15557770002", None),
        ("whatsapp:+15557770002", " ", None),
        ("whatsapp:+15557770002", "whatsapp:", None),
    ],
)
def test_who_is_recognised_by_what(address: str, external: str, stable: str | None) -> None:
    assert stable_id(address, external) == stable


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("whatsapp:+14155001234", "whatsapp:***1234"),
        ("+14155001234", "***1234"),
        ("whatsapp:US.13491208655302741918", "whatsapp:***1918"),
        ("whatsapp:+2901234", "whatsapp:***"),
        ("whatsapp:", "whatsapp:***"),
        ("", "***"),
    ],
)
def test_a_masked_address_shows_its_end_if_much_is_left(address: str, shown: str) -> None:
    assert masked(address) == shown
