"""Memory: the baselines of all keys of one watch, what they learn, and what is forgotten.

The machine feeds it the panes that leave the window and asks it what is usual. It is bounded:
terms that are worth too little are forgotten once a day. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec

from foreshock.records import Pane
from stream.baselines import (
    DAY_MS,
    HOUR_MS,
    Calendar,
    Discounted,
    Exposure,
    KnownBaseline,
    TermBaseline,
    dispersion,
    seasonal_usual,
    volume_usual,
)
from stream.panes import ALL_KEY
from stream.spikes import clip_limit
from stream.windows import Windows

TERM_PREFIX: Final = "term:"
PHI_TERMS: Final = 0.6
#: Terms worth less than this many stories are forgotten at the end of a day.
PRUNE_BELOW: Final = 0.6
MAX_TERMS: Final = 200_000
#: A known key with fewer negative stories a window says nothing about its dispersion.
SPARSE_BELOW: Final = 0.2
#: Stories of the watch's own share that a key's usual negative share is shrunk with.
SHARE_SHRINK: Final = 10.0


def is_term(key: str) -> bool:
    """Say whether `key` is an emerging key: a word or pair that nobody had to be watching."""
    return key.startswith(TERM_PREFIX)


class Memory:
    """What the past of one watch says about each of its keys."""

    def __init__(self, calendar: Calendar, windows: Windows) -> None:
        """Start with no past; `windows` are read for how much of a burst is learned."""
        self.exposure = Exposure()
        self._calendar = calendar
        self._windows = windows
        self._known: dict[str, KnownBaseline] = {}
        self._terms: dict[str, TermBaseline] = {}
        self._touched: set[str] = set()

    # ---- asking

    def usual(self, key: str, index: int, watch_stories: int) -> tuple[float, float]:
        """Return (mu, phi) of the negative stories of `key` in the window ending with `index`."""
        if is_term(key):
            term = self._terms.get(key)
            usual = volume_usual(term, self.exposure, self._calendar, index, watch_stories)
            return usual, PHI_TERMS
        own_known = self._known.get(key) or KnownBaseline()
        slots = self._calendar.slots(index - self._windows.length + 1, index)
        usual = seasonal_usual(own_known, self.exposure, self._calendar, index, slots)
        return usual, dispersion(own_known, self._calendar, index)

    def usual_share(self, key: str, index: int) -> float:
        """Return the usual negative share of a key's stories, shrunk to that of the whole watch."""
        half_life = self._calendar.level_half_life
        seen = self.exposure.stories.at_index(index, half_life)
        watch = (self.exposure.negative.at_index(index, half_life) + 1.0) / (seen + 4.0)
        baseline = self._terms.get(key) or self._known.get(key)
        if baseline is None:
            return watch
        stories = baseline.stories.at_index(index, half_life)
        negative = baseline.negative.at_index(index, half_life)
        return (negative + SHARE_SHRINK * watch) / (stories + SHARE_SHRINK)

    # ---- learning

    def learn_pane(self, pane: Pane, old: int) -> None:
        """Learn a pane, the one with index `old`, that is about to leave the window."""
        half_life = self._calendar.level_half_life
        if pane.key == ALL_KEY:
            self.exposure.stories.add(pane.stories, old, half_life)
            self.exposure.recent.add(pane.stories, old, self._calendar.recent_half_life)
            self.exposure.negative.add(pane.negative_stories, old, half_life)
        if pane.stories == 0:
            return
        baseline: TermBaseline | KnownBaseline
        if is_term(pane.key):
            baseline = self._terms.setdefault(pane.key, TermBaseline())
        else:
            baseline = self._known.setdefault(pane.key, KnownBaseline())
        self._touched.add(pane.key)
        baseline.stories.add(pane.stories, old, half_life)
        if pane.negative_stories == 0:
            return
        baseline.negative.add(pane.negative_stories, old, half_life)
        if isinstance(baseline, KnownBaseline):
            self._learn_known(pane, baseline, old)
        else:
            baseline.recent.add(pane.negative_stories, old, self._calendar.recent_half_life)

    def learn_time(self, old: int) -> None:
        """Learn that the pane `old` has been watched, whatever it held."""
        calendar = self._calendar
        self.exposure.panes.add(1.0, old, calendar.level_half_life)
        slot = self.exposure.slots.setdefault(calendar.slot(old), Discounted())
        slot.add(1.0, old, calendar.slot_half_life)

    def end_pane(self, index: int) -> None:
        """Do what is done once an hour and once a day, where pane `index` ends one."""
        pane_ms = self._calendar.pane_ms
        end_ms = (index + 1) * pane_ms
        if end_ms % HOUR_MS < pane_ms:
            self._learn_dispersion(index)
        if end_ms % DAY_MS < pane_ms:
            self._prune(index)

    def _learn_known(self, pane: Pane, baseline: KnownBaseline, old: int) -> None:
        last = old + self._windows.length - 1
        amount = pane.negative_stories * self._learned_part(pane.key, last)
        baseline.level.add(amount, old, self._calendar.level_half_life)
        slot = baseline.slots.setdefault(self._calendar.slot(old), Discounted())
        slot.add(amount, old, self._calendar.slot_half_life)

    def _learned_part(self, key: str, last: int) -> float:
        window = self._windows.get(key)
        count = 0 if window is None else window.negative
        if count <= 1:  # never clipped: the limit is above 1
            return 1.0
        usual, phi = self.usual(key, last, 0)
        return min(1.0, clip_limit(usual, phi) / count)

    def _learn_dispersion(self, index: int) -> None:
        half_life = self._calendar.slot_half_life
        panes = max(self.exposure.panes.at_index(index, self._calendar.level_half_life), 1.0)
        for key, baseline in self._known.items():
            level = baseline.level.at_index(index, self._calendar.level_half_life)
            if level / panes * self._windows.length < SPARSE_BELOW:
                continue
            usual, phi = self.usual(key, index - 1, 0)
            window = self._windows.get(key)
            count = 0 if window is None else window.negative
            clipped = min(float(count), clip_limit(usual, phi))
            baseline.excess.add((clipped - usual) ** 2 - usual, index, half_life)
            baseline.squares.add(usual * usual, index, half_life)
            self._touched.add(key)

    def _prune(self, index: int) -> None:
        half_life = self._calendar.level_half_life
        worth = {key: t.stories.at_index(index, half_life) for key, t in self._terms.items()}
        kept = [(-count, key) for key, count in worth.items() if count >= PRUNE_BELOW]
        if len(kept) > MAX_TERMS:
            kept = sorted(kept)[:MAX_TERMS]
        stay = {key for _, key in kept}
        self._touched.update(self._terms.keys() - stay)
        self._terms = {key: term for key, term in self._terms.items() if key in stay}

    # ---- keeping

    def take_touched(self) -> dict[str, bytes | None]:
        """Return, by key, the baselines that changed since last asked; None where one is gone."""
        entries: dict[str, bytes | None] = {}
        for key in sorted(self._touched):
            baseline = self._terms.get(key) or self._known.get(key)
            entries[key] = None if baseline is None else msgspec.msgpack.encode(baseline)
        self._touched.clear()
        return entries

    def restore(self, entries: Mapping[str, bytes], exposure: Exposure) -> None:
        """Take up baselines by key, and the watch's exposure."""
        self.exposure = exposure
        for key, data in entries.items():
            if is_term(key):
                self._terms[key] = msgspec.msgpack.decode(data, type=TermBaseline)
            else:
                self._known[key] = msgspec.msgpack.decode(data, type=KnownBaseline)
