"""What was counted under one key, kept so that any window is summed with two look-ups. Pure.

`queries` fills it pane by pane; `baseline`, rows and series read it.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Counts:
    """Stories, negative stories and items of a stretch of time. Adding is exact."""

    stories: int = 0
    negative: int = 0
    items: int = 0

    def __add__(self, other: Counts) -> Counts:
        return Counts(
            self.stories + other.stories, self.negative + other.negative, self.items + other.items
        )

    @property
    def share(self) -> float | None:
        """Negative share of the stories in [0, 1]; None where there is no story."""
        return self.negative / self.stories if self.stories else None


def _cumulative() -> array[int]:
    return array("q", [0])


@dataclass(slots=True)
class _Series:
    """Panes of one key in one watch, in time order; each array holds running totals."""

    ends: array[int] = field(default_factory=lambda: array("q"))
    stories: array[int] = field(default_factory=_cumulative)
    negative: array[int] = field(default_factory=_cumulative)
    items: array[int] = field(default_factory=_cumulative)

    def append(self, end_ms: int, counts: Counts) -> bool:
        if self.ends and end_ms <= self.ends[-1]:
            return False
        self.ends.append(end_ms)
        self.stories.append(self.stories[-1] + counts.stories)
        self.negative.append(self.negative[-1] + counts.negative)
        self.items.append(self.items[-1] + counts.items)
        return True

    def between(self, after_ms: int, until_ms: int) -> Counts:
        low, high = bisect_right(self.ends, after_ms), bisect_right(self.ends, until_ms)
        return Counts(
            self.stories[high] - self.stories[low],
            self.negative[high] - self.negative[low],
            self.items[high] - self.items[low],
        )

    def forget(self, until_ms: int) -> None:
        cut = bisect_right(self.ends, until_ms)
        del self.ends[:cut]
        # totals keep their offset: only differences are ever read
        del self.stories[:cut], self.negative[:cut], self.items[:cut]


class KeyHistory:
    """Counts of one key over all watches."""

    __slots__ = ("_by_watch",)

    def __init__(self) -> None:
        self._by_watch: dict[str, _Series] = {}

    def append(self, watch: str, end_ms: int, counts: Counts) -> bool:
        """Add a pane; return False, changing nothing, if that watch has this or a later one."""
        return self._by_watch.setdefault(watch, _Series()).append(end_ms, counts)

    def between(self, after_ms: int, until_ms: int) -> Counts:
        """Return the sum over panes that end in (after_ms, until_ms]."""
        parts = [series.between(after_ms, until_ms) for series in self._by_watch.values()]
        return parts[0] if len(parts) == 1 else sum(parts, Counts())

    def forget(self, until_ms: int) -> None:
        """Drop panes that end at or before `until_ms`."""
        for series in self._by_watch.values():
            series.forget(until_ms)

    @property
    def newest_ms(self) -> int | None:
        """End of the newest pane; None where there is none."""
        return max((s.ends[-1] for s in self._by_watch.values() if s.ends), default=None)

    @property
    def empty(self) -> bool:
        """Whether no pane is held."""
        return not any(series.ends for series in self._by_watch.values())
