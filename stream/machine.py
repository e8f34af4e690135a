"""The machine: whole ticks in, starts and ends of spikes out. One per watch.

Every engine drives the same machine: the embedded stage, the Flink job and the backtest. It is a
function of its ticks: no clock, no randomness, no I/O. What it remembers is handed out as entries,
only those that were touched, and taken up again by `restore`. docs/detection.md explains it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

import msgspec

from foreshock.errors import DetectorError
from foreshock.records import Pane, Spike, Tick
from stream.baselines import (
    HOUR_MS,
    Baseline,
    Calendar,
    Discounted,
    Exposure,
    dispersion,
    seasonal_usual,
    volume_usual,
)
from stream.config import DETECTOR_VERSION, DetectorConfig
from stream.merging import SHARED, leads_of, merge_verdicts, overlap
from stream.panes import ALL_KEY
from stream.sentence import known_reason, term_reason
from stream.spikes import clip_limit, surprise
from stream.verdicts import (
    PHI_TERMS,
    Verdict,
    counted_of,
    enough,
    is_term,
    tone_is_worse,
    usual_share,
)
from stream.windows import KeyWindow, Windows

#: A spike ends after so many ticks in a row below half of its threshold.
REARM_TICKS: Final = 8
REARM_PART: Final = 0.5
#: Terms are looked through once a day; those worth less than this many stories are forgotten.
PRUNE_BELOW: Final = 0.6
MAX_TERMS: Final = 200_000
_DECIMALS: Final = 6


class _Live(msgspec.Struct):
    """A spike that has not ended: its record, the keys that joined it, quiet ticks in a row."""

    spike: Spike
    members: list[str]
    quiet: int = 0


class _Clock(msgspec.Struct):
    """Where the machine stands, and the watch's own exposure."""

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
        self._forget()

    def _forget(self) -> None:
        self._clock: _Clock | None = None
        self._windows = Windows(self.config.window_panes)
        self._baselines: dict[str, Baseline] = {}
        self._live: dict[str, _Live] = {}
        self._touched: dict[str, Callable[[], Any]] = {}
        self._removed: set[str] = set()

    # ---- ticks

    def on_tick(self, tick: Tick) -> list[Spike]:
        """Return the spikes that this tick ends, then those that it starts.

        Raises DetectorError unless it is the next tick of the machine's watch.
        """
        index = tick.pane_end_ms // self.config.pane_ms - 1
        clock = self._advance(tick, index)
        self._learn(clock, index)
        self._windows.leave(index)
        panes = [pane for pane in tick.panes if pane.items]
        self._enter(clock, index, panes)
        judged = self._judge(clock, index, panes)
        ended = self._end(clock, index)
        return ended + self._start(clock, index, judged)

    def _advance(self, tick: Tick, index: int) -> _Clock:
        config = self.config
        if tick.width_ms != config.pane_ms or tick.pane_end_ms % config.pane_ms:
            raise DetectorError(
                f"expected ticks of {config.pane_ms} ms, found {tick.width_ms} ms"
                f" ending at {tick.pane_end_ms}"
            )
        clock = self._clock
        if clock is None:
            clock = self._clock = _Clock(
                DETECTOR_VERSION, config.pane_ms, config.window_ms, tick.watch, index, index - 1,
                [], Exposure(),
            )  # fmt: skip
        if tick.watch != clock.watch or index != clock.index + 1:
            raise DetectorError(
                f"expected the tick of {clock.watch!r} that ends at"
                f" {(clock.index + 2) * config.pane_ms}, found {tick.watch!r} {tick.pane_end_ms}"
            )
        clock.index = index
        return clock

    def _enter(self, clock: _Clock, index: int, panes: list[Pane]) -> None:
        if not panes:
            return
        self._windows.enter(index, panes)
        self._touch(f"tick/{index}", lambda: panes)
        if len(clock.publishers) < 2:
            seen = {*clock.publishers, *(name for pane in panes for name in pane.publishers)}
            clock.publishers = sorted(seen)[:2]

    # ---- learning

    def _learn(self, clock: _Clock, index: int) -> None:
        old = index - self._windows.length
        if old >= clock.first:
            self._expose(clock.exposure, old)
            panes = self._windows.leaving(index)
            for pane in panes:
                self._learn_pane(clock, old, pane)
            if panes:
                self._remove(f"tick/{old}")
        end_ms = (index + 1) * self.config.pane_ms
        if end_ms % HOUR_MS < self.config.pane_ms:
            self._learn_dispersion(clock, index)
        if end_ms % (24 * HOUR_MS) < self.config.pane_ms:
            self._prune(index)

    def _expose(self, exposure: Exposure, old: int) -> None:
        calendar = self._calendar
        exposure.panes.add(1.0, old, calendar.level_half_life)
        slot = exposure.slots.setdefault(calendar.slot(old), Discounted())
        slot.add(1.0, old, calendar.slot_half_life)

    def _learn_pane(self, clock: _Clock, old: int, pane: Pane) -> None:
        calendar, key = self._calendar, pane.key
        half_life = calendar.level_half_life
        if key == ALL_KEY:
            clock.exposure.stories.add(pane.stories, old, half_life)
            clock.exposure.negative.add(pane.negative_stories, old, half_life)
        if pane.stories == 0:
            return
        baseline = self._baseline(key)
        if is_term(key):
            baseline.counted.add(pane.stories, old, half_life)
            return
        baseline.stories.add(pane.stories, old, half_life)
        if pane.negative_stories == 0:
            return
        baseline.negative.add(pane.negative_stories, old, half_life)
        amount = pane.negative_stories * self._clip(clock, key, old + self._windows.length - 1)
        baseline.counted.add(amount, old, half_life)
        slot = baseline.slots.setdefault(calendar.slot(old), Discounted())
        slot.add(amount, old, calendar.slot_half_life)

    def _clip(self, clock: _Clock, key: str, last: int) -> float:
        window = self._windows.get(key)
        count = 0 if window is None else window.negative
        if count < self.config.min_stories:
            return 1.0
        usual, phi = self._usual(clock, key, last, 0)
        return min(1.0, clip_limit(usual, phi) / count)

    def _learn_dispersion(self, clock: _Clock, index: int) -> None:
        half_life = self._calendar.slot_half_life
        for key, baseline in self._baselines.items():
            if is_term(key):
                continue
            usual, phi = self._usual(clock, key, index - 1, 0)
            window = self._windows.get(key)
            count = 0 if window is None else window.negative
            clipped = min(float(count), clip_limit(usual, phi))
            baseline.excess.add((clipped - usual) ** 2 - usual, index, half_life)
            baseline.squares.add(usual * usual, index, half_life)
            self._touch_baseline(key)

    def _prune(self, index: int) -> None:
        half_life = self._calendar.level_half_life
        worth = [
            (baseline.counted.at_index(index, half_life), key)
            for key, baseline in self._baselines.items()
            if is_term(key)
        ]
        gone = [key for count, key in worth if count < PRUNE_BELOW]
        if len(worth) - len(gone) > MAX_TERMS:
            kept = sorted(((-count, key) for count, key in worth if count >= PRUNE_BELOW))
            gone += [key for _, key in kept[MAX_TERMS:]]
        for key in gone:
            del self._baselines[key]
            self._remove(f"key/{key}")

    def _baseline(self, key: str) -> Baseline:
        baseline = self._baselines.get(key)
        if baseline is None:
            baseline = self._baselines[key] = Baseline()
        self._touch_baseline(key)
        return baseline

    # ---- judging

    def _usual(self, clock: _Clock, key: str, last: int, stories: int) -> tuple[float, float]:
        baseline = self._baselines.get(key)
        if is_term(key):
            return volume_usual(baseline, clock.exposure, self._calendar, last, stories), PHI_TERMS
        slots = self._calendar.slots(last - self._windows.length + 1, last)
        own = Baseline() if baseline is None else baseline
        usual = seasonal_usual(own, clock.exposure, self._calendar, last, slots)
        return usual, dispersion(own, self._calendar, last)

    def _judge(self, clock: _Clock, index: int, panes: Iterable[Pane]) -> list[Verdict]:
        if (index - clock.first) * self.config.pane_ms < self.config.learn_hours * HOUR_MS:
            return []
        keys = [pane.key for pane in panes if pane.stories and self._may_fire(clock, pane.key)]
        verdicts = [self._verdict(clock, index, key) for key in keys]
        return [verdict for verdict in verdicts if verdict.surprise >= verdict.theta]

    def _may_fire(self, clock: _Clock, key: str) -> bool:
        config, window = self.config, self._windows.get(key)
        if window is None or not enough(key, window, config):
            return False
        if is_term(key) and not config.terms:
            return False
        needed = config.min_publishers if len(clock.publishers) > 1 else 1
        if len(window.publishers()) < needed:
            return False
        return tone_is_worse(key, window, self._share(clock, key, clock.index))

    def _share(self, clock: _Clock, key: str, index: int) -> float:
        baseline = None if is_term(key) else self._baselines.get(key)
        return usual_share(baseline, clock.exposure, self._calendar, index)

    def _verdict(self, clock: _Clock, index: int, key: str) -> Verdict:
        window = self._windows.get(key) or KeyWindow()
        whole = self._windows.get(ALL_KEY) or KeyWindow()
        usual, phi = self._usual(clock, key, index, whole.stories)
        count = counted_of(key, window)
        s = float(surprise([count], [usual], [phi])[0]) if count else 0.0
        return Verdict(
            key=key,
            counted=count,
            negative=window.negative,
            stories=window.stories,
            usual=usual,
            usual_share=self._share(clock, key, index),
            surprise=s,
            theta=self.config.theta_terms if is_term(key) else self.config.theta,
            leads=tuple(window.negative_leads()),
            publishers=tuple(sorted(window.publishers())),
        )

    # ---- spikes

    def _end(self, clock: _Clock, index: int) -> list[Spike]:
        ended = []
        for spike_id in sorted(self._live):
            live = self._live[spike_id]
            excess = max(self._verdict(clock, index, key).excess for key in live.members)
            quiet = live.quiet + 1 if excess < REARM_PART else 0
            if quiet != live.quiet:
                live.quiet = quiet
                self._touch(f"live/{spike_id}", lambda live=live: live)  # type: ignore[misc]
            if quiet >= REARM_TICKS:
                end_ms = (index + 1) * self.config.pane_ms
                ended.append(msgspec.structs.replace(live.spike, ended_at_ms=end_ms))
                del self._live[spike_id]
                self._remove(f"live/{spike_id}")
        return ended

    def _start(self, clock: _Clock, index: int, judged: list[Verdict]) -> list[Spike]:
        taken = {key for live in self._live.values() for key in live.members}
        started = []
        for group in merge_verdicts([verdict for verdict in judged if verdict.key not in taken]):
            host = self._host(group)
            if host is None:
                spike = self._spike(clock, index, group)
                host = _Live(spike, [])
                self._live[spike.spike_id] = host
                started.append(spike)
            host.members.extend(verdict.key for verdict in group)
            self._touch(f"live/{host.spike.spike_id}", lambda live=host: live)  # type: ignore[misc]
        return started

    def _host(self, group: list[Verdict]) -> _Live | None:
        leads = leads_of(group)
        for spike_id in sorted(self._live):
            live = self._live[spike_id]
            windows = [self._windows.get(key) for key in live.members]
            held = {lead for w in windows if w is not None for lead in w.negative_leads()}
            if overlap(leads, held) >= SHARED:
                return live
        return None

    def _spike(self, clock: _Clock, index: int, group: list[Verdict]) -> Spike:
        named, config = group[0], self.config
        end_ms = (index + 1) * config.pane_ms
        leads = leads_of(group)
        whole = self._windows.get(ALL_KEY) or KeyWindow()
        newest_last = [lead for lead in whole.negative_leads() if lead in leads]
        return Spike(
            spike_id=spike_id_of(clock.watch, config, named.key, end_ms),
            watch=clock.watch,
            key=named.key,
            pane_end_ms=end_ms,
            window_ms=config.window_ms,
            detector_version=DETECTOR_VERSION,
            theta_hash=config.theta_hash,
            theta=named.theta,
            surprise=round(named.surprise, _DECIMALS),
            observed=named.counted,
            usual=round(named.usual, _DECIMALS),
            stories=named.stories,
            usual_negative_share=round(named.usual_share, _DECIMALS),
            publishers=tuple(sorted({name for verdict in group for name in verdict.publishers})),
            terms=tuple(verdict.key for verdict in group[1:]),
            story_ids=tuple(newest_last),
            reason=self._reason(named, end_ms, whole.stories),
        )

    def _reason(self, named: Verdict, end_ms: int, watch_stories: int) -> str:
        if is_term(named.key):
            return term_reason(
                named.key,
                counted=named.counted,
                negative=named.negative,
                watch_stories=watch_stories,
                usual=named.usual,
                usual_share=named.usual_share,
                surprise=named.surprise,
                window_ms=self.config.window_ms,
            )
        return known_reason(
            named.key,
            negative=named.negative,
            stories=named.stories,
            usual=named.usual,
            usual_share=named.usual_share,
            surprise=named.surprise,
            pane_end_ms=end_ms,
            window_ms=self.config.window_ms,
        )

    # ---- keeping

    def take_touched(self) -> dict[str, bytes | None]:
        """Return the entries of state that changed since last asked; None where one is gone."""
        entries: dict[str, bytes | None] = {
            name: msgspec.msgpack.encode(make()) for name, make in sorted(self._touched.items())
        }
        entries.update(dict.fromkeys(sorted(self._removed)))
        if self._clock is not None:
            entries["clock"] = msgspec.msgpack.encode(self._clock)
        self._touched.clear()
        self._removed.clear()
        return entries

    def restore(self, entries: Mapping[str, bytes]) -> None:
        """Forget everything and go on from `entries`, all that `take_touched` ever left standing.

        Raises DetectorError if another detector version or another shape of windows wrote them.
        """
        self._forget()
        if "clock" not in entries:
            return
        clock = msgspec.msgpack.decode(entries["clock"], type=_Clock)
        wanted = (DETECTOR_VERSION, self.config.pane_ms, self.config.window_ms)
        if (clock.version, clock.pane_ms, clock.window_ms) != wanted:
            raise DetectorError(
                f"expected state of (version, pane, window) {wanted}, found"
                f" {(clock.version, clock.pane_ms, clock.window_ms)}"
            )
        self._clock = clock
        ticks: dict[int, list[Pane]] = {}
        for name, data in entries.items():
            kind, _, rest = name.partition("/")
            if kind == "tick":
                ticks[int(rest)] = msgspec.msgpack.decode(data, type=list[Pane])
            elif kind == "key":
                self._baselines[rest] = msgspec.msgpack.decode(data, type=Baseline)
            elif kind == "live":
                self._live[rest] = msgspec.msgpack.decode(data, type=_Live)
        for index in sorted(ticks):
            self._windows.enter(index, ticks[index])

    def _touch(self, name: str, make: Callable[[], Any]) -> None:
        self._touched[name] = make
        self._removed.discard(name)

    def _touch_baseline(self, key: str) -> None:
        self._touch(f"key/{key}", lambda: self._baselines[key])

    def _remove(self, name: str) -> None:
        self._touched.pop(name, None)
        self._removed.add(name)


def spike_id_of(watch: str, config: DetectorConfig, key: str, pane_end_ms: int) -> str:
    """Return the id of a spike: a function of content, so that a repeated delivery is the same."""
    parts = [watch, DETECTOR_VERSION, config.theta_hash, config.window_ms, key, pane_end_ms]
    return hashlib.sha256(msgspec.json.encode(parts)).hexdigest()[:32]
