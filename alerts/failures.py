"""What stands in the outbox: messages on their way, and those that were given up.

Read by `alerts.outbox`, and by the program to show what failed and to send it again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import select

from alerts.notification import decode_notification
from foreshock.errors import CodecError
from foreshock.records import OutboxRow, OutboxState
from foreshock.store.schema import outbox

if TYPE_CHECKING:
    from foreshock.store.base import Store


@dataclass(frozen=True, slots=True)
class Failure:
    """A message that was given up, and why."""

    alert_id: str
    change: str
    notifier: str
    attempts: int
    error: str


@dataclass(frozen=True, slots=True)
class PendingMessage:
    """A message that has not gone out yet."""

    change: str
    sequence: int
    next_try_ms: int


def pending_messages(store: Store, alert_id: str, notifier: str) -> list[PendingMessage]:
    """Return an alert's messages that wait for a notifier, first to last; unreadable ones are left
    out. Raises StoreUnavailable.
    """
    query = select(outbox.c.change, outbox.c.body, outbox.c.next_try_ms).where(
        outbox.c.alert_id == alert_id,
        outbox.c.notifier == notifier,
        outbox.c.state == OutboxState.PENDING,
    )
    found = []
    with store.connect() as connection:
        for change, body, next_try_ms in connection.execute(query):
            try:
                sequence = decode_notification(body).sequence
            except CodecError:
                continue  # the sender gives it up when its turn comes
            found.append(PendingMessage(change, sequence, next_try_ms))
    return sorted(found, key=lambda message: message.sequence)


def failed_messages(store: Store) -> list[Failure]:
    """Return the messages that were given up, by alert, change and notifier."""
    columns = (
        outbox.c.alert_id,
        outbox.c.change,
        outbox.c.notifier,
        outbox.c.attempts,
        outbox.c.error,
    )
    query = select(*columns).where(outbox.c.state == OutboxState.FAILED).order_by(*columns[:3])
    with store.connect() as connection:
        return [Failure(*row) for row in connection.execute(query)]


def retry_failed(store: Store) -> int:
    """Make every message that was given up due again, and return how many there are."""
    query = select(outbox.c.alert_id, outbox.c.change, outbox.c.notifier, outbox.c.body).where(
        outbox.c.state == OutboxState.FAILED
    )
    with store.connect() as connection:
        rows = [
            OutboxRow(alert_id=alert_id, change=change, notifier=notifier, body=bytes(body))
            for alert_id, change, notifier, body in connection.execute(query)
        ]
    for row in rows:
        store.mark_outbox(row, OutboxState.PENDING, 0, 0, "")
    return len(rows)
