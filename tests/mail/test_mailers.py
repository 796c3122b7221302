"""Mail as a server receives it; the server is aiosmtpd on the loopback address."""

import asyncio
import datetime as dt
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session
from pydantic import SecretStr

from tests.certificates import self_signed
from tests.listening import listening
from trinity_channels.lease import Lease, LeaseLost, held
from trinity_channels.mail.captured import KEPT, CapturedMailer
from trinity_channels.mail.port import Mail, MailError
from trinity_channels.mail.smtp import SmtpMailer

NOW = dt.datetime(2030, 1, 1, 12, 0, tzinfo=dt.UTC)
CODE = Mail("zoe@example.org", "Your code \N{EM DASH} support", "Your code is 123456.\nGo on \N{SNOWMAN}")


class Postbox:
    """Takes mail as a server does and keeps it; `refuse` is the answer to every recipient instead."""

    def __init__(self) -> None:
        self.envelopes: list[Envelope] = []
        self.encrypted: list[bool] = []
        self.refuse = ""

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        envelope.rcpt_tos.append(address)
        return self.refuse or "250 OK"

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        self.envelopes.append(envelope)
        assert server.transport is not None
        self.encrypted.append(server.transport.get_extra_info("ssl_object") is not None)
        return "250 OK"

    def mail(self) -> EmailMessage:
        """The one mail that came."""
        (envelope,) = self.envelopes
        assert isinstance(envelope.content, bytes)
        return message_from_bytes(envelope.content, _class=EmailMessage, policy=policy.default)


class Connection(SMTP):
    """A connection whose end can be awaited, so that no test leaves one behind."""

    def __init__(self, box: Postbox, **options: Any) -> None:
        super().__init__(box, hostname="localhost", **options)
        self.lost = asyncio.Event()
        self.lost.set()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self.lost.clear()

    def connection_lost(self, error: Exception | None) -> None:
        super().connection_lost(error)
        self.lost.set()


Start = Callable[..., Awaitable[int]]


