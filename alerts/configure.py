"""Make the notifiers that the settings name. Called by the program, never in a replay."""

from __future__ import annotations

from typing import IO

from alerts.notifiers.base import Notifier
from foreshock.settings import AlertSettings


def notifiers_from(settings: AlertSettings, stream: IO[str] | None = None) -> dict[str, Notifier]:
    """Return the configured notifiers by name; nothing is connected to yet.

    `stream`: where the console notifier prints (None: standard output). Raises SettingsError where
    an address cannot be used.
    """
    found: list[Notifier] = []
    link, timeout_s = settings.dashboard_url, settings.timeout_seconds
    if settings.console:
        from alerts.notifiers.console import ConsoleNotifier

        found.append(ConsoleNotifier(link, stream))
    if settings.slack_webhook.get_secret_value():
        from alerts.notifiers.slack import SlackNotifier

        found.append(SlackNotifier(settings.slack_webhook, link, timeout_s))
    if settings.smtp.host and settings.smtp.to:
        from alerts.notifiers.smtp import SmtpNotifier

        found.append(SmtpNotifier(settings.smtp, link, timeout_s))
    if settings.webhook.get_secret_value():
        from alerts.notifiers.webhook import WebhookNotifier

        found.append(WebhookNotifier(settings.webhook, link, timeout_s))
    return {notifier.name: notifier for notifier in found}
