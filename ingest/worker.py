"""Polls the sources and writes what is new, and a heartbeat a second, onto news.fetched.

Called by the program's live run. What a source remembers (its validators, which items it has given)
is committed with the items, so that a restart neither loses nor doubles one. A source that fails is
asked again later and later, and holds nobody up.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import msgspec

from foreshock.bus.base import Bus
from foreshock.channels import FETCHED
from foreshock.clock import HOUR_MS, SECOND_MS, Clock
from foreshock.errors import BusUnavailable, EntryRejected, FetchError, FetchRefused
from foreshock.records import Heartbeat, Item
from foreshock.stage import to_message
from ingest.companies import default_find_tickers
from ingest.normalize import FindTickers, normalize
from ingest.poll_threads import PollPool, PollThreads
from ingest.source_status import SourceHealth, SourceReport
from ingest.sources.base import Fetch, Rejected, Source, SourceState

OWNER = "ingest"
MAX_BACKOFF_MS = HOUR_MS
REMEMBERED_IDS = 2_000
_MAX_ERROR = 300


class _Memory(msgspec.Struct, frozen=True, kw_only=True):
    """What is kept of a source between runs, beside the ids of its items."""

    state: SourceState = SourceState()
    items: int = 0
    rejected: int = 0
    succeeded_at_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Polled:
    """What a poll brought, as items."""

    items: tuple[Item, ...]
    rejected: tuple[Rejected, ...]
    state: SourceState
    unchanged: bool


@dataclass
class _Line:
    """A source and where it stands."""

    source: Source
    memory: _Memory = field(default_factory=_Memory)
    given: dict[str, None] = field(default_factory=dict)
    next_ms: int = 0
    failures: int = 0
    under_way: bool = False


class IngestWorker:
    """Keeps the sources polled. All its work on the bus is done by the thread that calls it.

    `on_reports` is given the reports of each step that had any. `poll_seconds` is the pause for
    sources that have none of their own.
    """

    def __init__(
        self,
        sources: Sequence[Source],
        bus: Bus,
        fetch: Fetch,
        clock: Clock,
        *,
        poll_seconds: float = 60.0,
        find_tickers: FindTickers = default_find_tickers,
        on_reports: Callable[[Sequence[SourceReport]], None] = lambda _: None,
        pool: PollPool[Polled] | None = None,
        parallel: int = 8,
    ) -> None:
        self._bus = bus
        self._fetch = fetch
        self._clock = clock
        self._poll_ms = round(poll_seconds * SECOND_MS)
        self._find_tickers = find_tickers
        self._on_reports = on_reports
        self._pool: PollPool[Polled] = PollThreads(parallel) if pool is None else pool
        self._lines = {source.name: _Line(source) for source in sources}
        self._watches = sorted({source.watch for source in sources})
        self._waiting: list[tuple[str, Polled]] = []
        self._last_ms = 0
        self._beat_ms = 0
        self.bus_error = ""
        """Why the last step could write nothing; "" if it could."""
        self._restore()

    def run(self, stop: threading.Event) -> None:
        """Poll and write until `stop` is set."""
        while not stop.is_set():
            until_beat_ms = self._beat_ms + SECOND_MS - self._clock.now_ms()
            self.step(wait_s=min(max(until_beat_ms, 0), SECOND_MS) / SECOND_MS)

    def poll_once(self) -> list[SourceReport]:
        """Poll every source once, write what is new, and return a report of each, by name.

        Raises BusUnavailable if nothing can be written.
        """
        for line in self._lines.values():
            self._start(line)
        reports: list[SourceReport] = []
        while any(line.under_way for line in self._lines.values()):
            reports += self._take(self._pool.arrived(wait_s=1.0))
            if self._waiting:
                raise BusUnavailable(self.bus_error)
        self._beat()
        return sorted(reports, key=lambda report: report.source)

    def step(self, wait_s: float = 0.0) -> list[SourceReport]:
        """Start what is due, write what has arrived, and the heartbeats if a second is over.

        Waits up to `wait_s` for something to arrive. Where the bus is unavailable nothing is
        lost: `bus_error` says so, and the next step tries again.
        """
        now_ms = self._clock.now_ms()
        for line in self._lines.values():
            if line.next_ms <= now_ms:
                self._start(line)
        reports = self._take(self._pool.arrived(wait_s))
        self._beat()
        return reports

    def _start(self, line: _Line) -> None:
        if not line.under_way:
            line.under_way = True
            source, state = line.source, line.memory.state
            self._pool.submit(source.name, lambda: self._poll(source, state))

    def _poll(self, source: Source, state: SourceState) -> Polled:
        """Poll one source, in a thread of the pool."""
        result = source.poll(self._fetch, state, self._clock.now_ms())
        rejected = list(result.rejected)
        items = []
        for raw in result.entries:
            try:
                items.append(normalize(raw, self._find_tickers))
            except EntryRejected as error:
                rejected.append(Rejected(error.reason, str(error)))
        return Polled(tuple(items), tuple(rejected), result.state, result.unchanged)

    def _take(self, arrived: Sequence[tuple[str, Polled | Exception]]) -> list[SourceReport]:
        reports = []
        waiting, self._waiting = self._waiting, []
        for name, outcome in (*waiting, *arrived):
            line = self._lines[name]
            if isinstance(outcome, Exception):
                reports.append(self._failed(line, outcome))
                continue
            try:
                reports.append(self._write(line, outcome))
            except BusUnavailable as error:
                self.bus_error = str(error)
                self._waiting.append((name, outcome))
        if reports:
            self._on_reports(reports)
        return reports

    def _write(self, line: _Line, polled: Polled) -> SourceReport:
        now_ms = self._now()
        new = {item.item_id: item for item in polled.items if item.item_id not in line.given}
        memory = _Memory(
            state=polled.state,
            items=line.memory.items + len(new),
            rejected=line.memory.rejected + len(polled.rejected),
            succeeded_at_ms=now_ms,
        )
        given = _remember(line.given, polled.items)
        name = line.source.name
        with self._bus.transaction() as transaction:
            if new:
                # seen when written: behind no heartbeat that is out already
                messages = [
                    to_message(FETCHED, msgspec.structs.replace(item, seen_at_ms=now_ms))
                    for item in new.values()
                ]
                transaction.publish(FETCHED, messages)
                transaction.put_state(OWNER, {_given_key(name): msgspec.json.encode(list(given))})
            transaction.put_state(OWNER, {_memory_key(name): msgspec.json.encode(memory)})
        self.bus_error = ""
        line.memory, line.given, line.failures, line.under_way = memory, given, 0, False
        line.next_ms = now_ms + self._pause_ms(line)
        health = SourceHealth.UNCHANGED if polled.unchanged else SourceHealth.OK
        return self._report(line, health, _summary(polled.rejected), len(new))

    def _failed(self, line: _Line, error: Exception) -> SourceReport:
        now_ms = self._now()
        line.failures += 1
        line.under_way = False
        pause_ms = min(self._pause_ms(line) << min(line.failures - 1, 20), MAX_BACKOFF_MS)
        health = SourceHealth.FAILING
        if isinstance(error, FetchRefused):
            health, pause_ms = SourceHealth.REFUSED, MAX_BACKOFF_MS
        elif isinstance(error, FetchError) and error.retry_after_s is not None:
            health = SourceHealth.WAITING
            pause_ms = max(pause_ms, round(error.retry_after_s * SECOND_MS))
        line.next_ms = now_ms + max(pause_ms, self._pause_ms(line))
        return self._report(line, health, _explain(error), 0)

    def _report(
        self, line: _Line, health: SourceHealth, error: str, new_items: int
    ) -> SourceReport:
        source, memory = line.source, line.memory
        return SourceReport(
            source=source.name,
            watch=source.watch,
            url=source.url,
            state=health,
            tried_at_ms=self._last_ms,
            next_ms=line.next_ms,
            succeeded_at_ms=memory.succeeded_at_ms,
            new_items=new_items,
            items=memory.items,
            rejected=memory.rejected,
            error=error[:_MAX_ERROR],
            etag=memory.state.etag,
            last_modified=memory.state.last_modified,
        )

    def _beat(self) -> None:
        now_ms = self._now()
        if now_ms < self._beat_ms + SECOND_MS:
            return
        beats = [to_message(FETCHED, Heartbeat(watch=w, at_ms=now_ms)) for w in self._watches]
        try:
            with self._bus.transaction() as transaction:
                transaction.publish(FETCHED, beats)
        except BusUnavailable as error:
            self.bus_error = str(error)
            return
        self.bus_error = ""
        self._beat_ms = now_ms

    def _now(self) -> int:
        # the machine's clock may be set back; what is written never goes back
        self._last_ms = max(self._last_ms, self._clock.now_ms())
        return self._last_ms

    def _pause_ms(self, line: _Line) -> int:
        seconds = line.source.poll_seconds
        return self._poll_ms if seconds is None else round(seconds * SECOND_MS)

    def _restore(self) -> None:
        kept = self._bus.load_state(OWNER)
        for name, line in self._lines.items():
            if (memory := kept.get(_memory_key(name))) is not None:
                line.memory = msgspec.json.decode(memory, type=_Memory)
            if (given := kept.get(_given_key(name))) is not None:
                line.given = dict.fromkeys(msgspec.json.decode(given, type=list[str]))


def _memory_key(name: str) -> str:
    return f"memory:{name}"


def _given_key(name: str) -> str:
    return f"given:{name}"


def _remember(given: dict[str, None], items: Sequence[Item]) -> dict[str, None]:
    """Return the ids to remember: those of this poll last, so that what is still there stays."""
    ids = given | dict.fromkeys(item.item_id for item in items)
    for item in items:
        ids[item.item_id] = ids.pop(item.item_id)
    keep = max(REMEMBERED_IDS, 2 * len(items))
    return dict.fromkeys(list(ids)[-keep:])


def _summary(rejected: Sequence[Rejected]) -> str:
    if not rejected:
        return ""
    first = rejected[0]
    return f"{len(rejected)} rejected, first: {first.reason}: {first.detail}"


def _explain(error: Exception) -> str:
    if isinstance(error, FetchError):
        return str(error)
    return f"{type(error).__name__}: {error}"
