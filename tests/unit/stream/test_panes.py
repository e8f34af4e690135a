"""Panes add up what they should, and merge exactly."""

from __future__ import annotations

import msgspec
import pytest

from foreshock.errors import DetectorError
from foreshock.records import Pane, Score, ScoredItem
from stream.panes import OpenTick, item_to_panes, merge_panes, pane_end_of, zero_pane

WIDTH = 60_000


def scored(
    item_id: str, *, negative: int, lead: bool = True, publisher: str = "p", keys: str = "all"
) -> ScoredItem:
    positive = (1_000_000 - negative) // 2
    score = Score(
        model_version="m",
        input_hash="h",
        negative_micro=negative,
        neutral_micro=1_000_000 - negative - positive,
        positive_micro=positive,
        negative=negative >= 500_000,
    )
    return ScoredItem(
        item_id=item_id,
        entry_id=item_id,
        watch="main",
        source="s",
        publisher=publisher,
        title="t",
        seen_at_ms=30_000,
        at_ms=30_000,
        story_id=item_id if lead else "lead-of-it",
        lead=lead,
        score=score,
        keys=tuple(keys.split()),
    )


def test_a_pane_counts_leads_as_stories_and_copies_as_items() -> None:
    tick = OpenTick("main", WIDTH, WIDTH)
    for item in (
        scored("b", negative=900_000, publisher="reuters"),
        scored("a", negative=600_000, publisher="ap"),
        scored("c", negative=100_000, publisher="calm"),
        scored("d", negative=800_000, publisher="copyist", lead=False),
    ):
        tick.add(item)

    assert tick.close().panes == (
        Pane(
            watch="main",
            key="all",
            pane_end_ms=WIDTH,
            width_ms=WIDTH,
            stories=3,
            negative_stories=2,
            items=4,
            polarity_sum=-850_000 - 400_000 + 350_000,
            polarity_sq_sum=850_000**2 + 400_000**2 + 350_000**2,
            publishers=("ap", "copyist", "reuters"),
            negative_leads=("a", "b"),
        ),
    )


def test_a_tick_has_its_panes_in_key_order_and_always_one_of_all() -> None:
    tick = OpenTick("main", WIDTH, WIDTH)
    tick.add(scored("a", negative=0, keys="term:x ticker:ACME topic:fed"))

    assert [pane.key for pane in tick.close().panes] == [
        "all", "term:x", "ticker:ACME", "topic:fed",
    ]  # fmt: skip
    assert OpenTick("main", WIDTH, WIDTH).close().panes == (zero_pane("main", "all", WIDTH, WIDTH),)


def test_an_open_tick_goes_on_from_where_it_was_kept() -> None:
    items = [scored(name, negative=700_000, keys="all term:x") for name in "abcd"]
    whole = OpenTick("main", WIDTH, WIDTH)
    for item in items:
        whole.add(item)
    half = OpenTick("main", WIDTH, WIDTH)
    half.add(items[0])
    half.add(items[1])
    again = OpenTick.of(half.close())
    again.add(items[2])
    again.add(items[3])

    assert again.close() == whole.close()


def test_the_panes_of_single_items_merge_to_the_tick() -> None:
    left, right = (scored(name, negative=700_000, keys="all term:x") for name in "ab")
    tick = OpenTick("main", WIDTH, WIDTH)
    tick.add(left)
    tick.add(right)

    merged = [
        merge_panes(a, b)
        for a, b in zip(item_to_panes(left, WIDTH), item_to_panes(right, WIDTH), strict=True)
    ]
    assert tuple(merged) == tick.close().panes


def test_panes_of_different_buckets_do_not_merge() -> None:
    with pytest.raises(DetectorError, match="one watch, key, end and width"):
        merge_panes(zero_pane("main", "all", 0, WIDTH), zero_pane("main", "all", WIDTH, WIDTH))


def test_an_item_with_keys_needs_a_score() -> None:
    item = msgspec.structs.replace(scored("a", negative=0), score=None)

    with pytest.raises(DetectorError, match="found none: a"):
        OpenTick("main", WIDTH, WIDTH).add(item)


@pytest.mark.parametrize(("at_ms", "end_ms"), [(0, 60_000), (59_999, 60_000), (60_000, 120_000)])
def test_a_pane_holds_its_start_and_not_its_end(at_ms: int, end_ms: int) -> None:
    assert pane_end_of(at_ms, WIDTH) == end_ms
