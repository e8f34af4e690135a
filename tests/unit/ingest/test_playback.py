"""Recorded items onto the bus: order, heartbeats, pace, and going on after a kill."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from foreshock.bus.base import Bus
from foreshock.bus.memory_bus import MemoryBus
from foreshock.channels import FETCHED
from foreshock.codec import decode
from foreshock.errors import ReplayError
from foreshock.records import Heartbeat, Item
from ingest.playback import Playback

PANE_MS = 60


def item(name: str, seen_at_ms: int) -> Item:
    return Item(
        item_id=name, entry_id=name, watch="main", source="s", publisher="p", title=name,
        seen_at_ms=seen_at_ms,
    )  # fmt: skip


ITEMS = (item("a", 70), item("b", 70), item("c", 119), item("d", 400))
#: one letter for an item, the time for a heartbeat, * closes
WHOLE = ["a", "b", "c", 360, "d", (420, "*")]


@pytest.fixture
def bus() -> MemoryBus:
    bus = MemoryBus()
    bus.create({FETCHED: 1})
    return bus


def log(bus: Bus) -> list[object]:
    found: list[object] = []
    for delivery in bus.consumer("test", [FETCHED]).poll(100, 0):
        record = decode(delivery.value)
        if isinstance(record, Heartbeat):
            found.append((record.at_ms, "*") if record.final else record.at_ms)
        else:
            assert isinstance(record, Item)
            found.append(record.item_id)
    return found


def playback(bus: Bus, items: Sequence[Item] = ITEMS, batch: int = 500) -> Playback:
    return Playback(bus, items, pane_ms=PANE_MS, batch=batch)


@pytest.mark.parametrize("batch", [1, 2, 3, 500])
def test_at_once_a_heartbeat_stands_before_an_item_of_a_later_pane(
    bus: MemoryBus, batch: int
) -> None:
    playing = playback(bus, batch=batch)
    while playing.step():
        pass
    assert playing.done
    assert log(bus) == WHOLE


def test_a_new_playback_on_the_same_bus_goes_on_where_the_last_one_was(bus: MemoryBus) -> None:
    while not (playing := playback(bus, batch=1)).done:
        playing.step()
    assert playback(bus).step() == 0
    assert log(bus) == WHOLE


def test_on_a_clock_nothing_comes_before_its_time(bus: MemoryBus) -> None:
    playing = playback(bus)
    seen = {}
    consumer = bus.consumer("pace", [FETCHED])
    for now_ms in (70, 71, 121, 200, 401, 419, 420):
        playing.step(now_ms)
        seen[now_ms] = len(consumer.poll(100, 0))
    assert seen == {70: 0, 71: 2, 121: 2, 200: 1, 401: 2, 419: 0, 420: 1}
    assert log(bus) == ["a", "b", "c", 120, 180, 360, "d", (420, "*")]
    assert playing.done


def test_it_can_stop_at_a_moment_and_go_on(bus: MemoryBus) -> None:
    playing = playback(bus)
    while playing.step(300):
        pass
    assert (playing.published, playing.position_ms, playing.done) == (3, 300, False)
    while playing.step():
        pass
    assert log(bus) == ["a", "b", "c", 300, 360, "d", (420, "*")]


def test_nothing_to_play_is_an_error(bus: MemoryBus) -> None:
    with pytest.raises(ReplayError, match="found none"):
        playback(bus, [])


def test_a_feed_that_has_shrunk_is_an_error(bus: MemoryBus) -> None:
    while playback(bus).step():
        pass
    with pytest.raises(ReplayError, match="at most 1"):
        playback(bus, ITEMS[:1])
