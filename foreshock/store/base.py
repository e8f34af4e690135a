"""The store protocol: where records rest so that people can look at them.

Writing is idempotent: every record has an id, and writing it again changes nothing (a spike or an
alert that comes again with a later state replaces the earlier state). Readers that need more than
this protocol (the dashboard) build their own selects over `schema` on `connect()`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Protocol

from foreshock.bus.base import Transaction
from foreshock.records import AnyRecord, Evidence, Record

if TYPE_CHECKING:
    from sqlalchemy import Connection


class Store(Protocol):
    """A database of items, scores, panes, spikes, alerts and what became of them."""

    def write(self, records: Sequence[AnyRecord], transaction: Transaction | None = None) -> None:
        """Write records. With a `transaction` of a bus in the same file they become visible with it,
        else they are committed before this returns. Raises StoreUnavailable."""
        ...

    def counts(self) -> dict[str, int]:
        """Return the number of items, stories, scores, panes, spikes, alerts, late, deadletters."""
        ...

    def evidence(self, story_ids: Sequence[str]) -> dict[str, Evidence]:
        """Return the evidence headline of each story id that is in the store (its lead and score)."""
        ...

    def export(self, kind: type[Record]) -> Iterator[Record]:
        """Yield all records of a kind in canonical order: Item-likes by (at_ms, item_id), Pane by
        (pane_end_ms, watch, key), Spike by (pane_end_ms, watch, key), Alert by (started_at_ms, alert_id)."""
        ...

    def get_meta(self) -> dict[str, str]:
        """Return what is known of this run (its kind, feed, simulated clock, versions)."""
        ...

    def put_meta(self, entries: dict[str, str], transaction: Transaction | None = None) -> None: ...

    def connect(self) -> AbstractContextManager[Connection]:
        """Open a read-only SQLAlchemy connection; close it soon."""
        ...

    def close(self) -> None: ...
