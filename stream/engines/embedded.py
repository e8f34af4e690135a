"""The embedded engine: the stage that turns scored items into panes, ticks and spikes.

One process, any number of partitions. The program runs it on the bus; a replay and a test drive
the same class. All that it decides is decided by `stream.panes` and `stream.machine`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from foreshock.channels import LATE, PANES, SCORED, SPIKES
from foreshock.errors import DetectorError
from foreshock.records import Heartbeat, LateItem, ScoredItem, Tick
from foreshock.stage import Output, Received, to_message
from stream.config import DetectorConfig
from stream.machine import Machine
from stream.panes import OpenTick, pane_end_of

_MACHINE: Final = "machine"
_OPEN: Final = "open"
_CLOCK: Final = "clock"


class _WatchClock(msgspec.Struct):
    """Heartbeats of one watch by partition; the end of the next tick, None before the first."""

    heard: list[int | None]
    first_ms: int
    next_end_ms: int | None = None


class AggregateStage:
    """Closes a pane when every partition's heartbeat has passed its end.

    A record is late when the heartbeat of its own partition has passed the end of its pane: that
    does not depend on how far the other partitions are.
    """

    name = "aggregate"
    inputs: tuple[str, ...] = (SCORED,)

    def __init__(self, config: DetectorConfig, partitions: int = 1) -> None:
        """Watch `partitions` partitions of news.scored. Raises DetectorError for fewer than one."""
        if partitions < 1:
            raise DetectorError(f"expected at least one partition, found {partitions}")
        self._config = config
        self._partitions = partitions
        self._watches: dict[str, _Watch] = {}

    def restore(self, state: Mapping[str, bytes]) -> None:
        """Forget everything and take up the committed state.

        Raises DetectorError if it was written for another number of partitions, another shape of
        windows or by another detector version.
        """
        parts: dict[str, dict[str, bytes]] = {}
        for name, data in state.items():
            watch, _, rest = name.rpartition("|")
            parts.setdefault(watch, {})[rest] = data
        self._watches = {
            watch: _Watch.restored(watch, self._config, self._partitions, entries)
            for watch, entries in parts.items()
        }

    def handle(self, received: Sequence[Received]) -> Output:
        """Count the items, close the panes that heartbeats have passed, and let the machine decide.

        Raises DetectorError for a record that is neither an item nor a heartbeat, or that names a
        partition that the stage does not have.
        """
        output = Output()
        for each in received:
            record = each.record
            if not 0 <= each.partition < self._partitions:
                raise DetectorError(
                    f"expected a partition below {self._partitions}, found {each.partition}"
                )
            match record:
                case ScoredItem():
                    self._watch(record.watch).take_item(record, each.partition, output)
                case Heartbeat():
                    self._watch(record.watch).take_heartbeat(record, each.partition, output)
                case _:
                    raise DetectorError(
                        f"expected a scored item or a heartbeat, found {type(record).__name__}"
                    )
        for name, watch in self._watches.items():
            for entry, data in watch.take_touched().items():
                output.state[f"{name}|{entry}"] = data
        return output

    def _watch(self, name: str) -> _Watch:
        watch = self._watches.get(name)
        if watch is None:
            watch = self._watches[name] = _Watch(name, self._config, self._partitions)
        return watch


class _Watch:
    """One watch: its clock, its open panes and its machine."""

    def __init__(self, name: str, config: DetectorConfig, partitions: int) -> None:
        self._name = name
        self._width_ms = config.pane_ms
        self._clock: _WatchClock | None = None
        self._partitions = partitions
        self._open: dict[int, OpenTick] = {}
        self._machine = Machine(config)
        self._touched = True
        self._touched_open: set[int] = set()
        self._kept_open: set[int] = set()

    @classmethod
    def restored(
        cls, name: str, config: DetectorConfig, partitions: int, entries: Mapping[str, bytes]
    ) -> _Watch:
        watch = cls(name, config, partitions)
        machine: dict[str, bytes] = {}
        for entry, data in entries.items():
            kind, _, rest = entry.partition("/")
            if kind == _MACHINE:
                machine[rest] = data
            elif kind == _OPEN:
                watch._open[int(rest)] = OpenTick.of(msgspec.msgpack.decode(data, type=Tick))
                watch._kept_open.add(int(rest))
            else:
                watch._clock = msgspec.msgpack.decode(data, type=_WatchClock)
        watch._machine.restore(machine)
        if watch._clock is not None and len(watch._clock.heard) != partitions:
            raise DetectorError(
                f"expected state of {partitions} partitions, found {len(watch._clock.heard)}",
                hint="keep the number of partitions, or rebuild the state from stored panes",
            )
        watch._touched = False
        return watch

    def take_item(self, item: ScoredItem, partition: int, output: Output) -> None:
        end_ms = pane_end_of(item.at_ms, self._width_ms)
        heard = None if self._clock is None else self._clock.heard[partition]
        if heard is not None and heard >= end_ms:
            late = LateItem(watch=item.watch, watermark_ms=heard, item=item)
            output.publish.append((LATE, to_message(LATE, late)))
            return
        self._started(item.at_ms)
        if not item.keys:
            return
        tick = self._open.get(end_ms)
        if tick is None:
            tick = self._open[end_ms] = OpenTick(self._name, end_ms, self._width_ms)
        tick.add(item)
        self._touched_open.add(end_ms)

    def take_heartbeat(self, beat: Heartbeat, partition: int, output: Output) -> None:
        clock = self._started(beat.at_ms)
        heard = clock.heard[partition]
        at_ms = beat.at_ms
        if beat.final and at_ms % self._width_ms:
            at_ms = pane_end_of(at_ms, self._width_ms)
        if heard is not None and at_ms <= heard:
            return
        clock.heard[partition] = at_ms
        beats = [ms for ms in clock.heard if ms is not None]
        if len(beats) == self._partitions:
            self._close_until(clock, min(beats), output)

    def _started(self, at_ms: int) -> _WatchClock:
        self._touched = True
        clock = self._clock
        if clock is None:
            clock = self._clock = _WatchClock([None] * self._partitions, at_ms)
        if clock.next_end_ms is None:
            clock.first_ms = min(clock.first_ms, at_ms)
        return clock

    def _close_until(self, clock: _WatchClock, watermark_ms: int, output: Output) -> None:
        if clock.next_end_ms is None:
            first_end_ms = pane_end_of(clock.first_ms, self._width_ms)
            if watermark_ms < first_end_ms:
                return
            clock.next_end_ms = first_end_ms
        while clock.next_end_ms <= watermark_ms:
            end_ms = clock.next_end_ms
            clock.next_end_ms += self._width_ms
            open_tick = self._open.pop(end_ms, None)
            if open_tick is None:
                open_tick = OpenTick(self._name, end_ms, self._width_ms)
            self._touched_open.add(end_ms)
            tick = open_tick.close()
            output.publish.extend((PANES, to_message(PANES, pane)) for pane in tick.panes)
            for spike in self._machine.on_tick(tick):
                output.publish.append((SPIKES, to_message(SPIKES, spike)))

    def take_touched(self) -> dict[str, bytes | None]:
        """Return the entries that changed since last asked."""
        entries: dict[str, bytes | None] = {}
        for end_ms in sorted(self._touched_open):
            open_tick = self._open.get(end_ms)
            if open_tick is not None:
                self._kept_open.add(end_ms)
                entries[f"{_OPEN}/{end_ms}"] = msgspec.msgpack.encode(open_tick.close())
            elif end_ms in self._kept_open:
                self._kept_open.discard(end_ms)
                entries[f"{_OPEN}/{end_ms}"] = None
        self._touched_open.clear()
        if self._touched:
            self._touched = False
            entries[_CLOCK] = msgspec.msgpack.encode(self._clock)
            for name, data in self._machine.take_touched().items():
                entries[f"{_MACHINE}/{name}"] = data
        return entries
