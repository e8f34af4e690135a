"""Send what is due, in order, again where it failed, never silently dropped.

Called by the program beside the alert stage (`Sender.send_due`, every half second or so). The rows
are written by `alerts.stage` in one transaction with the alerts; here they go out. One sender per
store.

A message is marked sent right after it was taken. Killed between the two, it is sent again at the
next start: receivers can tell by the mail's Message-ID and the webhook's Idempotency-Key.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from alerts.backoff import backoff_ms
from alerts.failures import Failure, pending_messages
from alerts.notification import Notification, decode_notification
from alerts.notifiers.base import Notifier, RetryLaterError
from alerts.rendering import clean
from foreshock.clock import HOUR_MS, MINUTE_MS, Clock
from foreshock.errors import CodecError, NotifierError
from foreshock.records import DueOutbox, OutboxRow, OutboxState

if TYPE_CHECKING:
    from foreshock.store.base import Store

LIMIT = 200
MAX_ERROR = 300
MAX_RETRY_AFTER_MS = 6 * HOUR_MS
UNCONFIGURED_PAUSE_MS = 10 * MINUTE_MS


@dataclass(slots=True)
class SendReport:
    """What a round did: messages sent, to be tried again, held back untried, and given up."""

    sent: int = 0
    retried: int = 0
    held: int = 0
    failures: list[Failure] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Entry:
    row: OutboxRow
    attempts: int
    message: Notification

    @property
    def order(self) -> tuple[int, str, int, str]:
        alert = self.message.alert
        return alert.updated_at_ms, alert.alert_id, self.message.sequence, self.row.notifier


class _Lane:
    """A notifier with its pace: pauses after a failure, and so many tries in a minute at most."""

    def __init__(self, notifier: Notifier, per_minute: int) -> None:
        self.notifier = notifier
        self._tries: deque[int] = deque(maxlen=per_minute)
        self._paused_until_ms = 0

    def free_at_ms(self) -> int:
        """Return the moment from which the next message may be tried."""
        full = len(self._tries) == self._tries.maxlen
        return max(self._paused_until_ms, self._tries[0] + MINUTE_MS if full else 0)

    def note_try(self, now_ms: int) -> None:
        self._tries.append(now_ms)

    def pause(self, until_ms: int) -> None:
        """Try nothing before `until_ms`: what keeps one message from going out keeps all."""
        self._paused_until_ms = until_ms


class Sender:
    """Send due messages of `store` through `notifiers` (by name).

    `clock`: the real time (retries are not event time). `max_attempts`: tries before a message is
    given up. `per_minute`: most tries through one notifier in a minute, so that a backlog after a
    long absence does not flood people. `on_failure`: told of each message that is given up.
    """

    def __init__(
        self,
        store: Store,
        notifiers: Mapping[str, Notifier],
        clock: Clock,
        *,
        max_attempts: int = 12,
        per_minute: int = 30,
        on_failure: Callable[[Failure], None] | None = None,
    ) -> None:
        self._store = store
        self._clock = clock
        self._max_attempts = max_attempts
        self._on_failure = on_failure
        self._lanes = {name: _Lane(notifier, per_minute) for name, notifier in notifiers.items()}
        # taken by the other side while the store could not be written: never send these again
        self._taken: set[tuple[str, str, str]] = set()

    def send_due(self) -> SendReport:
        """Send what is due now and return what became of it. Raises StoreUnavailable."""
        report = SendReport()
        for entry in sorted(self._due(report), key=lambda entry: entry.order):
            hold = self._hold(entry)
            if hold is None:
                self._try(entry, report)
            else:
                until_ms, why = hold
                self._mark(entry.row, OutboxState.PENDING, entry.attempts, until_ms, why)
                report.held += 1
        return report

    def _due(self, report: SendReport) -> Iterator[_Entry]:
        for due in self._store.due_outbox(self._clock.now_ms(), LIMIT):
            try:
                yield _Entry(due.row, due.attempts, decode_notification(due.row.body))
            except CodecError as error:
                self._give_up(due, str(error), report)

    def _hold(self, entry: _Entry) -> tuple[int, str] | None:
        """Return until when `entry` has to wait, and why; None: it may be tried now."""
        now_ms = self._clock.now_ms()
        lane = self._lanes.get(entry.row.notifier)
        if lane is None:
            why = f"no notifier called {entry.row.notifier} is configured"
            return now_ms + UNCONFIGURED_PAUSE_MS, why
        if lane.free_at_ms() > now_ms:
            return lane.free_at_ms(), f"{entry.row.notifier} has a pause"
        for earlier in pending_messages(self._store, entry.row.alert_id, entry.row.notifier):
            if earlier.sequence < entry.message.sequence:
                return earlier.next_try_ms + 1, f"comes after {earlier.change}"
        return None

    def _try(self, entry: _Entry, report: SendReport) -> None:
        row, attempts = entry.row, entry.attempts + 1
        lane = self._lanes[row.notifier]
        key = (row.alert_id, row.change, row.notifier)
        if key not in self._taken:
            lane.note_try(self._clock.now_ms())
            problem = _send(lane.notifier, entry.message)
            if problem is not None:
                self._failed(DueOutbox(row=row, attempts=attempts), problem, report)
                return
            self._taken.add(key)
        self._mark(row, OutboxState.SENT, attempts, 0, "")
        self._taken.discard(key)
        report.sent += 1

    def _failed(self, due: DueOutbox, problem: NotifierError, report: SendReport) -> None:
        text = clean(str(problem), MAX_ERROR)
        if not problem.retryable or due.attempts >= self._max_attempts:
            self._give_up(due, text, report)
            return
        row = due.row
        wait_ms = backoff_ms(due.attempts, f"{row.alert_id}:{row.change}:{row.notifier}")
        if isinstance(problem, RetryLaterError):
            wait_ms = max(wait_ms, min(problem.retry_after_ms, MAX_RETRY_AFTER_MS))
        until_ms = self._clock.now_ms() + wait_ms
        self._lanes[row.notifier].pause(until_ms)
        self._mark(row, OutboxState.PENDING, due.attempts, until_ms, text)
        report.retried += 1

    def _give_up(self, due: DueOutbox, error: str, report: SendReport) -> None:
        row = due.row
        self._mark(row, OutboxState.FAILED, due.attempts, 0, error)
        failure = Failure(row.alert_id, row.change, row.notifier, due.attempts, error)
        report.failures.append(failure)
        if self._on_failure is not None:
            self._on_failure(failure)

    def _mark(
        self, row: OutboxRow, state: OutboxState, attempts: int, next_try_ms: int, error: str
    ) -> None:
        self._store.mark_outbox(row, state, attempts, next_try_ms, error)


def _send(notifier: Notifier, message: Notification) -> NotifierError | None:
    try:
        notifier.send(message)
    except NotifierError as error:
        return error
    except Exception as error:  # noqa: BLE001 - a notifier's defect must not hold up the others
        return NotifierError(f"{notifier.name} has a defect: {type(error).__name__}")
    return None
