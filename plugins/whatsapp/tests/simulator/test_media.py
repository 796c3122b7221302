from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
import pytest

from trinity_channels_whatsapp.simulator import TwilioSimulator

if TYPE_CHECKING:
    from conftest import Api, Host

PHOTO = b"\xff\xd8 not really a photo"


@pytest.fixture
async def photo(sim: TwilioSimulator, host: Host) -> str:
    """The address of a photo's bytes, as the webhook told it."""
    await sim.phone("Zoe").sends_media(PHOTO, "image/jpeg", caption="look")
    return host.forms[0]["MediaUrl0"]


async def test_the_webhook_names_the_file(sim: TwilioSimulator, host: Host, photo: str) -> None:
    form = host.forms[0]

    assert (form["NumMedia"], form["MediaContentType0"], form["Body"]) == ("1", "image/jpeg", "look")
    assert form["MessageSid"].startswith("MM")
    assert photo.startswith(
        f"http://twilio.test/2010-04-01/Accounts/{sim.account.sid}/Messages/{form['MessageSid']}/Media/ME"
    )


async def test_the_file_lies_behind_credentials_and_a_redirect_that_takes_none(api: Api, photo: str) -> None:
    redirect = await api.client.get(photo)
    location = redirect.headers["location"]

    assert redirect.status_code == 307
    assert (await api.client.get(location)).status_code == 400
    api.client.auth = None
    assert (await api.client.get(photo)).status_code == 401
    fetched = await api.client.get(location)
    assert (fetched.content, fetched.headers["content-type"]) == (PHOTO, "image/jpeg")


async def test_a_signed_address_cannot_be_guessed(api: Api, photo: str) -> None:
    location = (await api.client.get(photo)).headers["location"]
    api.client.auth = None

    assert (await api.client.get(location + "0")).status_code == 404
    assert (await api.client.get(location.replace("/cdn/AC", "/cdn/AX"))).status_code == 404


async def test_the_file_may_be_missing_at_first(sim: TwilioSimulator, api: Api, host: Host) -> None:
    sim.behaviour.media_missing = 2
    await sim.phone("Zoe").sends_media(PHOTO, "image/jpeg")
    url = host.forms[0]["MediaUrl0"]

    assert [(await api.client.get(url)).status_code for _ in range(3)] == [404, 404, 307]


async def test_the_redirect_can_lead_to_another_host(sim: TwilioSimulator, api: Api, photo: str) -> None:
    sim.behaviour.cdn_base_url = "http://cdn.test"

    assert (await api.client.get(photo)).headers["location"].startswith("http://cdn.test/cdn/")


async def test_metadata_list_and_deletion(api: Api, photo: str) -> None:
    metadata = (await api.client.get(f"{photo}.json")).json()
    listed = (await api.client.get(f"{photo.rpartition('/')[0]}.json")).json()

    assert metadata["content_type"] == "image/jpeg"
    assert listed["media_list"] == [metadata]
    assert (await api.client.delete(f"{photo}.json")).status_code == 204
    assert (await api.client.get(photo)).status_code == 404


@pytest.mark.parametrize(
    ("content_type", "kind"),
    [("audio/ogg", "audio"), ("video/mp4", "video"), ("application/pdf", "document"), ("image/webp", "image")],
)
async def test_every_file_has_its_kind(sim: TwilioSimulator, host: Host, content_type: str, kind: str) -> None:
    await sim.phone("Zoe").sends_media(b"x", content_type)

    assert host.forms[0]["MessageType"] == kind


async def test_contacts_are_files(sim: TwilioSimulator, api: Api, host: Host) -> None:
    await sim.phone("Zoe").shares_contact("BEGIN:VCARD\nEND:VCARD")
    url = (await api.client.get(host.forms[0]["MediaUrl0"])).headers["location"]

    assert host.forms[0]["MediaContentType0"] == "text/vcard"
    assert (await api.client.get(url, auth=httpx.Auth())).text == "BEGIN:VCARD\nEND:VCARD"


async def test_an_outbound_file_is_counted(sim: TwilioSimulator, api: Api) -> None:
    taken = await api.send(sim.phone("Zoe").address, MediaUrl="http://host.test/cat.png")

    assert taken.json()["num_media"] == "1"
