"""How each source is doing: what a poll reports, and where that is kept.

The worker makes the reports; the program writes them to the store (table source_status) and prints
them; the dashboard shows the table.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit, urlunsplit

if TYPE_CHECKING:
    from foreshock.store.base import Store


class SourceHealth(StrEnum):
    """What the last poll of a source came to."""

    OK = "ok"
    UNCHANGED = "unchanged"
    FAILING = "failing"
    REFUSED = "refused"
    WAITING = "waiting"


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceReport:
    """One poll of one source. `items` and `rejected` are totals since the data directory began,
    `new_items` those of this poll; `next_ms` is when the source is asked again.
    """

    source: str
    watch: str
    url: str
    state: SourceHealth
    tried_at_ms: int
    next_ms: int
    succeeded_at_ms: int | None = None
    new_items: int = 0
    items: int = 0
    rejected: int = 0
    error: str = ""
    etag: str = ""
    last_modified: str = ""

    def line(self) -> str:
        """Return the report as one line for a terminal."""
        if self.state is SourceHealth.OK:
            return f"{self.source}: {self.new_items} new" + (
                f" ({self.error})" if self.error else ""
            )
        return f"{self.source}: {self.state}" + (f": {self.error}" if self.error else "")


def write_status(store: Store, reports: Sequence[SourceReport]) -> None:
    """Keep the reports in the store, the latest of each source. Raises StoreUnavailable."""
    from foreshock.store.schema import source_status

    latest = {report.source: _row(report) for report in reports}
    if latest:
        store.upsert(source_status, list(latest.values()))


def _shown(url: str) -> str:
    """Return the url without login and query, which may hold a secret."""
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


def _row(report: SourceReport) -> dict[str, Any]:
    return {
        "source": report.source,
        "watch": report.watch,
        "url": _shown(report.url),
        "state": report.state.value,
        "tried_at_ms": report.tried_at_ms,
        "succeeded_at_ms": report.succeeded_at_ms,
        "items": report.items,
        "rejected": report.rejected,
        "error": report.error,
        "etag": report.etag,
        "last_modified": report.last_modified,
    }
