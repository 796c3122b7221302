"""What another system answered is kept for a minute, and what strangers ask about does not push out what is in use."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest

from trinity_channels.agents.kept import MOST, Kept

NOW = datetime(2030, 1, 1, 12, 0, tzinfo=UTC)


class Asked:
    """Another system that knows some keys, and counts the questions."""

    def __init__(self, *known: str) -> None:
        self.known = set(known)
        self.keys: list[str] = []
        self.kept: Kept[str | None] = Kept(lambda: NOW)

    async def get(self, key: str) -> str | None:
        """What it says of a key, from memory if possible."""

        async def ask() -> str | None:
            self.keys.append(key)
            await asyncio.sleep(0)
            return key if key in self.known else None

        return await self.kept.get(key, ask)


@pytest.mark.parametrize("together", [False, True])
async def test_wrong_keys_do_not_push_out_right_ones(*, together: bool) -> None:
    asked = Asked("right")
    await asked.get("right")

    wrong = [asked.get(f"wrong-{number}") for number in range(2 * MOST)]
    if together:
        await asyncio.gather(*wrong)
    else:
        for one in wrong:
            await one

    assert await asked.get("right") == "right"
    assert asked.keys.count("right") == 1


async def test_a_right_key_that_is_new_amid_wrong_ones_is_kept() -> None:
    asked = Asked("right")
    many = [asked.get(f"wrong-{number}") for number in range(2 * MOST)]

    await asyncio.gather(*many[:MOST], asked.get("right"), *many[MOST:])

    assert await asked.get("right") == "right"
    assert asked.keys.count("right") == 1


@pytest.mark.parametrize("right", [True, False])
async def test_keys_that_are_used_stay_and_the_others_go_first(*, right: bool) -> None:
    keys = [f"key-{number}" for number in range(2 * MOST)]
    asked = Asked(*keys if right else ())

    for key in keys:
        await asked.get(key)
        await asked.get(keys[0])
    await asked.get(keys[1])

    assert asked.keys.count(keys[0]) == 1
    assert asked.keys.count(keys[1]) == 2


async def test_what_is_forgotten_while_it_is_asked_for_is_asked_for_again() -> None:
    asked = Asked("right")
    asking = asyncio.create_task(asked.get("right"))
    await asyncio.sleep(0)

    asked.kept.forget("right")
    await asking
    asked.known.clear()

    assert await asked.get("right") is None


async def test_a_key_that_is_wrong_by_now_is_told_as_such() -> None:
    asked = Asked("right")
    await asked.get("right")
    asked.known.clear()

    asked.kept.forget("right")

    assert await asked.get("right") is None
