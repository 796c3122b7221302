"""The signature: Twilio's own known answers, every pitfall of the official library, and that library as an oracle."""

from __future__ import annotations

import hashlib
import string
from collections.abc import Callable
from urllib.parse import parse_qsl, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twilio.request_validator import RequestValidator

from trinity_channels.api import Request, SignatureError
from trinity_channels_whatsapp.signature import MAX_FIELDS, authenticate, read_form

TOKEN = "12345"
URL = "https://bot.example/whatsapp?t=a%20b"
FORM = "application/x-www-form-urlencoded"

OFFICIAL_URL = "https://mycompany.com/myapp.php?foo=1&bar=2"
CALL = [
    ("CallSid", "CA1234567890ABCDE"),
    ("Digits", "1234"),
    ("From", "+14158675309"),
    ("To", "+18005551212"),
    ("Caller", "+14158675309"),
]
REPEATED = [("Sid", "CA123"), ("SidAccount", "AC123"), ("Digits", "5678"), ("Digits", "1234"), ("Digits", "1234")]
BLANK_AND_EMOJI = [
    ("AccountSid", "AC" + "0" * 32),
    ("Body", ""),
    ("From", "whatsapp:+15551234567"),
    ("MessageSid", "SM" + "1" * 32),
    ("NumMedia", "1"),
    ("ProfileName", "Zoë 👍"),
    ("To", "whatsapp:+14155238886"),
]


def post(
    fields: list[tuple[str, str]] | bytes, signature: str, *, url: str = URL, content_type: str = FORM, **headers: str
) -> Request:
    body = fields if isinstance(fields, bytes) else urlencode(fields).encode()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Request("POST", url, {"Content-Type": content_type, "X-Twilio-Signature": signature} | named, body)


class Repeating(dict[str, list[str]]):
    """A form as the official validator takes it when fields repeat."""

    def __init__(self, fields: list[tuple[str, str]]) -> None:
        super().__init__()
        for name, value in fields:
            self.setdefault(name, []).append(value)

    def getall(self, name: str) -> list[str]:
        return self[name]


def sign(fields: list[tuple[str, str]], url: str = URL, token: str = TOKEN) -> str:
    signature: str = RequestValidator(token).compute_signature(url, Repeating(fields))
    return signature


def accepted(request: Request, *tokens: str) -> bool:
    try:
        authenticate(request, tokens or (TOKEN,))
    except SignatureError:
        return False
    return True


@pytest.mark.parametrize(
    ("url", "fields", "signature", "settings"),
    [
        # https://github.com/twilio/twilio-python/blob/main/tests/unit/test_request_validator.py
        pytest.param(OFFICIAL_URL, CALL, "RSOYDt4T1cUTdK1PDd93/VVr8B8=", "", id="a1"),
        pytest.param(OFFICIAL_URL, REPEATED, "IK+Dwps556ElfBT0I3Rgjkr1wJU=", "", id="a2"),
        pytest.param(URL, BLANK_AND_EMOJI, "9mL6T1/zDgtxBejZvchLc1bwnbM=", "", id="b1"),
        pytest.param(
            URL,
            BLANK_AND_EMOJI,
            "yWfjLsHOIiHiadb8Ks/fG4oMcx+S9pVgGAJL4eTvVw4=",
            "key=webhooks_sharedkey_fake,algorithm=HMAC_SHA256",
            id="b2",
        ),
    ],
)
def test_known_answers(url: str, fields: list[tuple[str, str]], signature: str, settings: str) -> None:
    headers = {"X_Twilio_Webhooks_Signature_Settings": settings} if settings else {}

    assert accepted(post(fields, signature, url=url, **headers))
    assert not accepted(post([*fields, ("Extra", "")], signature, url=url, **headers))


def test_known_answer_for_a_body_that_is_no_form() -> None:
    body = b'{"property": "value", "boolean": true}'
    checksum = "0a1ff7634d9ab3b95db5c9a2dfe9416e41502b283a80c7cf19632632f96e6620"
    url = f"{OFFICIAL_URL}&bodySHA256={checksum}"

    assert hashlib.sha256(body).hexdigest() == checksum
    assert accepted(post(body, sign([], url), url=url, content_type="application/json"))
    assert not accepted(post(body + b" ", sign([], url), url=url, content_type="application/json"))


