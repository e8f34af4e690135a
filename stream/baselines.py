"""Baselines: what is usual for a key, learned from the panes that have left the window.

The machine's second part. A baseline never holds what the window still holds, so a burst does not
excuse itself. Sums are discounted by elapsed panes, lazily: an entry that nothing touches costs
nothing, and what is forgotten depends on time alone. Pure.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec

from stream.spikes import PHI_RANGE

DAY_MS: Final = 86_400_000
HOUR_MS: Final = 3_600_000
LEVEL_HALF_LIFE_MS: Final = 7 * DAY_MS
SLOT_HALF_LIFE_MS: Final = 14 * DAY_MS
#: How long a burst that is over still counts as what one has heard of.
RECENT_HALF_LIFE_MS: Final = 6 * HOUR_MS
#: Hours of a key's own level that its hour-of-day is shrunk with.
SHRINK_HOURS: Final = 4.0
#: Half a story in nothing at all: what a key that was never seen is credited with.
PRIOR_COUNT: Final = 0.5
PRIOR_STORIES: Final = 500.0
PRIOR_RECENT_STORIES: Final = 100.0
PHI_PRIOR: Final = 0.3
#: How many squared usual counts the prior of phi is worth.
PHI_PRIOR_WEIGHT: Final = 50.0


class Discounted(msgspec.Struct, array_like=True):
    """A sum that halves every half-life. `at`: the pane index that `value` is true for."""

    value: float = 0.0
    at: int = 0

    def at_index(self, index: int, half_life: float) -> float:
        """Return the sum as of pane `index`; `half_life` in panes."""
        if self.value == 0.0:
            return 0.0
        return float(self.value * 2.0 ** ((self.at - index) / half_life))

    def add(self, amount: float, index: int, half_life: float) -> None:
        """Add `amount` at pane `index`."""
        self.value = self.at_index(index, half_life) + amount
        self.at = index


class TermBaseline(msgspec.Struct):
    """One term's past: stories, negative stories, and those of the last hours."""

    stories: Discounted = msgspec.field(default_factory=Discounted)
    negative: Discounted = msgspec.field(default_factory=Discounted)
    recent: Discounted = msgspec.field(default_factory=Discounted)


class KnownBaseline(msgspec.Struct):
    """One known key's past: stories and negative stories as they came.

    `level` and `slots` hold negative stories as they are learned, clipped; `excess` and `squares`
    are what over-dispersion is estimated from.
    """

    stories: Discounted = msgspec.field(default_factory=Discounted)
    negative: Discounted = msgspec.field(default_factory=Discounted)
    level: Discounted = msgspec.field(default_factory=Discounted)
    slots: dict[int, Discounted] = msgspec.field(default_factory=dict)
    excess: Discounted = msgspec.field(default_factory=Discounted)
    squares: Discounted = msgspec.field(default_factory=Discounted)


class Exposure(msgspec.Struct):
    """One watch's past: panes by level and by slot, stories (also recent) and negative stories."""

    panes: Discounted = msgspec.field(default_factory=Discounted)
    slots: dict[int, Discounted] = msgspec.field(default_factory=dict)
    stories: Discounted = msgspec.field(default_factory=Discounted)
    recent: Discounted = msgspec.field(default_factory=Discounted)
    negative: Discounted = msgspec.field(default_factory=Discounted)


class Calendar:
    """Slots of a week (hour x weekday or weekend, UTC) and half-lives, for panes of one width."""

    def __init__(self, pane_ms: int) -> None:
        self.pane_ms = pane_ms
        self.level_half_life = LEVEL_HALF_LIFE_MS / pane_ms
        self.slot_half_life = SLOT_HALF_LIFE_MS / pane_ms
        self.recent_half_life = RECENT_HALF_LIFE_MS / pane_ms
        self.shrink_panes = SHRINK_HOURS * HOUR_MS / pane_ms

    def slot(self, index: int) -> int:
        """Return the slot, 0..47, that the pane `index` (the one starting at index x width) is in.

        >>> Calendar(60_000).slot(0), Calendar(3_600_000).slot(2 * 24 + 5)
        (0, 29)
        """
        start_ms = index * self.pane_ms
        weekend = (start_ms // DAY_MS + 3) % 7 >= 5  # 1970-01-01 was a Thursday
        return start_ms % DAY_MS // HOUR_MS + (24 if weekend else 0)

    def slots(self, first: int, last: int) -> list[tuple[int, int]]:
        """Return [(slot, panes)] of the panes `first`..`last`, in time order."""
        runs: list[tuple[int, int]] = []
        index = first
        while index <= last:
            hour_end_ms = (index * self.pane_ms // HOUR_MS + 1) * HOUR_MS
            stop = min(max(-(-hour_end_ms // self.pane_ms), index + 1), last + 1)
            runs.append((self.slot(index), stop - index))
            index = stop
        return runs


def seasonal_usual(
    baseline: KnownBaseline,
    exposure: Exposure,
    calendar: Calendar,
    index: int,
    slots: Sequence[tuple[int, int]],
) -> float:
    """Return the usual count of a known key over a window made of `slots`.

    mu = sum over panes of (A_slot + k r) / (B_slot + k), with r = (A + 1/2) / B the key's own level
    per pane, A and B discounted counts and panes, k = `SHRINK_HOURS` in panes.
    """
    panes = max(exposure.panes.at_index(index, calendar.level_half_life), 1.0)
    rate = (baseline.level.at_index(index, calendar.level_half_life) + PRIOR_COUNT) / panes
    shrink = calendar.shrink_panes
    usual = 0.0
    for slot, count in slots:
        own = baseline.slots.get(slot)
        seen = exposure.slots.get(slot)
        a = 0.0 if own is None else own.at_index(index, calendar.slot_half_life)
        b = 0.0 if seen is None else seen.at_index(index, calendar.slot_half_life)
        usual += count * (a + shrink * rate) / (b + shrink)
    return usual


def volume_usual(
    baseline: TermBaseline | None,
    exposure: Exposure,
    calendar: Calendar,
    index: int,
    stories: int,
) -> float:
    """Return the usual count of a term among `stories` stories: its share of all stories so far.

    mu = max((A + 1/2) / (V + 500), A_recent / (V_recent + 100)) x stories in the window, with A the
    term's count and V the stories seen, discounted over a week or, as recent, over hours: what has
    just been in the news must come back stronger to surprise again.
    """
    own = TermBaseline() if baseline is None else baseline
    level, recent = calendar.level_half_life, calendar.recent_half_life
    share = (own.negative.at_index(index, level) + PRIOR_COUNT) / (
        exposure.stories.at_index(index, level) + PRIOR_STORIES
    )
    recent_share = own.recent.at_index(index, recent) / (
        exposure.recent.at_index(index, recent) + PRIOR_RECENT_STORIES
    )
    return max(share, recent_share) * stories


def dispersion(baseline: KnownBaseline, calendar: Calendar, index: int) -> float:
    """Return phi, the over-dispersion of a known key: (sum of (n - mu)^2 - mu) / sum of mu^2."""
    half_life = calendar.slot_half_life
    excess = baseline.excess.at_index(index, half_life) + PHI_PRIOR * PHI_PRIOR_WEIGHT
    squares = baseline.squares.at_index(index, half_life) + PHI_PRIOR_WEIGHT
    return min(max(excess / squares, PHI_RANGE[0]), PHI_RANGE[1])
