"""The chosen key over time: points for its chart, kept and extended rather than computed anew.

`deltas.Publisher` keeps a few of these, shared by all who look at the same key and range.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from dashboard.baseline import Usual, usual
from dashboard.history import Counts
from dashboard.names import is_key
from dashboard.pane_cache import PaneCache
from foreshock.clock import DAY_MS, HOUR_MS, MINUTE_MS

MAX_POINTS: Final = 500
#: One row of a point: what each column of the chart shows (shares in percent).
COLUMNS: Final = (
    "share",
    "usual_share",
    "share_low",
    "share_high",
    "negative",
    "usual_negative",
    "negative_low",
    "negative_high",
    "stories",
)
Point = tuple[float | None, ...]
#: A share is drawn only where an hour has so many stories: of one story it is 0 or 100 %.
MIN_SHARE_STORIES: Final = 3


class Range(StrEnum):
    """How far back a chart goes."""

    HOURS_6 = "6h"
    HOURS_24 = "24h"
    DAYS_7 = "7d"

    @property
    def span_ms(self) -> int:
        """Length on the time axis."""
        return {"6h": 6 * HOUR_MS, "24h": DAY_MS, "7d": 7 * DAY_MS}[self.value]

    @property
    def share_window_ms(self) -> int:
        """Length of the window of a share: over a week, an hour's share is mostly noise."""
        return 6 * HOUR_MS if self is Range.DAYS_7 else HOUR_MS

    @property
    def step_ms(self) -> int:
        """Distance of two points; each point sums the whole window that ends there."""
        return {"6h": MINUTE_MS, "24h": 5 * MINUTE_MS, "7d": 30 * MINUTE_MS}[self.value]


@dataclass(frozen=True, slots=True)
class DetailId:
    """Which key, how far back."""

    key: str
    range: Range

    def __str__(self) -> str:
        return f"{self.key}|{self.range}"


def parse_detail_id(key: str, range_: str) -> DetailId | None:
    """Return the id of what a viewer asks for; None if there can be no such key or range.

    >>> str(parse_detail_id("topic:fed", "24h")), parse_detail_id("<b>", "24h")
    ('topic:fed|24h', None)
    """
    if not is_key(key) or range_ not in set(Range):
        return None
    return DetailId(key, Range(range_))


class Series:
    """Points of one key on a fixed grid of times, and one more at the newest pane end."""

    def __init__(self, wanted: DetailId) -> None:
        self.id = wanted
        self._grid: dict[int, Point] = {}

    def points(self, panes: PaneCache, until_ms: int, window_ms: int) -> dict[int, Point]:
        """Return the points by time, oldest first: at most MAX_POINTS, the last at `until_ms`.

        Each counts the window of `window_ms` that ends there.
        """
        step, span = self.id.range.step_ms, self.id.range.span_ms
        start = max(until_ms - span, panes.first_ms + step)
        first = -(-start // step) * step
        held = {at_ms: kept for at_ms, kept in self._grid.items() if at_ms >= first}
        for at_ms in range(max(held, default=first - step) + step, until_ms, step):
            held[at_ms] = point(self.id, panes, at_ms, window_ms)
        settled_ms = panes.settled_ms
        self._grid = {at_ms: kept for at_ms, kept in held.items() if at_ms <= settled_ms}
        return {**held, until_ms: point(self.id, panes, until_ms, window_ms)}


def point(wanted: DetailId, panes: PaneCache, at_ms: int, window_ms: int) -> Point:
    """Return one row of COLUMNS: counts of the window that ends at `at_ms`, and its shares."""
    history, first_ms = panes.history(wanted.key), panes.first_ms
    counts = history.between(at_ms - window_ms, at_ms)
    expected = usual(history, at_ms, first_ms=first_ms, window_ms=window_ms)
    level: Point = (counts.negative, None, None, None)
    if expected is not None:
        low, high = expected.negative_band()
        level = (counts.negative, round(expected.negative, 2), round(low, 2), round(high, 2))
    share_window_ms = max(window_ms, wanted.range.share_window_ms)
    if share_window_ms != window_ms:
        counts_of_share = history.between(at_ms - share_window_ms, at_ms)
        expected = usual(history, at_ms, first_ms=first_ms, window_ms=share_window_ms)
    else:
        counts_of_share = counts
    return (*_share_columns(counts_of_share, expected), *level, counts.stories)


def _share_columns(counts: Counts, expected: Usual | None) -> Point:
    share = _percent(counts.share) if counts.stories >= MIN_SHARE_STORIES else None
    if expected is None:
        return (share, None, None, None)
    # a band of no height rather than a gap, which Plotly would fill across
    low, high = expected.share_band() or (0.0, 0.0)
    return (share, _percent(expected.share), _percent(low), _percent(high))


def _percent(share: float | None) -> float | None:
    return None if share is None else round(100 * share, 1)


def span(
    points: Mapping[int, Point], wanted: DetailId, until_ms: int | None
) -> tuple[int, int] | None:
    """Return the first and last moment of the time axis; None where there is nothing to show.

    A young run fills the chart as far as it goes, but at least a quarter of it.
    """
    if until_ms is None or not points:
        return None
    length = wanted.range.span_ms
    first = max(next(iter(points)), until_ms - length)
    first = min(first, until_ms - length // 4)
    return first, until_ms + (until_ms - first) // 60
