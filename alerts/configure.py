"""Make the notifiers that the settings name. Called by the program, never in a replay."""

from __future__ import annotations

from typing import IO

from alerts.notifiers.base import Notifier
from alerts.notifiers.console import ConsoleNotifier
from foreshock.settings import AlertSettings


def notifiers_from(settings: AlertSettings, stream: IO[str] | None = None) -> dict[str, Notifier]:
    """Return the configured notifiers by name; nothing is connected to yet.

    `stream`: where the console notifier prints (None: standard output). Raises SettingsError where
    an address cannot be used.
    """
    found: list[Notifier] = []
    if settings.console:
        found.append(ConsoleNotifier(settings.dashboard_url, stream))
    return {notifier.name: notifier for notifier in found}
