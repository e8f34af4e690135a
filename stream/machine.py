"""The machine: whole ticks in, starts and ends of spikes out. One per watch.

Every engine drives the same machine: the embedded stage, the Flink job and the backtest. It is a
function of its ticks: no clock, no randomness, no I/O. What it remembers is handed out as entries,
only those that were touched, and taken up again by `restore`. docs/detection.md explains it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from foreshock.errors import DetectorError
from foreshock.records import Pane, Spike, Tick
from stream.baselines import HOUR_MS, Calendar, Exposure
from stream.config import DETECTOR_VERSION, DetectorConfig
from stream.live_spikes import LiveSpikes
from stream.memory import Memory
from stream.verdicts import Verdict, fires, is_candidate, judge
from stream.windows import Windows


class _Clock(msgspec.Struct):
    """Where the machine stands. `first`, `index`: pane indices of the first and the last tick."""

    version: str
    pane_ms: int
    window_ms: int
    watch: str
    first: int
    index: int
    publishers: list[str]
    exposure: Exposure


class Machine:
    """Decides, tick by tick, which spikes start and end."""

    def __init__(self, config: DetectorConfig) -> None:
        """Start with no past."""
        self.config = config
        self._calendar = Calendar(config.pane_ms)
        self._clock: _Clock | None = None
        self._forget()

    def on_tick(self, tick: Tick) -> list[Spike]:
        """Return the spikes that this tick ends, then those that it starts.

        Raises DetectorError unless it is the next tick of the machine's watch: every tick exists,
        an empty one too.
        """
        clock = self._advance(tick)
        self._learn(clock)
        panes = [pane for pane in tick.panes if pane.items]
        if panes:
            self._enter(clock, panes)
        ended = self._end(clock)
        return ended + self._start(clock, panes) if panes else ended

    def take_touched(self) -> dict[str, bytes | None]:
        """Return the entries of state that changed since last asked; None where one is gone."""
        clock = self._clock
        if clock is None:
            return {}
        clock.exposure = self._memory.exposure
        entries: dict[str, bytes | None] = {"clock": msgspec.msgpack.encode(clock)}
        for kind, part in (
            ("tick", self._windows),
            ("key", self._memory),
            ("live", self._live),
        ):
            for name, data in part.take_touched().items():
                entries[f"{kind}/{name}"] = data
        return entries

    def restore(self, entries: Mapping[str, bytes]) -> None:
        """Forget everything and go on from `entries`, all that `take_touched` left standing.

        Thresholds may have changed since: nothing that is remembered depends on them. Raises
        DetectorError if another detector version or another shape of windows wrote the entries.
        """
        self._forget()
        if "clock" not in entries:
            return
        clock = msgspec.msgpack.decode(entries["clock"], type=_Clock)
        wanted = (DETECTOR_VERSION, self.config.pane_ms, self.config.window_ms)
        found = (clock.version, clock.pane_ms, clock.window_ms)
        if found != wanted:
            raise DetectorError(
                f"expected state of (version, pane_ms, window_ms) {wanted}, found {found}",
                hint="rebuild the detector's state from stored panes",
            )
        self._clock = clock
        parts: dict[str, dict[str, bytes]] = {"tick": {}, "key": {}, "live": {}, "clock": {}}
        for name, data in entries.items():
            kind, _, rest = name.partition("/")
            parts[kind][rest] = data
        self._windows.restore(parts["tick"])
        self._memory.restore(parts["key"], clock.exposure)
        self._live.restore(parts["live"])

    def _forget(self) -> None:
        self._clock = None
        self._windows = Windows(self.config.window_panes)
        self._memory = Memory(self._calendar, self._windows)
        self._live = LiveSpikes(self.config, self._windows)

    def _advance(self, tick: Tick) -> _Clock:
        pane_ms = self.config.pane_ms
        if tick.width_ms != pane_ms or tick.pane_end_ms % pane_ms:
            raise DetectorError(
                f"expected ticks of {pane_ms} ms, found {tick.width_ms} ms to {tick.pane_end_ms}"
            )
        index = tick.pane_end_ms // pane_ms - 1
        clock = self._clock
        if clock is None:
            clock = self._clock = _Clock(
                version=DETECTOR_VERSION,
                pane_ms=pane_ms,
                window_ms=self.config.window_ms,
                watch=tick.watch,
                first=index,
                index=index - 1,
                publishers=[],
                exposure=self._memory.exposure,
            )
        if tick.watch != clock.watch or index != clock.index + 1:
            raise DetectorError(
                f"expected the tick of {clock.watch!r} that ends at {(clock.index + 2) * pane_ms},"
                f" found {tick.watch!r} {tick.pane_end_ms}"
            )
        clock.index = index
        return clock

    def _learn(self, clock: _Clock) -> None:
        old = clock.index - self._windows.length
        if old >= clock.first:
            self._memory.learn_time(old)
            for pane in self._windows.leaving(old):
                self._memory.learn_pane(pane, old)
            self._windows.leave(old)
        self._memory.end_pane(clock.index)

    def _enter(self, clock: _Clock, panes: Sequence[Pane]) -> None:
        self._windows.enter(clock.index, panes)
        if len(clock.publishers) < 2:
            seen = {*clock.publishers, *(name for pane in panes for name in pane.publishers)}
            clock.publishers = sorted(seen)[:2]

    def _end(self, clock: _Clock) -> list[Spike]:
        members = self._live.members()
        if not members:
            return []
        verdicts = self._judge(members, clock)
        return self._live.end(clock.index, {verdict.key: verdict for verdict in verdicts})

    def _start(self, clock: _Clock, panes: Sequence[Pane]) -> list[Spike]:
        learned_ms = (clock.index - clock.first) * self.config.pane_ms
        if learned_ms < self.config.learn_hours * HOUR_MS:
            return []
        keys = [pane.key for pane in panes if pane.stories and self._is_candidate(pane.key, clock)]
        firing = [verdict for verdict in self._judge(keys, clock) if fires(verdict)]
        return self._live.start(clock.watch, clock.index, firing) if firing else []

    def _is_candidate(self, key: str, clock: _Clock) -> bool:
        window = self._windows.get(key)
        if window is None:
            return False
        return is_candidate(key, window, self.config, len(clock.publishers))

    def _judge(self, keys: Sequence[str], clock: _Clock) -> list[Verdict]:
        return judge(keys, clock.index, self._windows, self._memory, self.config)
