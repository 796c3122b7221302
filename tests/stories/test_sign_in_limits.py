"""Limits on codes and guesses: they stop floods and guessing, and let no stranger keep someone else from signing in."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.world import OWNER, Person, World
from trinity_channels import texts
from trinity_channels.store import Tx, clients, codes, mailboxes
from trinity_channels.store.codes import NewCode

ZOE = "zoe@example.org"
SENT = texts.CODE_SENT.format(email=ZOE)
SIGNED_IN = texts.VERIFIED.format(email=ZOE)
FULL = texts.TOO_MANY_CODES.format(minutes=60)
LOCKED = texts.WRONG_CODE_LOCKED.format(email=ZOE)


def strangers(world: World, number: int) -> list[Person]:
    return [world.person(f"Mallory {one}") for one in range(number)]


async def guesses(world: World, person: Person, times: int, email: str = ZOE) -> None:
    """Ask for codes and guess wrong, waiting where the host says so."""
    while times:
        await person.says(f"/login {email}")
        if person.last().startswith("That was a lot of codes"):
            await world.later(minutes=60)
            continue
        wrong = f"{(int(world.code(email)) + 1) % 1_000_000:06d}"
        for _ in range(min(times, 5)):
            await person.says(f"/login {wrong}")
            times -= 1


async def audited(world: World, action: str) -> list[dict[str, object]]:
    """The details of what was written down, oldest first."""
    answer = await world.api("GET", f"/api/agents/support/audit?action={action}")
    return [one["details"] for one in reversed(answer.json())]


async def metric(world: World, line: str) -> float:
    """One value of the metrics."""
    text = (await world.api("GET", "/metrics")).text
    return next((float(one.rpartition(" ")[2]) for one in text.splitlines() if one.startswith(line)), 0.0)


async def full_binding(world: World, *, known: bool) -> None:
    """A hundred codes have been asked for on the binding within this hour."""
    await world.person("Yan").says("/help")

    def seed(tx: Tx) -> None:
        (yan,) = (one for one in clients.page(tx, "support", most=500) if one.name == "Yan")
        now = world.now()
        for number in range(100):
            email = f"{number}@example.org"
            new = NewCode(1, yan.id, email, email, known, "x")
            codes.make(tx, new, now=now, expires=now + timedelta(minutes=10))

    await world.host.store.write(seed)


# --- the live code is offered again ---


async def test_asking_again_for_the_same_e_mail_sends_no_second_mail(world: World) -> None:
    await world.shares(ZOE)
    zoe = world.person("Zoe")
    await zoe.says(f"/login {ZOE}")
    await world.later(minutes=4)

    await zoe.says(f"/login {ZOE}", "/login ZOE@example.org", f"/login {world.code(ZOE)}")

    again = texts.CODE_STILL_WORKS.format(email=ZOE, minutes=6)
    assert zoe.heard() == [SENT, again, again, SIGNED_IN]
    assert len(world.mails.to(ZOE)) == 1
    assert await metric(world, 'trinity_channels_login_codes_total{outcome="repeated"}') == 2


async def test_asking_again_uses_up_nothing(world: World) -> None:
    zoe = world.person("Zoe")

    await zoe.says(*[f"/login {ZOE}"] * 6, "/login a@example.org", "/login b@example.org")

    assert zoe.last() == texts.CODE_SENT.format(email="b@example.org")


async def test_another_label_of_the_same_mailbox_is_another_e_mail(world: World) -> None:
    zoe = world.person("Zoe")

    await zoe.says(f"/login {ZOE}", "/login zoe+shop@example.org")

    assert len(world.mails.mails) == 2


async def test_after_the_code_has_expired_a_new_one_is_mailed(world: World) -> None:
    zoe = world.person("Zoe")
    await zoe.says(f"/login {ZOE}")
    await world.later(minutes=10)

    await zoe.says(f"/login {ZOE}")

    assert (zoe.last(), len(world.mails.to(ZOE))) == (SENT, 2)


async def test_a_code_that_was_made_but_may_not_have_been_mailed_is_not_offered_again(world: World) -> None:
    zoe = world.person("Zoe")
    await zoe.says("/help")

    def made(tx: Tx) -> None:
        (client,) = clients.page(tx, "support", most=500)
        now = world.now()
        codes.make(
            tx, NewCode(1, client.id, ZOE, ZOE, known=False, digest="x"), now=now, expires=now + timedelta(minutes=10)
        )

    await world.host.store.write(made)  # and here the process died
    await zoe.says(f"/login {ZOE}")

    assert (zoe.last(), len(world.mails.to(ZOE))) == (SENT, 1)


# --- one mailbox ---


@pytest.mark.parametrize(
    ("others", "email"),
    [
        pytest.param("zoe+{}@example.org", ZOE, id="plus"),
        pytest.param("z.o.e+{}@gmail.com", "zoe@gmail.com", id="dots and plus"),
        pytest.param("zo.e+{}@googlemail.com", "z.oe@gmail.com", id="two names of one domain"),
        pytest.param("zoe+{}@example.org", "zoe+own@example.org", id="labels only"),
        pytest.param("ZOE+{}@Example.org", ZOE, id="upper case"),
        pytest.param("zoe+a+{}@example.org", ZOE, id="two labels"),
    ],
)
async def test_however_a_mailbox_is_written_it_gets_five_codes_an_hour_and_one_of_each_newcomer(
    world: World, others: str, email: str
) -> None:
    for number, one in enumerate(strangers(world, 4)):
        await one.says(*(f"/login {others.format(f'{number}{again}')}" for again in range(3)))
    assert len(world.mails.mails) == 3 + 2 + 1 + 1  # what follows the fifth is each newcomer's first

    zoe = world.person("Zoe")
    await zoe.says(f"/login {email}")

    assert zoe.last() == texts.CODE_SENT.format(email=email)


@pytest.mark.parametrize("email", ["z.oe@example.org", "zoe-1@example.org", "zoe@mail.example.org", "+zoe@example.org"])
async def test_other_mailboxes_are_not_counted_with_it(world: World, email: str) -> None:
    for one in strangers(world, 3):
        await one.says(f"/login {ZOE}", "/login zoe+a@example.org")

    mallory = world.person("Mallory")
    await mallory.says(f"/login {email}", "/login x@example.org", f"/login {email}")

    assert len(world.mails.to(email)) == 2


@pytest.mark.parametrize("known", ["shared", "verified before"])
async def test_strangers_do_not_use_up_the_codes_of_a_mailbox_that_is_known(world: World, known: str) -> None:
    zoe = world.person("Zoe")
    await (world.shares(ZOE) if known == "shared" else world.person("Zoe's other phone").verifies(ZOE))
    await zoe.says(f"/login {ZOE}")
    for one in strangers(world, 6):
        await one.says(f"/login {ZOE}")
    await world.later(minutes=10)

    await zoe.says(f"/login {ZOE}")

    assert zoe.heard() == [SENT, SENT]


async def test_the_host_s_own_people_are_told_apart_by_their_whole_e_mail(world: World) -> None:
    await world.shares(ZOE)
    mallory = world.person("Mallory")

    await mallory.verifies("zoe+other@example.org")
    await mallory.says("hello")

    assert mallory.last() != "echo hello"


# --- capacity ---


async def test_a_binding_s_hundred_codes_for_unknown_e_mails(world: World) -> None:
    await full_binding(world, known=False)
    zoe = world.person("Zoe")

    await zoe.says(f"/login {ZOE}")

    assert zoe.heard() == [FULL]


async def test_strangers_do_not_use_up_the_codes_of_shared_and_verified_e_mails(world: World) -> None:
    await world.shares("shared@example.org")
    await world.person("Tim").verifies("verified@example.org")
    await full_binding(world, known=False)
    known = ["shared@example.org", "verified@example.org", "verified+label@example.org", OWNER]

    for number, email in enumerate(known):
        await world.person(f"Known {number}").says(f"/login {email}")

    assert [len(world.mails.to(email)) for email in known] == [1, 2, 1, 1]


@pytest.mark.long
async def test_who_floods_some_known_e_mails_keeps_no_other_from_its_codes(world: World) -> None:
    known = [ZOE, "amy@example.org", "bob@example.org"]
    for email in known:
        await world.shares(email)
    for one in strangers(world, 34):
        await one.says(f"/login {ZOE}", "/login amy@example.org", f"/login {ZOE}")
        await world.later(seconds=10)

    assert len(world.mails.to(ZOE)) + len(world.mails.to("amy@example.org")) == 100
    await world.person("Bob").verifies("bob@example.org")

    assert len(world.mails.to("bob@example.org")) == 1


async def test_somebody_who_has_verified_an_e_mail_signs_in_again_whatever_strangers_do(world: World) -> None:
    await world.shares(ZOE)
    zoe = world.person("Zoe")
    await zoe.verifies(ZOE)
    await zoe.says("/logout")
    await world.later(hours=2)
    await full_binding(world, known=False)
    await full_binding(world, known=True)
    for one in strangers(world, 3):
        await guesses(world, one, 5)

    await zoe.verifies(ZOE)

    assert zoe.last() == SIGNED_IN


# --- wrong guesses ---


async def test_twenty_wrong_guesses_lock_the_e_mail_for_a_day(world: World) -> None:
    await world.shares(ZOE)
    mallory = world.person("Mallory")
    await guesses(world, mallory, 19)
    assert mallory.last() == texts.WRONG_CODE.format(left=1)

    await guesses(world, mallory, 1)
    assert texts.WRONG_CODE_LOCKED.format(email=ZOE) in mallory.heard()


async def test_a_locked_e_mail_is_locked_for_24_hours_for_who_guessed_and_no_longer(world: World) -> None:
    mallory = world.person("Mallory")
    await guesses(world, mallory, 20)
    assert mallory.last() == LOCKED
    mails = len(world.mails.mails)

    await world.later(hours=23, minutes=59)
    await mallory.says(f"/login {ZOE}", "/login zoe+x@example.org")
    assert mallory.last() == texts.EMAIL_LOCKED.format(email="zoe+x@example.org", hours=1)
    assert len(world.mails.mails) == mails

    await world.later(minutes=1)
    await mallory.says(f"/login {ZOE}")
    assert mallory.last() == SENT


async def test_a_lock_stays_when_what_is_old_is_deleted(world: World) -> None:
    mallory = world.person("Mallory")
    await guesses(world, mallory, 20)
    await world.later(hours=23)

    await world.stops()
    await world.starts()
    await mallory.says(f"/login {ZOE}")

    assert mallory.last() == texts.EMAIL_LOCKED.format(email=ZOE, hours=1)


async def test_a_lock_holds_for_that_e_mail_and_that_person_only(world: World) -> None:
    await world.shares(ZOE)
    mallory, zoe = world.person("Mallory"), world.person("Zoe")
    await guesses(world, mallory, 20)

    await mallory.says("/login mallory@example.org")
    await zoe.verifies(ZOE)

    assert mallory.last() == texts.CODE_SENT.format(email="mallory@example.org")
    assert zoe.last() == SIGNED_IN


async def test_several_accounts_have_three_guesses_each_once_twenty_were_wrong(world: World) -> None:
    await world.shares(ZOE)
    for one in strangers(world, 4):
        await guesses(world, one, 5)
    mallory, zoe = world.person("Mallory"), world.person("Zoe")

    await guesses(world, mallory, 3)
    await zoe.says(f"/login {ZOE}", "/login 000000")
    await zoe.says(f"/login {world.code(ZOE)}")

    assert mallory.last() == LOCKED
    assert zoe.heard() == [SENT, texts.WRONG_CODE.format(left=2), SIGNED_IN]


async def test_who_has_verified_the_e_mail_before_keeps_all_guesses_under_such_an_attack(world: World) -> None:
    await world.shares(ZOE)
    zoe = world.person("Zoe")
    await zoe.verifies(ZOE)
    await zoe.says("/logout")
    for one in strangers(world, 4):
        await guesses(world, one, 5)

    await guesses(world, zoe, 4)
    await zoe.says(f"/login {world.code(ZOE)}")

    assert zoe.last() == SIGNED_IN


async def test_who_mistyped_before_such_an_attack_can_still_sign_in(world: World) -> None:
    await world.shares(ZOE)
    zoe = world.person("Zoe")
    await guesses(world, zoe, 4)
    for one in strangers(world, 4):
        await guesses(world, one, 5)
    await world.later(minutes=10)

    await zoe.verifies(ZOE)

    assert zoe.last() == SIGNED_IN


async def test_wrong_guesses_are_on_record_and_counted(world: World) -> None:
    mallory = world.person("Mallory")

    await guesses(world, mallory, 20)
    await mallory.verifies("mallory@example.org")

    recorded = await audited(world, "login_failed")
    assert [one["guesses_left"] for one in recorded] == [4, 3, 2, 1, 0] * 4
    assert [one["locked"] for one in recorded] == [False] * 19 + [True]
    counted = {
        outcome: await metric(world, f'trinity_channels_login_guesses_total{{outcome="{outcome}"}}')
        for outcome in ("right", "wrong", "locked")
    }
    assert counted == {"right": 1, "wrong": 19, "locked": 1}


async def test_numbers_beside_each_other_are_guesses_on_record_too(town: World) -> None:
    zoe = town.person("Zoe")
    await zoe.says(f"/login {ZOE}")
    code = int(town.code(ZOE))
    first, second = (f"{(code + by) % 1_000_000:06d}" for by in (1, 2))

    await zoe.says(f"{first} or {second}?")

    assert [one["guesses_left"] for one in await audited(town, "login_failed")] == [4, 3]


async def test_the_record_names_no_code_and_no_e_mail(world: World) -> None:
    mallory = world.person("Mallory")
    await guesses(world, mallory, 1)

    answer = await world.api("GET", "/api/agents/support/audit?action=login_failed")

    (entry,) = answer.json()
    assert set(entry["details"]) == {"guesses_left", "locked"}
    assert (entry["channel"], "@" in answer.text) == ("whatsapp", False)


async def test_erasing_somebody_forgets_which_mailboxes_they_have_verified(world: World) -> None:
    await world.shares(ZOE)
    zoe = world.person("Zoe")
    await zoe.verifies(ZOE)
    assert await world.host.store.read(lambda tx: mailboxes.is_known(tx, ZOE))

    await world.api("DELETE", f"/api/agents/support/clients/{(await world.client(zoe))['id']}")

    assert not await world.host.store.read(lambda tx: mailboxes.is_known(tx, ZOE))
