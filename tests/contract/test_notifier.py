"""What every notifier promises, against real servers on this machine."""

from __future__ import annotations

import email
import email.policy
import io
import json
import logging
import socket
import ssl
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult
from pydantic import SecretStr

from alerts.notification import Notification
from alerts.notifiers.base import Notifier, RetryLaterError
from alerts.notifiers.console import ConsoleNotifier
from alerts.notifiers.slack import SlackNotifier
from alerts.notifiers.smtp import SmtpNotifier
from alerts.notifiers.webhook import WebhookNotifier
from alerts.rules import Change
from foreshock.clock import ManualClock
from foreshock.errors import NotifierError
from foreshock.records import Alert, AlertState, Evidence
from foreshock.settings import SmtpSettings

TOKEN = "T0-very-secret-token"  # in the web addresses, and the mail password
TIMEOUT_S = 0.5
CERTIFICATE = Path(__file__).parent / "mail_server.pem"
HOSTILE = "Bank\r\nBcc: evil@example.org\r\n\r\n\x1b[2J<script>alert(1)</script> <!channel>"


def message(change: Change = Change.FIRING, name: str = "", **fields: Any) -> Notification:
    evidence = Evidence(
        id="n1",
        title="Regulator seizes Yes Bank",
        publisher="Wire",
        url="https://news.example/n1",
        at_ms=1_700_000_000_000,
        polarity_micro=-900_000,
        copies=3,
    )
    alert = Alert(
        **{
            "alert_id": "0123456789abcdef" * 2,
            "watch": "main",
            "state": AlertState.FIRING,
            "title": "Yes Bank: 14 negative stories in an hour",
            "reason": "Yes Bank: 14 negative stories in the last hour; 3.1 is usual.",
            "keys": ("ticker:YES",),
            "spike_ids": ("s1",),
            "evidence": (evidence,),
            "surprise": 6.0,
            "started_at_ms": 1_700_000_000_000,
            "updated_at_ms": 1_700_000_000_000,
            **fields,
        }
    )
    return Notification(alert=alert, change=change, name=name or change.value, sequence=1)


class HttpFar:
    """A web server that answers as it is told and keeps what it was sent."""

    def __init__(self) -> None:
        self.status, self.headers, self.body = 200, {}, b"ok"
        self.requests: list[tuple[dict[str, str], bytes]] = []
        far = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                data = self.rfile.read(int(self.headers["Content-Length"]))
                far.requests.append((dict(self.headers), data))
                self.send_response(far.status)
                for header, value in far.headers.items():
                    self.send_header(header, value)
                self.send_header("Content-Length", str(len(far.body)))
                self.end_headers()
                self.wfile.write(far.body)

            def log_message(self, *arguments: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.01,))
        self.thread.start()

    @property
    def url(self) -> SecretStr:
        return SecretStr(f"http://127.0.0.1:{self.server.server_port}/hook/{TOKEN}")

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


