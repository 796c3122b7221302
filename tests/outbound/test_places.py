"""Who gets a place when more conversations of a binding are due than are sent to at once."""

from __future__ import annotations

import asyncio

from trinity_channels.outbound.places import Places

BINDING, OTHER = 1, 2


async def waiting(places: Places, *conversations: int) -> list[asyncio.Task[None]]:
    tasks = [asyncio.create_task(places.wait(BINDING, conversation)) for conversation in conversations]
    await asyncio.sleep(0)
    return tasks


async def served(tasks: list[asyncio.Task[None]]) -> list[bool]:
    await asyncio.sleep(0)
    return [task.done() for task in tasks]


async def test_each_binding_has_its_own() -> None:
    places = Places(1)

    assert places.take(BINDING, 10)
    assert not places.take(BINDING, 11)
    assert places.take(OTHER, 20)


async def test_a_unit_that_runs_twice_takes_one_place() -> None:
    places = Places(2)
    places.take(BINDING, 10)

    assert places.take(BINDING, 10)
    assert places.take(BINDING, 11)
    assert not places.take(BINDING, 12)


async def test_places_go_to_those_who_wait_in_their_order_and_no_one_overtakes() -> None:
    places = Places(1)
    places.take(BINDING, 10)
    tasks = await waiting(places, 11, 12)

    places.leave(10)

    assert not places.take(BINDING, 13)
    assert await served(tasks) == [True, False]
    assert places.take(BINDING, 11)
    places.leave(11)
    assert await served(tasks) == [True, True]
    places.leave(12)
    assert places.take(BINDING, 13)


async def test_leaving_twice_frees_one_place() -> None:
    places = Places(1)
    places.take(BINDING, 10)
    tasks = await waiting(places, 11, 12)

    places.leave(10)
    places.leave(10)

    assert await served(tasks) == [True, False]
    tasks[1].cancel()


async def test_one_that_gives_up_waiting_is_passed_over() -> None:
    places = Places(1)
    places.take(BINDING, 10)
    tasks = await waiting(places, 11, 12)
    tasks[0].cancel()
    await asyncio.sleep(0)

    places.leave(10)

    assert await served(tasks[1:]) == [True]


async def test_a_place_that_comes_in_the_moment_of_giving_up_is_handed_over() -> None:
    places = Places(1)
    places.take(BINDING, 10)
    tasks = await waiting(places, 11, 12)

    places.leave(10)
    tasks[0].cancel()
    await asyncio.sleep(0)

    assert tasks[0].cancelled()
    assert await served(tasks[1:]) == [True]


async def test_one_who_is_given_up_before_the_place_comes_does_not_get_it() -> None:
    places = Places(1)
    places.take(BINDING, 10)
    tasks = await waiting(places, 11, 12)

    tasks[0].cancel()
    places.leave(10)

    assert await served(tasks[1:]) == [True]
    places.leave(12)
    assert places.take(BINDING, 13)


async def test_a_free_place_is_not_waited_for() -> None:
    places = Places(1)

    await asyncio.wait_for(places.wait(BINDING, 10), 1)

    assert not places.take(BINDING, 11)


async def looks_up(places: Places, conversation: int, binding: int | None) -> tuple[bool, asyncio.Task[None]]:
    """Whether the binding of a conversation that queues up is looked up; and the queueing."""
    asked = False

    async def look_up() -> int | None:
        nonlocal asked
        asked = True
        return binding

    task = asyncio.create_task(places.queue_up(conversation, look_up))
    await asyncio.sleep(0)
    return asked, task


async def test_where_there_is_room_nothing_is_looked_up_and_no_place_taken() -> None:
    places = Places(1)

    asked, task = await looks_up(places, 10, BINDING)

    assert (asked, await served([task])) == (False, [True])
    assert places.take(BINDING, 11)


async def test_where_none_is_free_a_conversation_queues_up_before_its_claim() -> None:
    places = Places(1)
    places.take(BINDING, 10)

    asked, task = await looks_up(places, 11, BINDING)

    assert (asked, await served([task])) == (True, [False])
    places.leave(10)
    assert await served([task]) == [True]
    assert not places.take(BINDING, 12)


async def test_a_conversation_of_another_binding_or_without_work_does_not_wait() -> None:
    places = Places(1)
    places.take(BINDING, 10)

    tasks = [(await looks_up(places, conversation, at))[1] for conversation, at in ((20, OTHER), (11, None))]

    assert await served(tasks) == [True, True]
