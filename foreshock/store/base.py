"""The store protocol: where records rest so that people can look at them.

Writing is idempotent: every record has an id, and writing it again changes nothing (a spike or an
alert that comes again with a later state replaces the earlier state). Readers that need more than
this protocol (the dashboard) build their own selects over `schema` on `connect()`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from foreshock.bus.base import Transaction
from foreshock.records import AnyRecord, DeadLetter, DueOutbox, Evidence, OutboxRow, Record

if TYPE_CHECKING:
    from sqlalchemy import Connection, Table


@dataclass(frozen=True, slots=True)
class StoredDeadLetter:
    """A dead letter and whether it was sent again (`state`: waiting | redriven)."""

    letter: DeadLetter
    state: str


class Store(Protocol):
    """A database of items, scores, panes, spikes, alerts and what became of them."""

    def write(self, records: Sequence[AnyRecord], transaction: Transaction | None = None) -> None:
        """Write records. With a `transaction` of a bus in the same file they become visible with
        it, else they are committed before this returns. Raises StoreUnavailable.
        """
        ...

    def joins(self, transaction: Transaction) -> bool:
        """Return whether what is written with `transaction` is part of it (the same file)."""
        ...

    def counts(self) -> dict[str, int]:
        """Return the number of items, stories, scores, panes, spikes, alerts, late, deadletters."""
        ...

    def evidence(
        self, story_ids: Sequence[str], before_ms: int | None = None
    ) -> dict[str, Evidence]:
        """Return the evidence headline of each story id that has a scored lead in the store.

        `copies` counts those with at_ms < `before_ms` (None: all that are there), so that what an
        alert shows does not depend on how far the archive has got since.
        """
        ...

    def export(self, kind: type[Record]) -> Iterator[Record]:
        """Yield all records of a kind in canonical order: StoryItem, ScoredItem and LateItem by
        (at_ms, item_id), Pane and Spike by (pane_end_ms, watch, key), Alert by (started_at_ms,
        alert_id), DeadLetter by (stage, channel, partition, offset).
        """
        ...

    def get_meta(self) -> dict[str, str]:
        """Return what is known of this run (its kind, feed, simulated clock, versions)."""
        ...

    def put_meta(self, entries: Mapping[str, str], transaction: Transaction | None = None) -> None:
        """Write facts of this run; a later value replaces an earlier one."""
        ...

    def write_outbox(
        self, rows: Sequence[OutboxRow], transaction: Transaction | None = None
    ) -> None:
        """Add messages that have to go out, due at once. A message that is already known stays as
        it is, sent or not.
        """
        ...

    def due_outbox(self, now_ms: int, limit: int) -> list[DueOutbox]:
        """Return at most `limit` pending messages that are due, the longest due first."""
        ...

    def mark_outbox(
        self, row: OutboxRow, state: str, attempts: int, next_try_ms: int, error: str
    ) -> None:
        """Write down what became of a message (`state`: a records.OutboxState)."""
        ...

    def outbox_counts(self) -> dict[str, int]:
        """Return the number of messages by state; every records.OutboxState is there."""
        ...

    def deadletters(self, state: str | None = None) -> list[StoredDeadLetter]:
        """Return dead letters as `export` orders them, all or those in `state`."""
        ...

    def mark_deadletter(
        self, dead_id: str, state: str, transaction: Transaction | None = None
    ) -> bool:
        """Set the state of a dead letter; return whether there is one that was in another state."""
        ...

    def upsert(
        self,
        table: Table,
        rows: Sequence[Mapping[str, Any]],
        transaction: Transaction | None = None,
    ) -> None:
        """Write rows of a `schema` table that no record describes (source_status, silences): new
        ones are added, those with a known primary key replaced. Every row has every column.
        """
        ...

    def connect(self) -> AbstractContextManager[Connection]:
        """Open a read-only SQLAlchemy connection; close it soon."""
        ...

    def close(self) -> None: ...
