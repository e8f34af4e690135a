"""The worker as the settings want it. Called by the program's live run and its `ingest` command."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from foreshock.bus.base import Bus
from foreshock.clock import Clock
from foreshock.settings import Settings
from ingest.feeds import build_sources, load_feeds
from ingest.fetch import Fetcher
from ingest.isolation import IsolatedCalls
from ingest.source_status import SourceReport
from ingest.worker import IngestWorker


@contextmanager
def live_worker(
    settings: Settings,
    bus: Bus,
    clock: Clock,
    on_reports: Callable[[Sequence[SourceReport]], None],
) -> Iterator[IngestWorker]:
    """Give a worker over the sources of the feeds file; its parsers end with the block.

    Raises SettingsError if the feeds file is wrong.
    """
    ingest = settings.ingest
    configs = load_feeds(ingest.feeds)
    isolate = IsolatedCalls()
    fetch = Fetcher(
        clock,
        user_agent=ingest.user_agent,
        timeout_s=ingest.timeout_seconds,
        max_bytes=ingest.max_bytes,
        allow_private_addresses=ingest.allow_private_addresses,
    )
    try:
        yield IngestWorker(
            build_sources(configs, isolate, watch=settings.watch),
            bus,
            fetch,
            clock,
            poll_seconds=ingest.poll_seconds,
            on_reports=on_reports,
        )
    finally:
        isolate.close()