@pytest.fixture
async def serve() -> AsyncIterator[Start]:
    """Start a mail server with a postbox; answers its port."""
    async with AsyncExitStack() as stack:

        async def start(box: Postbox, *, tls: ssl.SSLContext | None = None, **options: Any) -> int:
            def connect() -> Connection:
                connection = Connection(box, **options)
                stack.push_async_callback(connection.lost.wait)
                return connection

            server = await asyncio.get_running_loop().create_server(connect, "127.0.0.1", 0, ssl=tls)
            await stack.enter_async_context(server)
            port: int = server.sockets[0].getsockname()[1]
            return port

        yield start


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A key and a certificate for 127.0.0.1 that no one has signed."""
    path = tmp_path_factory.mktemp("tls") / "server.pem"
    path.write_bytes(self_signed())
    return path


@pytest.fixture
def server_tls(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


def mailer(port: int, *, scheme: str = "smtp", user: str = "", sender: str = "Bot <bot@example.org>") -> SmtpMailer:
    return SmtpMailer(SecretStr(f"{scheme}://{user}127.0.0.1:{port}"), sender, now=lambda: NOW)


async def test_a_mail_arrives_as_it_was_written(serve: Start) -> None:
    box = Postbox()

    await mailer(await serve(box)).send(CODE)

    assert box.envelopes[0].mail_from == "bot@example.org"
    assert box.envelopes[0].rcpt_tos == ["zoe@example.org"]
    assert box.mail()["From"] == "Bot <bot@example.org>"
    assert box.mail()["To"] == "zoe@example.org"
    assert box.mail()["Subject"] == CODE.subject
    assert box.mail().get_content().split() == CODE.text.split()
    assert box.mail()["Date"].datetime == NOW
    assert box.mail()["Message-ID"].endswith("@example.org>")
    assert box.mail()["Auto-Submitted"] == "auto-generated"


async def test_a_mail_of_a_run_that_was_lost_while_it_connected_is_not_handed_over(serve: Start) -> None:
    box = Postbox()

    with held(Lease("turn:1", 1, lambda: False)), pytest.raises(LeaseLost):
        await mailer(await serve(box)).send(CODE)

    assert box.envelopes == []


async def test_a_domain_in_letters_of_any_alphabet_is_spelt_as_the_network_does(serve: Start) -> None:
    box = Postbox()

    await mailer(await serve(box)).send(Mail("zoe@b\u00fccher.example", "s", "t"))

    assert box.envelopes[0].rcpt_tos == ["zoe@xn--bcher-kva.example"]
    assert box.mail()["To"] == "zoe@xn--bcher-kva.example"


@pytest.mark.parametrize(("user", "accepted"), [("us%40er:fake%3Ap%2Fw@", True), ("us%40er:fake-other@", False)])
@pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")
async def test_user_and_password_are_percent_decoded_and_checked(serve: Start, user: str, *, accepted: bool) -> None:
    def check(_server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, data: Any) -> AuthResult:
        return AuthResult(success=(data.login, data.password) == (b"us@er", b"fake:p/w"), handled=False)

    box = Postbox()
    port = await serve(box, auth_required=True, auth_require_tls=False, authenticator=check)

    if accepted:
        await mailer(port, user=user).send(CODE)
        assert len(box.envelopes) == 1
        return
    with pytest.raises(MailError, match=r"refuses user or password \(535\); check TRINITY_CHANNELS_SMTP_URL") as caught:
        await mailer(port, user=user).send(CODE)
    assert box.envelopes == []
    assert "fake" not in str(caught.value)


async def test_a_refused_recipient_is_an_error_without_the_address(serve: Start) -> None:
    box = Postbox()
    box.refuse = "550 zoe@example.org is unknown here"

    with pytest.raises(MailError) as caught:
        await mailer(await serve(box)).send(CODE)

    assert str(caught.value) == "The mail server refuses the recipient (550)."
    assert caught.value.__suppress_context__
    assert box.envelopes == []


async def test_a_mail_that_is_too_large_is_an_error(serve: Start) -> None:
    box = Postbox()

    with pytest.raises(MailError, match=r"refuses .* \(552\)"):
        await mailer(await serve(box, data_size_limit=10)).send(CODE)

    assert box.envelopes == []


async def test_no_server_is_an_error_that_names_the_setting() -> None:
    with pytest.raises(MailError, match="check TRINITY_CHANNELS_SMTP_URL"):
        await mailer(1).send(CODE)


async def test_a_server_that_never_answers_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trinity_channels.mail.smtp.TIMEOUT_SECONDS", 0.05)

    async def says_nothing(*_: object) -> None:
        await asyncio.Event().wait()

    async with listening(says_nothing) as port:
        with pytest.raises(MailError, match="did not answer within"):
            await mailer(port).send(CODE)


@pytest.mark.parametrize("scheme", ["smtp", "smtps"])
async def test_tls_is_used_when_offered_or_asked_for(
    serve: Start, certificate: Path, server_tls: ssl.SSLContext, scheme: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    box = Postbox()
    port = await serve(box, **({"tls": server_tls} if scheme == "smtps" else {"tls_context": server_tls}))

    await mailer(port, scheme=scheme).send(CODE)

    assert box.encrypted == [True]


@pytest.mark.parametrize("scheme", ["smtp", "smtps"])
async def test_nothing_is_sent_to_a_server_with_a_bad_certificate(
    serve: Start, server_tls: ssl.SSLContext, scheme: str
) -> None:
    box = Postbox()
    port = await serve(box, **({"tls": server_tls} if scheme == "smtps" else {"tls_context": server_tls}))

    with pytest.raises(MailError, match="check TRINITY_CHANNELS_SMTP_URL"):
        await mailer(port, scheme=scheme).send(CODE)

    assert box.envelopes == []


@pytest.mark.parametrize(
    "mail",
    [
        Mail("zoe@example.org\r\nBcc: mallory@example.org", "s", "t"),
        Mail("zoe@example.org, mallory@example.org", "s", "t"),
        Mail("Zoe <zoe@example.org>", "s", "t"),
        Mail("", "s", "t"),
        Mail("zoe@example.org", "s\nBcc: mallory@example.org", "t"),
        Mail("zoe@example.org", "s\rBcc: mallory@example.org", "t"),
        Mail("zoe@example.org", "s", "\ud83d"),
    ],
)
async def test_no_header_or_recipient_can_be_smuggled_in(serve: Start, mail: Mail) -> None:
    box = Postbox()

    with pytest.raises(MailError) as caught:
        await mailer(await serve(box)).send(mail)

    assert box.envelopes == []
    assert "example.org" not in str(caught.value)


async def test_headers_in_the_text_stay_text(serve: Start) -> None:
    box = Postbox()

    await mailer(await serve(box)).send(
        Mail("zoe@example.org", "s", "Bcc: mallory@example.org\n\n.\nMAIL FROM:<x@y.example>")
    )

    assert box.mail()["Bcc"] is None
    assert box.envelopes[0].rcpt_tos == ["zoe@example.org"]
    assert box.mail().get_content().splitlines()[:3] == ["Bcc: mallory@example.org", "", "."]


@pytest.mark.parametrize("sender", ["", "nobody", "bot@example.org\nBcc: mallory@example.org"])
def test_an_unusable_sender_is_refused_by_name(sender: str) -> None:
    with pytest.raises(ValueError, match="TRINITY_CHANNELS_MAIL_FROM must be an address"):
        mailer(25, sender=sender)


async def test_captured_mail_is_kept_up_to_a_limit() -> None:
    captured = CapturedMailer()

    for number in range(KEPT + 1):
        await captured.send(Mail(f"p{number}@example.org", "s", str(number)))

    assert [mail.text for mail in captured.mails] == [str(number) for number in range(1, KEPT + 1)]
    assert captured.to("p7@example.org") == (Mail("p7@example.org", "s", "7"),)
    assert captured.to("p0@example.org") == ()
