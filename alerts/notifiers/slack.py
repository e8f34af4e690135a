"""Post alerts to a Slack channel through an incoming webhook. Made by `alerts.configure`.

Source: Slack, "Sending messages using incoming webhooks", "Formatting text for app surfaces",
"Block Kit: blocks" (limits of 150 characters in a header, 3,000 in a section, 50 blocks).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

from pydantic import SecretStr

from alerts.notification import Notification
from alerts.notifiers.posting import Poster
from alerts.rendering import Headline, Message, clean, render
from alerts.rules import Change
from foreshock.clock import Clock

MAX_HEADER = 150
MAX_SECTION = 3_000
MAX_SECTIONS = 40  # for headlines, of the 50 blocks of a message
MAX_TITLE = 160
MAX_LINK = 1_200
# what would format, by characters that look the same and do nothing
_LOOKALIKES = str.maketrans({"*": "\u2217", "~": "\u223c", "`": "\u02cb", "_": "\u02cd"})
_MARKERS = {
    Change.FIRING: ":red_circle:",
    Change.UPDATE: ":large_orange_circle:",
    Change.RESOLVED: ":white_check_mark:",
}


class SlackNotifier:
    """Post to the incoming webhook `url`, which is a secret: who has it can post."""

    name = "slack"

    def __init__(
        self,
        url: SecretStr,
        dashboard_url: str = "",
        timeout_s: float = 10.0,
        clock: Clock | None = None,
    ) -> None:
        self._poster = Poster(self.name, url, timeout_s, clock)
        self._dashboard_url = dashboard_url

    def send(self, message: Notification) -> None:
        """Deliver `message`. Raises NotifierError, see `Poster.post`."""
        parts = render(message, self._dashboard_url)
        self._poster.post(slack_payload(parts, message), {}, read_word=True)


def slack_payload(parts: Message, message: Notification) -> dict[str, Any]:
    """Return the webhook's payload: blocks, and a text for notifications and old clients."""
    lines = [escape_mrkdwn(parts.reason), *(escape_mrkdwn(fact) for fact in parts.facts)]
    footer = [f"<{parts.link}|Open the dashboard>"] if parts.link else []
    footer += [escape_mrkdwn(note) for note in parts.notes]
    header = f"{_MARKERS[message.change]} {parts.title}"
    blocks: list[dict[str, Any]] = [
        {
            "type": "header",
            "text": {"type": "plain_text", "text": header[:MAX_HEADER], "emoji": True},
        },
        *map(_section, _packed(lines)),
        *islice(map(_section, _packed(map(_headline, parts.headlines))), MAX_SECTIONS),
    ]
    if footer:
        elements = [{"type": "mrkdwn", "text": "  ·  ".join(footer), "verbatim": True}]
        blocks.append({"type": "context", "elements": elements})
    text = f"{escape_mrkdwn(parts.title)}\n{escape_mrkdwn(parts.reason)}"
    return {"text": text, "blocks": blocks, "unfurl_links": False, "unfurl_media": False}


def escape_mrkdwn(text: str) -> str:
    """Return `text` so that Slack shows it and does nothing: no mention, no link, no formatting.

    >>> escape_mrkdwn("<!channel> AT&T")
    '&lt;!channel&gt; AT&amp;T'
    """
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return escaped.translate(_LOOKALIKES)


def _headline(headline: Headline) -> str:
    title = escape_mrkdwn(clean(headline.title, MAX_TITLE))
    # & is the one character of a quoted address that Slack wants escaped
    url = headline.url.replace("&", "&amp;")
    linked = f"<{url}|{title}>" if 0 < len(url) <= MAX_LINK else title
    return f"• {linked}\n    {escape_mrkdwn(headline.source)}"


def _packed(lines: Iterable[str]) -> Iterator[str]:
    """Yield texts of whole lines that fit into a section each."""
    text = ""
    for line in lines:
        if text and len(text) + 1 + len(line) > MAX_SECTION:
            yield text
            text = ""
        text = f"{text}\n{line}" if text else line
    if text:
        yield text


def _section(text: str) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text, "verbatim": True}}