class MailFar:
    """A mail server that answers as it is told and keeps what it was sent."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.answer = "250 taken"
        self.mails: list[bytes] = []
        self.logins: list[bytes] = []
        self.controller = Controller(
            self,
            hostname="127.0.0.1",
            port=free_port(),
            authenticator=self.authenticate,
            auth_require_tls=tls is not None,
            tls_context=tls,
        )
        self.controller.start()

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        if self.answer.startswith("250"):
            self.mails.append(envelope.content)
        return self.answer

    def authenticate(self, server: Any, session: Any, envelope: Any, kind: str, data: Any) -> Any:
        self.logins.append(data.password)
        return AuthResult(success=data.password == TOKEN.encode(), handled=False)

    def settings(self, **fields: Any) -> SmtpSettings:
        return SmtpSettings(
            **{
                "host": "127.0.0.1",
                "port": self.controller.port,
                "starttls": False,
                "sender": "foreshock@example.org",
                "to": ("a@example.org", "b@example.org"),
                **fields,
            }
        )

    def close(self) -> None:
        self.controller.stop()


def free_port() -> int:
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        return int(server.getsockname()[1])


@contextmanager
def silent_port() -> Iterator[int]:
    """A server that takes connections and never says anything."""
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        yield int(server.getsockname()[1])


@pytest.fixture
def web() -> Iterator[HttpFar]:
    with closing(HttpFar()) as far:
        yield far


@pytest.fixture
def mail() -> Iterator[MailFar]:
    with closing(MailFar()) as far:
        yield far


@pytest.fixture(params=[SlackNotifier, WebhookNotifier], ids=["slack", "webhook"])
def poster(request: pytest.FixtureRequest) -> Callable[[SecretStr], Notifier]:
    return lambda url: request.param(url, "https://dash.example", TIMEOUT_S)


class Case:
    """A notifier with its far side: `deliveries()` as texts, `refuse(code)` answers so from now."""

    def __init__(
        self,
        notifier: Notifier,
        deliveries: Callable[[], list[str]],
        refuse: Callable[[str], None],
        elsewhere: Callable[[int], Notifier],
    ) -> None:
        self.notifier, self.deliveries = notifier, deliveries
        self.refuse, self.elsewhere = refuse, elsewhere


class Broken(io.StringIO):
    def write(self, text: str) -> int:
        raise BrokenPipeError("gone")


def console_case() -> Case:
    stream = io.StringIO()
    notifier = ConsoleNotifier("", stream, width=200)

    def refuse(kind: str) -> None:
        case.notifier = ConsoleNotifier("", Broken())

    def deliveries() -> list[str]:
        return stream.getvalue().split("╭")[1:]

    case = Case(notifier, deliveries, refuse, lambda port: ConsoleNotifier("", Broken()))
    return case


def http_case(kind: Any, far: HttpFar) -> Case:
    def refuse(reason: str) -> None:
        far.status = {"later": 500, "never": 400}[reason]

    def deliveries() -> list[str]:
        return [data.decode() for _, data in far.requests] if far.status == 200 else []

    def elsewhere(port: int) -> Notifier:
        return kind(SecretStr(f"http://127.0.0.1:{port}/{TOKEN}"), "", TIMEOUT_S)

    return Case(kind(far.url, "", TIMEOUT_S), deliveries, refuse, elsewhere)


def mail_case(far: MailFar) -> Case:
    def refuse(reason: str) -> None:
        far.answer = {"later": "451 try later", "never": "554 no thanks"}[reason]

    def texts() -> list[str]:
        parsed = (email.message_from_bytes(m, policy=email.policy.default) for m in far.mails)
        return [f"{m['subject']}\n{m.get_body(('plain',)).get_content()}" for m in parsed]

    login = {"username": "me", "password": SecretStr(TOKEN)}

    def elsewhere(port: int) -> Notifier:
        return SmtpNotifier(far.settings(port=port, **login), "", TIMEOUT_S)

    return Case(SmtpNotifier(far.settings(**login), "", 5.0), texts, refuse, elsewhere)


@pytest.fixture(params=["console", "slack", "smtp", "webhook"])
def case(request: pytest.FixtureRequest) -> Iterator[Case]:
    match request.param:
        case "console":
            yield console_case()
        case "smtp":
            with closing(MailFar()) as far:
                yield mail_case(far)
        case kind:
            with closing(HttpFar()) as far:
                yield http_case({"slack": SlackNotifier, "webhook": WebhookNotifier}[kind], far)


def test_it_delivers_once_with_reason_and_evidence(case: Case) -> None:
    case.notifier.send(message())
    (text,) = case.deliveries()
    for part in ("14 negative stories", "3.1 is usual", "Regulator seizes Yes Bank"):
        assert part in text


def test_it_delivers_each_change(case: Case) -> None:
    for change in Change:
        case.notifier.send(message(change))
    assert len(case.deliveries()) == 3


def test_what_may_pass_is_worth_trying_again(case: Case) -> None:
    case.refuse("later")
    with pytest.raises(NotifierError) as caught:
        case.notifier.send(message())
    assert caught.value.retryable
    assert case.deliveries() == []


@pytest.mark.parametrize("case", ["slack", "smtp", "webhook"], indirect=True)
def test_a_refusal_is_final(case: Case) -> None:
    case.refuse("never")
    with pytest.raises(NotifierError) as caught:
        case.notifier.send(message())
    assert not caught.value.retryable


@pytest.mark.parametrize("case", ["slack", "smtp", "webhook"], indirect=True)
def test_a_server_that_is_not_there_is_worth_trying_again(case: Case) -> None:
    with pytest.raises(NotifierError, match="cannot be reached") as caught:
        case.elsewhere(free_port()).send(message())
    assert caught.value.retryable


@pytest.mark.parametrize("case", ["slack", "smtp", "webhook"], indirect=True)
def test_a_server_that_says_nothing_is_worth_trying_again(case: Case) -> None:
    with silent_port() as port, pytest.raises(NotifierError) as caught:
        case.elsewhere(port).send(message())
    assert caught.value.retryable
    assert "imeout" in str(caught.value) or "nothing in time" in str(caught.value)


@pytest.mark.parametrize("reason", ["later", "never"])
def test_no_error_shows_the_secret(case: Case, reason: str) -> None:
    case.refuse(reason)
    with pytest.raises(NotifierError) as caught:
        case.notifier.send(message())
    assert TOKEN not in "".join(traceback.format_exception(caught.value))


def test_nothing_from_a_feed_acts(case: Case) -> None:
    evidence = Evidence(
        id="n1", title=HOSTILE, publisher=HOSTILE, url="javascript:x", at_ms=1, polarity_micro=-1
    )
    case.notifier.send(message(title=HOSTILE, reason=HOSTILE, evidence=(evidence,)))
    (text,) = case.deliveries()
    assert "\x1b[2J" not in text
    assert "\nBcc:" not in text


def test_the_console_shows_what_its_encoding_has() -> None:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="ascii")
    ConsoleNotifier("", stream, width=60).send(message(title="Banque g\u00e9n\u00e9rale"))
    stream.flush()
    assert b"Banque g?n?rale" in raw.getvalue()


@pytest.mark.parametrize(("status", "final"), [(404, True), (403, True), (410, True), (502, False)])
def test_the_status_decides(web: HttpFar, poster: Any, status: int, final: bool) -> None:
    web.status = status
    with pytest.raises(NotifierError, match=str(status)) as caught:
        poster(web.url).send(message())
    assert caught.value.retryable is not final


def test_a_redirect_is_not_followed(web: HttpFar, poster: Any) -> None:
    web.status, web.headers = 302, {"Location": "http://127.0.0.1:1/"}
    with pytest.raises(NotifierError, match="302") as caught:
        poster(web.url).send(message())
    assert not caught.value.retryable


@pytest.mark.parametrize(
    ("status", "header", "wait_ms"),
    [
        (429, "17", 17_000),
        (503, "17", 17_000),
        (429, "Tue, 14 Nov 2023 22:13:50 GMT", 30_000),
        (429, "Tue, 14 Nov 2023 22:00:00 GMT", 0),
        (429, "soon", 60_000),
        (429, None, 60_000),
    ],
)
def test_busy_names_its_time(web: HttpFar, status: int, header: str | None, wait_ms: int) -> None:
    web.status, web.headers = status, {} if header is None else {"Retry-After": header}
    notifier = SlackNotifier(web.url, "", TIMEOUT_S, ManualClock(1_700_000_000_000))
    with pytest.raises(RetryLaterError) as caught:
        notifier.send(message())
    assert caught.value.retry_after_ms == wait_ms


def test_slack_says_why_in_a_word(web: HttpFar) -> None:
    web.status, web.body = 404, b"no_service"
    with pytest.raises(NotifierError, match=r"answered 404 \(no_service\)"):
        SlackNotifier(web.url, "", TIMEOUT_S).send(message())
    web.body = f"the address {TOKEN} is unknown".encode() * 1000
    with pytest.raises(NotifierError, match=r"answered 404$"):
        SlackNotifier(web.url, "", TIMEOUT_S).send(message())


def test_slack_gets_blocks_and_a_text(web: HttpFar) -> None:
    SlackNotifier(web.url, "https://dash.example", TIMEOUT_S).send(message())
    payload = json.loads(web.requests[0][1])
    assert [block["type"] for block in payload["blocks"]] == [
        "header",
        "section",
        "section",
        "context",
    ]
    assert (
        "<https://news.example/n1|Regulator seizes Yes Bank>"
        in (payload["blocks"][2]["text"]["text"])
    )
    assert payload["text"].startswith("Alert: Yes Bank")


def test_a_webhook_can_tell_a_repetition(web: HttpFar) -> None:
    notifier = WebhookNotifier(web.url, "", TIMEOUT_S)
    for sent in (message(), message(), message(Change.RESOLVED)):
        notifier.send(sent)
    keys = [headers["Idempotency-Key"] for headers, _ in web.requests]
    alert_id = message().alert.alert_id
    assert keys == [f"{alert_id}:firing", f"{alert_id}:firing", f"{alert_id}:resolved"]
    assert web.requests[0][1] == web.requests[1][1]


def test_the_web_address_is_not_logged(web: HttpFar, poster: Any) -> None:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    loggers = [logging.getLogger(name) for name in ("httpx", "httpcore")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.addHandler(handler)
        logger.setLevel(logging.DEBUG)
    try:
        poster(web.url).send(message())
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.removeHandler(handler)
            logger.setLevel(level)
    assert "POST" in stream.getvalue()  # the client did log, so there was something to hide
    assert TOKEN not in stream.getvalue()


def test_mails_of_an_alert_make_a_thread_and_repetitions_are_one(mail: MailFar) -> None:
    notifier = SmtpNotifier(mail.settings(), "https://dash.example", 5.0, clock=ManualClock(0))
    for sent in (message(), message(), message(Change.UPDATE), message(Change.RESOLVED)):
        notifier.send(sent)
    mails = [email.message_from_bytes(raw, policy=email.policy.default) for raw in mail.mails]
    ids = [found["message-id"] for found in mails]
    first = f"<{message().alert.alert_id}.firing@example.org>"
    assert ids[0] == ids[1] == first
    assert len(set(ids)) == 3
    assert [found["references"] for found in mails] == [None, None, first, first]
    assert {found["to"] for found in mails} == {"a@example.org, b@example.org"}
    assert {found["auto-submitted"] for found in mails} == {"auto-generated"}
    assert mails[0]["date"].datetime.timestamp() == 0
    html = mails[0].get_body(("html",)).get_content()
    assert '<a href="https://news.example/n1">' in html


def test_a_mail_header_cannot_be_injected(mail: MailFar) -> None:
    SmtpNotifier(mail.settings(), "", 5.0).send(message(title=HOSTILE))
    (found,) = (email.message_from_bytes(raw, policy=email.policy.default) for raw in mail.mails)
    assert found["bcc"] is None
    assert found["subject"].startswith("[Foreshock] Alert: Bank Bcc: evil@example.org")


def test_mail_logs_in_where_it_has_a_name(mail: MailFar) -> None:
    login = {"username": "me", "password": SecretStr(TOKEN)}
    SmtpNotifier(mail.settings(**login), "", 5.0).send(message())
    assert mail.logins == [TOKEN.encode()]
    assert len(mail.mails) == 1


def test_a_refused_login_is_final_and_shows_no_password(mail: MailFar) -> None:
    login = {"username": "me", "password": SecretStr("wrong-" + TOKEN)}
    with pytest.raises(NotifierError, match="refused the login") as caught:
        SmtpNotifier(mail.settings(**login), "", 5.0).send(message())
    assert not caught.value.retryable
    assert "wrong" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_encryption_that_is_not_offered_is_final(mail: MailFar) -> None:
    with pytest.raises(NotifierError) as caught:
        SmtpNotifier(mail.settings(starttls=True), "", 5.0).send(message())
    assert not caught.value.retryable
    assert mail.mails == []


@pytest.fixture
def encrypted_mail() -> Iterator[MailFar]:
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(CERTIFICATE)
    with closing(MailFar(tls)) as far:
        yield far


def test_mail_is_encrypted_before_the_login(encrypted_mail: MailFar) -> None:
    login = {"username": "me", "password": SecretStr(TOKEN), "starttls": True}
    trusting = ssl.create_default_context(cafile=str(CERTIFICATE))
    SmtpNotifier(encrypted_mail.settings(**login), "", 5.0, tls=trusting).send(message())
    assert encrypted_mail.logins == [TOKEN.encode()]
    assert len(encrypted_mail.mails) == 1


def test_a_server_that_nobody_vouches_for_is_final_and_gets_no_password(
    encrypted_mail: MailFar,
) -> None:
    login = {"username": "me", "password": SecretStr(TOKEN), "starttls": True}
    with pytest.raises(NotifierError, match="certificate is not trusted") as caught:
        SmtpNotifier(encrypted_mail.settings(**login), "", 5.0).send(message())
    assert not caught.value.retryable
    assert encrypted_mail.logins == []


def test_a_mail_that_was_taken_is_sent_however_the_goodbye_goes(mail: MailFar) -> None:
    async def slam(server: Any, session: Any, envelope: Any) -> str:
        return "421 shutting down"

    mail.handle_QUIT = slam  # type: ignore[attr-defined]
    SmtpNotifier(mail.settings(), "", 5.0).send(message())
    assert len(mail.mails) == 1


def test_some_refused_recipients_are_told(mail: MailFar) -> None:
    async def refuse_b(server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        if address.startswith("b@"):
            return "550 unknown"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    mail.handle_RCPT = refuse_b  # type: ignore[attr-defined]
    with pytest.raises(NotifierError, match="1 of 2 recipients") as caught:
        SmtpNotifier(mail.settings(), "", 5.0).send(message())
    assert not caught.value.retryable


@pytest.mark.parametrize(("code", "final"), [("450", False), ("550", True)])
def test_refused_recipients_are_final_or_not(mail: MailFar, code: str, final: bool) -> None:
    async def refuse(server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        return f"{code} no"

    mail.handle_RCPT = refuse  # type: ignore[attr-defined]
    with pytest.raises(NotifierError, match="every recipient") as caught:
        SmtpNotifier(mail.settings(), "", 5.0).send(message())
    assert caught.value.retryable is not final
