"""What Slack puts beside `text`: nothing is lost, nothing is told twice. The main shapes stand in `payloads/`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import trinity_channels_slack as plugin
from trinity_channels.api import Binding, Forwarded, Ignored, MessageReceived, Note, NoteKind, Request

Sign = Callable[..., Request]
Json = dict[str, Any]


def rich(*elements: Json) -> Json:
    return {"type": "rich_text", "elements": list(elements)}


def section(*elements: Json | str) -> Json:
    return {"type": "rich_text_section", "elements": [said(one) if isinstance(one, str) else one for one in elements]}


def said(text: str, **style: bool) -> Json:
    return {"type": "text", "text": text, "style": style}


def table(*rows: list[Any], kind: str = "table") -> Json:
    cells = [[one if isinstance(one, dict) else {"type": "raw_text", "text": one} for one in row] for row in rows]
    return {"type": kind, "rows": cells}


def shared(**fields: Any) -> Json:
    return {"is_share": True, "is_msg_unfurl": True, "author_name": "Sam", **fields}


def card(**data: str) -> Note:
    return Note(NoteKind.CARD, data)


Read = Callable[..., MessageReceived]


@pytest.fixture
def read(binding: Binding, message: Json, signed: Sign) -> Read:
    def one(**fields: Any) -> MessageReceived:
        [event] = plugin.receive(binding, signed(message | {"text": ""} | fields)).events
        assert isinstance(event, MessageReceived)
        return event

    return one


@pytest.mark.parametrize(
    ("elements", "text"),
    [
        ([section("hello "), section("again")], "hello \nagain"),
        ([section("*not bold* <b> &amp; `x`")], "*not bold* <b> &amp; `x`"),
        ([section(said(" spaced ", bold=True), "out")], " *spaced* out"),
        ([section(said("all", bold=True, italic=True, strike=True, code=True))], "*_~`all`~_*"),
        ([{"type": "rich_text_list", "style": "bullet", "elements": [section("one\ntwo")]}], "• one\n  two"),
        ([{"type": "rich_text_list", "style": "ordered", "offset": 8, "elements": [section("nine")]}], "9. nine"),
        ([{"type": "rich_text_list", "style": "checked", "elements": [section("done")]},
          {"type": "rich_text_list", "style": "unchecked", "elements": [section("open")]}], "[x] done\n[ ] open"),
        ([{"type": "rich_text_quote", "elements": [said("one\n\ntwo")]}], "> one\n>\n> two"),
        ([{"type": "rich_text_preformatted", "elements": [said("a <b>"), {"type": "link", "url": "https://x.example"}]}],
         "```\na <b>https://x.example\n```"),
        ([section({"type": "link", "url": "https://x.example/a|b>", "text": "a|b>"})], "a|b> (https://x.example/a%7Cb%3E)"),
        ([section({"type": "link", "url": "mailto:zoe@example.org", "text": "zoe@example.org"})], "zoe@example.org"),
        ([section({"type": "date", "timestamp": 1767225600, "format": "{date}"})], "2026-01-01 00:00 UTC"),
        ([section({"type": "emoji", "name": "wave"}, {"type": "emoji", "name": "parrot"})], ":wave::parrot:"),
        ([section({"type": "broadcast", "range": "everyone"})], "@everyone"),
        ([section({"type": "canvas", "file_id": "F0FAKE001", "label": "Plan"})], "Plan"),
        ([section({"type": "canvas", "file_id": "F0FAKE001"})], "F0FAKE001"),
        ([section({"type": "list_record", "file_id": "F0FAKE001", "text": "Task", "url": "https://x.example"})],
         "Task (https://x.example)"),
        ([section({"type": "work_object_mention", "text": "Bug 7", "url": "https://x.example/7"})],
         "Bug 7 (https://x.example/7)"),
        ([{"type": "rich_text_header", "text": {"type": "plain_text", "text": "Plan"}}, {"type": "rich_text_divider"}],
         "*Plan*\n---"),
        ([{"type": "rich_text_of_tomorrow", "elements": [section("words")]}], "words"),
    ],
)  # fmt: skip
def test_rich_text_without_text_becomes_the_text(elements: list[Json], text: str, read: Read) -> None:
    message = read(blocks=[rich(*elements)])

    assert (message.text, message.notes) == (text, ())


@pytest.mark.parametrize(
    ("text", "blocks"),
    [
        ("hello", [rich(section("hello"))]),
        ("*hello* _you_", [rich(section(said("hello", bold=True), " ", said("you", italic=True)))]),
        ("1. one\n    a. two", [rich({"type": "rich_text_list", "style": "ordered", "elements": [section("one")]},
                                   {"type": "rich_text_list", "style": "ordered", "indent": 1,
                                    "elements": [section("two")]})]),
        ("<!subteam^S1|@team> <#C1|general> go", [rich(section({"type": "usergroup", "usergroup_id": "S1"}, " ",
                                                               {"type": "channel", "channel_id": "C1"}, " go"))]),
        ("<!date^1767225600^{date}|New Year> :tada:", [rich(section({"type": "date", "timestamp": 1767225600}, " ",
                                                                   {"type": "emoji", "name": "tada"}))]),
        ("<http://x.example|x.example> &amp; &lt;b&gt;", [rich(section({"type": "link", "url": "http://x.example",
                                                                       "text": "x.example"}, " & <b>"))]),
        ("```if a &lt; b:\n  run()```",
         [rich({"type": "rich_text_preformatted", "elements": [said("if a < b:\n  run()")]})]),
        ("one\ntwo", [rich(section("one")), rich(section("two"))]),
        ("Alarm: CPU", [{"type": "section", "text": {"type": "mrkdwn", "text": "*Alarm*: CPU"}}]),
    ],
)  # fmt: skip
def test_what_text_and_blocks_both_say_is_told_once(text: str, blocks: list[Json], read: Read) -> None:
    assert read(text=text, blocks=blocks) == read(text=text)


@pytest.mark.parametrize(
    ("beside", "text"),
    [
        (
            {"blocks": [table(["Item", "Units"], ["Lamp", {"type": "raw_number", "value": 3}])]},
            "Item | Units\nLamp | 3",
        ),
        ({"blocks": [table(["a"], [rich(section(said("b", bold=True), "\nc"))])]}, "a\n*b* c"),
        ({"blocks": [table(["a | b", "&amp; <c>"])]}, "a | b | &amp; <c>"),
        ({"blocks": [table(["a", {"type": "raw_number", "value": 2.5, "text": "2,50"}])]}, "a | 2,50"),
        ({"blocks": [table(["a", {"type": "hologram"}, None], kind="data_table")]}, "a |  | "),
        ({"attachments": [{"blocks": [table(["a"]), table(["b"])]}]}, "a\nb"),
        ({"attachments": [{"text": "from the sheet", "blocks": [table(["a"])]}]}, "from the sheet\na"),
    ],
)
@pytest.mark.parametrize("asked", ["", "which of these?"])
def test_a_table_is_a_note_beside_the_text(beside: Json, text: str, asked: str, read: Read) -> None:
    blocks = [rich(section(asked))] if asked else []
    message = read(text=asked, **(beside | {"blocks": blocks + beside.get("blocks", [])}))

    assert (message.text, message.notes) == (asked, (card(text=text),))


@pytest.mark.parametrize(
    ("attachment", "forwarded"),
    [
        (shared(text="words"), Forwarded("Sam", "words")),
        (shared(text="", message_blocks=[{"message": {"blocks": [rich(section("words"))]}}]), Forwarded("Sam", "words")),
        (shared(text="*words*", message_blocks=[{"message": {"blocks": [rich(section("words"))]}}]),
         Forwarded("Sam", "*words*")),
        (shared(text="", blocks=[table(["a", "b"])]), Forwarded("Sam", "a | b")),
        (shared(text="top", attachments=[{"is_share": True, "author_name": "Ann", "text": "deep"}]),
         Forwarded("Sam", "top\nAnn\ndeep")),
        (shared(text="<@U0FAKE002> &amp; <https://x.example|x>"), Forwarded("Sam", "@U0FAKE002 & x (https://x.example)")),
        ({"is_share": True, "author_subname": "sam", "fallback": "[1 May] sam: words"},
         Forwarded("sam", "[1 May] sam: words")),
        (shared(text="x" * 20_000), Forwarded("Sam", "x" * 11_999 + "…")),
    ],
)  # fmt: skip
@pytest.mark.parametrize("comment", ["", "what about this?"])
def test_a_forward_keeps_its_words_and_its_author(
    attachment: Json, forwarded: Forwarded, comment: str, read: Read
) -> None:
    message = read(text=comment, attachments=[attachment])

    assert (message.text, message.forwarded, message.notes) == (comment, forwarded, ())


def test_forwarded_files_are_attachments(read: Read) -> None:
    files = [
        {"id": "F0FAKE001", "mimetype": "image/png", "name": "graph.png"},
        {"id": "F0FAKE002", "mode": "tombstone"},
    ]

    message = read(attachments=[shared(text="", files=files)])

    assert [one.name for one in message.attachments] == ["graph.png"]
    assert message.forwarded == Forwarded("Sam", "")
    assert message.notes == (Note(NoteKind.OTHER, {"text": "sent a file that has been deleted"}),)


@pytest.mark.parametrize("user", ["USLACK", "USLACKBOT", "USLACKUSER"])
@pytest.mark.parametrize("channel_type", ["im", "channel", "mpim"])
@pytest.mark.parametrize("text", ["<@U0FAKEBOT> did something", "Reminder: lamps", ""])
def test_what_slack_itself_posts_is_ignored(
    user: str, channel_type: str, text: str, binding: Binding, message: Json, signed: Sign
) -> None:
    posted = message | {"user": user, "channel_type": channel_type, "text": text}

    assert plugin.receive(binding, signed(posted)).events == (Ignored("system_message"),)


@pytest.mark.parametrize("user", ["U0SLACK01", "USLACK123", "W0FAKE001", "uslack"])
def test_a_person_whose_id_looks_like_it_is_heard(user: str, read: Read) -> None:
    assert read(user=user, text="hello").text == "hello"


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(["type", "text", "elements", "rows", "blocks", "message", "url", "style", "fields", "is_share",
                         "attachments", "message_blocks", "files", "title", "offset", "indent", "timestamp", "mode"]),
        inner | st.sampled_from(["rich_text", "rich_text_section", "rich_text_list", "table", "section", "text", "link",
                                 "date", "image", "actions", "card", "context", "ordered", "mrkdwn", "plain_text"]),
        max_size=5,
    ),
    max_leaves=20,
)  # fmt: skip


@given(blocks=anything, attachments=anything, files=anything, root=anything, text=st.text(max_size=8))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=3 * settings().max_examples)
def test_content_of_any_shape_is_read_somehow(
    blocks: object, attachments: object, files: object, root: object, text: str, read: Read
) -> None:
    message = read(text=text, blocks=blocks, attachments=attachments, files=files, root=root, thread_ts="1.2")

    assert message.text.strip() or message.parts


@pytest.mark.parametrize("name", ["blocks", "attachments"])
@pytest.mark.parametrize("kind", ["card", "rich_text", "section", "hologram"])
def test_a_deep_nest_is_no_trap(name: str, kind: str, read: Read) -> None:
    nest: Json = {"type": "text", "text": "words"}
    for _ in range(300):
        nest = {"type": kind, "elements": [nest]}

    message = read(**{name: [nest]})

    assert message.text or message.parts
