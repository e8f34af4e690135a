"""However the log is cut, interleaved or interrupted, panes and spikes are the same bytes."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from foreshock.bus.base import Message
from foreshock.channels import LATE
from foreshock.records import Heartbeat, Score, ScoredItem
from foreshock.stage import Received
from stream.config import DetectorConfig
from stream.engines.embedded import AggregateStage

PANE = 600_000
CONFIG = DetectorConfig(
    pane_ms=PANE, window_ms=3 * PANE, learn_hours=1.0, theta=1.0, theta_terms=1.5,
    min_stories=2, min_stories_terms=2, min_publishers=1,
)  # fmt: skip
PARTITIONS = 3


def scored(number: int, at_ms: int, *, lead: bool, negative: bool, terms: list[str]) -> ScoredItem:
    micro = 800_000 if negative else 100_000
    score = Score(
        model_version="m", input_hash="h", negative_micro=micro,
        neutral_micro=1_000_000 - micro, positive_micro=0, negative=negative,
    )  # fmt: skip
    keys = {"all", "topic:fed" if number % 2 else "ticker:ACME", *(f"term:{t}" for t in terms)}
    return ScoredItem(
        item_id=f"i{number}", entry_id=f"i{number}", watch="main", source="s",
        publisher=f"p{number % 2}", title="t", seen_at_ms=at_ms, at_ms=at_ms,
        story_id=f"i{number}" if lead else "i0", lead=lead, score=score, keys=tuple(sorted(keys)),
    )  # fmt: skip


@dataclass
class Partitioned:
    """A world: for each partition its own log, with the same heartbeats in each."""

    logs: list[list[Received]] = field(default_factory=lambda: [[] for _ in range(PARTITIONS)])


@st.composite
def worlds(draw: st.DrawFn) -> Partitioned:
    """Items of some hours in their order, spread over partitions, some behind the heartbeat."""
    world, at_ms = Partitioned(), 5 * 86_400_000
    for number in range(draw(st.integers(0, 40))):
        at_ms += draw(st.sampled_from([0, 1_000, 90_000, PANE, 2 * PANE]))
        late_ms = draw(st.sampled_from([0, 0, 0, 0, 0, 3 * PANE]))
        item = scored(
            number, at_ms - late_ms, lead=draw(st.integers(0, 4)) > 0, negative=draw(st.booleans()),
            terms=draw(st.lists(st.sampled_from("abc"), max_size=2)),
        )  # fmt: skip
        partition = draw(st.integers(0, PARTITIONS - 1))
        world.logs[partition].append(Received(item, "news.scored", partition))
        if draw(st.booleans()):
            add_heartbeat(world, at_ms)
    add_heartbeat(world, at_ms + 12 * PANE)
    return world


def add_heartbeat(world: Partitioned, at_ms: int) -> None:
    for partition, log in enumerate(world.logs):
        log.append(Received(Heartbeat(watch="main", at_ms=at_ms), "news.scored", partition))


def interleave(world: Partitioned, turns: list[int]) -> list[Received]:
    """Return one order in which a consumer may see the logs; each partition keeps its own."""
    positions = [0] * PARTITIONS
    order = []
    for turn in [*turns, *(p for p in range(PARTITIONS) for _ in world.logs[p])]:
        if positions[turn] < len(world.logs[turn]):
            order.append(world.logs[turn][positions[turn]])
            positions[turn] += 1
    return order


def run(order: list[Received], cuts: list[int], *, restarts: bool) -> list[tuple[str, Message]]:
    """Handle `order` in batches ending at `cuts`; `restarts`: after each, begin from the state."""
    stage, kept, published = AggregateStage(CONFIG, PARTITIONS), {}, []
    edges = sorted({0, len(order), *(cut % (len(order) + 1) for cut in cuts)})
    for begin, end in pairwise(edges):
        output = stage.handle(order[begin:end])
        published += output.publish
        for name, data in output.state.items():
            if data is None:
                kept.pop(name, None)
            else:
                kept[name] = data
        if restarts:
            stage = AggregateStage(CONFIG, PARTITIONS)
            stage.restore(kept)
    return published


def ordered(published: list[tuple[str, Message]]) -> list[tuple[str, bytes]]:
    """Late items come when they are read; all else comes in the order of ticks."""
    on_time = [(name, message.value) for name, message in published if name != LATE]
    late = sorted((name, message.value) for name, message in published if name == LATE)
    return on_time + late


_turns = st.lists(st.integers(0, PARTITIONS - 1), max_size=60)
_cuts = st.lists(st.integers(0, 200), max_size=12)


@settings(deadline=None)
@given(worlds(), _turns, _cuts)
def test_neither_batches_nor_partitions_change_a_byte(
    world: Partitioned, turns: list[int], cuts: list[int]
) -> None:
    expected = run(interleave(world, []), [], restarts=False)

    assert ordered(run(interleave(world, turns), cuts, restarts=False)) == ordered(expected)


@settings(deadline=None)
@given(worlds(), _turns, _cuts)
def test_a_restart_at_any_batch_goes_on_as_if_nothing_had_happened(
    world: Partitioned, turns: list[int], cuts: list[int]
) -> None:
    order = interleave(world, turns)

    assert run(order, cuts, restarts=True) == run(order, [], restarts=False)


@settings(deadline=None)
@given(worlds(), _cuts)
def test_kept_state_is_the_same_however_it_was_reached(world: Partitioned, cuts: list[int]) -> None:
    order = interleave(world, [])
    whole, pieces = AggregateStage(CONFIG, PARTITIONS), AggregateStage(CONFIG, PARTITIONS)
    kept: dict[str, bytes] = {}
    edges = sorted({0, len(order), *(cut % (len(order) + 1) for cut in cuts)})
    for begin, end in pairwise(edges):
        for name, data in pieces.handle(order[begin:end]).state.items():
            kept.pop(name, None)
            if data is not None:
                kept[name] = data
    at_once = {n: data for n, data in whole.handle(order).state.items() if data is not None}

    assert kept == at_once
