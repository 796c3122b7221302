"""`keygen` and `rotate-keys`."""

from __future__ import annotations

from tests.cli.conftest import Terminal
from tests.world import KEY, World
from trinity_channels.crypto.keys import parse_keys

NEW = "11" * 32


def test_a_generated_key_is_one_and_never_the_same(terminal: Terminal) -> None:
    one, other = (terminal.run("keygen").stdout.strip() for _ in range(2))

    assert len(parse_keys(f"{one},{other}").keys) == 2


async def test_after_a_rotation_the_old_key_is_not_needed(terminal: Terminal, world: World) -> None:
    await world.stops()
    terminal.set(TRINITY_CHANNELS_CREDENTIAL_ENCRYPTION_KEY=f"{NEW},{KEY}")

    first = await terminal.beside("rotate-keys")
    terminal.set(TRINITY_CHANNELS_CREDENTIAL_ENCRYPTION_KEY=NEW)
    second = await terminal.beside("rotate-keys")

    assert (first.exit_code, second.exit_code) == (0, 0)
    assert first.stdout.startswith("2 secrets")  # the auth token and the webhook key
    assert "already" in second.stdout


async def test_the_blocks_of_erased_people_are_rotated_too(terminal: Terminal, world: World) -> None:
    zoe = world.person("Zoe")
    await zoe.says("hello")
    await world.blocks(zoe)
    await world.api("DELETE", f"/api/agents/support/clients/{(await world.client(zoe))['id']}")
    await world.stops()
    terminal.set(TRINITY_CHANNELS_CREDENTIAL_ENCRYPTION_KEY=f"{NEW},{KEY}")

    result = await terminal.beside("rotate-keys")

    assert result.stdout.startswith("3 secrets")


async def test_a_rotation_without_the_old_key_names_what_is_missing(terminal: Terminal, world: World) -> None:
    await world.stops()
    terminal.set(TRINITY_CHANNELS_CREDENTIAL_ENCRYPTION_KEY=NEW)

    result = await terminal.beside("rotate-keys")

    assert result.exit_code == 1
    assert "Add that key to TRINITY_CHANNELS_CREDENTIAL_ENCRYPTION_KEY" in result.stderr
    assert len(result.stderr.splitlines()) == 1
