"""Finding a send whose outcome is unknown, and listing what the webhook missed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from trinity_channels.api import (
    Attachment,
    Binding,
    ConfigurationError,
    DeliveryState,
    Note,
    NoteKind,
    OutboundMessage,
    ProviderUnavailable,
    Sender,
)
from trinity_channels_whatsapp import plugin

Resource = Callable[..., dict[str, object]]
Listing = Callable[..., dict[str, object]]
ATTEMPTED = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
ZOE = "whatsapp:+15557770002"
SENDER = "whatsapp:+14155001234"
MESSAGE = OutboundMessage(id="d-42", to=ZOE, text="hello")


def at(seconds: float) -> str:
    return (ATTEMPTED + timedelta(seconds=seconds)).strftime("%a, %d %b %Y %H:%M:%S +0000")


async def test_a_message_that_was_taken_is_found(
    binding: Binding, twilio: Any, resource: Resource, listing: Listing
) -> None:
    twilio.answers((200, listing(resource(status="delivered"))))

    receipt = await plugin.find_sent(binding, MESSAGE, ATTEMPTED, (), twilio.ctx)

    assert receipt is not None
    assert (receipt.provider_id, receipt.state) == ("SM" + "2" * 32, DeliveryState.DELIVERED)
    assert dict(twilio.requests[0].url.params) == {
        "To": ZOE,
        "From": SENDER,
        "DateSent>": "2026-11-22",
        "PageSize": "100",
    }


async def test_a_failed_message_is_found_with_its_reason(
    binding: Binding, twilio: Any, resource: Resource, listing: Listing
) -> None:
    twilio.answers((200, listing(resource(status="undelivered", error_code=63016))))

    receipt = await plugin.find_sent(binding, MESSAGE, ATTEMPTED, (), twilio.ctx)

    assert receipt is not None
    assert receipt.failure is not None
    assert (receipt.state, receipt.failure.code) == (DeliveryState.FAILED, "63016")


@pytest.mark.parametrize(
    "other",
    [
        {"body": "hello "},
        {"body": None},
        {"direction": "inbound"},
        {"to": "whatsapp:+15557770003"},
        {"from_": "whatsapp:+14155009999"},
        {"date_created": at(-61)},
        {"sid": "SM" + "9" * 32},
        {"sid": None},
    ],
)
async def test_another_message_is_not_taken_for_it(
    other: dict[str, object], binding: Binding, twilio: Any, resource: Resource, listing: Listing
) -> None:
    twilio.answers((200, listing(resource(**other))))

    assert await plugin.find_sent(binding, MESSAGE, ATTEMPTED, ["SM" + "9" * 32], twilio.ctx) is None


async def test_the_one_nearest_to_the_attempt_is_taken(
    binding: Binding, twilio: Any, resource: Resource, listing: Listing
) -> None:
    twilio.answers(
        (
            200,
            listing(
                resource(sid="SMlater", date_created=at(50)),
                resource(sid="SMit", date_created=at(2)),
                resource(sid="SMearlier", date_created=at(-30)),
                resource(sid="SMdateless", date_created=None),
            ),
        )
    )

    receipt = await plugin.find_sent(binding, MESSAGE, ATTEMPTED, (), twilio.ctx)

    assert receipt is not None
    assert receipt.provider_id == "SMit"


async def test_older_messages_of_the_day_do_not_hide_it(
    binding: Binding, twilio: Any, resource: Resource, listing: Listing
) -> None:
    twilio.answers((200, listing(resource(sid="SMold", date_created=at(-90)), resource())), (500, ""))

    receipt = await plugin.find_sent(binding, MESSAGE, ATTEMPTED, (), twilio.ctx)

    assert receipt is not None
    assert receipt.provider_id == "SM" + "2" * 32


async def test_a_message_without_dates_is_still_found(
    binding: Binding, twilio: Any, resource: Resource, listing: Listing
) -> None:
    twilio.answers((200, listing(resource(date_created=None, date_sent=None))))

    assert await plugin.find_sent(binding, MESSAGE, ATTEMPTED, (), twilio.ctx) is not None


async def test_one_that_still_queues_is_found_without_the_day(
    binding: Binding, twilio: Any, resource: Resource, listing: Listing
) -> None:
    twilio.answers((200, listing()), (200, listing(resource(date_sent=None), resource(date_created=at(-90)))))

    receipt = await plugin.find_sent(binding, MESSAGE, ATTEMPTED, (), twilio.ctx)

    assert receipt is not None
    assert "DateSent>" not in twilio.requests[1].url.params


async def test_the_search_ends_where_messages_are_older(
    binding: Binding, twilio: Any, resource: Resource, listing: Listing
) -> None:
    older = listing(resource(date_created=at(-90)), next_page_uri="/2010-04-01/Next.json")
    twilio.answers((200, listing()), (200, older))

    assert await plugin.find_sent(binding, MESSAGE, ATTEMPTED, (), twilio.ctx) is None
    assert len(twilio.requests) == 2


async def test_a_search_just_after_midnight_covers_the_day_before(
    binding: Binding, twilio: Any, listing: Listing
) -> None:
    twilio.answers((200, listing()))

    await plugin.find_sent(binding, MESSAGE, datetime(2026, 11, 23, 0, 0, 30, tzinfo=UTC), (), twilio.ctx)

    assert twilio.requests[0].url.params["DateSent>"] == "2026-11-22"


async def test_a_service_may_have_chosen_another_sender(
    make_binding: Callable[..., Binding], twilio: Any, resource: Resource, listing: Listing
) -> None:
    binding = make_binding(messaging_service_sid="MG" + "7" * 32)
    twilio.answers((200, listing(resource(from_="whatsapp:+14155009999"))))

    assert await plugin.find_sent(binding, MESSAGE, ATTEMPTED, (), twilio.ctx) is not None
    assert "From" not in twilio.requests[0].url.params


@pytest.mark.parametrize(
    "answer",
    [(500, ""), (401, {"code": 20003, "message": "Authenticate"}), (200, "<html>"), (200, {}), (404, "<html>")],
)
async def test_what_cannot_be_read_is_not_absent(answer: tuple[int, object], binding: Binding, twilio: Any) -> None:
    twilio.answers(answer)

    with pytest.raises(ProviderUnavailable):
        await plugin.find_sent(binding, MESSAGE, ATTEMPTED, (), twilio.ctx)


async def test_a_list_too_long_to_read_is_not_absent(
    binding: Binding, twilio: Any, resource: Resource, listing: Listing
) -> None:
    twilio.answers((200, listing(resource(body="other"), next_page_uri="/2010-04-01/Next.json")))

    with pytest.raises(ProviderUnavailable):
        await plugin.find_sent(binding, MESSAGE, ATTEMPTED, (), twilio.ctx)


# --- missed ---


@pytest.fixture
def inbound(resource: Resource) -> Resource:
    def make(**changes: object) -> dict[str, object]:
        return resource(**{"direction": "inbound", "status": "received", "from_": ZOE, "to": SENDER} | changes)

    return make


async def test_missed_messages_are_listed_oldest_first(
    binding: Binding, twilio: Any, resource: Resource, inbound: Resource, listing: Listing
) -> None:
    twilio.answers(
        (
            200,
            listing(
                inbound(sid="SM3", body="third", date_sent=at(20)),
                inbound(sid="SM2", body="second", date_sent=at(20)),
                resource(sid="SM9"),
                inbound(sid="SM1", body=" first ", date_sent=None, date_created=at(5)),
                inbound(sid="SM0", body="too old", date_sent=at(-61)),
            ),
        )
    )

    missed = await plugin.list_missed(binding, ATTEMPTED, twilio.ctx)

    assert [(one.event_id, one.text) for one in missed] == [("SM1", " first "), ("SM2", "second"), ("SM3", "third")]
    assert missed[0].sent_at == ATTEMPTED + timedelta(seconds=5)
    assert missed[0].sender == Sender(ZOE)
    assert missed[0].provider_id == "SM1"
    assert dict(twilio.requests[0].url.params) == {"To": SENDER, "DateSent>": "2026-11-22", "PageSize": "250"}


async def test_a_missed_photo_keeps_a_handle_to_its_files(
    binding: Binding, twilio: Any, inbound: Resource, listing: Listing
) -> None:
    twilio.answers((200, listing(inbound(body="", num_media="1"))))

    [photo] = await plugin.list_missed(binding, ATTEMPTED, twilio.ctx)

    ref = f"/2010-04-01/Accounts/{binding.account.key}/Messages/SM{'2' * 32}/Media.json"
    assert photo.attachments == (Attachment(ref=ref, media_type="application/octet-stream"),)


async def test_a_hidden_number_is_recognised_in_the_list(
    binding: Binding, twilio: Any, inbound: Resource, listing: Listing
) -> None:
    twilio.answers((200, listing(inbound(from_="whatsapp:US.1349"))))

    [message] = await plugin.list_missed(binding, ATTEMPTED, twilio.ctx)

    assert message.sender == Sender("whatsapp:US.1349", "whatsapp:US.1349")


@pytest.mark.parametrize("body", ["", None, 7])
async def test_a_message_without_words_or_files_is_still_a_message(
    body: object, binding: Binding, twilio: Any, inbound: Resource, listing: Listing
) -> None:
    twilio.answers((200, listing(inbound(body=body))))

    [message] = await plugin.list_missed(binding, ATTEMPTED, twilio.ctx)

    assert (message.text, message.notes) == ("", (Note(NoteKind.UNSUPPORTED),))


@pytest.mark.parametrize("sid", ["SM2", "wamid.HBgLMTU1NTc3NzAwMDI=", "x" * 300])
async def test_an_identifier_that_twilio_lists_may_have_any_form(
    sid: str, binding: Binding, twilio: Any, inbound: Resource, listing: Listing
) -> None:
    twilio.answers((200, listing(inbound(sid=sid))))

    [message] = await plugin.list_missed(binding, ATTEMPTED, twilio.ctx)

    assert (message.event_id, message.provider_id) == (sid, sid)


@pytest.mark.parametrize(
    "other",
    [
        {"to": "whatsapp:+14155009999"},
        {"from_": "whatsapp:+14155001234"},
        {"from_": "+15557770002"},
        {"from_": None},
        {"direction": "outbound-api"},
    ],
)
async def test_what_nobody_wrote_to_us_is_left_out(
    other: dict[str, object], binding: Binding, twilio: Any, inbound: Resource, listing: Listing
) -> None:
    twilio.answers((200, listing(inbound(**other))))

    assert await plugin.list_missed(binding, ATTEMPTED, twilio.ctx) == []


async def test_the_newest_thousand_are_enough(
    binding: Binding, twilio: Any, inbound: Resource, listing: Listing
) -> None:
    page = [inbound(sid=f"SM{number}", date_sent=at(600 - number)) for number in range(600)]
    more = [inbound(sid=f"SN{number}", date_sent=at(0)) for number in range(600)]
    twilio.answers((200, listing(*page, next_page_uri="/2010-04-01/Next.json")), (200, listing(*more)))

    missed = await plugin.list_missed(binding, ATTEMPTED, twilio.ctx)

    assert len(missed) == 1000
    assert missed[-1].event_id == "SM0"


async def test_refused_credentials_are_told_apart_from_an_outage(binding: Binding, twilio: Any) -> None:
    twilio.answers((401, {"code": 20003, "message": "Authenticate"}), (503, ""))

    with pytest.raises(ConfigurationError, match="Authenticate"):
        await plugin.list_missed(binding, ATTEMPTED, twilio.ctx)
    with pytest.raises(ProviderUnavailable):
        await plugin.list_missed(binding, ATTEMPTED, twilio.ctx)
