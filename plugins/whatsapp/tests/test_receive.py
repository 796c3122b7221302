"""What `receive` promises beyond single payloads: purity, no surprises, whose message it is."""

from __future__ import annotations

import copy
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import trinity_channels_whatsapp as plugin
from trinity_channels.api import (
    Binding,
    ChannelError,
    DeliveryState,
    Ignored,
    Inbound,
    MalformedPayload,
    MessageReceived,
    ReceiptReceived,
    Request,
    SignatureError,
)

Sign = Callable[..., Request]
FIELDS = [
    "AccountSid", "Body", "ButtonText", "ErrorCode", "ExternalUserId", "From", "Latitude", "Longitude", "MediaUrl0",
    "MessageSid", "MessageStatus", "NumMedia", "OptOutType", "ProfileName", "To", "Unheard", "FlowData", "InteractiveData",
    "ListId", "Order", "CatalogItems", "ReferralBody", "OriginalRepliedMessageSid", "Forwarded", "MessageType", "SmsSid",
]  # fmt: skip
WORDS = [
    "",
    "0",
    "10",
    "-1",
    "٣",
    "nan",
    "1e400",
    "52.5",
    "received",
    "failed",
    "STOP",
    "whatsapp:",
    "\x00",
    "🙂",
    "{}",
    "[{]",
    '{"a": 1e999}',
    "[" * 999,
    "null",
    '{"items": [1]}',
    "true",
]

received = st.sampled_from(WORDS) | st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


@given(changes=st.dictionaries(st.sampled_from(FIELDS), received, max_size=6), missing=st.sets(st.sampled_from(FIELDS)))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=3 * settings().max_examples)
def test_an_authentic_request_is_read_or_called_malformed(
    changes: dict[str, str], missing: set[str], binding: Binding, message_fields: dict[str, str], signed: Sign
) -> None:
    fields = {name: value for name, value in (message_fields | changes).items() if name not in missing}
    request = signed(fields)
    before = copy.deepcopy(request)

    outcomes = [_outcome(binding, request) for _ in range(2)]

    assert outcomes[0] == outcomes[1]
    assert isinstance(outcomes[0], Inbound) or outcomes[0][0] in {MalformedPayload, SignatureError}
    assert request == before


@given(
    method=st.sampled_from(["GET", "POST", "PUT", ""]),
    url=st.text(max_size=40) | st.just("https://bot.example/x?bodySHA256=0"),
    headers=st.dictionaries(
        st.sampled_from(["X-Twilio-Signature", "Content-Type", "x-twilio-webhooks-signature-settings"]), st.text()
    ),
    body=st.binary(max_size=60),
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=3 * settings().max_examples)
def test_whatever_is_not_signed_is_refused(
    method: str, url: str, headers: dict[str, str], body: bytes, binding: Binding
) -> None:
    with pytest.raises(SignatureError):
        plugin.receive(binding, Request(method, url, headers, body))


def _outcome(binding: Binding, request: Request) -> Inbound | tuple[type[ChannelError], str]:
    try:
        return plugin.receive(binding, request)
    except ChannelError as error:
        return type(error), error.message


def test_a_service_receives_for_every_whatsapp_sender_in_its_pool(
    make_binding: Callable[..., Binding], message_fields: dict[str, str], signed: Sign
) -> None:
    binding = make_binding(messaging_service_sid="MG" + "7" * 32)
    pool = {"MessagingServiceSid": "MG" + "8" * 32}

    [whatsapp] = plugin.receive(binding, signed(message_fields | pool | {"To": "whatsapp:+14155009999"})).events
    [sms] = plugin.receive(binding, signed(message_fields | pool | {"To": "+14155009999"})).events

    assert isinstance(whatsapp, MessageReceived)
    assert isinstance(sms, Ignored)
    assert sms.kind == "other_channel"


def test_raw_keeps_what_the_value_does_not_say(binding: Binding, message_fields: dict[str, str], signed: Sign) -> None:
    fields = [*message_fields.items(), ("ChannelMetadata", "{}"), ("Tag", "b"), ("Tag", "a")]
    as_signed = dict(fields) | {"Tag": "ab"}  # the validator signs repeated values one after the other, sorted

    [event] = plugin.receive(binding, signed(fields, as_signed={**as_signed, "Tag": "aTagb"})).events

    assert isinstance(event, MessageReceived)
    assert event.raw["ChannelMetadata"] == "{}"
    assert event.raw["Tag"] == ("b", "a")
    assert "AccountSid" not in event.raw
    assert "Body" not in event.raw


def test_a_profile_name_is_one_short_line(binding: Binding, message_fields: dict[str, str], signed: Sign) -> None:
    [event] = plugin.receive(binding, signed(message_fields | {"ProfileName": "Zoë\n\n  says:\t" + "x" * 500})).events

    assert isinstance(event, MessageReceived)
    assert event.sender.name == "Zoë says: " + "x" * 90


def test_the_delivery_of_a_receipt_comes_back_decoded(
    binding: Binding, message_fields: dict[str, str], signed: Sign
) -> None:
    url = "https://bot.example/hook?delivery=a%2Fb%26c"

    [event] = plugin.receive(binding, signed(message_fields | {"MessageStatus": "sent"}, url=url)).events

    assert event == ReceiptReceived(message_fields["MessageSid"], DeliveryState.SENT, delivery="a/b&c")


def test_a_status_of_received_with_a_body_is_a_message(
    binding: Binding, message_fields: dict[str, str], signed: Sign
) -> None:
    [event] = plugin.receive(binding, signed(message_fields | {"MessageStatus": "received"})).events

    assert isinstance(event, MessageReceived)


@pytest.mark.parametrize(
    ("latitude", "longitude", "valid"),
    [
        ("0", "0", True),
        ("-90", "180", True),
        ("90.1", "0", False),
        ("0", "-180.1", False),
        ("nan", "0", False),
        ("0", "inf", False),
        ("x", "0", False),
        ("", "0", False),
    ],
)
def test_a_place_is_on_earth_or_left_out(
    latitude: str, longitude: str, valid: bool, binding: Binding, message_fields: dict[str, str], signed: Sign
) -> None:
    [event] = plugin.receive(binding, signed(message_fields | {"Latitude": latitude, "Longitude": longitude})).events

    assert isinstance(event, MessageReceived)
    assert (event.location is not None) is valid


def test_a_status_without_a_name_for_the_message_is_impossible(
    binding: Binding, message_fields: dict[str, str], signed: Sign
) -> None:
    with pytest.raises(MalformedPayload):
        plugin.receive(binding, signed(message_fields | {"MessageStatus": "sent", "MessageSid": "S" * 65}))
