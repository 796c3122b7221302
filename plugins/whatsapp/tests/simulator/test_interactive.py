from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from trinity_channels_whatsapp.simulator import Advertisement, TwilioSimulator

if TYPE_CHECKING:
    from conftest import Api, Host


async def test_the_answers_of_a_form_come_without_text(sim: TwilioSimulator, host: Host) -> None:
    await sim.phone("Zoe").answers_form({"rooms": "2", "guest": "Zoë"})

    form = host.forms[0]

    assert (form["Body"], form["MessageType"]) == ("", "interactive")
    assert json.loads(form["FlowData"]) == {"rooms": "2", "guest": "Zoë"}
    assert json.loads(form["InteractiveData"])["type"] == "nfm_reply"


async def test_a_chosen_row_reads_as_its_title(sim: TwilioSimulator, api: Api, host: Host) -> None:
    zoe = sim.phone("Zoe")
    await zoe.says("hi")
    rows = [{"id": "slot-1", "item": "10:00", "description": "Dr. B"}, {"id": "slot-2", "item": "11:00"}]
    template = sim.add_template("slots", "When?", kind="twilio/list-picker", rows=rows)
    await api.send(zoe.address, body="", ContentSid=template.sid, StatusCallback="")
    for title in ("10:00", "11:00"):
        await zoe.chooses(title)

    first, second = host.forms[-2:]

    assert (first["Body"], first["ListId"], first["ListTitle"], first["ListDescription"]) == (
        "10:00",
        "slot-1",
        "10:00",
        "Dr. B",
    )
    assert (second["ListId"], "ListDescription" in second) == ("slot-2", False)
    assert first["OriginalRepliedMessageSender"] == api.sender


async def test_nobody_chooses_a_row_that_was_not_offered(sim: TwilioSimulator) -> None:
    with pytest.raises(LookupError, match="10:00"):
        await sim.phone("Zoe").chooses("10:00")


async def test_a_cart_is_an_order(sim: TwilioSimulator, host: Host) -> None:
    items = [{"product_retailer_id": "tea-1", "quantity": 2}]
    await sim.phone("Zoe").orders(items, "ring twice")

    form = host.forms[0]

    assert (form["MessageType"], form["Body"]) == ("order", "")
    assert json.loads(form["Order"])["product_items"] == items


async def test_an_advertisement_is_named(sim: TwilioSimulator, host: Host) -> None:
    zoe = sim.phone("Zoe")
    await zoe.says("How much?", advertisement=Advertisement(headline="Tea"))
    await zoe.says("And milk?")

    first, second = host.forms

    assert (first["Body"], first["ReferralHeadline"], first["ReferralSourceType"]) == ("How much?", "Tea", "ad")
    assert not [name for name in second if name.startswith("Referral") and name != "ReferralNumMedia"]


async def test_forwarded_words_are_marked_twice(sim: TwilioSimulator, host: Host) -> None:
    zoe = sim.phone("Zoe")
    await zoe.says("Meet at five", forwarded=True)
    await zoe.says("my own words")

    first, second = host.forms

    assert (first["Forwarded"], first["FrequentlyForwarded"], second["Forwarded"]) == ("true", "false", "false")
    assert json.loads(first["ChannelMetadata"])["data"]["context"]["Forwarded"] == "true"


async def test_something_unsupported_has_no_more_than_its_kind(sim: TwilioSimulator, host: Host) -> None:
    await sim.phone("Zoe").sends_unsupported("sticker")

    assert (host.forms[0]["MessageType"], host.forms[0]["Body"], host.forms[0]["NumMedia"]) == ("sticker", "", "0")
