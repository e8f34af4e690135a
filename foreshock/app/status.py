"""What a run holds and how far each stage is behind: `foreshock status` and `deadletter`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from foreshock.app.runs import latest_run
from foreshock.clock import ms_to_iso
from foreshock.errors import ForeshockError

if TYPE_CHECKING:
    from foreshock.bus.base import Bus
    from foreshock.settings import Settings
    from foreshock.store.base import Store

#: What each stage reads; the lag of a stage is what it has not yet committed of these.
INPUTS = {
    "stories": ("news.fetched",),
    "classifier": ("news.items",),
    "aggregate": ("news.scored",),
    "archive": (
        "news.items",
        "news.scored",
        "sentiment.panes",
        "sentiment.spikes",
        "alerts",
        "news.late",
        "news.deadletter",
    ),
    "alert": ("sentiment.spikes",),
}


@contextmanager
def open_latest(settings: Settings) -> Iterator[tuple[Bus, Store]]:
    """Open bus and store of the latest run. Raises ForeshockError if there is none."""
    from foreshock.bus.sqlite_bus import SqliteBus
    from foreshock.store.sql_store import open_store

    run = latest_run(settings.data_dir)
    if not run.database.exists():
        raise ForeshockError(f"the latest run has no database yet: {run.database}")
    bus = SqliteBus(run.database)
    store = open_store(run.database)
    try:
        yield bus, store
    finally:
        store.close()
        bus.close()


def read_status(settings: Settings) -> dict[str, Any]:
    """Return counts, lags (records) by stage, outbox, and facts about the latest run."""
    run = latest_run(settings.data_dir)
    with open_latest(settings) as (bus, store):
        meta = store.get_meta()
        heartbeats = {
            name.partition(":")[2]: ms_to_iso(int(value))
            for name, value in meta.items()
            if name.startswith("heartbeat_ms:")
        }
        return {
            "run": run.kind,
            "directory": str(run.directory),
            **store.counts(),
            "lag": {
                stage: sum(bus.lag(stage, channels).values()) for stage, channels in INPUTS.items()
            },
            "outbox": store.outbox_counts(),
            "event_time": heartbeats,
            "finished": meta.get("finished") == "true",
        }


def show(report: dict[str, Any]) -> None:
    """Print a status report for people."""
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, show_header=False)
    for name in ("run", "directory"):
        table.add_row(name, str(report[name]))
    for watch, moment in report["event_time"].items():
        table.add_row(f"event time of {watch}", moment)
    for name, value in report.items():
        if isinstance(value, int) and not isinstance(value, bool):
            table.add_row(name, f"{value:,}")
    for stage, lag in report["lag"].items():
        table.add_row(f"lag of {stage}", f"{lag:,}")
    for state, count in report["outbox"].items():
        table.add_row(f"messages {state}", f"{count:,}")
    Console().print(table)
