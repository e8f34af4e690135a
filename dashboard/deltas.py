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
from dashboard.parts import Parts, detail_to_parts, snapshot_to_parts
from dashboard.queries import Headline
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
    headlines: list[Headline] = field(default_factory=list)
    headlines_until_ms: int | None = None


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

    Whoever asks first after the pause makes the new picture; the others get the old one meanwhile.
    """

    def __init__(self, reader: Reader, *, refresh_ms: int, clock: Clock) -> None:
        self._reader = reader
        self._refresh_ms = refresh_ms
        self._clock = clock
        self._lock = threading.RLock()
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
        self._refresh_if_due()
        with self._lock:
            detail = self._viewed(wanted)
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
        self._refresh_if_due()
        with self._lock:
            detail = self._viewed(wanted)
            parts = self._parts_of(detail)
            return Drawing(
                wanted,
                self.version,
                detail.points,
                parts["spikes"],
                self._snapshot.until_ms if self._snapshot is not None else None,
            )

    @property
    def version(self) -> str:
        """What a viewer that has seen everything sends as `since`."""
        return f"{self._epoch}.{self._sequence}"

    def snapshot(self) -> Snapshot:
        """Return the shared picture, as fresh as the pause between refreshes allows."""
        self._refresh_if_due()
        with self._lock:
            made = self._snapshot
        if made is None:
            raise StoreError("expected a snapshot after a refresh, found none")
        return made

    def _number(self, version: str) -> int:
        epoch, _, number = version.partition(".")
        known = epoch == self._epoch and number.isdecimal() and len(number) < 16
        return min(int(number), self._sequence) if known else 0

    def _refresh_if_due(self) -> None:
        if self._snapshot is not None and self._clock.now_ms() < self._due_ms:
            return
        if not self._lock.acquire(blocking=self._snapshot is None):
            return
        try:
            now_ms = self._clock.now_ms()
            if self._snapshot is None or now_ms >= self._due_ms:
                self._due_ms = now_ms + self._refresh_ms
                self._refresh(now_ms)
        finally:
            self._lock.release()

    def _refresh(self, now_ms: int) -> None:
        for wanted, detail in list(self._details.items()):
            if now_ms - detail.viewed_ms > VIEWED_MS:
                del self._details[wanted]
        self._snapshot = self._reader.read({wanted.key for wanted in self._details})
        sequence = self._sequence + 1
        changed = self._ledger.update(snapshot_to_parts(self._snapshot), sequence)
        for detail in self._details.values():
            changed |= detail.ledger.update(self._parts_of(detail), sequence)
        if changed:
            self._sequence = sequence
            self._answers.clear()

    def _viewed(self, wanted: DetailId) -> _Detail:
        """Return a chosen key's detail, making it at the first look."""
        now_ms = self._clock.now_ms()
        detail = self._details.get(wanted)
        if detail is None:
            detail = self._make_detail(wanted, now_ms)
        detail.viewed_ms = now_ms
        self._details.move_to_end(wanted)
        return detail

    def _make_detail(self, wanted: DetailId, now_ms: int) -> _Detail:
        detail = _Detail(Series(wanted), self._reader.panes, Ledger(), now_ms)
        self._details[wanted] = detail
        while len(self._details) > MAX_DETAILS:
            self._details.popitem(last=False)
        if self._snapshot is not None and wanted.key not in self._snapshot.rows:
            self._refresh(now_ms)
        self._sequence += 1
        detail.ledger = Ledger(self._sequence)
        detail.ledger.update(self._parts_of(detail), self._sequence)
        self._answers.clear()
        return detail

    def _parts_of(self, detail: _Detail) -> Parts:
        snapshot = self._snapshot
        if snapshot is None or snapshot.until_ms is None:
            return {"spikes": [], "span": None}
        key, panes = detail.series.id.key, self._reader.panes
        if detail.panes is not panes:
            # another run has taken the place of the one that was shown
            detail.panes, detail.series = panes, Series(detail.series.id)
            detail.headlines_until_ms = None
        if detail.headlines_until_ms != snapshot.until_ms:
            detail.points = detail.series.points(panes, snapshot.until_ms, snapshot.window_ms)
            detail.headlines = self._reader.headlines(key)
            detail.headlines_until_ms = snapshot.until_ms
        return detail_to_parts(snapshot, detail.series.id, detail.points, detail.headlines)

    def _answer(self, known: tuple[int, int, DetailId], detail: _Detail) -> bytes:
        whole, parts = self._ledger.since(known[0])
        detail_whole, detail_parts = detail.ledger.since(known[1])
        body: dict[str, Any] = {"v": self.version}
        if whole:
            body["whole"] = True
        if parts:
            body["parts"] = parts
        if detail_parts or detail_whole:
            body["detail"] = {"id": str(known[2]), "whole": detail_whole, "parts": detail_parts}
        return json.dumps(body, separators=(",", ":"), ensure_ascii=False).encode()
