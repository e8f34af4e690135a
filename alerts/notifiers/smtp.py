"""Send alerts by mail. Made by `alerts.configure`.

A message has one Message-ID for good, made of the alert's id and the change, so that a mail that
comes twice is known as one; later messages refer to the first, so that mail clients thread them.
Source: RFC 5322 (Message-ID, References), RFC 3834 (Auto-Submitted), RFC 8314 (port 465).
"""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from email.errors import HeaderParseError
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime

from alerts.notification import Notification
from alerts.rendering import clean, render, to_html, to_text
from alerts.rules import Change
from foreshock.clock import Clock, SystemClock
from foreshock.errors import NotifierError, SettingsError
from foreshock.settings import SmtpSettings

IMPLICIT_TLS_PORT = 465
FIRST = Change.FIRING.value
MAX_ANSWER = 200


class SmtpNotifier:
    """Send mail as `settings` say. `tls`: how the server proves itself (None: as usual).

    Raises SettingsError if the sender or a recipient is not a mail address.
    """

    name = "smtp"

    def __init__(
        self,
        settings: SmtpSettings,
        dashboard_url: str = "",
        timeout_s: float = 10.0,
        *,
        clock: Clock | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._settings = settings
        self._dashboard_url = dashboard_url
        self._timeout_s = timeout_s
        self._clock = clock if clock is not None else SystemClock()
        self._tls = tls
        self._sender = _address(settings.sender, "sender")
        self._recipients = [_address(text, "recipient") for text in settings.to]

    def send(self, message: Notification) -> None:
        """Deliver `message`. Raises NotifierError: 4xx answers, a lost connection and time-outs
        are worth trying again; 5xx answers, a refused login or recipient are not.
        """
        mail = self.compose(message)
        try:
            with self._connected() as server:
                refused = server.send_message(mail)
        except (smtplib.SMTPException, OSError, ValueError) as error:
            # from None: an error about a login can carry the password
            raise _failure(error) from None
        if refused:
            raise NotifierError(
                f"smtp: {len(refused)} of {len(self._recipients)} recipients were refused, "
                "the others have the mail",
                retryable=False,
            )

    def compose(self, message: Notification) -> EmailMessage:
        """Return the mail: text and HTML alternatives; its Date is the present moment."""
        parts = render(message, self._dashboard_url)
        mail = EmailMessage()
        mail["Subject"] = parts.subject
        mail["From"] = self._sender
        mail["To"] = self._recipients
        mail["Date"] = format_datetime(datetime.fromtimestamp(self._clock.now_ms() / 1000, UTC))
        mail["Message-ID"] = self._message_id(message, message.name)
        if message.name != FIRST:
            first = self._message_id(message, FIRST)
            mail["In-Reply-To"] = first
            mail["References"] = first
        mail["Auto-Submitted"] = "auto-generated"
        mail.set_content(to_text(parts))
        mail.add_alternative(to_html(parts), subtype="html")
        return mail

    def _message_id(self, message: Notification, name: str) -> str:
        return f"<{message.alert.alert_id}.{name}@{self._sender.domain or 'localhost'}>"

    @contextmanager
    def _connected(self) -> Iterator[smtplib.SMTP]:
        server = self._connect()
        try:
            if self._settings.starttls and self._settings.port != IMPLICIT_TLS_PORT:
                server.starttls(context=self._context())
            if self._settings.username:
                password = self._settings.password.get_secret_value()
                server.login(self._settings.username, password)
            yield server
            # a mail that was taken is sent, however the goodbye goes
            with suppress(smtplib.SMTPException, OSError):
                server.quit()
        finally:
            server.close()

    def _connect(self) -> smtplib.SMTP:
        host, port = self._settings.host, self._settings.port
        domain = self._sender.domain
        # asking DNS for this machine's name can take longer than the time-out
        name = domain if "." in domain else "[127.0.0.1]"
        if port == IMPLICIT_TLS_PORT:
            return smtplib.SMTP_SSL(
                host, port, name, timeout=self._timeout_s, context=self._context()
            )
        return smtplib.SMTP(host, port, name, timeout=self._timeout_s)

    def _context(self) -> ssl.SSLContext:
        return ssl.create_default_context() if self._tls is None else self._tls


def _failure(error: Exception) -> NotifierError:
    """Return what a third-party error means; of its text only what can hold no secret is kept."""
    if isinstance(error, smtplib.SMTPException):
        return _smtp_failure(error)
    if isinstance(error, ssl.SSLCertVerificationError):
        reason = f"the server's certificate is not trusted ({error.verify_message})"
        return NotifierError(f"smtp: {reason}", retryable=False)
    kind = type(error).__name__
    if isinstance(error, OSError):
        return NotifierError(f"smtp: the server cannot be reached: {kind}", retryable=True)
    return NotifierError(f"smtp: the mail cannot be sent: {kind}", retryable=False)


def _smtp_failure(error: smtplib.SMTPException) -> NotifierError:
    match error:
        case smtplib.SMTPAuthenticationError():
            return _answered("refused the login", error.smtp_code, b"")
        case smtplib.SMTPRecipientsRefused():
            codes = [code for code, _ in error.recipients.values()]
            return _answered("refused every recipient", max(codes, default=550), b"")
        case smtplib.SMTPResponseException():
            return _answered("answered", error.smtp_code, error.smtp_error)
        case smtplib.SMTPServerDisconnected():
            return NotifierError("smtp: the server hung up or said nothing in time", retryable=True)
        case _:  # the server lacks STARTTLS or a way to log in
            return NotifierError(f"smtp: {type(error).__name__}", retryable=False)


def _answered(what: str, code: int, text: bytes | str) -> NotifierError:
    words = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    said = f": {clean(words, MAX_ANSWER)}" if words else ""
    return NotifierError(f"smtp: the server {what} ({code}){said}", retryable=not code >= 500)


def _address(text: str, what: str) -> Address:
    try:
        return Address(addr_spec=text)
    except (ValueError, HeaderParseError, IndexError) as error:
        raise SettingsError(
            f"alerts.smtp: expected a mail address as {what}, found {clean(text, 80)!r}"
        ) from error
