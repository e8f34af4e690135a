"""Print alerts in a frame where Foreshock runs. Made by `alerts.configure`."""

from __future__ import annotations

import sys
from io import StringIO
from typing import IO, TYPE_CHECKING

from alerts.notification import Notification
from alerts.rendering import Headline, Message, render
from alerts.rules import Change
from foreshock.errors import NotifierError

if TYPE_CHECKING:
    from rich.text import Text

_COLOURS = {Change.FIRING: "red", Change.UPDATE: "yellow", Change.RESOLVED: "green"}


class ConsoleNotifier:
    """Print to `stream` (None: standard output as it is at the time). `width` None: its own."""

    name = "console"

    def __init__(
        self, dashboard_url: str = "", stream: IO[str] | None = None, width: int | None = None
    ) -> None:
        self._dashboard_url = dashboard_url
        self._stream = stream
        self._width = width

    def send(self, message: Notification) -> None:
        """Print `message`. Raises NotifierError (retryable) if the stream cannot be written."""
        parts = render(message, self._dashboard_url)
        stream = sys.stdout if self._stream is None else self._stream
        try:
            stream.write(_encodable(_frame(parts, message.change, stream, self._width), stream))
            stream.flush()
        except (OSError, ValueError) as error:  # a closed stream raises ValueError
            raise NotifierError(f"the console cannot be written: {error}") from error


def _frame(parts: Message, change: Change, stream: IO[str], width: int | None) -> str:
    from rich.console import Console
    from rich.panel import Panel

    there = Console(file=stream, width=width)
    # drawn apart from the stream, because Rich ends the program where a pipe is broken
    drawn = StringIO()
    console = Console(
        file=drawn,
        width=there.width,
        force_terminal=there.is_terminal,
        markup=False,
        highlight=False,
        emoji=False,
    )
    title = _plain(parts.title, style="bold")
    colour = _COLOURS[change]
    console.print(Panel(_body(parts), title=title, title_align="left", border_style=colour))
    return drawn.getvalue()


def _encodable(text: str, stream: IO[str]) -> str:
    encoding = getattr(stream, "encoding", None) or "utf-8"
    return text.encode(encoding, "replace").decode(encoding)


def _body(parts: Message) -> Text:
    body = _plain(parts.reason + "\n")
    for headline in parts.headlines:
        body.append_text(_headline(headline))
    for line in (*parts.facts, parts.link, *parts.notes):
        if line:
            body.append(f"\n{line}", style="dim")
    return body


def _headline(headline: Headline) -> Text:
    line = _plain("\n• ")
    line.append(headline.title, style=f"link {headline.url}" if headline.url else "")
    line.append(f"\n  {headline.source}", style="dim")
    return line


def _plain(text: str, style: str = "") -> Text:
    from rich.text import Text

    return Text(text, style=style)
