"""What is usual for a key at an hour: the mean of the same hour on earlier days. Pure.

This is for the eye. The detector's own expectation (docs/detection.md) decides what fires, and
stands in the reason sentence of each spike.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Final

from dashboard.history import Counts, KeyHistory
from foreshock.clock import DAY_MS, HOUR_MS

#: Days looked back, and how many of them it takes to say what is usual.
DAYS: Final = 14
MIN_DAYS: Final = 3
#: A share is usual only where that many stories are: of fewer it is a throw of dice.
MIN_STORIES: Final = 1.5
#: Width of the band in standard deviations.
BAND: Final = 2.0


@dataclass(frozen=True, slots=True)
class Usual:
    """Usual number of negative stories in a window and usual negative share, with their spread.

    `share` is None where too few stories are usual; `days`: over how many earlier days.
    """

    negative: float
    negative_spread: float
    share: float | None
    share_spread: float
    days: int

    def negative_band(self) -> tuple[float, float]:
        """Return lowest and highest usual number of negative stories."""
        reach = BAND * self.negative_spread
        return max(0.0, self.negative - reach), self.negative + reach

    def share_band(self) -> tuple[float, float] | None:
        """Return lowest and highest usual negative share, in [0, 1]."""
        if self.share is None:
            return None
        reach = BAND * self.share_spread
        return max(0.0, self.share - reach), min(1.0, self.share + reach)


def is_weekend(at_ms: int) -> bool:
    """Return whether a moment is on a Saturday or Sunday, UTC.

    >>> is_weekend(0), is_weekend(2 * DAY_MS)  # 1970-01-01 was a Thursday
    (False, True)
    """
    return (at_ms // DAY_MS + 3) % 7 >= 5


def earlier_windows(end_ms: int, window_ms: int, first_ms: int) -> list[int]:
    """Return the ends of the same window on earlier days since `first_ms`, nearest first.

    Days of the same kind (weekday or weekend) where there are enough of them, else all days.
    """
    days = [
        end_ms - day * DAY_MS
        for day in range(1, DAYS + 1)
        if end_ms - day * DAY_MS - window_ms >= first_ms
    ]
    weekend = is_weekend(end_ms - 1)
    alike = [end for end in days if is_weekend(end - 1) == weekend]
    return alike if len(alike) >= MIN_DAYS else days


def usual(
    history: KeyHistory, end_ms: int, *, first_ms: int, window_ms: int = HOUR_MS
) -> Usual | None:
    """Return what is usual for the window that ends at `end_ms`; None while that is not known.

    `first_ms`: when counting began. The spread is the standard deviation over days, and never
    less than counting itself brings (Poisson for the number, binomial for the share).
    """
    ends = earlier_windows(end_ms, window_ms, first_ms)
    if len(ends) < MIN_DAYS:
        return None
    return summarise([history.between(end - window_ms, end) for end in ends])


def summarise(windows: Sequence[Counts]) -> Usual:
    """Return mean and spread over the windows of several days.

    >>> summarise([Counts(10, 2), Counts(10, 4), Counts(10, 3)]).negative
    3.0
    """
    days = len(windows)
    stories = sum(window.stories for window in windows)
    negative = sum(window.negative for window in windows) / days
    spread = max(_spread(windows, negative, lambda w: float(w.negative)), sqrt(negative))
    if stories < MIN_STORIES * days:
        return Usual(negative, spread, None, 0.0, days)
    share = negative * days / stories
    busy = [window for window in windows if window.stories]
    share_spread = max(
        _spread(busy, share, lambda w: w.negative / w.stories),
        sqrt(share * (1 - share) * days / stories),
    )
    return Usual(negative, spread, share, share_spread, days)


def _spread(windows: Sequence[Counts], mean: float, value: Callable[[Counts], float]) -> float:
    return sqrt(sum((value(window) - mean) ** 2 for window in windows) / len(windows))
