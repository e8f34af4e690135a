"""One picture of the run for all viewers, computed from counts in memory. Pure.

`reader.Reader` makes one per refresh; `parts` cuts it into named parts; `detail` adds one key.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from dashboard.baseline import Usual, usual
from dashboard.history import Counts, KeyHistory
from dashboard.liveness import Liveness
from dashboard.names import display_name, key_kind
from foreshock.clock import DAY_MS, HOUR_MS, MINUTE_MS
from foreshock.records import Alert, Spike

SPARK_STEP_MS: Final = 10 * MINUTE_MS
SPARK_STEPS: Final = 36
TREMOR_STEPS: Final = 144
MAX_TOPICS: Final = 60
MAX_TICKERS: Final = 14
MAX_TERMS: Final = 8
#: How long an ended emerging key stays listed.
TERM_STAYS_MS: Final = 6 * HOUR_MS
#: A window is elevated only with at least this many negative stories.
MIN_ELEVATED: Final = 3


class RowState(StrEnum):
    """What a key is doing, from most to least severe."""

    SPIKE = "spike"
    ELEVATED = "elevated"
    USUAL = "usual"
    LEARNING = "learning"
    QUIET = "quiet"


_RANK: Final = {state: rank for rank, state in enumerate(RowState)}


@dataclass(frozen=True, slots=True)
class Row:
    """One key in the window that ends at the snapshot's `until_ms`."""

    key: str
    counts: Counts
    usual: Usual | None
    state: RowState
    surprise: float = 0.0

    @property
    def severity(self) -> tuple[int, float, int, int, str]:
        """Sort key, the most severe first; within a state by surprise or excess, then by size."""
        expected = self.usual.negative if self.usual is not None else 0.0
        excess = self.counts.negative - expected if self.state is RowState.ELEVATED else 0.0
        return (
            _RANK[self.state],
            -max(self.surprise, excess),
            -self.counts.negative,
            -self.counts.stories,
            display_name(self.key),
        )


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All that every viewer sees. `now_ms` is the newest heartbeat, `until_ms` the newest pane end.

    `sparks`: per key the counts of SPARK_STEPS buckets of SPARK_STEP_MS, oldest first;
    `tremor`: counts of all news by the start of its bucket.
    """

    liveness: Liveness
    facts: Mapping[str, str] = field(default_factory=dict)
    now_ms: int | None = None
    until_ms: int | None = None
    window_ms: int = HOUR_MS
    rows: Mapping[str, Row] = field(default_factory=dict)
    topics: tuple[str, ...] = ()
    tickers: tuple[str, ...] = ()
    terms: tuple[str, ...] = ()
    sparks: Mapping[str, tuple[Counts, ...]] = field(default_factory=dict)
    tremor: Mapping[int, Counts] = field(default_factory=dict)
    spikes: tuple[Spike, ...] = ()
    alerts: tuple[Alert, ...] = ()
    counters: Mapping[str, int] = field(default_factory=dict)


def make_row(
    key: str,
    history: KeyHistory,
    spike: Spike | None,
    *,
    until_ms: int,
    first_ms: int,
    window_ms: int,
) -> Row:
    """Return the row of a key. `spike` is its active spike, if it has one."""
    counts = history.between(until_ms - window_ms, until_ms)
    expected = usual(history, until_ms, first_ms=first_ms, window_ms=window_ms)
    surprise = spike.surprise if spike is not None else 0.0
    return Row(key, counts, expected, judge(counts, expected, spike is not None), surprise)


def judge(counts: Counts, expected: Usual | None, spiking: bool) -> RowState:
    """Return the state of a window.

    >>> judge(Counts(), None, False).value, judge(Counts(5, 2), None, False).value
    ('quiet', 'learning')
    """
    if spiking:
        return RowState.SPIKE
    if counts.stories == 0:
        return RowState.QUIET
    if expected is None:
        return RowState.LEARNING
    most = expected.negative_band()[1]
    worse = expected.share is None or (counts.share or 0.0) > expected.share
    if counts.negative >= MIN_ELEVATED and counts.negative > most and worse:
        return RowState.ELEVATED
    return RowState.USUAL


def active_spikes(spikes: Iterable[Spike]) -> dict[str, Spike]:
    """Return the spikes that have not ended, by key; the newest of each."""
    found: dict[str, Spike] = {}
    for spike in spikes:
        if spike.ended_at_ms is None:
            found.setdefault(spike.key, spike)
    return found


def listed_terms(spikes: Iterable[Spike], until_ms: int) -> list[str]:
    """Return emerging keys that spike now or did until a short while ago, newest first."""
    found: dict[str, None] = {}
    for spike in spikes:
        recent = spike.ended_at_ms is None or spike.ended_at_ms > until_ms - TERM_STAYS_MS
        if key_kind(spike.key) == "term" and recent:
            found.setdefault(spike.key)
    return list(found)[:MAX_TERMS]


def order(rows: Mapping[str, Row], kind: str, limit: int, *, quiet: bool) -> tuple[str, ...]:
    """Return the keys of a kind, the most severe first; `quiet`: those without a story as well."""
    chosen = [
        row
        for row in rows.values()
        if key_kind(row.key) == kind and (quiet or row.state is not RowState.QUIET)
    ]
    return tuple(row.key for row in sorted(chosen, key=lambda row: row.severity)[:limit])


class CalmOrder:
    """Keeps lists still: rows change places when a state changes, else only now and then.

    At sixty times real time counts change each second, and a list that never rests cannot be read.
    """

    def __init__(self, rest_ms: int) -> None:
        self._rest_ms = rest_ms
        self._last: dict[str, tuple[int, dict[str, RowState], tuple[str, ...]]] = {}

    def keep(
        self, kind: str, rows: Mapping[str, Row], best: tuple[str, ...], now_ms: int
    ) -> tuple[str, ...]:
        """Return the earlier order of the keys in `best` while that will do, else `best`."""
        states = {key: rows[key].state for key in best}
        made_ms, known, kept = self._last.get(kind, (0, {}, ()))
        if states == known and now_ms - made_ms < self._rest_ms:
            return kept
        self._last[kind] = (now_ms, states, best)
        return best


class Buckets:
    """Counts of one key in buckets of SPARK_STEP_MS; those that are full are counted once."""

    def __init__(self) -> None:
        self._full: dict[int, Counts] = {}

    def last(self, history: KeyHistory, steps: int, until_ms: int, settled_ms: int) -> list[Counts]:
        """Return the newest `steps` buckets, oldest first; the last one may still be filling.

        `settled_ms`: panes that end by then do not change any more.
        """
        last = spark_start(until_ms)
        starts = range(last - (steps - 1) * SPARK_STEP_MS, last + 1, SPARK_STEP_MS)
        held = self._full
        counts = [
            held[start] if start in held else history.between(start, start + SPARK_STEP_MS)
            for start in starts
        ]
        self._full = {
            start: bucket
            for start, bucket in zip(starts, counts, strict=True)
            if start + SPARK_STEP_MS <= settled_ms
        }
        return counts


def spark_start(until_ms: int) -> int:
    """Return the start of the bucket that holds the pane which ends at `until_ms`."""
    return (until_ms - 1) // SPARK_STEP_MS * SPARK_STEP_MS


def alerts_of_last_day(alerts: Iterable[Alert], now_ms: int) -> int:
    """Return how many alerts started in the last 24 hours of event time."""
    return sum(1 for alert in alerts if alert.started_at_ms > now_ms - DAY_MS)
