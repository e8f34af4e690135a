"""Print alerts in a frame where Foreshock runs. Made by `alerts.configure`."""

from __future__ import annotations

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
        from rich.console import Console
        from rich.panel import Panel

        parts = render(message, self._dashboard_url)
        try:
            console = Console(
                file=self._stream, width=self._width, markup=False, highlight=False, emoji=False
            )
            console.print(
                Panel(
                    _body(parts),
                    title=_plain(parts.title, style="bold"),
                    title_align="left",
                    border_style=_COLOURS[message.change],
                )
            )
        except (OSError, ValueError) as error:  # a closed stream raises ValueError
            raise NotifierError(f"the console cannot be written: {error}") from error


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
