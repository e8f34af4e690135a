"""The embedded stage: watermarks, late items, zero panes, and what it refuses."""

from __future__ import annotations

import pytest

from foreshock.bus.base import Message
from foreshock.channels import LATE, PANES, SPIKES
from foreshock.codec import decode
from foreshock.errors import DetectorError
from foreshock.records import Heartbeat, Item, LateItem, Pane, Score, ScoredItem, Spike
from foreshock.stage import Output, Received
from stream.config import DetectorConfig
from stream.engines.embedded import AggregateStage

MINUTE = 60_000
CONFIG = DetectorConfig(learn_hours=0.0)


def item(name: str, at_ms: int, *, keys: str = "all", watch: str = "main") -> ScoredItem:
    score = Score(
        model_version="m",
        input_hash="h",
        negative_micro=900_000,
        neutral_micro=50_000,
        positive_micro=50_000,
        negative=True,
    )
    return ScoredItem(
        item_id=name,
        entry_id=name,
        watch=watch,
        source="s",
        publisher="p",
        title=name,
        seen_at_ms=at_ms,
        at_ms=at_ms,
        story_id=name,
        lead=True,
        score=score,
        keys=tuple(keys.split()),
    )


def beat(at_ms: int, *, final: bool = False, watch: str = "main") -> Heartbeat:
    return Heartbeat(watch=watch, at_ms=at_ms, final=final)


def received(*records: ScoredItem | Heartbeat, partition: int = 0) -> list[Received]:
    return [Received(record, "news.scored", partition) for record in records]


def on(output: Output, channel: str) -> list[Message]:
    return [message for name, message in output.publish if name == channel]


def panes(output: Output) -> list[tuple[str, int, int]]:
    found = [decode(message.value) for message in on(output, PANES)]
    return [(p.key, p.pane_end_ms // MINUTE, p.items) for p in found if isinstance(p, Pane)]


def test_a_pane_closes_when_the_heartbeat_passes_its_end() -> None:
    stage = AggregateStage(CONFIG)

    assert panes(stage.handle(received(item("a", 10), beat(MINUTE - 1)))) == []
    assert panes(stage.handle(received(beat(MINUTE)))) == [("all", 1, 1)]
    assert panes(stage.handle(received(beat(MINUTE)))) == []


def test_every_tick_exists() -> None:
    stage = AggregateStage(CONFIG)

    output = stage.handle(received(item("a", 10, keys="all term:x"), beat(4 * MINUTE)))
    assert panes(output) == [
        ("all", 1, 1), ("term:x", 1, 1), ("all", 2, 0), ("all", 3, 0), ("all", 4, 0),
    ]  # fmt: skip


def test_ticks_begin_with_the_first_thing_heard() -> None:
    stage = AggregateStage(CONFIG)

    assert panes(stage.handle(received(beat(7 * MINUTE)))) == []
    assert panes(stage.handle(received(beat(9 * MINUTE)))) == [("all", 8, 0), ("all", 9, 0)]


def test_the_slowest_partition_holds_the_clock() -> None:
    stage = AggregateStage(CONFIG, partitions=2)

    assert panes(stage.handle(received(item("a", 10), beat(3 * MINUTE), partition=0))) == []
    slow = stage.handle(received(item("b", 20), beat(MINUTE), partition=1))
    assert panes(slow) == [("all", 1, 2)]


def test_an_item_behind_its_partitions_clock_is_late_and_in_no_pane() -> None:
    stage = AggregateStage(CONFIG)
    output = stage.handle(
        received(item("a", 10), beat(MINUTE), item("late", 20), item("b", 70_000), beat(2 * MINUTE))
    )

    assert panes(output) == [("all", 1, 1), ("all", 2, 1)]
    late = [decode(message.value) for message in on(output, LATE)]
    assert [(x.item.item_id, x.watermark_ms) for x in late if isinstance(x, LateItem)] == [
        ("late", MINUTE)
    ]


def test_what_does_not_count_is_in_no_pane_but_starts_the_clock() -> None:
    stage = AggregateStage(CONFIG)

    output = stage.handle(received(item("a", 10, keys=""), beat(MINUTE)))
    assert panes(output) == [("all", 1, 0)]


def test_a_final_heartbeat_closes_the_pane_that_it_falls_into() -> None:
    stage = AggregateStage(CONFIG)

    output = stage.handle(received(item("a", 10), beat(30_000, final=True)))
    assert panes(output) == [("all", 1, 1)]


def test_watches_do_not_touch_each_other() -> None:
    stage = AggregateStage(CONFIG)

    output = stage.handle(
        received(
            item("a", 10), item("x", 10, watch="other"), beat(MINUTE), beat(30_000, watch="other")
        )
    )
    found = [decode(message.value) for message in on(output, PANES)]
    assert [(p.watch, p.items) for p in found if isinstance(p, Pane)] == [("main", 1)]


def test_a_spike_comes_out_with_its_tick() -> None:
    stage = AggregateStage(DetectorConfig(learn_hours=0.0, theta_terms=3.0))
    burst = [item(f"i{n}", n * 1_000, keys="all term:quake") for n in range(5)]

    output = stage.handle(received(*burst, beat(MINUTE)))
    spikes = [decode(message.value) for message in on(output, SPIKES)]
    assert [(s.key, s.pane_end_ms) for s in spikes if isinstance(s, Spike)] == [
        ("term:quake", MINUTE)
    ]
    assert [name for name, _ in output.publish] == [PANES, PANES, SPIKES]


def test_a_pane_opened_and_closed_in_one_batch_leaves_no_state() -> None:
    stage = AggregateStage(CONFIG)
    output = stage.handle(received(item("a", 10), beat(MINUTE)))

    assert not [name for name in output.state if "|open/" in name]


@pytest.mark.parametrize("partition", [-1, 1])
def test_an_unknown_partition_is_refused(partition: int) -> None:
    with pytest.raises(DetectorError, match="expected a partition below 1"):
        AggregateStage(CONFIG).handle(received(beat(0), partition=partition))


def test_a_record_of_another_kind_is_refused() -> None:
    raw = Item(
        item_id="a", entry_id="a", watch="main", source="s", publisher="p", title="t", seen_at_ms=0
    )
    with pytest.raises(DetectorError, match="found Item"):
        AggregateStage(CONFIG).handle([Received(raw, "news.scored")])


def test_another_number_of_partitions_is_refused() -> None:
    state = AggregateStage(CONFIG).handle(received(beat(0))).state
    kept = {name: data for name, data in state.items() if data is not None}

    with pytest.raises(DetectorError, match="expected state of 2 partitions, found 1"):
        AggregateStage(CONFIG, partitions=2).restore(kept)


def test_a_stage_needs_a_partition() -> None:
    with pytest.raises(DetectorError, match="at least one partition"):
        AggregateStage(CONFIG, partitions=0)
