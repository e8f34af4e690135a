"""Numbers on screen equal the store: each is computed again by SQL over items and scores."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import text

from dashboard.deltas import Publisher
from dashboard.detail import MIN_SHARE_STORIES, DetailId, Range
from dashboard.liveness import State
from dashboard.parts import snapshot_to_parts
from dashboard.queries import MAX_HEADLINES
from dashboard.reader import Reader
from foreshock.clock import DAY_MS, HOUR_MS, MINUTE_MS, ManualClock
from foreshock.errors import StoreUnavailable
from foreshock.records import Pane

COUNTED = text(
    """
    SELECT count(*), coalesce(sum(s.negative), 0) FROM items i
    JOIN scores s ON s.item_id = i.item_id
    WHERE i.lead AND i.uncounted = '' AND i.at_ms >= :after AND i.at_ms < :until
    AND EXISTS (SELECT 1 FROM json_each(s.keys) WHERE value = :key)
    """
)


def reader_of(filled: Any, clock: ManualClock | None = None) -> Reader:
    return Reader(filled.open, stale_after_ms=15_000, clock=clock or ManualClock(1_000))


def counted(filled: Any, key: str, after_ms: int, until_ms: int) -> tuple[int, int]:
    with filled.store.connect() as connection:
        found = connection.execute(
            COUNTED, {"key": key, "after": after_ms, "until": until_ms}
        ).one()
    return int(found[0]), int(found[1])


@pytest.fixture
def reader(filled: Any) -> Any:
    made = reader_of(filled)
    yield made
    made.close()


def test_every_row_equals_the_items_and_scores_in_the_store(filled: Any, reader: Reader) -> None:
    snapshot = reader.read(())
    until = snapshot.until_ms
    assert until == filled.run.now_ms
    assert len(snapshot.rows) > 25
    for key, row in snapshot.rows.items():
        expected = counted(filled, key, until - HOUR_MS, until)
        assert (row.counts.stories, row.counts.negative) == expected, key


def test_what_is_usual_equals_the_mean_over_the_store(filled: Any, reader: Reader) -> None:
    snapshot = reader.read(())
    until = snapshot.until_ms
    assert until is not None
    # five days of history before a Tuesday: three weekdays would be needed, there are two
    windows = [
        counted(filled, "all", until - day * DAY_MS - HOUR_MS, until - day * DAY_MS)
        for day in range(1, 5)
    ]
    usual = snapshot.rows["all"].usual
    assert usual is not None
    assert usual.negative == pytest.approx(sum(negative for _, negative in windows) / 4)
    assert usual.share == pytest.approx(
        sum(negative for _, negative in windows) / sum(stories for stories, _ in windows)
    )


@pytest.mark.parametrize("range_", list(Range))
def test_each_point_of_a_chart_equals_the_store(filled: Any, range_: Range) -> None:
    reader = reader_of(filled)
    publisher = Publisher(reader, refresh_ms=1_000, clock=ManualClock(1_000))
    drawing = publisher.drawing(DetailId("topic:earnings", range_))
    assert 100 < len(drawing.points) <= 500
    for at_ms in [*list(drawing.points)[:: len(drawing.points) // 9], filled.run.now_ms]:
        point = drawing.points[at_ms]
        stories, negative = counted(filled, "topic:earnings", at_ms - HOUR_MS, at_ms)
        assert (point[8], point[4]) == (stories, negative)
        stories, negative = counted(filled, "topic:earnings", at_ms - range_.share_window_ms, at_ms)
        few = stories < MIN_SHARE_STORIES
        assert point[0] == (None if few else pytest.approx(100 * negative / stories, abs=0.06))
    reader.close()


def test_sparks_and_tremor_add_up_to_the_store(filled: Any, reader: Reader) -> None:
    parts = snapshot_to_parts(reader.read(()))
    end = parts["status"]["spark_end"] + 10 * MINUTE_MS
    negative, other = parts["spark:topic:earnings"]
    stories, bad = counted(filled, "topic:earnings", end - 6 * HOUR_MS, end)
    assert (sum(negative) + sum(other), sum(negative)) == (stories, bad)
    buckets = [value for name, value in parts.items() if name.startswith("tremor:")]
    stories, bad = counted(filled, "all", end - DAY_MS, end)
    assert (sum(map(sum, buckets)), sum(b[0] for b in buckets)) == (stories, bad)


def test_counters_are_those_of_the_store(filled: Any, reader: Reader) -> None:
    assert dict(reader.read(()).counters) == filled.store.counts()


def test_reading_what_is_new_gives_the_same_as_reading_anew(filled: Any) -> None:
    clock = ManualClock(1_000)
    kept = reader_of(filled, clock)
    wanted = DetailId("topic:earnings", Range.HOURS_24)
    publisher = Publisher(kept, refresh_ms=1_000, clock=clock)
    publisher.drawing(wanted)
    for _ in range(25):
        filled.run.advance(filled.store, minutes=1)
        clock.advance(1_000)
        grown = publisher.drawing(wanted)
    fresh_reader = reader_of(filled, clock)
    fresh = Publisher(fresh_reader, refresh_ms=1_000, clock=clock)
    anew = fresh.drawing(wanted)
    assert grown.points == anew.points
    # rows rest for a while where they stand; all else is the same
    resting = {"order": None, "status": None}
    assert snapshot_to_parts(publisher.snapshot()) | resting == (
        snapshot_to_parts(fresh.snapshot()) | resting
    )
    kept.close()
    fresh_reader.close()


def test_a_tick_that_comes_in_two_writes_is_counted_whole(filled: Any, reader: Reader) -> None:
    before = reader.read(()).rows["topic:fed"].counts
    end_ms = filled.run.now_ms + MINUTE_MS

    def pane(key: str) -> Pane:
        return Pane(
            watch="main", key=key, pane_end_ms=end_ms, width_ms=MINUTE_MS, stories=40, items=40
        )

    filled.store.write([pane("all")])
    assert reader.read(()).until_ms == end_ms
    filled.store.write([pane("topic:fed")])
    snapshot = reader.read(())
    assert snapshot.rows["topic:fed"].counts.stories >= 40
    assert before.stories < 40
    assert reader.read(()).rows == snapshot.rows


def test_a_second_watch_that_lags_is_counted_too(filled: Any, reader: Reader) -> None:
    before = reader.read(()).rows["all"].counts.stories
    filled.store.put_meta({"heartbeat_ms:asia": str(filled.run.now_ms - 5 * MINUTE_MS)})
    for minutes in (9, 7, 5):
        end_ms = filled.run.now_ms - minutes * MINUTE_MS
        late = {"pane_end_ms": end_ms, "width_ms": MINUTE_MS, "stories": 2, "items": 2}
        filled.store.write([Pane(watch="asia", key="all", **late)])
        reader.read(())
    assert reader.read(()).rows["all"].counts.stories == before + 6


def test_an_emerging_key_is_listed_with_its_own_counts_and_headlines(filled: Any) -> None:
    term, until = "term:safety concerns", filled.run.now_ms
    reader = reader_of(filled)
    assert reader.read(()).terms == (term,)
    row = reader.read(()).rows[term]
    assert (row.counts.stories, row.counts.negative) == counted(
        filled, term, until - HOUR_MS, until
    )
    assert row.counts.negative > 0
    leads = [item for item in filled.run.items if term in item.keys and item.lead]
    newest = sorted(leads, key=lambda item: (-item.at_ms, item.item_id))[:MAX_HEADLINES]
    assert [headline.item_id for headline in reader.headlines(term)] == [
        item.item_id for item in newest
    ]
    filled.run.advance(filled.store, minutes=30)
    grown = reader.read(()).rows[term]
    assert grown.counts.stories == counted(filled, term, until - HOUR_MS // 2, until + HOUR_MS)[0]
    reader.close()


def test_headlines_are_leads_newest_first_with_their_copies(filled: Any, reader: Reader) -> None:
    snapshot = reader.read(())
    headlines = reader.headlines("topic:earnings")
    assert len(headlines) >= 25
    assert [h.at_ms for h in headlines] == sorted((h.at_ms for h in headlines), reverse=True)
    by_id = {item.item_id: item for item in filled.run.items}
    for headline in headlines:
        item = by_id[headline.item_id]
        assert item.lead
        assert "topic:earnings" in item.keys
        assert item.at_ms < (snapshot.until_ms or 0)
        copies = sum(1 for other in filled.run.items if other.story_id == item.item_id) - 1
        assert headline.copies == copies
    assert reader.headlines("all")


def test_another_run_in_the_same_place_is_shown_from_its_start(make_filled: Any) -> None:
    first, second = make_filled("first"), make_filled("second", days=2)
    second.store.put_meta({"heartbeat_ms:main": str(first.run.now_ms - HOUR_MS)})
    present = [first]

    def open_present() -> Any:
        return present[0].open()

    reader = Reader(open_present, stale_after_ms=15_000, clock=ManualClock(1_000))
    assert reader.read(()).rows["all"].usual is not None
    reader.close()
    present[0] = second
    assert reader.read(()).rows["all"].usual is None
    reader.close()


def test_a_store_that_cannot_be_read_is_said_to_be_so_with_the_last_picture(filled: Any) -> None:
    clock = ManualClock(1_000)
    broken = [False]

    def open_it() -> Any:
        if broken[0]:
            raise StoreUnavailable("the disk is gone")
        return filled.open()

    reader = Reader(open_it, stale_after_ms=15_000, clock=clock)
    rows = reader.read(()).rows
    reader.close()
    broken[0] = True
    clock.advance(5_000)
    snapshot = reader.read(())
    assert snapshot.liveness.state is State.UNREACHABLE
    assert snapshot.liveness.since_ms == 6_000
    assert snapshot.rows == rows
    clock.advance(5_000)
    assert reader.read(()).liveness.since_ms == 6_000
    broken[0] = False
    assert reader.read(()).liveness.state is not State.UNREACHABLE
    reader.close()


def test_a_store_without_anything_is_empty(make_filled: Any, tmp_path: Any) -> None:
    from foreshock.store.sql_store import open_store

    open_store(tmp_path / "empty.db").close()
    reader = Reader(
        lambda: open_store(tmp_path / "empty.db", read_only=True),
        stale_after_ms=15_000,
        clock=ManualClock(1_000),
    )
    snapshot = reader.read(("topic:fed",))
    assert (snapshot.liveness.state, snapshot.until_ms) == (State.EMPTY, None)
    assert reader.headlines("topic:fed") == []
    reader.close()
