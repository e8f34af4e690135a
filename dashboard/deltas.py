"""What has changed since a viewer last asked. One picture is shared by all; no state per viewer.

`api` answers from a `Publisher`, `callbacks` draws figures from it. Memory is bounded: the present
value of each part, the names of parts that went away lately, and a few chosen keys.
"""

from __future__ import annotations

import json
import secrets
import threading
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Any, Final

from dashboard.detail import DetailId, Point, Series
from dashboard.pane_cache import PaneCache
from dashboard.parts import Parts, detail_to_parts, headlines_to_parts, snapshot_to_parts
from dashboard.reader import Reader
from dashboard.snapshot import Snapshot
from foreshock.clock import Clock
from foreshock.errors import StoreError

MAX_GONE: Final = 2_000
MAX_DETAILS: Final = 64
MAX_ANSWERS: Final = 512
#: A chosen key is kept up to date for as long as someone asks for it at least this often.
VIEWED_MS: Final = 20_000


class Ledger:
    """Named parts, each with the number of the change that brought its value."""

    def __init__(self, sequence: int = 0) -> None:
        self._values: Parts = {}
        self._changed: dict[str, int] = {}
        self._gone: dict[str, int] = {}
        self._knows_from = sequence

    def update(self, parts: Parts, sequence: int) -> bool:
        """Take `parts` as all there is now; return whether anything differs from before."""
        changed = [
            name
            for name, value in parts.items()
            if name not in self._values or self._values[name] != value
        ]
        gone = self._values.keys() - parts.keys()
        for name in changed:
            self._changed[name] = sequence
            self._gone.pop(name, None)
        for name in gone:
            del self._changed[name]
            self._gone[name] = sequence
        if len(self._gone) > MAX_GONE:
            self._knows_from, self._gone = sequence, {}
        self._values = parts
        return bool(changed or gone)

    def value(self, name: str) -> Any:
        """Return the present value of a part that is there."""
        return self._values[name]

    def since(self, sequence: int) -> tuple[bool, Parts]:
        """Return (whole, parts): what changed after `sequence`, gone parts as None.

        `whole`: the parts are all there is, and the viewer must forget what it has.
        """
        if sequence < self._knows_from or sequence == 0:
            return True, dict(self._values)
        parts = {
            name: self._values[name]
            for name, changed in self._changed.items()
            if changed > sequence
        }
        parts.update((name, None) for name, gone in self._gone.items() if gone > sequence)
        return False, parts


@dataclass(slots=True)
class _Detail:
    """A chosen key that someone looks at."""

    series: Series
    panes: PaneCache
    ledger: Ledger
    viewed_ms: int
    points: dict[int, Point] = field(default_factory=dict)
    headlines: Parts = field(default_factory=dict)
    until_ms: int | None = None
    headlines_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Drawing:
    """What a figure of a chosen key is drawn from; `version` is the state of all it shows."""

    id: DetailId
    version: str
    points: dict[int, Point]
    spikes: list[Parts]
    until_ms: int | None


