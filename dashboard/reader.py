"""Makes snapshots from the store: the only part of the dashboard that waits for a database.

Owned by `deltas.Publisher`, which calls it from one thread at a time. A store that cannot be read
is said to be unreachable, with the picture that was last seen; it is opened anew until it answers.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from sqlalchemy.exc import SQLAlchemyError

from dashboard.history import Counts
from dashboard.liveness import Liveness, Pulse, State
from dashboard.names import ALL, is_key, key_kind
from dashboard.pane_cache import HEARTBEAT, PaneCache
from dashboard.queries import AlertReader, Headline, SpikeReader, read_headlines, read_meta
from dashboard.snapshot import (
    MAX_TICKERS,
    MAX_TOPICS,
    SPARK_STEP_MS,
    SPARK_STEPS,
    TREMOR_STEPS,
    Buckets,
    CalmOrder,
    Row,
    Snapshot,
    active_spikes,
    listed_terms,
    make_row,
    order,
    spark_start,
)
from foreshock.clock import DAY_MS, HOUR_MS, Clock
from foreshock.errors import StoreError

if TYPE_CHECKING:
    from foreshock.records import Spike
    from foreshock.store.base import Store

_log = logging.getLogger(__name__)

#: How far back spikes are read, and headlines listed.
SPIKES_BACK_MS: Final = 14 * DAY_MS
HEADLINES_BACK_MS: Final = DAY_MS
#: A pause before a silent store is opened anew, and the share of time that counting may take.
REOPEN_MS: Final = 5_000
COUNTING_SHARE: Final = 200
#: Rows whose state has not changed change places at most so often.
ORDER_RESTS_MS: Final = 10_000


class Reader:
    """Reads one run's store; keeps counts in memory between refreshes."""

    def __init__(
        self,
        open_store: Callable[[], Store],
        *,
        stale_after_ms: int,
        clock: Clock,
        window_ms: int = HOUR_MS,
    ) -> None:
        self._open_store = open_store
        self._clock = clock
        self._window_ms = window_ms
        self._pulse = Pulse(stale_after_ms)
        self._store: Store | None = None
        self._opened_ms = 0
        self._last = Snapshot(Liveness(State.EMPTY, clock.now_ms()), window_ms=window_ms)
        self._start_over()

    def _start_over(self) -> None:
        self.panes = PaneCache()
        self._spikes = SpikeReader()
        self._alerts = AlertReader()
        self._order = CalmOrder(ORDER_RESTS_MS)
        self._held_buckets: dict[str, Buckets] = {}
        self._beats: dict[str, int] = {}
        self._counters: Mapping[str, int] = {}
        self._count_again_ms = 0

    def read(self, keys: Collection[str]) -> Snapshot:
        """Return the picture of now. `keys`: those that someone looks at, listed or not."""
        try:
            self._last = self._read(frozenset(key for key in keys if is_key(key)))
        except (StoreError, SQLAlchemyError) as error:
            self.close()
            self._last = replace(self._last, liveness=self._unreachable(error))
        return self._last

    def headlines(self, key: str) -> list[Headline]:
        """Return the newest headlines of a key as of the last snapshot; none if unreachable."""
        until_ms = self._last.until_ms
        if self._store is None or until_ms is None:
            return []
        try:
            with self._store.connect() as connection:
                after_ms = until_ms - HEADLINES_BACK_MS
                return read_headlines(connection, self.panes.watches, key, after_ms, until_ms)
        except (StoreError, SQLAlchemyError) as error:
            self.close()
            self._last = replace(self._last, liveness=self._unreachable(error))
            return []

    def close(self) -> None:
        """Close the store; the next read opens it again."""
        if self._store is not None:
            self._store.close()
            self._store = None

    def _unreachable(self, error: Exception) -> Liveness:
        before = self._last.liveness
        if before.state is not State.UNREACHABLE:
            _log.warning("the store cannot be read: %s", error)
        since_ms = before.since_ms if before.state is State.UNREACHABLE else self._clock.now_ms()
        return Liveness(
            State.UNREACHABLE, since_ms, f"the store cannot be read ({type(error).__name__})"
        )

    def _read(self, keys: frozenset[str]) -> Snapshot:
        store = self._open()
        with store.connect() as connection:
            facts = read_meta(connection)
            liveness = self._observe(facts)
            self._restart_if_replaced(facts)
            since_ms = (self._last.until_ms or 0) - SPIKES_BACK_MS
            spikes = self._spikes.read_since(connection, since_ms)
            terms = _terms_wanted(spikes, keys, self._last.until_ms or 0)
            self.panes.refresh(connection, facts, terms)
            alerts = self._alerts.read_newest(connection)
        base = Snapshot(
            liveness=liveness,
            facts=facts,
            now_ms=max(self._beats.values(), default=None),
            window_ms=self._window_ms,
            spikes=spikes,
            alerts=alerts,
            counters=self._count(store),
        )
        return self._with_rows(base, keys)

    def _open(self) -> Store:
        now_ms = self._clock.now_ms()
        asleep = self._last.liveness.state in (State.STALE, State.UNREACHABLE)
        if self._store is not None and asleep and now_ms - self._opened_ms >= REOPEN_MS:
            # the file may have been replaced by a new run: a held file would stay stale for ever
            self.close()
        if self._store is None:
            self._store, self._opened_ms = self._open_store(), now_ms
        return self._store

    def _observe(self, facts: Mapping[str, str]) -> Liveness:
        beats = _heartbeats(facts)
        return self._pulse.observe(
            max(beats.values(), default=None),
            self._clock.now_ms(),
            finished=facts.get("finished") == "true",
            real_time=facts.get("kind") == "live",
        )

    def _restart_if_replaced(self, facts: Mapping[str, str]) -> None:
        beats = _heartbeats(facts)
        if any(beats.get(watch, -1) < beat for watch, beat in self._beats.items()):
            self._start_over()
            self._last = Snapshot(self._last.liveness, window_ms=self._window_ms)
        self._beats = beats

    def _count(self, store: Store) -> Mapping[str, int]:
        """Count anew, but spend no more than 1/COUNTING_SHARE of the time on it."""
        started_ms = self._clock.now_ms()
        if started_ms >= self._count_again_ms:
            self._counters = store.counts()
            took_ms = self._clock.now_ms() - started_ms
            self._count_again_ms = started_ms + COUNTING_SHARE * took_ms
        return self._counters

    def _with_rows(self, base: Snapshot, keys: frozenset[str]) -> Snapshot:
        until_ms = self.panes.newest_ms
        if until_ms is None:
            return base
        active = active_spikes(base.spikes)
        terms = listed_terms(base.spikes, until_ms)
        rows = {
            key: self._row(key, active, until_ms)
            for key in self._row_keys(until_ms, {*keys, *active})
        }
        rows |= {key: self._row(key, active, until_ms) for key in terms}
        topics = self._ordered("topic", rows, MAX_TOPICS)
        tickers = self._ordered("ticker", rows, MAX_TICKERS)
        shown = {ALL, *topics, *tickers, *terms, *keys} & rows.keys()
        self._held_buckets = {
            name: held
            for name, held in self._held_buckets.items()
            if name.partition("|")[2] in shown
        }
        return replace(
            base,
            until_ms=until_ms,
            rows={key: rows[key] for key in sorted(shown)},
            topics=topics,
            tickers=tickers,
            terms=tuple(terms),
            sparks={key: self._buckets(key, SPARK_STEPS, until_ms) for key in sorted(shown)},
            tremor=self._tremor(until_ms),
        )

    def _buckets(self, key: str, steps: int, until_ms: int) -> tuple[Counts, ...]:
        # all news is drawn twice, over two lengths
        held = self._held_buckets.setdefault(f"{steps}|{key}", Buckets())
        panes = self.panes
        return tuple(held.last(panes.history(key), steps, until_ms, panes.settled_ms))

    def _tremor(self, until_ms: int) -> dict[int, Counts]:
        last = spark_start(until_ms)
        starts = range(last - (TREMOR_STEPS - 1) * SPARK_STEP_MS, last + 1, SPARK_STEP_MS)
        buckets = self._buckets(ALL, TREMOR_STEPS, until_ms)
        known = zip(starts, buckets, strict=True)
        return {at: counts for at, counts in known if at + SPARK_STEP_MS > self.panes.first_ms}

    def _ordered(self, kind: str, rows: Mapping[str, Row], limit: int) -> tuple[str, ...]:
        best = order(rows, kind, limit, quiet=kind == "topic")
        return self._order.keep(kind, rows, best, self._clock.now_ms())

    def _row_keys(self, until_ms: int, keys: set[str]) -> set[str]:
        """Return keys that need a row: all topics, companies with stories, and `keys`."""
        wanted = {ALL, *keys}
        for key in self.panes.known_keys():
            kind = key_kind(key)
            if kind == "topic":
                wanted.add(key)
            elif kind == "ticker":
                history = self.panes.history(key)
                if history.between(until_ms - self._window_ms, until_ms).stories:
                    wanted.add(key)
        return wanted

    def _row(self, key: str, active: Mapping[str, Spike], until_ms: int) -> Row:
        return make_row(
            key,
            self.panes.history(key),
            active.get(key),
            until_ms=until_ms,
            first_ms=self.panes.first_ms,
            window_ms=self._window_ms,
        )


def _heartbeats(facts: Mapping[str, str]) -> dict[str, int]:
    return {
        name.removeprefix(HEARTBEAT): int(value)
        for name, value in facts.items()
        if name.startswith(HEARTBEAT)
    }


def _terms_wanted(spikes: Collection[Spike], keys: Collection[str], until_ms: int) -> set[str]:
    return {*listed_terms(spikes, until_ms), *(key for key in keys if key_kind(key) == "term")}
