"""A host goes on in another database where it stopped: with what was to be sent, asked and proved."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from pydantic import SecretStr

from tests import postgres
from tests.cli.conftest import Terminal
from tests.database import NAME
from tests.moving import content
from tests.world import World
from trinity_channels.api import Fault

pytestmark = pytest.mark.sqlite("the commands name their databases")


@pytest.fixture(autouse=True)
def dropped() -> Iterator[None]:
    yield
    postgres.drop()


@pytest.fixture
def target() -> str:
    return postgres.database("target")


async def moved(world: World, terminal: Terminal, source: str, target: str) -> str:
    """Move the stopped host of a world to another database, and start it there; what the command has said."""
    await world.stops()
    ended = await terminal.beside("db", "move", "--from", source, "--to", target)
    assert ended.exit_code == 0, ended.output
    world.settings = world.settings.model_copy(update={"database_url": SecretStr(target)})
    await world.starts()
    return ended.output


async def test_a_host_goes_on_in_postgresql_and_back_in_a_file(town: World, terminal: Terminal, target: str) -> None:
    source, returned = f"sqlite:///{town.folder / NAME}", f"sqlite:///{town.folder}/returned.db"
    zoe, yan, max_ = town.person("Zoe"), town.person("Yan"), town.person("Max")
    await zoe.says("first")
    await yan.says("hello")
    await town.blocks(yan)
    await town.policy("require_email")
    await max_.says("a question that is held")
    await max_.says("/login max@example.org")
    await zoe.verifies("zoe@example.org")
    earlier = await town.webhook()
    rotated = await town.api("POST", "/api/agents/support/whatsapp/rotate-webhook")
    assert rotated.status_code == httpx.codes.OK
    town.fails(Fault.CUT_BEFORE)
    await zoe.says("second")
    assert "echo second" not in zoe.heard()

    said = await moved(town, terminal, source, target)

    assert "Keep the value of TRINITY_CHANNELS_CREDENTIAL_ENCRYPTION_KEY" in said
    await town.much_later()
    assert zoe.heard().count("echo second") == 1
    await max_.says(f"/login {town.code('max@example.org')}")
    assert max_.last() == "echo a question that is held"
    answered = len(yan.heard())
    await yan.says("let me in")
    assert len(yan.heard()) == answered
    old = await town.posts(earlier, town.inbound("to the earlier address"))
    assert old.status_code == httpx.codes.OK

    before = content(target)
    await moved(town, terminal, target, returned)

    kept = content(returned)
    assert {name for name in before if kept[name][: len(before[name])] != before[name]} <= {"trinity_channels_setting"}
    await zoe.says("third")
    assert zoe.last() == "echo third"
    assert len(zoe.heard()) == len(set(zoe.heard()))