PITFALLS = [
    # what Twilio signed and at which address; what arrives here and at which address; what becomes of it
    pytest.param([("Body", "")], URL, [("Body", "")], URL, True, id="blank value is signed"),
    pytest.param([("Body", "")], URL, [], URL, False, id="blank value dropped"),
    pytest.param(
        [("A", "2"), ("A", "1"), ("A", "1")], URL, [("A", "1"), ("A", "2")], URL, True, id="repeats are a sorted set"
    ),
    pytest.param([("A", "1"), ("A", "2")], URL, [("A", "1")], URL, False, id="one of two repeats lost"),
    pytest.param([], "https://h.example:443/x", [], "https://h.example/x", True, id="signed with the default port"),
    pytest.param([], "https://h.example/x", [], "https://h.example:8443/x", True, id="signed without our port"),
    pytest.param([], "https://h.example:8443/x", [], "https://h.example/x", False, id="signed with a port we omit"),
    pytest.param([], "http://h.example/x", [], "https://h.example/x", False, id="scheme"),
    pytest.param([], "https://h.example/x/", [], "https://h.example/x", False, id="trailing slash"),
    pytest.param([], "https://H.example/x", [], "https://h.example/x", False, id="letter case of the host"),
    pytest.param([], "https://h.example/x", [], "https://h.example/x#rc=2", True, id="our fragment is cut off"),
    pytest.param([], "https://h.example/x#rc=2", [], "https://h.example/x", False, id="fragment signed"),
    pytest.param([], "https://h.example/x?t=a%20b", [], "https://h.example/x?t=a+b", False, id="query encoded again"),
    pytest.param([("Body", " a ")], URL, [("Body", " a ")], URL, True, id="white space kept"),
    pytest.param([("Body", " a ")], URL, [("Body", "a")], URL, False, id="white space trimmed"),
    pytest.param([], "https://u:pw@h.example:8443/x", [], "https://u:pw@h.example:8443/x", True, id="login and port"),
    pytest.param([], "https://[::1]:8443/x", [], "https://[::1]:8443/x", True, id="IPv6 and port"),
]


@pytest.mark.parametrize(("signed", "signed_url", "sent", "url", "expected"), PITFALLS)
def test_a_pitfall_of_the_library(
    signed: list[tuple[str, str]], signed_url: str, sent: list[tuple[str, str]], url: str, expected: bool
) -> None:
    assert accepted(post(sent, sign(signed, signed_url), url=url)) is expected


TOO_MANY = [(f"f{number}", "1") for number in range(MAX_FIELDS + 1)]
UNREADABLE: list[Callable[[str], Request]] = [
    lambda _: Request("POST", URL, {"Content-Type": FORM}, b"A=1"),
    lambda _: post(b"A=1", ""),
    lambda _: post(b'{"a": 1}', sign([]), content_type="application/json"),
    lambda _: post(b"{}", sign([]), url=f"{URL}&bodySHA256=", content_type="application/json"),
    lambda signature: post(b"A=\xff\xfe", signature),
    lambda signature: post(b"A=1", signature, url="https://[/x"),
    lambda signature: post(b"A=1", signature + "\ud800"),
    lambda signature: post(b"A=1", signature, X_Twilio_Webhooks_Signature_Settings="key=k,algorithm=MD5"),
    lambda _: post(TOO_MANY, sign(TOO_MANY)),
]


@pytest.mark.parametrize("request_for", UNREADABLE)
def test_what_makes_the_library_fail_is_a_refusal(
    request_for: Callable[[str], Request], caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(SignatureError):
        authenticate(request_for(sign([("A", "1")])), (TOKEN,))
    assert not caplog.records


def test_as_many_fields_as_allowed_are_read() -> None:
    assert accepted(post(TOO_MANY[1:], sign(TOO_MANY[1:])))


def test_during_rotation_either_token_signs() -> None:
    fields = [("Body", "hello")]

    assert accepted(post(fields, sign(fields, token="old")), "new", "old")
    assert accepted(post(fields, sign(fields, token="new")), "new", "old")
    assert not accepted(post(fields, sign(fields, token="older")), "new", "old")


def test_no_token_accepts_nothing() -> None:
    with pytest.raises(SignatureError):
        authenticate(post([], sign([], token="")), ())


@pytest.mark.parametrize("spelling", ["X-Twilio-Signature", "x-twilio-signature", "X-TWILIO-SIGNATURE"])
def test_headers_are_found_in_any_spelling(spelling: str) -> None:
    assert accepted(Request("POST", URL, {spelling: sign([("A", "1")])}, b"A=1"))


def test_a_get_is_signed_by_its_address() -> None:
    url = f"{URL}&Body=&From=whatsapp%3A%2B15551234567"

    form = authenticate(Request("get", url, {"X-Twilio-Signature": sign([], url)}, b""), (TOKEN,))

    assert form == {"t": ["a b"], "Body": [""], "From": ["whatsapp:+15551234567"]}


text = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
names = st.text(string.ascii_letters, min_size=1, max_size=6)
urls = st.builds(
    "{}://{}{}/{}{}".format,
    st.sampled_from(["https", "http"]),
    st.sampled_from(["bot.example", "10.0.0.1"]),
    st.sampled_from(["", ":443", ":80", ":8443"]),
    st.sampled_from(["", "x", "x/"]),
    st.sampled_from(["", "?a=1", "?a=1&b=%20"]),
)


@given(fields=st.lists(st.tuples(names, text), max_size=5), url=urls, signed_url=urls, tampered=st.booleans())
def test_we_accept_what_the_official_validator_accepts(
    fields: list[tuple[str, str]], url: str, signed_url: str, tampered: bool
) -> None:
    signature = sign(fields, signed_url, "another-token" if tampered else TOKEN)

    official = RequestValidator(TOKEN).validate(url, Repeating(fields), signature)

    assert accepted(post(fields, signature, url=url)) is official


@given(st.text(alphabet="ab=&%+;2BéZ_.\x00\r\n\t ", max_size=60))
def test_a_form_is_read_as_the_standard_library_reads_it(encoded: str) -> None:
    fields = [(name, value) for name, values in read_form(encoded).items() for value in values]

    assert sorted(fields) == sorted(parse_qsl(encoded, keep_blank_values=True))
