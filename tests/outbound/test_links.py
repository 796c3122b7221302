from __future__ import annotations

import pytest

from tests.outbound.screens import SCREENS
from trinity_channels.outbound import replies

WHATSAPP, TELEGRAM, SLACK = (SCREENS[name].manifest for name in ("whatsapp", "telegram", "slack"))


def tag(url: str, words: str) -> str:
    return f'<a href="{url}">{words}</a>'


@pytest.mark.parametrize(
    ("markdown", "slack", "telegram", "whatsapp"),
    [
        (
            "[report](https://example.org/d?series=tea|cake&x=1)",
            "<https://example.org/d?series=tea%7Ccake&amp;x=1|report>",
            tag("https://example.org/d?series=tea%7Ccake&amp;x=1", "report"),
            "report (https://example.org/d?series=tea%7Ccake&x=1)",
        ),
        (
            "[open](HTTPS://example.org/)",
            "<HTTPS://example.org/|open>",
            tag("HTTPS://example.org/", "open"),
            "open (HTTPS://example.org/)",
        ),
        (
            "[a](<https://e.org/x y>)",
            "<https://e.org/x%20y|a>",
            tag("https://e.org/x%20y", "a"),
            "a (https://e.org/x%20y)",
        ),
        (
            "[a](https://e.org/x_(y))",
            "<https://e.org/x_(y)|a>",
            tag("https://e.org/x_(y)", "a"),
            "a (https://e.org/x_%28y%29)",
        ),
        (
            r"[a](<https://e.org/\>|fake>)",
            "<https://e.org/%3E%7Cfake|a>",
            tag("https://e.org/%3E%7Cfake", "a"),
            "a (https://e.org/%3E%7Cfake)",
        ),
        (
            '[a](https://e.org/"onclick=)',
            "<https://e.org/%22onclick=|a>",
            tag("https://e.org/%22onclick=", "a"),
            "a (https://e.org/%22onclick=)",
        ),
        (
            "[a > b | c](https://e.org)",
            "<https://e.org|a &gt; b | c>",
            tag("https://e.org", "a &gt; b | c"),
            "a > b | c (https://e.org)",
        ),
        (
            "[**bold**](https://e.org)",
            "*<https://e.org|bold>*",
            f"<b>{tag('https://e.org', 'bold')}</b>",
            "*bold* (https://e.org)",
        ),
        (
            "<https://e.org/x|the page> ok",
            "<https://e.org/x|the page> ok",
            f"{tag('https://e.org/x', 'the page')} ok",
            "the page (https://e.org/x) ok",
        ),
        ("[write](mailto:z@e.org)", "<mailto:z@e.org|write>", "write (z@e.org)", "write (z@e.org)"),
        ("<mailto:z@e.org|Zoe>", "<mailto:z@e.org|Zoe>", "Zoe (z@e.org)", "Zoe (z@e.org)"),
        ("[call](tel:+12025550188)", "call (+12025550188)", "call (+12025550188)", "call (+12025550188)"),
        ("[z@e.org](mailto:z@e.org)", "z@e.org", "z@e.org", "z@e.org"),
    ],
)
def test_a_link_keeps_its_address(markdown: str, slack: str, telegram: str, whatsapp: str) -> None:
    assert replies.parts(SLACK, markdown) == [slack]
    assert replies.parts(TELEGRAM, markdown) == [telegram]
    assert replies.parts(WHATSAPP, markdown) == [whatsapp]


@pytest.mark.parametrize(
    "address",
    [
        *("ftp://example.org/x", "slack://channel?id=C1", "vscode://file/a.py", "tg://user?id=1"),
        *("FTP://example.org", "ssh://root@example.org", "intent://scan/", "whatsapp://send?phone=1"),
    ],
)
@pytest.mark.parametrize("manifest", [SLACK, TELEGRAM, WHATSAPP], ids=lambda manifest: manifest.name)
def test_other_schemes_are_written_out(manifest: object, address: str) -> None:
    assert replies.parts(manifest, f"[label]({address})") == [f"label ({address})"]  # type: ignore[arg-type]


@pytest.mark.parametrize("address", ["javascript:alert(1)", "data:text/html,x", "vbscript:x", "file:///etc/passwd"])
def test_what_a_browser_would_run_stays_source(address: str) -> None:
    assert replies.parts(TELEGRAM, f"[x]({address})") == [f"[x]({address})"]


@pytest.mark.parametrize(
    "command", ["<!channel>", "<!here|here>", "<@U0123ABC>", "<#C0123ABC|general>", "<!date^1^x|y>"]
)
def test_commands_are_text(command: str) -> None:
    assert replies.parts(SLACK, f"**hi** {command}") == [f"*hi* {command.replace('<', '&lt;').replace('>', '&gt;')}"]
    assert SCREENS["slack"].shows(command) == command


@pytest.mark.parametrize(
    ("label", "address", "shown"),
    [
        ("bank.example", "https://evil.example/", "https://evil.example/"),
        ("https://bank.example/login", "https://evil.example", "https://evil.example"),
        ("BANK.Example.", "https://evil.example", "https://evil.example"),
        ("log in at www.bank.example now", "https://evil.example", "https://evil.example"),
        ("bank\u200b.example", "https://evil.example", "https://evil.example"),
        ("bank&#8203;.exam&shy;ple", "https://evil.example", "https://evil.example"),
        ("\uff42\uff41\uff4e\uff4b\u3002example", "https://evil.example", "https://evil.example"),
        ("https://bank.example@evil.example", "https://evil.example", "https://evil.example"),
        ("bank.example", "https://bank.example@evil.example", "https://bank.example@evil.example"),
        ("log in", "https://bank.example@evil.example", "https://bank.example@evil.example"),
        ("https://bank.example/a", "https://bank.example/b", "https://bank.example/b"),
        ("b\u0430nk.example", "https://bank.example", "https://bank.example"),
        ("bank.example", "https://b\u0430nk.example/x", "https://xn--bnk-6cd.example/x"),
        ("help@bank.example", "https://evil.example", "https://evil.example"),
        ("help@bank.example", "mailto:help@evil.example", "help@evil.example"),
        ("10.0.0.1", "https://evil.example", "https://evil.example"),
        ("README.md", "https://evil.example", "https://evil.example"),
        ("`bank.example`", "https://evil.example", "https://evil.example"),
    ],
)
def test_words_that_claim_another_address_are_shown_with_the_real_one(label: str, address: str, shown: str) -> None:
    (message,) = replies.parts(SLACK, f"[{label}]({address})")

    assert message.endswith(f" ({shown})")
    assert "|" not in message


@pytest.mark.parametrize(
    ("label", "address"),
    [
        ("bank.example", "https://www.bank.example/login"),
        ("Bank.Example", "https://bank.example/login?a=b"),
        ("README.md", "https://git.example/x/README.md#top"),
        ("Node.js", "https://nodejs.example"),
        ("version 2.0.1", "https://e.org"),
        ("e.g. this", "https://e.org"),
        ("the docs", "https://e.org"),
        ("12.5 %", "https://e.org"),
    ],
)
def test_words_that_claim_nothing_hide_the_address(label: str, address: str) -> None:
    assert replies.parts(SLACK, f"[{label}]({address})") == [f"<{address}|{label}>"]
