"""What every store promises, run over every implementation."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from foreshock.codec import encode
from foreshock.errors import StoreError, StoreUnavailable
from foreshock.records import (
    Alert,
    AlertState,
    DeadLetter,
    Evidence,
    Heartbeat,
    Item,
    LateItem,
    OutboxRow,
    OutboxState,
    Pane,
    Record,
    Score,
    ScoredItem,
    Spike,
    StoryItem,
    Uncounted,
)
from foreshock.store import schema
from foreshock.store.base import Store
from foreshock.store.sql_store import open_store

Opener = Callable[..., Store]


@pytest.fixture(params=["sqlite"])
def opener(tmp_path: Path) -> Iterator[Opener]:
    """Open the same database again and again."""
    opened: list[Store] = []

    def open_again(read_only: bool = False) -> Store:
        opened.append(open_store(tmp_path / "foreshock.db", read_only=read_only))
        return opened[-1]

    yield open_again
    for store in opened:
        store.close()


@pytest.fixture
def store(opener: Opener) -> Store:
    return opener()


def story_item(number: int, **changes: object) -> StoryItem:
    item_id = f"{number:032x}"
    item = StoryItem(
        item_id=item_id,
        entry_id=f"entry-{number}",
        watch="main",
        source="wire",
        publisher="reuters",
        title=f'Profit "falls" at Zürich {number} 💥',
        text="Line one\nline two",
        url=f"https://example.org/{number}",
        tickers=("AAPL", "BRK.B"),
        published_at_ms=number * 1_000 - 500,
        seen_at_ms=number * 1_000,
        at_ms=number * 1_000,
        story_id=item_id,
        lead=True,
    )
    return msgspec.structs.replace(item, **changes)


def score(negative_micro: int = 700_000, **changes: object) -> Score:
    made = Score(
        model_version="model-1",
        input_hash="0" * 32,
        negative_micro=negative_micro,
        neutral_micro=1_000_000 - negative_micro,
        positive_micro=0,
        negative=negative_micro >= 500_000,
        topics=(("earnings", 800_000), ("m-and-a", 20_000)),
        tokens=17,
        truncated=True,
    )
    return msgspec.structs.replace(made, **changes)


def scored(
    item: StoryItem,
    judged: Score | None,
    keys: tuple[str, ...] = ("all", "term:profit zurich", "ticker:AAPL", "topic:earnings"),
) -> ScoredItem:
    fields = {name: getattr(item, name) for name in StoryItem.__struct_fields__}
    return ScoredItem(**fields, score=judged, keys=keys)


def pane(key: str, end: int, watch: str = "main") -> Pane:
    return Pane(
        watch=watch,
        key=key,
        pane_end_ms=end,
        width_ms=60_000,
        stories=3,
        negative_stories=2,
        items=5,
        polarity_sum=-1_400_000,
        polarity_sq_sum=9_000_000_000_000_000_000,
        publishers=("ap", "reuters"),
        negative_leads=("a" * 32, "b" * 32),
    )


def spike(name: str, end: int = 60_000, ended: int | None = None) -> Spike:
    return Spike(
        spike_id=name,
        watch="main",
        key=f"topic:{name}",
        pane_end_ms=end,
        window_ms=3_600_000,
        detector_version="d1",
        theta_hash="t1",
        theta=4.5,
        surprise=6.25,
        observed=14,
        usual=3.1,
        stories=20,
        usual_negative_share=0.28,
        publishers=("ap", "reuters"),
        terms=("term:bailout house",),
        story_ids=("a" * 32,),
        reason="14 negative stories in the last hour; 3.1 is usual.",
        ended_at_ms=ended,
    )


def alert(
    name: str, state: AlertState = AlertState.FIRING, updated: int = 60_000, started: int = 60_000
) -> Alert:
    return Alert(
        alert_id=name,
        watch="main",
        state=state,
        title="Earnings",
        reason="14 negative stories in the last hour",
        keys=("topic:earnings",),
        spike_ids=("s1",),
        evidence=(
            Evidence(
                id="a" * 32,
                title="Profit falls",
                publisher="reuters",
                url="https://example.org",
                at_ms=1,
                polarity_micro=-700_000,
                copies=2,
            ),
        ),
        surprise=6.25,
        started_at_ms=started,
        updated_at_ms=updated,
        resolved_at_ms=updated if state is AlertState.RESOLVED else None,
    )


def letter(name: str, offset: int = 7) -> DeadLetter:
    return DeadLetter(
        dead_id=name,
        stage="stories",
        channel="news.fetched",
        key="main",
        partition=0,
        offset=offset,
        reason="undecodable",
        error="expected a JSON record",
        payload="eA==",
    )


def message(name: str, change: str = "firing", notifier: str = "slack") -> OutboxRow:
    return OutboxRow(alert_id=name, change=change, notifier=notifier, body=b"\x00body")


def exported(store: Store, kind: type[Record]) -> list[bytes]:
    return [encode(record) for record in store.export(kind)]


def encoded(records: Sequence[Record]) -> list[bytes]:
    return [encode(record) for record in records]


KINDS: dict[type[Record], list[Record]] = {
    StoryItem: [
        story_item(1, published_at_ms=None, tickers=(), text="", url=""),
        story_item(3, at_ms=2_000, lead=False, story_id=f"{1:032x}"),
        story_item(2, uncounted=Uncounted.OLD, language="de"),
        story_item(5, watch="asia", uncounted=Uncounted.LANGUAGE),
    ],
    Pane: [
        pane("all", 60_000, "asia"),
        pane("Z", 60_000),
        pane("all", 60_000),
        pane("term:é", 60_000),
        pane("term:\U0001f4a5", 60_000),
        Pane(watch="main", key="all", pane_end_ms=120_000, width_ms=60_000),
    ],
    Spike: [spike("a"), spike("b"), spike("a2", end=120_000, ended=180_000)],
    Alert: [alert("b", started=50_000), alert("a"), alert("c", AlertState.RESOLVED)],
    LateItem: [
        LateItem(watch="main", watermark_ms=9_000, item=scored(story_item(1), score())),
        LateItem(watch="main", watermark_ms=9_000, item=scored(story_item(2), None, ())),
    ],
    DeadLetter: [letter("b", offset=9), letter("a", offset=10)],
}
# 2,000 ms: item 2 stands before item 3, which was moved there
KINDS[StoryItem][1], KINDS[StoryItem][2] = KINDS[StoryItem][2], KINDS[StoryItem][1]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_an_export_is_what_was_written_in_canonical_order(store: Store, kind: type[Record]) -> None:
    shuffled = random.Random(7).sample(KINDS[kind], len(KINDS[kind]))

    store.write(shuffled)

    assert exported(store, kind) == encoded(KINDS[kind])


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_writing_again_changes_nothing(store: Store, kind: type[Record]) -> None:
    store.write(KINDS[kind])
    before, counts = exported(store, kind), store.counts()

    store.write(KINDS[kind])
    store.write([*KINDS[kind], *KINDS[kind]])

    assert exported(store, kind) == before
    assert store.counts() == counts


def test_a_scored_item_is_exported_as_its_item_with_its_score(store: Store) -> None:
    old = story_item(4, uncounted=Uncounted.OLD)
    foreign = story_item(3, language="de", uncounted=Uncounted.LANGUAGE)
    records = [
        scored(story_item(1), score()),
        scored(story_item(2), score(topics=(), truncated=False), keys=("all",)),
        scored(foreign, None, keys=()),
        scored(old, score(), keys=()),
    ]

    store.write(records)
    assert exported(store, ScoredItem) == []  # no item yet

    store.write([old, foreign, story_item(2), story_item(1), story_item(9)])
    assert exported(store, ScoredItem) == encoded(records)


def test_an_item_that_no_model_reads_is_never_counted_as_a_score(store: Store) -> None:
    store.write([story_item(1, language="de"), scored(story_item(1, language="de"), None, ())])

    assert store.counts()["scores"] == 0
    [record] = store.export(ScoredItem)
    assert isinstance(record, ScoredItem)
    assert record.score is None


def test_two_model_versions_keep_their_scores_apart(store: Store) -> None:
    item = story_item(1)
    both = [scored(item, score(model_version=version)) for version in ("model-1", "model-2")]

    store.write([item, both[1], both[0]])

    assert exported(store, ScoredItem) == encoded(both)


def test_items_are_listed_under_topics_tickers_and_all_but_not_under_terms(store: Store) -> None:
    store.write([story_item(1), scored(story_item(1), score())])

    with store.connect() as connection:
        rows = connection.execute(select(schema.item_keys)).all()

    item_id = story_item(1).item_id
    keys = ("all", "ticker:AAPL", "topic:earnings")
    assert sorted(tuple(row) for row in rows) == [(key, 1_000, item_id) for key in keys]


def test_the_end_of_a_spike_replaces_its_start_and_stays(store: Store) -> None:
    store.write([spike("a")])
    store.write([spike("a", ended=600_000)])
    assert exported(store, Spike) == encoded([spike("a", ended=600_000)])

    store.write([spike("a")])
    assert exported(store, Spike) == encoded([spike("a", ended=600_000)])


def test_start_and_end_of_a_spike_in_one_batch_leave_the_end(store: Store) -> None:
    store.write([spike("a"), spike("a", ended=0)])

    assert exported(store, Spike) == encoded([spike("a", ended=0)])


def test_a_later_state_of_an_alert_replaces_an_earlier_one(store: Store) -> None:
    firing, resolved = alert("a"), alert("a", AlertState.RESOLVED, updated=120_000)
    store.write([firing])
    store.write([alert("a", AlertState.ACKNOWLEDGED)])  # at the same moment: the last one counts
    assert exported(store, Alert) == encoded([alert("a", AlertState.ACKNOWLEDGED)])

    store.write([resolved])
    store.write([firing])
    assert exported(store, Alert) == encoded([resolved])
    assert store.counts()["alerts"] == 1


def test_counts_name_everything_and_start_at_nought(store: Store) -> None:
    names = ("items", "stories", "scores", "panes", "spikes", "alerts", "late", "deadletters")
    assert store.counts() == dict.fromkeys(names, 0)

    items = [story_item(1), story_item(2), story_item(3, lead=False, story_id=f"{1:032x}")]
    store.write([*items, scored(items[0], score()), pane("all", 0), pane("all", 60_000)])
    store.write([spike("a"), alert("a"), alert("b"), letter("x"), *KINDS[LateItem]])

    assert list(store.counts().values()) == [3, 2, 1, 2, 1, 2, 2, 1]


def test_evidence_is_the_lead_with_its_score_and_the_number_of_copies(store: Store) -> None:
    lead = story_item(1)
    copies = [story_item(n, lead=False, story_id=lead.item_id) for n in (2, 3)]
    lonely = story_item(4)
    store.write([lead, *copies, lonely, story_item(5)])
    store.write([scored(item, score()) for item in (lead, *copies)])
    store.write([scored(lonely, score(negative_micro=250_000))])

    found = store.evidence([lonely.item_id, "unknown", lead.item_id, story_item(5).item_id])

    assert list(found.items()) == [
        (
            lonely.item_id,
            Evidence(
                id=lonely.item_id,
                title=lonely.title,
                publisher="reuters",
                url="https://example.org/4",
                at_ms=4_000,
                polarity_micro=-250_000,
            ),
        ),
        (
            lead.item_id,
            Evidence(
                id=lead.item_id,
                title=lead.title,
                publisher="reuters",
                url="https://example.org/1",
                at_ms=1_000,
                polarity_micro=-700_000,
                copies=2,
            ),
        ),
    ]
    assert store.evidence([]) == {}


def test_evidence_as_of_a_moment_counts_the_copies_before_it(store: Store) -> None:
    lead = story_item(1)
    copies = [story_item(n, lead=False, story_id=lead.item_id) for n in (2, 3, 4)]
    store.write([lead, *copies, scored(lead, score())])

    counted = [
        store.evidence([lead.item_id], before_ms)[lead.item_id].copies
        for before_ms in (2_000, 2_001, 4_000, None)
    ]

    assert counted == [0, 1, 2, 3]


def test_evidence_of_thousands_of_stories_is_found(store: Store) -> None:
    items = [story_item(number) for number in range(1_300)]
    store.write([*items, *(scored(item, score()) for item in items)])

    found = store.evidence([item.item_id for item in reversed(items)])

    assert list(found) == [item.item_id for item in reversed(items)]


def test_meta_is_kept_and_replaced(opener: Opener, store: Store) -> None:
    store.put_meta({"kind": "replay", "feed": "a.csv"})
    store.put_meta({"feed": "b.csv", "empty": ""})
    store.put_meta({})

    found = opener().get_meta()

    assert {name: found[name] for name in ("kind", "feed", "empty")} == {
        "kind": "replay",
        "feed": "b.csv",
        "empty": "",
    }


def test_the_outbox_sends_nothing_twice(opener: Opener, store: Store) -> None:
    store.write_outbox([message("a"), message("b"), message("a", notifier="email")])
    store.write_outbox([message("a")])
    [first, *_] = store.due_outbox(0, 10)
    store.mark_outbox(first.row, OutboxState.SENT, 1, 0, "")

    store.write_outbox([first.row])

    again = opener()
    assert first.row not in [due.row for due in again.due_outbox(10**15, 10)]
    assert again.outbox_counts() == {"pending": 2, "sent": 1, "failed": 0}


def test_a_message_is_due_when_its_time_has_come_the_longest_due_first(store: Store) -> None:
    rows = [message(name) for name in "abcd"]
    store.write_outbox(rows)
    for row, at_ms in zip(rows, (300, 100, 200, 900), strict=True):
        store.mark_outbox(row, OutboxState.PENDING, 2, at_ms, "Slack answered 500")

    due = store.due_outbox(300, 10)

    assert [(one.row, one.attempts) for one in due] == [
        (rows[1], 2),
        (rows[2], 2),
        (rows[0], 2),
    ]
    assert [one.row for one in store.due_outbox(300, 2)] == [rows[1], rows[2]]
    assert store.due_outbox(99, 10) == []


def test_a_message_that_was_given_up_is_not_due_but_counted(store: Store) -> None:
    store.write_outbox([message("a")])
    store.mark_outbox(message("a"), OutboxState.FAILED, 12, 0, "gave up")

    assert store.due_outbox(10**15, 10) == []
    assert store.outbox_counts()["failed"] == 1


def test_marking_a_message_that_is_not_there_is_an_error(store: Store) -> None:
    with pytest.raises(StoreError, match="expected a message"):
        store.mark_outbox(message("a"), OutboxState.SENT, 1, 0, "")
    store.write_outbox([message("a")])
    with pytest.raises(ValueError, match="posted"):
        store.mark_outbox(message("a"), "posted", 1, 0, "")


def test_dead_letters_are_listed_by_place_and_state(store: Store) -> None:
    store.write([letter("c", offset=10), letter("b", offset=9), letter("a", offset=11)])

    assert store.mark_deadletter("c", "redriven")
    assert not store.mark_deadletter("c", "redriven")
    assert not store.mark_deadletter("unknown", "redriven")

    listed = [(one.letter.dead_id, one.state) for one in store.deadletters()]
    assert listed == [("b", "waiting"), ("c", "redriven"), ("a", "waiting")]
    assert [one.letter for one in store.deadletters("redriven")] == [letter("c", offset=10)]

    store.write([letter("c", offset=10)])  # coming again does not make it wait again
    assert len(store.deadletters("redriven")) == 1


def test_rows_without_a_record_are_replaced_by_key(store: Store) -> None:
    row = {"silence_id": "s", "key_pattern": "topic:*", "until_ms": 5, "comment": ""}
    store.upsert(schema.silences, [row, row | {"silence_id": "t"}])
    store.upsert(schema.silences, [row | {"until_ms": 9}])
    store.upsert(schema.silences, [])

    with store.connect() as connection:
        rows = connection.execute(select(schema.silences).order_by("silence_id")).all()

    assert [(one.silence_id, one.until_ms) for one in rows] == [("s", 9), ("t", 5)]


def test_a_row_with_a_missing_or_unknown_column_is_refused(store: Store) -> None:
    for row in ({"silence_id": "s"}, {"silence_id": "s", "key_pattern": "", "until_ms": 1, "x": 1}):
        with pytest.raises(StoreError, match="columns"):
            store.upsert(schema.silences, [row])


def test_a_reader_sees_only_what_is_committed_and_one_state_of_it(
    opener: Opener, store: Store
) -> None:
    reader = opener(read_only=True)
    count = select(schema.panes.c.key)
    with reader.connect() as connection:
        assert connection.execute(count).all() == []
        store.write([pane("all", 0)])
        assert connection.execute(count).all() == []  # still the moment it began at

    assert reader.counts()["panes"] == 1


def test_a_reader_cannot_write(opener: Opener, store: Store) -> None:
    store.write([pane("all", 0)])
    reader = opener(read_only=True)

    with pytest.raises(StoreError, match="asked to write"):
        reader.write([pane("all", 60_000)])
    with reader.connect() as connection, pytest.raises(SQLAlchemyError):
        connection.execute(schema.panes.delete())

    assert store.counts()["panes"] == 1


def test_a_record_that_no_table_keeps_is_refused(store: Store) -> None:
    item = Item(
        item_id="a",
        entry_id="a",
        watch="main",
        source="wire",
        publisher="ap",
        title="Profit",
        seen_at_ms=0,
    )
    for record in (item, Heartbeat(watch="main", at_ms=0)):
        with pytest.raises(StoreError, match="expected a record that the store keeps"):
            store.write([pane("all", 0), record])
        with pytest.raises(StoreError, match="expected a kind of record"):
            list(store.export(type(record)))

    assert store.counts()["panes"] == 0


def test_a_number_that_no_database_holds_is_an_error_and_writes_nothing(store: Store) -> None:
    with pytest.raises(StoreError) as caught:
        store.write([pane("all", 0), pane("all", 10**30)])

    assert not isinstance(caught.value, StoreUnavailable)
    assert store.counts()["panes"] == 0


def test_an_export_in_pieces_is_whole(store: Store) -> None:
    panes = [pane(f"term:{number:05}", 60_000) for number in range(2_500)]
    store.write(panes)

    assert exported(store, Pane) == encoded(panes)


def test_a_newer_schema_is_refused_with_advice(opener: Opener, store: Store) -> None:
    store.put_meta({"schema_version": str(schema.SCHEMA_VERSION + 1)})

    for read_only in (True, False):
        with pytest.raises(
            StoreError, match="expected schema version 1 or older, found 2"
        ) as caught:
            opener(read_only=read_only)
        assert "upgrade" in caught.value.hint


def test_opening_again_keeps_everything(opener: Opener, store: Store) -> None:
    store.write([pane("all", 0)])
    store.close()

    assert opener().counts()["panes"] == 1
