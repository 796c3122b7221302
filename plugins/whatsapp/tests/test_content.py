"""What came with a message: neighbours of the recorded payloads, each with what an agent is told of it."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from trinity_channels.agents import words
from trinity_channels.api import Binding, Ignored, MessageReceived, Request
from trinity_channels_whatsapp import plugin

Sign = Callable[..., Request]
Read = Callable[[dict[str, str]], MessageReceived]
SENDER, ZOE = "whatsapp:+14155001234", "whatsapp:+15557770002"
SID = "SM" + "2" * 32


@pytest.fixture
def read(binding: Binding, message_fields: dict[str, str], signed: Sign) -> Read:
    """Receive a message with these fields besides the usual ones."""

    def receive(fields: dict[str, str]) -> MessageReceived:
        [event] = plugin.receive(binding, signed(message_fields | {"Body": ""} | fields)).events
        assert isinstance(event, MessageReceived)
        return event

    return receive


def told(message: MessageReceived) -> list[str]:
    return list(words.notes(message.parts))


FLOWS = [
    pytest.param({"FlowData": '{"rooms":"2","date":"2026-04-01"}'}, ['{"rooms":"2","date":"2026-04-01"}'], id="fields"),
    pytest.param({"FlowData": '["a",{"b":null}]'}, ['["a",{"b":null}]'], id="a list"),
    pytest.param({"FlowData": "7"}, ["7"], id="a number"),
    pytest.param({"FlowData": '"李雷 👍"'}, ["李雷 👍"], id="a text"),
    pytest.param({"FlowData": "rooms: 2"}, ["rooms: 2"], id="not JSON"),
    pytest.param({"FlowData": '{"a": NaN, "b": -1e999}'}, ['{"a":"NaN","b":"-1e999"}'], id="no JSON numbers"),
    pytest.param({"FlowData": '{"a":' + "9" * 5000 + "}"}, ['{"a":' + "9" * 5000 + "}"], id="a huge number"),
    pytest.param({"FlowData": "[" * 400 + "]" * 400}, ["[" * 400 + "]" * 400], id="deep"),
    pytest.param({"FlowData": "[" * 9000}, ["[" * 9000], id="too deep to parse"),
    pytest.param({"InteractiveData": '{"type":"nfm_reply","x":1}'}, ['{"x":1}'], id="only the envelope"),
    pytest.param({"FlowData": "{}"}, ["{}"], id="a form without fields"),
]


@pytest.mark.parametrize(("fields", "answers"), FLOWS)
def test_the_answers_of_a_form(fields: dict[str, str], answers: list[str], read: Read) -> None:
    message = read({"MessageType": "interactive", "InteractiveData": '{"type":"nfm_reply"}'} | fields)

    assert told(message) == [f"answered a form: {answer}" for answer in answers]


def test_what_a_button_repeats_is_told_once(read: Read) -> None:
    tapped = {"ButtonText": "Yes", "ButtonPayload": "yes-42", "Body": "Yes"}
    message = read(tapped | {"InteractiveData": '{"type":"button_reply","button_reply":{"id":"yes-42","title":"Yes"}}'})

    assert (message.text, told(message)) == ("Yes", ['tapped a button with the payload "yes-42"'])


CHOICES = [
    pytest.param(
        {"ListId": "slot-dr-b-1000", "ListTitle": "10:00", "ListDescription": "Dr. B"},
        "10:00",
        'chose the list row "slot-dr-b-1000" ("Dr. B")',
        id="row",
    ),
    pytest.param({"ListId": "slot", "ListTitle": "10:00"}, "10:00", 'chose the list row "slot"', id="no description"),
    pytest.param({"ListTitle": "10:00"}, "10:00", 'chose the list row "10:00"', id="title only"),
    pytest.param({"ListId": "slot", "Body": "at ten"}, "at ten", 'chose the list row "slot"', id="with words"),
    pytest.param({"ButtonPayload": "yes-42"}, "", 'tapped a button with the payload "yes-42"', id="payload only"),
    pytest.param(
        {"ButtonText": "Yes", "ButtonPayload": "yes-42"},
        "Yes",
        'tapped a button with the payload "yes-42"',
        id="button",
    ),
]


@pytest.mark.parametrize(("fields", "text", "note"), CHOICES)
def test_a_choice_has_words_and_an_identifier(fields: dict[str, str], text: str, note: str, read: Read) -> None:
    message = read({"MessageType": "interactive"} | fields)

    assert (message.text, told(message)) == (text, [note])


ITEMS = [{"product_retailer_id": "tea-1", "quantity": 2}]
ORDERS = [
    pytest.param({"Order": json.dumps({"product_items": ITEMS})}, "", id="one field"),
    pytest.param({"OrderData": json.dumps({"catalog_id": "c", "items": ITEMS})}, " catalog_id: c", id="other names"),
    pytest.param({"ProductItems": json.dumps(ITEMS)}, "", id="a list"),
    pytest.param({"CartItems": json.dumps(ITEMS), "OrderText": "ring twice"}, " ring twice", id="with words"),
    pytest.param({"ProductItems": json.dumps(ITEMS), "CatalogId": "c"}, " CatalogId: c", id="with a catalogue"),
]


@pytest.mark.parametrize(("fields", "more"), ORDERS)
def test_an_order_is_told(fields: dict[str, str], more: str, read: Read) -> None:
    message = read({"MessageType": "order"} | fields)

    assert told(message) == ['ordered: [{"product_retailer_id":"tea-1","quantity":2}]' + more]


REFERRALS = [
    pytest.param({"ReferralHeadline": "Sale"}, ["Sale"], id="headline"),
    pytest.param({"ReferralSourceUrl": "https://fb.me/abc"}, ["https://fb.me/abc"], id="address"),
    pytest.param({"ReferralSourceType": "post", "ReferralSourceId": "7"}, ["post 7"], id="source"),
    pytest.param({"ReferralHeadline": "Sale", "ReferralBody": "50%"}, ["Sale, 50%"], id="words"),
    pytest.param({"ReferralNumMedia": "0"}, [], id="as on every message"),
    pytest.param({"ReferralCtwaClid": "fake-click"}, [], id="nothing that can be said"),
]


@pytest.mark.parametrize(("fields", "said"), REFERRALS)
def test_an_advertisement_is_told(fields: dict[str, str], said: list[str], read: Read) -> None:
    message = read({"Body": "How much is it?"} | fields)

    assert told(message) == [f"came from an advertisement or link: {one}" for one in said]


QUOTED = [
    pytest.param({"OriginalRepliedMessageSid": SID, "OriginalRepliedMessageSender": SENDER}, SID, True, id="ours"),
    pytest.param({"OriginalRepliedMessageSid": SID, "OriginalRepliedMessageSender": ZOE}, SID, False, id="theirs"),
    pytest.param({"OriginalRepliedMessageSid": SID}, SID, False, id="no sender named"),
    pytest.param({"OriginalRepliedMessageSid": "opaque"}, "opaque", False, id="an id of another form"),
    pytest.param({"OriginalRepliedMessageSender": SENDER}, None, False, id="longer than a week ago"),
]


@pytest.mark.parametrize(("fields", "provider_id", "by_agent"), QUOTED)
def test_the_answered_message_is_named(
    fields: dict[str, str], provider_id: str | None, by_agent: bool, read: Read
) -> None:
    quoted = read({"Body": "this one please"} | fields).quoted

    assert (quoted and quoted.provider_id, bool(quoted and quoted.by_agent)) == (provider_id, by_agent)


@pytest.mark.parametrize(
    ("fields", "marked"),
    [
        ({"Forwarded": "true"}, True),
        ({"Forwarded": "True", "FrequentlyForwarded": "false"}, True),
        ({"FrequentlyForwarded": "true"}, True),
        ({"Forwarded": "false", "FrequentlyForwarded": "false"}, False),
        ({"Forwarded": ""}, False),
        ({}, False),
    ],
)
def test_forwarded_words_are_marked(fields: dict[str, str], marked: bool, read: Read) -> None:
    message = read({"Body": "Meet at five"} | fields)

    assert told(message) == ["forwarded: not the sender's own words"] * marked


@pytest.mark.parametrize("kind", ["sticker", "reaction", "contacts", "image", "system", "hologram"])
def test_what_cannot_be_shown_is_named(kind: str, read: Read) -> None:
    assert told(read({"MessageType": kind})) == [f"sent something that cannot be shown here (of type {kind})"]


@pytest.mark.parametrize(
    "fields", [{}, {"MessageType": "text"}, {"NumMedia": "1"}, {"Latitude": "91", "Longitude": "0"}]
)
def test_a_message_of_nothing_is_still_one(fields: dict[str, str], read: Read) -> None:
    assert told(read(fields)) == ["sent something that cannot be shown here"]


LOST = [
    pytest.param({"Body": "look", "NumMedia": "1"}, " (of type image)", id="a file without an address"),
    pytest.param({"NumMedia": "2", "MediaUrl0": "https://api.twilio.com/0"}, " (of type image)", id="one of two files"),
    pytest.param({"Body": "here", "Latitude": "91", "Longitude": "0"}, " (of type image)", id="a place beside words"),
    pytest.param({"Body": "here", "Latitude": "1", "MessageType": "text"}, "", id="half a place"),
    pytest.param({"FlowData": "{}", "NumMedia": "9" * 5000}, " (of type image)", id="more files than there can be"),
]


@pytest.mark.parametrize(("fields", "kind"), LOST)
def test_a_part_that_is_lost_is_named_beside_the_others(fields: dict[str, str], kind: str, read: Read) -> None:
    message = read({"MessageType": "image"} | fields)

    assert told(message)[-1] == f"sent something that cannot be shown here{kind}"
    assert message.text or len(message.parts) == 2


def test_a_message_without_the_field_for_words_is_a_message(
    binding: Binding, message_fields: dict[str, str], signed: Sign
) -> None:
    del message_fields["Body"]
    photo = message_fields | {"MessageStatus": "received", "NumMedia": "1", "MediaUrl0": "https://api.twilio.com/0"}

    [event] = plugin.receive(binding, signed(photo)).events

    assert isinstance(event, MessageReceived)
    assert len(event.attachments) == 1


def test_a_message_keeps_everything_at_once(read: Read) -> None:
    message = read(
        {
            "Body": "this one",
            "Forwarded": "true",
            "OriginalRepliedMessageSid": SID,
            "OriginalRepliedMessageSender": ZOE,
            "MediaUrl0": "https://api.twilio.com/0",
            "Latitude": "52.5",
            "Longitude": "13.4",
            "ListId": "row",
            "FlowData": "{}",
            "ReferralHeadline": "Sale",
        }
    )

    assert message.text == "this one"
    assert len(told(message)) == len(message.parts) == 7


@pytest.mark.parametrize("claimed", ["0", "1", "2", "-1", "12", "x", ""])
def test_every_file_with_an_address_is_attached(claimed: str, read: Read) -> None:
    urls = {f"MediaUrl{index}": f"https://api.twilio.com/{index}" for index in range(12)}

    files = read(urls | {"NumMedia": claimed, "MediaContentType1": "image/png"}).attachments

    assert [one.ref for one in files] == list(urls.values())
    assert [one.media_type for one in files[:2]] == ["application/octet-stream", "image/png"]


@pytest.mark.parametrize("service", [None, "MG" + "7" * 32])
def test_our_own_number_is_not_a_person(
    service: str | None, make_binding: Callable[..., Binding], message_fields: dict[str, str], signed: Sign
) -> None:
    binding = make_binding(messaging_service_sid=service)
    echoes = [message_fields | {"From": SENDER}]
    if service:  # another sender of the pool
        echoes.append(message_fields | {"From": "whatsapp:+14155009999", "To": "whatsapp:+14155009999"})
        echoes.append(message_fields | {"From": SENDER, "To": "whatsapp:+14155009999"})

    for echo in echoes:
        assert plugin.receive(binding, signed(echo)).events == (Ignored("own_number"),)


@pytest.mark.parametrize(
    ("to", "kind", "named"),
    [
        ("whatsapp:+14155009999", "other_number", "whatsapp:***9999"),
        ("whatsapp:+4930123456", "other_number", "whatsapp:***3456"),
        ("whatsapp:US.13491208655302741918", "other_number", "whatsapp:***1918"),
        ("+14155001234", "other_channel", "***1234"),
        ("messenger:107999999999", "other_channel", "***9999"),
        ("", "other_channel", "***"),
        ("whatsapp:", "other_number", "whatsapp:***"),
    ],
)
def test_a_message_for_another_number_is_named_to_the_owner(
    to: str, kind: str, named: str, binding: Binding, message_fields: dict[str, str], signed: Sign
) -> None:
    [ignored] = plugin.receive(binding, signed(message_fields | {"To": to})).events

    assert isinstance(ignored, Ignored)
    assert ignored.kind == kind
    assert f"to {named}" in ignored.detail
    assert "webhook of whatsapp:***1234" in ignored.detail
    assert "Twilio Console" in ignored.detail
    assert "1415500" not in ignored.detail
