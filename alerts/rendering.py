"""What a message says, as text and HTML, with nothing that came from a feed able to act.

Pure; called by the notifiers. `render` makes the parts, each already clean (no control characters,
bounded); escaping belongs to a format and is done where the format is written.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from html import escape
from urllib.parse import quote, urlsplit

from alerts.notification import Notification
from alerts.rules import Change
from alerts.titles import key_label
from foreshock.clock import ms_to_iso
from foreshock.records import Evidence

MAX_TEXT = 400
MAX_REASON = 500
MAX_SUBJECT = 140
MAX_URL = 2_000
SIMULATED = (
    "The times in this message are simulated: it comes from a recording, not from live news."
)

_BIDI = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_HEADINGS = {Change.FIRING: "Alert", Change.UPDATE: "Update", Change.RESOLVED: "Resolved"}
_URL_SAFE = "!#$%&'()*+,/:;=?@[]~"


@dataclass(frozen=True, slots=True)
class Headline:
    """One line of evidence. `url` is empty where there is none that can be linked."""

    title: str
    publisher: str
    when: str
    url: str
    copies: str

    @property
    def source(self) -> str:
        """Return who published it, when, and how often it was copied."""
        return " · ".join(part for part in (self.publisher, self.when, self.copies) if part)


@dataclass(frozen=True, slots=True)
class Message:
    """A message in parts. `facts` are lines about the alert, `notes` lines about the message."""

    subject: str
    title: str
    reason: str
    facts: tuple[str, ...]
    headlines: tuple[Headline, ...]
    link: str
    notes: tuple[str, ...]


def render(notification: Notification, dashboard_url: str) -> Message:
    """Return the parts of the message about `notification`."""
    alert = notification.alert
    heading = _HEADINGS[notification.change]
    title = clean(alert.title)
    return Message(
        subject=clean(f"[Foreshock] {heading}: {title}", MAX_SUBJECT),
        title=f"{heading}: {title}",
        reason=clean(alert.reason, MAX_REASON),
        facts=_facts(notification),
        headlines=tuple(_headline(evidence) for evidence in alert.evidence),
        link=f"{dashboard_url.rstrip('/')}/?alert={alert.alert_id}" if dashboard_url else "",
        notes=(SIMULATED,) if notification.simulated else (),
    )


def clean(text: str, limit: int = MAX_TEXT) -> str:
    r"""Return `text` in one line, without control and direction characters, cut at `limit`.

    >>> clean("Bank\r\nBcc: all@example.org \x1b[31mfails")
    'Bank Bcc: all@example.org [31mfails'
    """
    spaced = "".join(" " if c.isspace() else c for c in text[: 4 * limit])
    kept = "".join(
        c for c in spaced if unicodedata.category(c) not in ("Cc", "Cs") and c not in _BIDI
    )
    line = " ".join(kept.split())
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


def safe_url(url: str) -> str:
    """Return `url` if it can be linked, quoted so that it ends where it ends; else "".

    >>> safe_url("https://example.org/a|b>c"), safe_url("javascript:alert(1)")
    ('https://example.org/a%7Cb%3Ec', '')
    """
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        return ""
    if parts.scheme not in {"http", "https"} or not host or len(url) > MAX_URL:
        return ""
    try:
        return quote(url, safe=_URL_SAFE)
    except UnicodeEncodeError:
        return ""


def moment(at_ms: int) -> str:
    """Return an event time for people, to the minute.

    >>> moment(1_222_711_205_000)
    '2008-09-29 18:00 UTC'
    """
    return f"{ms_to_iso(at_ms)[:16].replace('T', ' ')} UTC"


def to_text(message: Message) -> str:
    """Return the message as plain text."""
    lines = [message.title, "", message.reason, "", *message.facts, ""]
    for headline in message.headlines:
        lines += [f"- {headline.title}", f"  {headline.source}"]
        lines += [f"  {headline.url}"] if headline.url else []
    lines += ["", f"Dashboard: {message.link}"] if message.link else []
    lines += ["", *message.notes] if message.notes else []
    return "\n".join(lines) + "\n"


def to_html(message: Message) -> str:
    """Return the message as an HTML document without script, style sheet or remote content."""
    items = "".join(_headline_to_html(headline) for headline in message.headlines)
    facts = "<br>".join(escape(fact) for fact in message.facts)
    link = _anchor(message.link, "Open the dashboard") if message.link else ""
    notes = "".join(f"<p><em>{escape(note)}</em></p>" for note in message.notes)
    return (
        '<!DOCTYPE html><html><head><meta charset="utf-8"></head><body>'
        f"<h2>{escape(message.title)}</h2><p><strong>{escape(message.reason)}</strong></p>"
        f"<p>{facts}</p><ul>{items}</ul><p>{link}</p>{notes}</body></html>\n"
    )


def _headline_to_html(headline: Headline) -> str:
    title = _anchor(headline.url, headline.title) if headline.url else escape(headline.title)
    return f"<li>{title}<br><small>{escape(headline.source)}</small></li>"


def _anchor(url: str, text: str) -> str:
    return f'<a href="{escape(url)}">{escape(text)}</a>'


def _facts(notification: Notification) -> tuple[str, ...]:
    alert = notification.alert
    others = ", ".join(clean(key_label(key), 80) for key in alert.keys[1:])
    lines = [clean(f"Also: {others}")] if others else []
    lines.append(f"Since: {moment(alert.started_at_ms)}")
    if alert.resolved_at_ms is not None:
        lines.append(f"Until: {moment(alert.resolved_at_ms)}")
    return tuple(lines)


def _headline(evidence: Evidence) -> Headline:
    copies = evidence.copies
    return Headline(
        title=clean(evidence.title) or "(no title)",
        publisher=clean(evidence.publisher, 80),
        when=moment(evidence.at_ms),
        url=safe_url(evidence.url),
        copies="" if copies <= 0 else "1 copy" if copies == 1 else f"{copies} copies",
    )
