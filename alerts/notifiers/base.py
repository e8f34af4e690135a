"""The notifier protocol, and the error that says when to try again.

Called by `alerts.outbox`. A notifier sends one message or raises, nothing more: when to try again,
how often and in which order is the outbox's business.
"""

from __future__ import annotations

from typing import Protocol

from alerts.notification import Notification
from foreshock.errors import NotifierError


class Notifier(Protocol):
    """One way to reach people."""

    @property
    def name(self) -> str:
        """Return the name that outbox rows carry; it never changes for a kind of notifier."""
        ...

    def send(self, message: Notification) -> None:
        """Deliver `message`; returning means that the other side has taken it.

        Raises NotifierError, `retryable` where trying again can help (unreachable, busy, time-out)
        and not where it cannot (refused, misconfigured). Its text carries no secret. No step of
        it waits longer than the notifier's time-out.
        """
        ...


class RetryLaterError(NotifierError):
    """The other side asks to come again after `retry_after_ms`."""

    def __init__(self, message: str, *, retry_after_ms: int) -> None:
        super().__init__(message, retryable=True)
        self.retry_after_ms = retry_after_ms
