"""Polls the live sources and says plainly, source by source, what can be reached.

A thread of `foreshock run`, the main loop of `foreshock ingest`.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from foreshock.app.saying import say
from foreshock.clock import SystemClock
from foreshock.errors import StoreUnavailable

if TYPE_CHECKING:
    from foreshock.settings import Settings
    from foreshock.store.base import Store
    from ingest.source_status import SourceReport


class Reporter:
    """Keeps reports in the store and says each source's state when it changes."""

    def __init__(self, store: Store, sources: int) -> None:
        self._store = store
        self._sources = sources
        self._states: dict[str, str] = {}
        self._told = False

    def __call__(self, reports: Sequence[SourceReport]) -> None:
        """Take the reports of one round."""
        from ingest.source_status import write_status

        for report in reports:
            if self._states.get(report.source) != report.state:
                say(f"  {report.line()}")
            self._states[report.source] = report.state
        self._tell_if_nothing_answers()
        try:
            write_status(self._store, reports)
        except StoreUnavailable as error:
            say(f"ingest: the state of the sources is not kept: {error}")

    def _tell_if_nothing_answers(self) -> None:
        bad = [name for name, state in self._states.items() if state in ("failing", "refused")]
        if len(self._states) < self._sources or len(bad) < self._sources:
            self._told = self._told and bool(bad)
            return
        if not self._told:
            say(
                f"none of the {self._sources} sources can be reached: no news comes in. They are "
                "tried again; see the reasons above (network, proxy, addresses in the feeds file)"
            )
        self._told = True


def ingest_until(settings: Settings, database: Path, stop: threading.Event) -> None:
    """Poll the sources of the settings until `stop` is set. Raises SettingsError for a bad file."""
    from foreshock.bus.sqlite_bus import SqliteBus
    from foreshock.store.sql_store import open_store
    from ingest.feeds import build_sources, load_feeds
    from ingest.fetch import Fetcher
    from ingest.isolation import IsolatedCalls
    from ingest.worker import IngestWorker

    ingest = settings.ingest
    clock = SystemClock()
    with (
        closing(IsolatedCalls()) as isolate,
        closing(SqliteBus(database)) as bus,
        closing(open_store(database)) as store,
    ):
        sources = build_sources(load_feeds(ingest.feeds), isolate, watch=settings.watch)
        say(f"polling {len(sources)} sources:")
        worker = IngestWorker(
            sources,
            bus,
            Fetcher(
                clock,
                user_agent=ingest.user_agent,
                timeout_s=ingest.timeout_seconds,
                max_bytes=ingest.max_bytes,
                allow_private_addresses=ingest.allow_private_addresses,
            ),
            clock,
            poll_seconds=ingest.poll_seconds,
            on_reports=Reporter(store, len(sources)),
        )
        worker.run(stop)
