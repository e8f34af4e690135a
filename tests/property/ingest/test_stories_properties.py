"""Whatever comes: a restart changes nothing, batches change nothing, time never goes back."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from foreshock.channels import FETCHED
from foreshock.clock import HOUR_MS
from foreshock.codec import decode
from foreshock.records import Heartbeat, Item, StoryItem
from foreshock.stage import Received
from ingest.likeness import likeness
from ingest.stage import StoriesStage
from ingest.stories import EntryNote, StoryBook, StoryNote
from ingest.titles import read_title

START = 1_222_700_000_000
WORDS = (
    "Acme",
    "Globex",
    "profit",
    "falls",
    "rises",
    "5 pct",
    "50 pct",
    "jobs",
    "in Europe",
    "says",
)
MARKS = ("", "", "UPDATE 1-", "RPT-", "BRIEF-")
ENDS = ("", "", " - Reuters", "...")

titles = st.builds(
    lambda mark, words, end: f"{mark}{' '.join(words)}{end}",
    st.sampled_from(MARKS),
    st.lists(st.sampled_from(WORDS), max_size=8),
    st.sampled_from(ENDS),
)
items = st.builds(
    lambda number, entry, watch, title, tickers, hours: Item(
        item_id=f"e{entry}.{number}",
        entry_id=f"e{entry}",
        watch=watch,
        source="wire",
        publisher="Harbour Wire",
        title=title,
        tickers=tuple(sorted(tickers)),
        seen_at_ms=START + hours * HOUR_MS,
    ),
    st.integers(0, 2),
    st.integers(0, 20),
    st.sampled_from(("main", "main", "other")),
    titles,
    st.sets(st.sampled_from(("AAPL", "TSLA")), max_size=2),
    st.integers(0, 30),
)
heartbeats = st.builds(
    lambda watch, hours: Heartbeat(watch=watch, at_ms=START + hours * HOUR_MS),
    st.sampled_from(("main", "other")),
    st.integers(0, 40),
)
histories = st.lists(st.one_of(items, items, items, heartbeats), max_size=40)
Log = list[bytes]
State = dict[str, bytes]


def new_stage(state: State) -> StoriesStage:
    stage = StoriesStage(
        old_after_ms=2 * HOUR_MS, languages=("en",), partitions=2, horizon_ms=12 * HOUR_MS
    )
    stage.restore(state)
    return stage


def run(stage: StoriesStage, batches: Sequence[Sequence[Item | Heartbeat]], state: State) -> Log:
    log: Log = []
    for batch in batches:
        output = stage.handle([Received(record, FETCHED) for record in batch])
        log += [message.value for _, message in output.publish]
        for key, value in output.state.items():
            if value is None:
                state.pop(key, None)
            else:
                state[key] = value
    return log


def cut(history: list[Item | Heartbeat], sizes: list[int]) -> list[list[Item | Heartbeat]]:
    batches = []
    for size in sizes:
        batches.append(history[:size])
        history = history[size:]
    return [*batches, history]


@settings(max_examples=60, deadline=None)
@given(histories)
def test_a_restart_after_any_record_changes_nothing(history: list[Item | Heartbeat]) -> None:
    whole_state: State = {}
    whole = run(new_stage({}), [[record] for record in history], whole_state)
    state: State = {}
    log: Log = []
    for record in history:
        log += run(new_stage(dict(state)), [[record]], state)

    assert log == whole
    assert state == whole_state


@settings(max_examples=60, deadline=None)
@given(st.lists(items.filter(lambda item: item.watch == "main"), max_size=40))
def test_a_full_book_taken_up_again_goes_on_as_before(history: list[Item]) -> None:
    whole = StoryBook(max_stories=3, max_entries=5)
    stories: dict[str, StoryNote] = {}
    entries: dict[str, EntryNote] = {}
    at_ms = orders_used = 0
    for item in history:
        again = StoryBook(
            max_stories=3,
            max_entries=5,
            stories=stories.values(),
            entries=entries.values(),
            orders_used=orders_used,
        )
        at_ms = max(at_ms, item.seen_at_ms)

        assert again.place([item], [at_ms]) == whole.place([item], [at_ms])

        orders_used = again.orders_used
        touched = again.take_touched()
        stories = {k: v for k, v in {**stories, **touched.stories}.items() if v is not None}
        entries = {k: v for k, v in {**entries, **touched.entries}.items() if v is not None}
        assert len(stories) <= 3
        assert len(entries) <= 5
    assert orders_used == whole.orders_used


@settings(max_examples=60, deadline=None)
@given(histories, st.lists(st.integers(0, 9), max_size=12))
def test_batches_change_nothing(history: list[Item | Heartbeat], sizes: list[int]) -> None:
    one_state: State = {}
    cut_state: State = {}

    assert run(new_stage({}), [history], one_state) == run(
        new_stage({}), cut(history, sizes), cut_state
    )
    assert one_state == cut_state


@settings(max_examples=60, deadline=None)
@given(histories)
def test_time_never_goes_back_and_every_story_begins_with_its_lead(
    history: list[Item | Heartbeat],
) -> None:
    latest: dict[str, int] = {}
    begun: set[tuple[str, str]] = set()
    published: set[tuple[str, str]] = set()
    for value in run(new_stage({}), [history], {}):
        record = decode(value)
        assert isinstance(record, StoryItem | Heartbeat)
        assert record.at_ms >= latest.get(record.watch, 0)
        latest[record.watch] = record.at_ms
        if isinstance(record, StoryItem):
            story = (record.watch, record.story_id)
            assert record.lead == (record.item_id == record.story_id)
            assert record.lead or story in begun
            begun.add(story)
            published.add((record.watch, record.item_id))

    assert published == {(r.watch, r.item_id) for r in history if isinstance(r, Item)}


@settings(max_examples=60, deadline=None)
@given(histories)
def test_what_expired_is_not_kept(history: list[Item | Heartbeat]) -> None:
    state: State = {}
    stage = new_stage({})
    run(stage, [history], state)
    for watch in ("main", "other"):
        run(stage, [[Heartbeat(watch=watch, at_ms=START + 100 * HOUR_MS)]], state)

    assert set(state) == {"clock/main", "clock/other"}


@settings(max_examples=200, deadline=None)
@given(titles, titles)
def test_likeness_has_no_direction_and_a_title_is_like_itself(one: str, other: str) -> None:
    a, b = read_title(one), read_title(other)

    assert likeness(a, b) == likeness(b, a)
    assert likeness(a, a) == (1.0 if a.words else None)


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=200))
def test_any_text_is_read(text: str) -> None:
    title = read_title(text)

    assert {number.split()[0] for number in title.numbers} <= title.bag
    assert title.names <= title.bag
    assert title.bag == set(title.words)
