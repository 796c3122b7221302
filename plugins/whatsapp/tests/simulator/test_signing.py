from __future__ import annotations

import string

from hypothesis import given
from hypothesis import strategies as st
from twilio.request_validator import RequestValidator

from trinity_channels_whatsapp.simulator.signing import sign


def test_the_vector_of_twilios_documentation() -> None:
    params = {
        "CallSid": "CA1234567890ABCDE",
        "Caller": "+14158675309",
        "Digits": "1234",
        "From": "+14158675309",
        "To": "+18005551212",
    }

    assert sign("12345", "https://mycompany.com/myapp.php?foo=1&bar=2", params) == "RSOYDt4T1cUTdK1PDd93/VVr8B8="


def test_blank_values_and_emoji() -> None:
    params = {
        "AccountSid": "AC" + "0" * 32,
        "Body": "",
        "From": "whatsapp:+15551234567",
        "MessageSid": "SM" + "1" * 32,
        "NumMedia": "1",
        "ProfileName": "Zoë 👍",
        "To": "whatsapp:+14155238886",
    }

    assert sign("12345", "https://bot.example/whatsapp?t=a%20b", params) == "9mL6T1/zDgtxBejZvchLc1bwnbM="


@given(st.dictionaries(st.text(string.ascii_letters, min_size=1), st.text(st.characters(exclude_categories=["Cs"]))))
def test_twilios_library_agrees(params: dict[str, str]) -> None:
    assert RequestValidator("12345").compute_signature("https://bot.example/x?y=z", params) == sign(
        "12345", "https://bot.example/x?y=z", params
    )
