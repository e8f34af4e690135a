"""Whatever is written, in whatever pieces and however often, the store gives it back."""

from __future__ import annotations

import itertools
import random
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from foreshock.bus.sqlite_bus import SqliteBus
from foreshock.codec import encode
from foreshock.records import (
    AnyRecord,
    Pane,
    Record,
    Score,
    ScoredItem,
    Spike,
    StoryItem,
    Uncounted,
)
from foreshock.store.sql_store import SqlStore, open_store

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
names = st.text("abcé\U0001f4a5Z", min_size=1, max_size=3)
times = st.integers(-(2**63), 2**63 - 1)
small = st.integers(0, 3)

items = st.builds(
    StoryItem,
    item_id=names,
    entry_id=texts,
    watch=texts,
    source=texts,
    publisher=texts,
    title=texts,
    text=texts,
    url=texts,
    language=texts,
    tickers=st.lists(texts, max_size=3).map(tuple),
    published_at_ms=st.none() | times,
    seen_at_ms=times,
    at_ms=small | times,
    story_id=names,
    lead=st.booleans(),
    uncounted=st.sampled_from(Uncounted),
)
micro = st.integers(0, 1_000_000)
scores = st.builds(
    Score,
    model_version=st.just("m"),
    input_hash=texts,
    negative_micro=micro,
    neutral_micro=micro,
    positive_micro=micro,
    negative=st.booleans(),
    topics=st.lists(st.tuples(texts, micro), max_size=3).map(tuple),
    tokens=small,
    truncated=st.booleans(),
)
panes = st.builds(
    Pane,
    watch=names,
    key=names,
    pane_end_ms=small,
    width_ms=st.just(1),
    polarity_sum=times,
    polarity_sq_sum=times,
    publishers=st.lists(texts, max_size=3).map(tuple),
)


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty store, to be copied: making one costs more than filling it."""
    path = tmp_path_factory.mktemp("empty") / "foreshock.db"
    open_store(path).close()
    SqliteBus(path).close()
    return path


@contextmanager
def a_store(empty: Path) -> Iterator[tuple[SqlStore, Callable[[Sequence[AnyRecord]], None]]]:
    """Give a store and how to write to it, in transactions of a bus in the same file."""
    path = empty.with_name(f"{next(_numbers)}.db")
    shutil.copy(empty, path)
    bus, store = SqliteBus(path), open_store(path)

    def write(records: Sequence[AnyRecord]) -> None:
        with bus.transaction() as transaction:
            store.write(records, transaction)

    yield store, write
    store.close()
    bus.close()
    path.unlink()


_numbers = itertools.count()


def exported(store: SqlStore, kind: type[Record]) -> list[bytes]:
    return [encode(record) for record in store.export(kind)]


@settings(max_examples=25, deadline=None)
@given(
    rows=st.lists(
        st.tuples(items, st.none() | scores, st.lists(names, max_size=3)),
        max_size=8,
        unique_by=lambda row: row[0].item_id,
    ),
    chance=st.randoms(use_true_random=False),
)
def test_items_and_scores_come_back_byte_for_byte_in_order(
    empty: Path, rows: list[tuple[StoryItem, Score | None, list[str]]], chance: random.Random
) -> None:
    scored = [
        ScoredItem(
            **{name: getattr(item, name) for name in StoryItem.__struct_fields__},
            score=score,
            keys=() if score is None else tuple(keys),
        )
        for item, score, keys in rows
    ]
    plain = [item for item, _, _ in rows]
    everything = [*plain, *scored]
    chance.shuffle(everything)
    with a_store(empty) as (store, write):
        for record in everything:
            write([record])
        write(everything)

        def in_order(some: list[StoryItem] | list[ScoredItem]) -> list[bytes]:
            return [encode(one) for one in sorted(some, key=lambda one: (one.at_ms, one.item_id))]

        assert exported(store, StoryItem) == in_order(plain)
        assert exported(store, ScoredItem) == in_order(scored)
        leads = sum(item.lead for item in plain)
        assert (store.counts()["items"], store.counts()["stories"]) == (len(plain), leads)


@settings(max_examples=25, deadline=None)
@given(written=st.lists(panes, max_size=12), batch=st.integers(1, 5))
def test_panes_are_kept_once_whatever_the_batches(
    empty: Path, written: list[Pane], batch: int
) -> None:
    first: dict[tuple[int, str, str], Pane] = {}
    for pane in written:
        first.setdefault((pane.pane_end_ms, pane.watch, pane.key), pane)
    with a_store(empty) as (store, write):
        for start in range(0, len(written), batch):
            write(written[start : start + batch])

        assert exported(store, Pane) == [encode(first[place]) for place in sorted(first)]


@settings(max_examples=25, deadline=None)
@given(
    story=st.lists(st.tuples(st.sampled_from("ab"), st.booleans()), max_size=10),
    batch=st.integers(1, 4),
)
def test_a_spike_that_has_ended_stays_ended(
    empty: Path, story: list[tuple[str, bool]], batch: int
) -> None:
    written = [spike(name, ended=ended) for name, ended in story]
    with a_store(empty) as (store, write):
        for start in range(0, len(written), batch):
            write(written[start : start + batch])

        assert exported(store, Spike) == [
            encode(spike(name, ended=(name, True) in story))
            for name in sorted({name for name, _ in story})
        ]


def spike(name: str, *, ended: bool) -> Spike:
    return Spike(
        spike_id=name,
        watch="main",
        key=name,
        pane_end_ms=0,
        window_ms=1,
        detector_version="d",
        theta_hash="t",
        theta=4.5,
        surprise=6.0,
        observed=5,
        usual=1.0,
        stories=5,
        usual_negative_share=0.2,
        publishers=(),
        terms=(),
        story_ids=(),
        reason="",
        ended_at_ms=9 if ended else None,
    )
