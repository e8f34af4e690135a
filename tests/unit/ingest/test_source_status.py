"""The status of sources in a real store."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa

from foreshock.store.schema import source_status
from foreshock.store.sql_store import open_store
from ingest.source_status import SourceHealth, SourceReport, write_status


def report(**changes: object) -> SourceReport:
    given: dict[str, object] = {
        "source": "wire", "watch": "main", "url": "https://user:pass@x.org/rss?token=secret",
        "state": SourceHealth.OK, "tried_at_ms": 2, "next_ms": 3, "succeeded_at_ms": 2, "items": 5,
    }  # fmt: skip
    return SourceReport(**(given | changes))  # type: ignore[arg-type]


def test_the_latest_report_of_each_source_is_kept_without_secrets(tmp_path: Path) -> None:
    store = open_store(tmp_path / "run.db")
    try:
        write_status(store, [])
        write_status(store, [report(), report(source="other")])
        write_status(store, [report(state=SourceHealth.FAILING, tried_at_ms=9, error="gone")])
        with store.connect() as connection:
            rows = connection.execute(sa.select(source_status)).mappings().all()
    finally:
        store.close()
    kept = {row["source"]: row for row in rows}
    assert set(kept) == {"wire", "other"}
    assert (kept["wire"]["state"], kept["wire"]["error"]) == ("failing", "gone")
    assert (kept["wire"]["tried_at_ms"], kept["wire"]["succeeded_at_ms"]) == (9, 2)
    assert kept["wire"]["url"] == "https://x.org/rss"