class Publisher:
    """Refreshes the shared picture when it is due and someone asks, and answers with deltas.

    Whoever asks first after the pause makes the new picture; the others get the old one meanwhile,
    without waiting: `_making` is held while the store is read, `_lock` only to put up what came.
    """

    def __init__(self, reader: Reader, *, refresh_ms: int, clock: Clock) -> None:
        self._reader = reader
        self._refresh_ms = refresh_ms
        self._clock = clock
        self._making = threading.Lock()
        self._lock = threading.Lock()
        self._due_ms = 0
        self._sequence = 0
        self._epoch = secrets.token_hex(4)
        self._snapshot: Snapshot | None = None
        self._ledger = Ledger()
        self._details: OrderedDict[DetailId, _Detail] = OrderedDict()
        self._answers: dict[tuple[int, int, DetailId], bytes] = {}

    def delta(self, wanted: DetailId, since: str, detail_since: str) -> bytes | None:
        """Return the JSON of what changed since two versions of this server, None for nothing.

        A version that this server did not give gets everything.
        """
        detail = self._viewed(wanted)
        with self._lock:
            known = (self._number(since), self._number(detail_since), wanted)
            if known[0] == known[1] == self._sequence:
                return None
            answer = self._answers.get(known)
            if answer is None:
                answer = self._answer(known, detail)
                if len(self._answers) < MAX_ANSWERS:
                    self._answers[known] = answer
            return answer

    def drawing(self, wanted: DetailId) -> Drawing:
        """Return what the chart of a chosen key shows now."""
        detail = self._viewed(wanted)
        snapshot = self.snapshot()
        with self._lock:
            spikes = detail.ledger.value("spikes")
            return Drawing(wanted, self._version(), detail.points, spikes, snapshot.until_ms)

    def snapshot(self) -> Snapshot:
        """Return the shared picture, as fresh as the pause between refreshes allows."""
        self._refresh_if_due()
        snapshot = self._snapshot
        if snapshot is None:
            raise StoreError("expected a snapshot after a refresh, found none")
        return snapshot

    def _version(self) -> str:
        return f"{self._epoch}.{self._sequence}"

    def _number(self, version: str) -> int:
        epoch, _, number = version.partition(".")
        known = epoch == self._epoch and number.isdecimal() and len(number) < 16
        return min(int(number), self._sequence) if known else 0

    def _refresh_if_due(self) -> None:
        if self._snapshot is not None and self._clock.now_ms() < self._due_ms:
            return
        if not self._making.acquire(blocking=self._snapshot is None):
            return
        try:
            now_ms = self._clock.now_ms()
            if self._snapshot is None or now_ms >= self._due_ms:
                self._due_ms = now_ms + self._refresh_ms
                self._refresh(now_ms)
        finally:
            self._making.release()

    def _refresh(self, now_ms: int, *more_keys: str) -> None:
        """Make a new picture and put it up. Needs `_making`."""
        with self._lock:
            for wanted, detail in list(self._details.items()):
                if now_ms - detail.viewed_ms > VIEWED_MS:
                    del self._details[wanted]
            viewed = list(self._details.values())
        keys = {detail.series.id.key for detail in viewed}
        snapshot = self._reader.read({*keys, *more_keys})
        parts = snapshot_to_parts(snapshot)
        pictures = [(detail, self._parts_of(detail, snapshot)) for detail in viewed]
        with self._lock:
            sequence = self._sequence + 1
            self._snapshot = snapshot
            changed = self._ledger.update(parts, sequence)
            for detail, picture in pictures:
                changed |= detail.ledger.update(picture, sequence)
            if changed:
                self._sequence = sequence
                self._answers.clear()

    def _viewed(self, wanted: DetailId) -> _Detail:
        """Return a chosen key's detail, making it at the first look."""
        snapshot = self.snapshot()
        now_ms = self._clock.now_ms()
        with self._lock:
            detail = self._details.get(wanted)
        if detail is None:
            with self._making:
                detail = self._details.get(wanted) or self._make_detail(wanted, snapshot, now_ms)
        detail.viewed_ms = now_ms
        return detail

    def _make_detail(self, wanted: DetailId, snapshot: Snapshot, now_ms: int) -> _Detail:
        """Make and put up the detail of a key that nobody looked at. Needs `_making`."""
        if wanted.key not in snapshot.rows:
            self._refresh(now_ms, wanted.key)
        detail = _Detail(Series(wanted), self._reader.panes, Ledger(), now_ms)
        parts = self._parts_of(detail, self._snapshot or snapshot)
        with self._lock:
            while len(self._details) >= MAX_DETAILS:
                self._details.popitem(last=False)
            self._details[wanted] = detail
            self._sequence += 1
            detail.ledger = Ledger(self._sequence)
            detail.ledger.update(parts, self._sequence)
            self._answers.clear()
        return detail

    def _parts_of(self, detail: _Detail, snapshot: Snapshot) -> Parts:
        """Bring a detail up to date and return its parts. Needs `_making`."""
        if snapshot.until_ms is None:
            return {"spikes": [], "span": None}
        key, panes = detail.series.id.key, self._reader.panes
        if detail.panes is not panes:
            # another run has taken the place of the one that was shown
            detail.panes, detail.series = panes, Series(detail.series.id)
            detail.until_ms = detail.headlines_ms = None
        if detail.until_ms != snapshot.until_ms:
            detail.points = detail.series.points(panes, snapshot.until_ms, snapshot.window_ms)
            detail.until_ms = snapshot.until_ms
        newest_ms = panes.history(key).newest_ms
        if detail.headlines_ms != newest_ms:
            # a headline never comes without a pane of its key
            detail.headlines = headlines_to_parts(self._reader.headlines(key))
            detail.headlines_ms = newest_ms
        return detail_to_parts(snapshot, detail.series.id, detail.points, detail.headlines)

    def _answer(self, known: tuple[int, int, DetailId], detail: _Detail) -> bytes:
        whole, parts = self._ledger.since(known[0])
        detail_whole, detail_parts = detail.ledger.since(known[1])
        body: dict[str, Any] = {"v": self._version()}
        if whole:
            body["whole"] = True
        if parts:
            body["parts"] = parts
        if detail_parts or detail_whole:
            body["detail"] = {"id": str(known[2]), "whole": detail_whole, "parts": detail_parts}
        return json.dumps(body, separators=(",", ":"), ensure_ascii=False).encode()
