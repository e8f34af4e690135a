"""A thread that sends what is due in the outbox, beside a run."""

from __future__ import annotations

import threading
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from foreshock.app.saying import say
from foreshock.clock import SystemClock

if TYPE_CHECKING:
    from collections.abc import Mapping

    from alerts.failures import Failure
    from alerts.notifiers.base import Notifier
    from foreshock.settings import AlertSettings

_PAUSE_S = 0.5


def _tell(failure: Failure) -> None:
    say(
        f"alert {failure.alert_id} ({failure.change}) was given up by {failure.notifier} after "
        f"{failure.attempts} tries: {failure.error}"
    )


class Sending:
    """Send due messages until the `with` block ends; a last round is made then."""

    def __init__(
        self, database: Path, notifiers: Mapping[str, Notifier], settings: AlertSettings
    ) -> None:
        self._database = database
        self._notifiers = notifiers
        self._settings = settings
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="sender", daemon=True)

    def __enter__(self) -> Sending:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop.set()
        self._thread.join(timeout=10)

    def _run(self) -> None:
        from alerts.outbox import Sender
        from foreshock.store.sql_store import open_store

        store = open_store(self._database)
        sender = Sender(
            store,
            self._notifiers,
            SystemClock(),
            max_attempts=self._settings.max_attempts,
            per_minute=self._settings.messages_per_minute,
            on_failure=_tell,
        )
        try:
            while not self._stop.wait(_PAUSE_S):
                sender.send_due()
            sender.send_due()
        finally:
            store.close()
