"""Updates hold what Telegram's always hold: client libraries refuse those that do not."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from trinity_channels_telegram.kinds import MEANINGS, Meaning
from trinity_channels_telegram.simulator import Chat, TelegramSimulator
from trinity_channels_telegram.simulator.contents import REQUIRED

if TYPE_CHECKING:
    from conftest import Api, Host

UPDATES = {
    "message": "Message",
    "edited_message": "Message",
    "callback_query": "CallbackQuery",
    "my_chat_member": "ChatMemberUpdated",
}
Looks = Callable[[dict[str, Any]], list[str]]
NEWS = Chat(-1_009_990_900, "channel", "News")


@pytest.fixture
def lacking(lacks: Callable[[Any, str], list[str]]) -> Callable[[dict[str, Any]], list[str]]:
    """What an update lacks, or has that Telegram does not know."""

    def look(update: dict[str, Any]) -> list[str]:
        assert isinstance(update["update_id"], int)
        [kind] = set(update) - {"update_id"}
        return lacks(update[kind], UPDATES[kind])

    return look


@pytest.mark.usefixtures("hooked")
@pytest.mark.parametrize("kind", sorted(REQUIRED))
async def test_content_of_every_kind_is_complete(sim: TelegramSimulator, host: Host, kind: str, lacking: Looks) -> None:
    await sim.phone("Zoe").sends(kind, caption="look" if kind in {"photo", "video", "document"} else "")

    assert lacking(host.updates[-1]) == []
    assert kind in host.updates[-1]["message"]


def test_no_kind_of_content_is_left_out() -> None:
    told = {name for name, meaning in MEANINGS.items() if meaning is Meaning.CONTENT}

    # Of another shape, or of a Bot API of years ago.
    assert told - set(REQUIRED) == {"text", "caption", "passport_data", "user_shared"}


async def test_whatever_people_do_is_told_completely(
    sim: TelegramSimulator, hooked: Api, host: Host, lacking: Looks
) -> None:
    zoe, sam = sim.phone("Zoe"), sim.phone("Sam")
    said = await zoe.writes("hello")
    keyboard = {"inline_keyboard": [[{"text": "Yes", "callback_data": "yes"}]]}
    await hooked("sendMessage", chat_id=zoe.id, text="Continue?", reply_markup=keyboard)
    team = await sim.group("Team", zoe, sam, forum=True, username="our_team")
    topic = sim.topic(team, "Billing")
    await zoe.taps("Yes")
    await zoe.edits(said, "hello again")
    await zoe.replies("sure?", zoe.chat.messages[1])
    await zoe.quotes("why?", zoe.chat.messages[1], "Cont")
    await zoe.quotes_from_elsewhere("so?", "prices rise", NEWS)
    for source in (sam, sim.bot, NEWS, team, "Somebody"):
        await zoe.forwards("meet at 5", source)
    await zoe.formats('Read <a href="https://example.org/">the article</a> at <tg-time unix="7">noon</tg-time>')
    await zoe.sends_album("first", "second")
    await zoe.sends_media(b"x", "text/plain", "look")
    await zoe.mentions("hi", team, topic=topic)
    await zoe.writes(f"{sim.bot.mention} hi", chat=team, as_chat=team)
    await sim.migrate(team)
    await zoe.blocks()
    await zoe.unblocks()

    assert [lacking(update) for update in host.updates] == [[]] * len(host.updates)
    assert {next(iter(set(update) - {"update_id"})) for update in host.updates} == set(UPDATES)


@pytest.mark.usefixtures("hooked")
async def test_an_album_is_an_update_for_each_item(sim: TelegramSimulator, host: Host) -> None:
    await sim.phone("Zoe").sends_album("what is this?", "", "")
    await sim.phone("Zoe").sends_album("and this?")

    messages = [update["message"] for update in host.updates]
    groups = [one["media_group_id"] for one in messages]
    assert [one.get("caption") for one in messages] == ["what is this?", None, None, "and this?"]
    assert len(set(groups[:3])) == 1
    assert groups[3] != groups[0]


async def test_a_chat_is_told_completely(
    sim: TelegramSimulator, api: Api, lacks: Callable[[Any, str], list[str]]
) -> None:
    zoe = sim.phone("Zoe")
    team = await sim.group("Team", zoe)
    await zoe.says("hello")

    for number in (zoe.id, team.id):
        told = (await api("getChat", chat_id=number))["result"]
        assert lacks(told, "ChatFullInfo") == []


@pytest.mark.usefixtures("hooked")
async def test_words_with_links_and_what_is_forwarded_are_text(sim: TelegramSimulator, host: Host) -> None:
    zoe = sim.phone("Zoe")
    await zoe.formats('👍 <a href="https://example.org/a">here</a>')
    await zoe.forwards("meet at 5", "Somebody")

    linked, forwarded = (update["message"] for update in host.updates)
    assert linked["entities"] == [{"type": "text_link", "offset": 3, "length": 4, "url": "https://example.org/a"}]
    assert forwarded["text"] == "meet at 5"
    assert forwarded["forward_origin"]["sender_user_name"] == "Somebody"
