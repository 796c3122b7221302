"""What an agent wrote in Markdown is shown as people read it, in conversations and in their list."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from playwright.async_api import expect

from tests.pages.browsing import Readers
from tests.pages.reading import conversation, path
from tests.world import Agent, World
from trinity_channels.conversations.readable import BUDGET, readable, readable_texts
from trinity_channels.store.conversation_log import Said
from trinity_channels.store.states import MessageState

ANSWER = "I have put you down for **Thursday at 10:30**, see [the map](https://example.org/map)."
READ = "I have put you down for Thursday at 10:30, see the map (https://example.org/map)."


async def test_an_answer_is_shown_without_marks_and_a_question_as_it_was_written(
    town: World, agent: Agent, page_of: Readers
) -> None:
    agent.will_answer(ANSWER)
    await town.person("Zoe").says("Is **Thursday** free?")
    reader = await page_of(town)

    page = await reader.opens(await path(town, "Zoe"))
    await expect(page.get_by_text(READ, exact=True)).to_be_visible()
    await expect(page.get_by_text("Is **Thursday** free?", exact=True)).to_be_visible()

    page = await reader.opens("/conversations")
    await expect(page.get_by_text(f"support: {READ}")).to_be_visible()
    number = await conversation(town, "Zoe")
    listed = (await town.api("GET", "/api/agents/support/conversations")).json()["conversations"]
    assert [one["last_words"] for one in listed if one["id"] == number] == [READ]


@pytest.mark.parametrize(
    ("origin", "text", "shown"),
    [
        ("agent", "plain", "plain"),
        ("agent", "# Hours\n\n- *Monday*\n- ~~Tuesday~~", "Hours\n\n- Monday\n- Tuesday"),
        ("agent", "2 * 3 * 4 and snake_case_name", "2 * 3 * 4 and snake_case_name"),
        ("agent", "`a*b*`", "a*b*"),
        ("agent", "<b>bold</b> & <script>", "<b>bold</b> & <script>"),
        ("agent", "**", "**"),
        ("agent", "\u200b", "\u200b"),
        ("agent", "", ""),
        ("proactive", "Your order is **ready**.", "Your order is ready."),
        ("notice", "Write **STOP**", "Write **STOP**"),
        ("person", "**hi**", "**hi**"),
    ],
)
def test_only_what_agents_wrote_is_translated(origin: str, text: str, shown: str) -> None:
    assert readable(origin, text) == shown


def test_a_page_translates_the_newest_texts_and_no_more_than_its_budget() -> None:
    third = "**a** " * (BUDGET // 16)
    said = [_said(number, third) for number in range(5)]

    texts = readable_texts([*said, _said(5, "x" * 50_000)])

    assert [number for number, text in texts.items() if "**" not in text] == [5, 4, 3, 2]
    assert (texts[0], texts[1]) == (third, third)


def test_fifty_usual_answers_are_translated() -> None:
    usual = "A **bold** word, *another*, `code`.\n" + "word " * 150

    texts = readable_texts([_said(number, usual) for number in range(50)])

    assert not any("*" in text for text in texts.values())


@pytest.mark.parametrize("piece", ["[", "*a ", "- a\n", "`", "**a** ", "> ", "|", "<a"])
def test_a_text_of_marks_alone_stays_as_it_was_written(piece: str) -> None:
    text = piece * (BUDGET + 1)

    assert readable_texts([_said(1, text)]) == {1: text}


def _said(number: int, text: str) -> Said:
    at = datetime(2026, 3, 2, tzinfo=UTC)
    state = MessageState.ANSWERED
    return Said(
        number, "agent", "", text, (), at, state, cleared=False, edited_at=None, unsent_at=None, turn=None, sendings=()
    )
