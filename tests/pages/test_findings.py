"""What pages say of findings: the words of the host, in the order and with the names that their readers know."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from freezegun.api import FrozenDateTimeFactory

from tests.channels.net import Net
from tests.pages.clients import client_of
from tests.world import Found, World
from trinity_channels.api import Fault
from trinity_channels.web.pages.times import within
from trinity_channels.web.pages.words import named

WHATSAPP = "/agents/support/channels/whatsapp"


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("public_chat_url is not set.", "public_chat_url is not set."),  # as the user guide quotes it
        ("public_chat_url is wrong.", "The Public Chat URL is wrong."),
        ("Refused. public_chat_url is wrong.", "Refused. The Public Chat URL is wrong."),
        ("Make public_chat_url the same.", "Make the Public Chat URL the same."),
        ("PUT /api/settings/public_chat_url", "PUT /api/settings/public_chat_url"),
    ],
)
def test_the_public_chat_url_is_called_as_on_its_page(written: str, read: str) -> None:
    assert named(written) == read


def test_a_time_in_a_sentence_is_on_a_day() -> None:
    words = re.sub("<[^>]*>", "", within("Refused at 2026-03-02 11:00 UTC. Fetched since 2026-03-02 10:00 UTC."))

    assert words == "Refused on 2 Mar 2026, 11:00 UTC. Fetched since 2 Mar 2026, 10:00 UTC."


async def test_the_cause_stands_out_and_an_answer_that_was_not_sent_is_not_the_last_one(town: World) -> None:
    zoe = town.person("Zoe")
    await zoe.says("hello")
    town.fails(Fault.UNAUTHORIZED)
    await zoe.says("and now?")
    async with client_of(town) as owner:
        page = (await owner.get(WHATSAPP)).text

    cause = re.search(r"<b>(A message was not sent: .*?)</b>", page)
    assert cause is not None
    assert ". " not in cause[1]
    assert "Receiving, but not answering: the last answer was not sent. Last message " in page
    assert "last answer <time" not in page
    assert "Edit the settings" in page


async def test_without_an_address_one_button_leads_to_it(found: Found) -> None:
    world = await found()
    world.twilio.account.token = "e" * 32
    await world.person("Zoe").says("hello?")
    await world.api("PUT", "/api/settings/public_chat_url", {"value": ""})
    async with client_of(world) as owner:
        page = (await owner.get(WHATSAPP)).text

    assert page.count("Set the Public Chat URL") == 1
    assert "The signature of a webhook was wrong" in page
    assert "See the webhook URL" not in page


@pytest.mark.parametrize(("channel", "taken_back"), [("telegram", True), ("slack", False)])
async def test_disconnecting_says_what_becomes_of_the_webhook(net: Net, channel: str, taken_back: bool) -> None:
    async with client_of(net) as owner:
        page = (await owner.get(f"/agents/support/channels/{channel}/disconnect")).text

    assert ("removed, and the webhook at the provider." in page) is taken_back
    assert ("goes on posting" in page) is not taken_back
    assert "the webhook URL, for when you connect again" in page


async def test_disconnecting_what_is_fetched_speaks_of_no_webhook(tmp_path: Path, clock: FrozenDateTimeFactory) -> None:
    async with Net(tmp_path, clock, public_chat_url=None) as net, client_of(net) as owner:
        await net.listens_to("telegram")
        page = (await owner.get("/agents/support/channels/telegram/disconnect")).text

    assert "webhook" not in page.partition("<form")[2]
