"""POST alerts as JSON to any address. Made by `alerts.configure`; docs/alerts.md has the body."""

from __future__ import annotations

from typing import Any

from pydantic import SecretStr

from alerts.notification import Notification
from alerts.notifiers.posting import Poster
from alerts.rendering import render
from foreshock.clock import Clock, ms_to_iso

BODY_VERSION = 1


class WebhookNotifier:
    """POST to `url`, with an Idempotency-Key that is the same when a message comes again."""

    name = "webhook"

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
        headers = {"Idempotency-Key": message.message_key}
        self._poster.post(webhook_body(message, self._dashboard_url), headers)


def webhook_body(message: Notification, dashboard_url: str) -> dict[str, Any]:
    """Return the JSON body: the alert's fields as they are (not escaped), times as ISO 8601."""
    alert = message.alert
    resolved = alert.resolved_at_ms
    return {
        "version": BODY_VERSION,
        "alert_id": alert.alert_id,
        "change": message.change.value,
        "name": message.name,
        "sequence": message.sequence,
        "watch": alert.watch,
        "state": alert.state.value,
        "title": alert.title,
        "reason": alert.reason,
        "keys": list(alert.keys),
        "surprise": alert.surprise,
        "started_at": ms_to_iso(alert.started_at_ms),
        "updated_at": ms_to_iso(alert.updated_at_ms),
        "resolved_at": None if resolved is None else ms_to_iso(resolved),
        "simulated": message.simulated,
        "dashboard_url": render(message, dashboard_url).link,
        "evidence": [
            {
                "id": evidence.id,
                "title": evidence.title,
                "publisher": evidence.publisher,
                "url": evidence.url,
                "at": ms_to_iso(evidence.at_ms),
                "polarity": evidence.polarity_micro / 1_000_000,
                "copies": evidence.copies,
            }
            for evidence in alert.evidence
        ],
    }
