"""Which message a request names, and that a signed request cannot be read as another message."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from trinity_channels.api import Binding, MalformedPayload, MessageReceived, ReceiptReceived, Request
from trinity_channels_whatsapp import plugin
from trinity_channels_whatsapp.sids import identify
from trinity_channels_whatsapp.signature import SignedForm

Sign = Callable[..., Request]
ONE, TWO, THREE = "SM" + "1" * 32, "SM" + "2" * 32, "MM" + "3" * 32
NAMES = ("MessageSid", "SmsSid", "SmsMessageSid")


@pytest.mark.parametrize("names", [NAMES, *((name,) for name in NAMES), NAMES[1:], NAMES[::2]])
@pytest.mark.parametrize("status", [None, "sent"])
@pytest.mark.parametrize("sid", [ONE, THREE, "SM0123456789abcdef0123456789abcdef"])
def test_any_of_its_names_is_enough(
    names: tuple[str, ...],
    status: str | None,
    sid: str,
    binding: Binding,
    message_fields: dict[str, str],
    signed: Sign,
) -> None:
    fields = {name: value for name, value in message_fields.items() if name not in NAMES}
    fields |= dict.fromkeys(names, sid) | ({"MessageStatus": status} if status else {})

    [event] = plugin.receive(binding, signed(fields)).events

    assert isinstance(event, ReceiptReceived if status else MessageReceived)
    assert event.provider_id == sid


@pytest.mark.parametrize(
    "sid",
    [
        "",
        "x",
        ONE[:-1],
        ONE + "1",
        ONE + "MessageTypetext",
        ONE + "\n",
        " " + ONE,
        ONE.lower(),
        "SM" + "F" * 32,
        "SM" + "g" * 32,
        "SM" + "\u0661" * 32,
        "IM" + "1" * 32,
        f"{ONE} {TWO}",
    ],
)
@pytest.mark.parametrize("status", [None, "sent"])
def test_an_identifier_of_another_form_is_refused(
    sid: str, status: str | None, binding: Binding, message_fields: dict[str, str], signed: Sign
) -> None:
    fields = message_fields | dict.fromkeys(NAMES, sid) | ({"MessageStatus": status} if status else {})

    with pytest.raises(MalformedPayload):
        plugin.receive(binding, signed(fields))


def signed_text(fields: dict[str, str]) -> str:
    return "".join(name + fields[name] for name in sorted(fields))


def divisions(text: str, sid: str) -> Iterator[dict[str, str]]:
    """Read the same signed text so that it names another message, in the ways that its words allow."""
    marker = f"MessageSid{sid}"
    at = text.index(marker)
    for cut in range(1, at):
        # Everything before and after goes into fields whose names keep the order.
        before, after = text[:at], text[at + len(marker) :]
        if before[:cut] < "MessageSid":
            yield {before[:cut]: before[cut:], "MessageSid": sid, after[:1]: after[1:]}


ORIGINAL = {
    "AccountSid": "AC" + "fa4e" * 8,
    "Body": f"hi From{ONE} MessageSid{TWO}NumMedia0",
    "From": "whatsapp:+15557770002",
    "MessageSid": ONE,
    "MessageType": "text",
    "OriginalRepliedMessageSid": THREE,
    "SmsSid": ONE,
    "To": "whatsapp:+14155001234",
}


@pytest.mark.parametrize("sid", [TWO, THREE])
def test_the_same_signed_text_is_the_same_event_or_refused(sid: str) -> None:
    original = SignedForm({name: [value] for name, value in ORIGINAL.items()})
    text = signed_text(ORIGINAL)
    read = 0
    for fields in divisions(text, sid):
        assert "".join(name + value for name, value in fields.items()) == text
        form = SignedForm({name: [value] for name, value in fields.items()})
        read += 1
        try:
            assert identify(form)[1] == identify(original)[1]
        except MalformedPayload:
            continue
    assert read > 50


def test_a_folded_request_is_authentic_and_refused(
    binding: Binding, message_fields: dict[str, str], signed: Sign
) -> None:
    reply = message_fields | {"OriginalRepliedMessageSid": THREE}
    folded = {name: value for name, value in reply.items() if name < "MessageSid"}
    rest = signed_text({name: value for name, value in reply.items() if name >= "MessageSid"})
    swallowed, _, after = rest.removeprefix("MessageSi").partition(f"MessageSid{THREE}")
    # What follows OriginalRepliedMessageSid in the order of names can stay as it was.
    folded |= {"MessageSi": swallowed, "MessageSid": THREE}
    folded |= {name: value for name, value in reply.items() if name > "OriginalRepliedMessageSid"}
    assert after == signed_text({name: value for name, value in folded.items() if name > "MessageSid"})
    assert signed_text(folded) == signed_text(reply)
    request = signed(folded)
    assert request.headers["X-Twilio-Signature"] == signed(reply).headers["X-Twilio-Signature"]

    with pytest.raises(MalformedPayload, match="not the identifier that Twilio signed"):
        plugin.receive(binding, request)


def test_an_identifier_in_a_persons_words_loses_nothing(
    binding: Binding, message_fields: dict[str, str], signed: Sign
) -> None:
    words = f"why does the log say MessageSid{TWO}?"

    [event] = plugin.receive(binding, signed(message_fields | {"Body": words})).events

    assert isinstance(event, MessageReceived)
    assert (event.text, event.provider_id) == (words, message_fields["MessageSid"])
    assert event.event_id != event.provider_id


@pytest.mark.parametrize("words", [ONE, f"MessageSid: {ONE}", f"MessageSid={TWO}", "MessageSidSM123", f"Sid{TWO}"])
def test_an_ordinary_mention_is_an_ordinary_message(
    words: str, binding: Binding, message_fields: dict[str, str], signed: Sign
) -> None:
    [event] = plugin.receive(binding, signed(message_fields | {"Body": words})).events

    assert isinstance(event, MessageReceived)
    assert event.event_id == event.provider_id == message_fields["MessageSid"]
