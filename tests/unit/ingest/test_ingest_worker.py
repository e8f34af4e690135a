"""The worker: new items once, whatever stops or fails; a heartbeat a second; others unharmed."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest

from foreshock.bus.base import Transaction
from foreshock.bus.memory_bus import MemoryBus
from foreshock.channels import FETCHED
from foreshock.clock import HOUR_MS, ManualClock
from foreshock.codec import decode
from foreshock.errors import BusUnavailable, FetchError, FetchRefused, SourceError
from foreshock.records import Heartbeat, Item
from ingest.normalize import RawEntry
from ingest.poll_threads import PollThreads
from ingest.source_status import SourceHealth, SourceReport
from ingest.sources.base import Fetch, Fetched, PollResult, Rejected, SourceState
from ingest.worker import IngestWorker, Polled

START_MS = 1_600_000_000_000
MINUTE_MS = 60_000


class AtOnce:
    """Runs each job when it is submitted, in the same thread."""

    def __init__(self) -> None:
        self._outcomes: list[tuple[str, Polled | Exception]] = []

    def submit(self, name: str, job: Callable[[], Polled]) -> None:
        try:
            self._outcomes.append((name, job()))
        except Exception as error:  # noqa: BLE001 (the pool hands it on)
            self._outcomes.append((name, error))

    def arrived(self, wait_s: float = 0.0) -> list[tuple[str, Polled | Exception]]:
        found, self._outcomes = self._outcomes, []
        return found


@dataclass
class FakeSource:
    """Gives its titles, or raises its error."""

    name: str
    titles: list[str] = field(default_factory=list)
    error: Exception | None = None
    watch: str = "main"
    publisher: str = "The Wire"
    url: str = "https://user:pass@x.org/rss?token=secret"
    poll_seconds: float | None = None
    states: list[SourceState] = field(default_factory=list)
    unchanged: bool = False

    def poll(self, fetch: Fetch, state: SourceState, seen_at_ms: int) -> PollResult:
        self.states.append(state)
        if self.error is not None:
            raise self.error
        entries = tuple(
            RawEntry(
                source=self.name, publisher=self.publisher, watch=self.watch, title=title,
                guid=title.rstrip("!"), seen_at_ms=seen_at_ms,
            )
            for title in self.titles
        )  # fmt: skip
        state = SourceState(etag=f'"{len(self.states)}"')
        return PollResult(entries, (), state, unchanged=self.unchanged)


class FlakyBus(MemoryBus):
    """A bus that cannot be reached while `down`."""

    down = False

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        if self.down:
            raise BusUnavailable("the bus is away")
        with super().transaction() as transaction:
            yield transaction


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(START_MS)


@pytest.fixture
def bus() -> FlakyBus:
    found = FlakyBus()
    found.create({FETCHED: 1})
    return found


def fetch(url: str, *, etag: str = "", last_modified: str = "") -> Fetched:
    raise AssertionError("these sources do not fetch")


@pytest.fixture
def start(bus: FlakyBus, clock: ManualClock) -> Callable[..., IngestWorker]:
    def make(*sources: FakeSource, **settings: object) -> IngestWorker:
        given: dict[str, object] = {"pool": AtOnce(), "find_tickers": lambda title, text: ()}
        return IngestWorker(sources, bus, fetch, clock, **(given | settings))  # type: ignore[arg-type]

    return make


def log(bus: MemoryBus) -> list[Item | Heartbeat]:
    records = [decode(found.value) for found in bus.consumer("test", [FETCHED]).poll(10_000, 0)]
    assert all(isinstance(record, Item | Heartbeat) for record in records)
    return records  # type: ignore[return-value]


def titles(bus: MemoryBus) -> list[str]:
    return [record.title for record in log(bus) if isinstance(record, Item)]


def states(reports: Sequence[SourceReport]) -> dict[str, SourceHealth]:
    return {report.source: report.state for report in reports}


def test_each_item_is_written_once(start: Callable[..., IngestWorker], bus: FlakyBus) -> None:
    source = FakeSource("wire", ["a", "b"])
    worker = start(source)
    (first,) = worker.poll_once()
    source.titles = ["a", "b", "c"]
    (second,) = worker.poll_once()
    assert titles(bus) == ["a", "b", "c"]
    assert (first.new_items, second.new_items, second.items) == (2, 1, 3)
    assert first.line() == "wire: 2 new"


def test_a_changed_item_is_written_again(start: Callable[..., IngestWorker], bus: FlakyBus) -> None:
    source = FakeSource("wire", ["a"])
    worker = start(source)
    worker.poll_once()
    source.titles = ["a!"]
    worker.poll_once()
    before, after = (record for record in log(bus) if isinstance(record, Item))
    assert before.entry_id == after.entry_id
    assert before.item_id != after.item_id


def test_another_start_goes_on_where_the_last_one_was(
    start: Callable[..., IngestWorker], bus: FlakyBus
) -> None:
    source = FakeSource("wire", ["a", "b"])
    start(source).poll_once()
    source.titles = ["b", "c"]
    (report,) = start(source).poll_once()
    assert titles(bus) == ["a", "b", "c"]
    assert (report.items, report.etag) == (3, '"2"')
    assert source.states == [SourceState(), SourceState(etag='"1"')]


def test_an_unchanged_source_says_so(start: Callable[..., IngestWorker], bus: FlakyBus) -> None:
    worker = start(FakeSource("wire", unchanged=True))
    assert states(worker.poll_once()) == {"wire": SourceHealth.UNCHANGED}


def test_one_source_that_fails_stops_no_other(
    start: Callable[..., IngestWorker], bus: FlakyBus
) -> None:
    worker = start(
        FakeSource("broken", error=SourceError("not a feed")),
        FakeSource("bug", error=TypeError("a mistake of ours")),
        FakeSource("down", error=FetchError("cannot be reached", retryable=True)),
        FakeSource("forbidden", error=FetchRefused("robots.txt")),
        FakeSource("later", error=FetchError("503", retryable=True, retry_after_s=9.0)),
        FakeSource("wire", ["a"]),
    )
    reports = worker.poll_once()
    assert states(reports) == {
        "broken": SourceHealth.FAILING,
        "bug": SourceHealth.FAILING,
        "down": SourceHealth.FAILING,
        "forbidden": SourceHealth.REFUSED,
        "later": SourceHealth.WAITING,
        "wire": SourceHealth.OK,
    }
    assert titles(bus) == ["a"]
    lines = [report.line() for report in reports]
    assert lines[1] == "bug: failing: TypeError: a mistake of ours"
    assert lines[2] == "down: failing: cannot be reached"


def pauses(worker: IngestWorker, clock: ManualClock, polls: int) -> list[int]:
    """Return the minutes between polls of a source that fails."""
    found = []
    for _ in range(polls):
        (report,) = worker.step()
        found.append((report.next_ms - clock.now_ms()) // MINUTE_MS)
        clock.advance(report.next_ms - clock.now_ms())
    return found


def test_a_source_that_fails_is_asked_later_and_later(
    start: Callable[..., IngestWorker], clock: ManualClock
) -> None:
    source = FakeSource("down", error=FetchError("cannot be reached", retryable=True))
    worker = start(source)
    assert pauses(worker, clock, 9) == [1, 2, 4, 8, 16, 32, 60, 60, 60]
    source.error = None
    assert pauses(worker, clock, 1) == [1]
    source.error = FetchError("cannot be reached", retryable=True)
    assert pauses(worker, clock, 2) == [1, 2]


@pytest.mark.parametrize(
    ("error", "pause_ms"),
    [
        (FetchRefused("robots.txt"), HOUR_MS),
        (FetchError("503", retryable=True, retry_after_s=7_200.0), 2 * HOUR_MS),
        (FetchError("503", retryable=True, retry_after_s=1.0), MINUTE_MS),
    ],
)
def test_what_was_asked_for_is_kept(
    start: Callable[..., IngestWorker], error: Exception, pause_ms: int
) -> None:
    (report,) = start(FakeSource("wire", error=error)).step()
    assert report.next_ms == START_MS + pause_ms


def test_each_source_has_its_own_pause(
    start: Callable[..., IngestWorker], clock: ManualClock
) -> None:
    often, seldom = FakeSource("often", poll_seconds=10), FakeSource("seldom", poll_seconds=600)
    usual = FakeSource("usual")
    worker = start(often, seldom, usual, poll_seconds=60)
    for _ in range(600):
        worker.step()
        clock.advance(1_000)
    assert [len(source.states) for source in (often, usual, seldom)] == [60, 10, 1]


def test_a_heartbeat_comes_each_second_for_each_watch(
    start: Callable[..., IngestWorker], bus: FlakyBus, clock: ManualClock
) -> None:
    worker = start(FakeSource("a", watch="main"), FakeSource("b", watch="eu"))
    for _ in range(8):
        worker.step()
        clock.advance(250)
    beats = [(r.watch, r.at_ms - START_MS) for r in log(bus) if isinstance(r, Heartbeat)]
    assert beats == [("eu", 0), ("main", 0), ("eu", 1_000), ("main", 1_000)]


def test_time_never_goes_back(
    start: Callable[..., IngestWorker], bus: FlakyBus, clock: ManualClock
) -> None:
    source = FakeSource("wire", ["a"], poll_seconds=1)
    worker = start(source)
    worker.step()
    clock._now_ms -= 5_000  # somebody sets the machine's clock back
    source.titles = ["b"]
    worker.poll_once()
    clock.advance(10_000)
    source.titles = ["c"]
    worker.step()
    times = [r.at_ms if isinstance(r, Heartbeat) else r.seen_at_ms for r in log(bus)]
    assert len(times) == 5
    assert times == sorted(times)


def test_nothing_is_lost_or_doubled_while_the_bus_is_away(
    start: Callable[..., IngestWorker], bus: FlakyBus, clock: ManualClock
) -> None:
    source = FakeSource("wire", ["a"], poll_seconds=1)
    worker = start(source)
    bus.down = True
    for _ in range(3):
        assert worker.step() == []
        clock.advance(1_000)
    assert worker.bus_error == "the bus is away"
    assert len(source.states) == 1
    bus.down = False
    (report,) = worker.step()
    assert (report.new_items, worker.bus_error) == (1, "")
    assert titles(bus) == ["a"]


def test_polling_once_does_not_wait_for_a_bus_that_is_away(
    start: Callable[..., IngestWorker], bus: FlakyBus
) -> None:
    worker = start(FakeSource("wire", ["a"]))
    bus.down = True
    with pytest.raises(BusUnavailable):
        worker.poll_once()


def test_what_is_rejected_is_counted_and_told(start: Callable[..., IngestWorker]) -> None:
    (report,) = start(FakeSource("wire", ["<b></b>", "a"])).poll_once()
    assert (report.new_items, report.rejected) == (1, 1)
    assert report.line().startswith("wire: 1 new (1 rejected, first: no-title: expected a title")


def test_what_is_remembered_is_bounded_and_keeps_what_is_still_there(
    start: Callable[..., IngestWorker], bus: FlakyBus, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ingest.worker.REMEMBERED_IDS", 10)
    source = FakeSource("wire")
    worker = start(source)
    for number in range(30):
        source.titles = ["stays", f"passes {number}"]
        worker.poll_once()
    assert titles(bus).count("stays") == 1
    assert len(titles(bus)) == 31
    assert len(worker._lines["wire"].given) == 10


def test_reports_are_handed_on(start: Callable[..., IngestWorker]) -> None:
    handed: list[Sequence[SourceReport]] = []
    worker = start(FakeSource("wire", ["a"]), on_reports=handed.append)
    worker.step()
    worker.step()
    assert [[report.source for report in reports] for reports in handed] == [["wire"]]


def test_it_runs_in_threads_until_it_is_stopped(
    start: Callable[..., IngestWorker], bus: FlakyBus
) -> None:
    stop = threading.Event()
    sources = [FakeSource(f"s{number}", [f"t{number}"]) for number in range(20)]
    seen: list[str] = []

    def handed(reports: Sequence[SourceReport]) -> None:
        seen.extend(report.source for report in reports)
        if len(seen) == len(sources):
            stop.set()

    worker = start(*sources, pool=PollThreads(4), on_reports=handed)
    worker.run(stop)
    assert sorted(titles(bus)) == sorted(f"t{number}" for number in range(20))


def test_threads_give_back_errors_as_outcomes() -> None:
    threads: PollThreads[int] = PollThreads(1)

    def fails() -> int:
        raise ValueError("no")

    threads.submit("a", lambda: 7)
    threads.submit("b", fails)
    found: list[tuple[str, int | Exception]] = []
    while len(found) < 2:
        found += threads.arrived(wait_s=5.0)
    assert found[0] == ("a", 7)
    assert found[1][0] == "b"
    assert isinstance(found[1][1], ValueError)
    assert threads.arrived() == []


def test_rejections_of_the_source_come_first() -> None:
    class Half(FakeSource):
        def poll(self, fetch: Fetch, state: SourceState, seen_at_ms: int) -> PollResult:
            result = super().poll(fetch, state, seen_at_ms)
            return PollResult(result.entries, (Rejected("broken-feed", "line 3"),), result.state)

    bus = MemoryBus()
    bus.create({FETCHED: 1})
    worker = IngestWorker([Half("wire", ["a"])], bus, fetch, ManualClock(START_MS), pool=AtOnce())
    (report,) = worker.poll_once()
    assert report.line() == "wire: 1 new (1 rejected, first: broken-feed: line 3)"
