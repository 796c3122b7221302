from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
import pytest
from twilio.request_validator import RequestValidator

from trinity_channels_whatsapp.simulator import TwilioSimulator

if TYPE_CHECKING:
    from conftest import Api, Host


async def test_the_account_tells_its_state_and_its_token(sim: TwilioSimulator, api: Api) -> None:
    account = (await api.client.get(f"{api.base}.json")).json()

    assert account["sid"] == account["owner_account_sid"] == sim.account.sid
    assert account["auth_token"] == sim.account.token
    assert (account["status"], account["type"]) == ("active", "Full")


@pytest.mark.parametrize("auth", [None, ("AC" + "0" * 32, "x"), ("", ""), "wrong token"])
async def test_wrong_credentials_are_20003(sim: TwilioSimulator, api: Api, auth: tuple[str, str] | str | None) -> None:
    credentials = (sim.account.sid, "f" * 32) if auth == "wrong token" else auth
    async with httpx.AsyncClient(transport=httpx.ASGITransport(sim.app), base_url="http://twilio.test") as client:
        refused = await client.get(f"{api.base}.json", auth=credentials)

    assert refused.status_code == 401
    assert refused.json() == {
        "code": 20003,
        "message": "Authenticate",
        "more_info": "https://www.twilio.com/docs/errors/20003",
        "status": 401,
    }


@pytest.mark.parametrize("header", ["Bearer x", "Basic !", "Basic eA==", "Basic /w=="])
async def test_a_garbled_header_is_20003(api: Api, header: str) -> None:
    api.client.auth = None

    refused = await api.client.get(f"{api.base}.json", headers={"Authorization": header})

    assert refused.json()["code"] == 20003


async def test_a_key_sends_but_does_not_read_the_account(sim: TwilioSimulator, api: Api) -> None:
    api.client.auth = sim.add_api_key()

    assert (await api.send(sim.phone("Zoe").address)).status_code == 201
    assert (await api.client.get(f"{api.base}.json")).json()["code"] == 20003
    assert (await api.client.post("/v1/AuthTokens/Secondary")).status_code == 401


async def test_an_accounts_credentials_open_no_other_account(sim: TwilioSimulator, api: Api) -> None:
    other = sim.add_account("Other", kind="Trial")

    refused = await api.client.get(f"/2010-04-01/Accounts/{other.sid}/Messages.json")

    assert (refused.status_code, refused.json()["code"]) == (404, 20404)


async def test_a_suspended_account_reads_that_it_is_and_does_nothing_else(
    sim: TwilioSimulator, api: Api, host: Host
) -> None:
    zoe = sim.phone("Zoe")
    sim.account.status = "suspended"
    await zoe.says("hi")

    assert (await api.client.get(f"{api.base}.json")).json()["status"] == "suspended"
    assert (await api.send(zoe.address)).json()["code"] == 20003
    assert host.requests == []


async def test_suspension_fails_what_was_queued(sim: TwilioSimulator, api: Api, host: Host) -> None:
    zoe = sim.phone("Zoe")
    await zoe.says("hi")
    await api.send(zoe.address)
    sim.account.status = "suspended"
    await sim.settle()

    assert host.forms[-1]["ErrorCode"] == "30002"


async def test_promotion_changes_the_signing_token_at_once(sim: TwilioSimulator, api: Api, host: Host) -> None:
    old = sim.account.token
    secondary = (await api.client.post("/v1/AuthTokens/Secondary")).json()["secondary_auth_token"]
    zoe = sim.phone("Zoe")
    await zoe.says("before")
    promoted = (await api.client.post("/v1/AuthTokens/Promote")).json()["auth_token"]
    await zoe.says("after")

    assert promoted == secondary != old
    signed_with = [
        next(
            token
            for token in (old, secondary)
            if RequestValidator(token).validate(str(request.url), form, request.headers["X-Twilio-Signature"])
        )
        for request, form in zip(host.requests, host.forms, strict=True)
    ]
    assert signed_with == [old, secondary]
    assert (await api.client.get(f"{api.base}.json")).status_code == 401
    api.client.auth = (sim.account.sid, secondary)
    assert (await api.client.get(f"{api.base}.json")).status_code == 200


async def test_the_secondary_token_opens_the_api_until_it_is_deleted(sim: TwilioSimulator, api: Api) -> None:
    secondary = (await api.client.post("/v1/AuthTokens/Secondary")).json()["secondary_auth_token"]
    with_secondary = httpx.BasicAuth(sim.account.sid, secondary)

    assert (await api.client.get(f"{api.base}.json", auth=with_secondary)).status_code == 200
    assert (await api.client.delete("/v1/AuthTokens/Secondary")).status_code == 204
    assert (await api.client.get(f"{api.base}.json", auth=with_secondary)).status_code == 401
    assert (await api.client.post("/v1/AuthTokens/Promote")).status_code == 404


async def test_unknown_paths_are_20404_in_twilios_shape(api: Api) -> None:
    assert (await api.client.get("/2010-04-01/Nothing.json")).json()["code"] == 20404
