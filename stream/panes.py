"""Panes: exact sums of scored items per key and time bucket, and how they merge.

Called by the engines, which gather items until a pane's time is over. Merging is integer sum and
set union, so neither order nor grouping matters, and `zero_pane` is its identity. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import reduce

from foreshock.errors import DetectorError
from foreshock.records import Pane, ScoredItem, Tick

ALL_KEY = "all"


def pane_end_of(at_ms: int, width_ms: int) -> int:
    """Return the end of the pane that `at_ms` falls into; a pane does not contain its end.

    >>> pane_end_of(59_999, 60_000), pane_end_of(60_000, 60_000)
    (60000, 120000)
    """
    return (at_ms // width_ms + 1) * width_ms


def zero_pane(watch: str, key: str, pane_end_ms: int, width_ms: int) -> Pane:
    """Return the pane in which nothing happened: the identity of `merge_panes`."""
    return Pane(watch=watch, key=key, pane_end_ms=pane_end_ms, width_ms=width_ms)


def item_to_panes(item: ScoredItem, width_ms: int) -> list[Pane]:
    """Return what one item adds: a pane for each key that it counts under, in key order."""
    end_ms = pane_end_of(item.at_ms, width_ms)
    pane_of = PaneSums()
    pane_of.add(item)
    return [pane_of.to_pane(item.watch, key, end_ms, width_ms) for key in item.keys]


def merge_panes(left: Pane, right: Pane) -> Pane:
    """Return the pane of both panes' items. Raises DetectorError unless they are of one bucket."""
    if _bucket(left) != _bucket(right):
        raise DetectorError(
            f"expected panes of one watch, key, end and width, found {_bucket(left)}"
            f" and {_bucket(right)}"
        )
    sums = PaneSums.of(left)
    sums.merge(right)
    return sums.to_pane(*_bucket(left))


def merge_all(panes: Iterable[Pane], zero: Pane) -> Pane:
    """Return the merge of `panes`, `zero` where there are none."""
    return reduce(merge_panes, panes, zero)


def _bucket(pane: Pane) -> tuple[str, str, int, int]:
    return pane.watch, pane.key, pane.pane_end_ms, pane.width_ms


class PaneSums:
    """What a pane adds up, while it is open."""

    __slots__ = (
        "items",
        "negative_leads",
        "negative_stories",
        "polarity_sq_sum",
        "polarity_sum",
        "publishers",
        "stories",
    )

    def __init__(self) -> None:
        self.stories = 0
        self.negative_stories = 0
        self.items = 0
        self.polarity_sum = 0
        self.polarity_sq_sum = 0
        self.publishers: set[str] = set()
        self.negative_leads: set[str] = set()

    @classmethod
    def of(cls, pane: Pane) -> PaneSums:
        """Take up what `pane` holds."""
        sums = cls()
        sums.merge(pane)
        return sums

    def add(self, item: ScoredItem) -> None:
        """Count one item: a lead as a story with its tone, a copy as one more item.

        Raises DetectorError for an item with keys and no score.
        """
        score = item.score
        if score is None:
            raise DetectorError(
                f"expected a score on an item with keys, found none: {item.item_id}"
            )
        self.items += 1
        if score.negative:
            self.publishers.add(item.publisher)
        if not item.lead:
            return
        polarity = score.polarity_micro
        self.stories += 1
        self.polarity_sum += polarity
        self.polarity_sq_sum += polarity * polarity
        if score.negative:
            self.negative_stories += 1
            self.negative_leads.add(item.story_id)

    def merge(self, pane: Pane) -> None:
        """Add what `pane` holds."""
        self.stories += pane.stories
        self.negative_stories += pane.negative_stories
        self.items += pane.items
        self.polarity_sum += pane.polarity_sum
        self.polarity_sq_sum += pane.polarity_sq_sum
        self.publishers.update(pane.publishers)
        self.negative_leads.update(pane.negative_leads)

    def to_pane(self, watch: str, key: str, pane_end_ms: int, width_ms: int) -> Pane:
        """Return the sums as a record."""
        return Pane(
            watch=watch,
            key=key,
            pane_end_ms=pane_end_ms,
            width_ms=width_ms,
            stories=self.stories,
            negative_stories=self.negative_stories,
            items=self.items,
            polarity_sum=self.polarity_sum,
            polarity_sq_sum=self.polarity_sq_sum,
            publishers=tuple(sorted(self.publishers)),
            negative_leads=tuple(sorted(self.negative_leads)),
        )


class OpenTick:
    """The panes of one watch that end at one time, while items still come."""

    def __init__(self, watch: str, pane_end_ms: int, width_ms: int) -> None:
        self.watch = watch
        self.pane_end_ms = pane_end_ms
        self.width_ms = width_ms
        self._sums: dict[str, PaneSums] = {}

    @classmethod
    def of(cls, tick: Tick) -> OpenTick:
        """Take up a tick that was closed for safekeeping."""
        open_tick = cls(tick.watch, tick.pane_end_ms, tick.width_ms)
        open_tick._sums = {pane.key: PaneSums.of(pane) for pane in tick.panes}
        return open_tick

    def add(self, item: ScoredItem) -> None:
        """Count one item under each of its keys."""
        for key in item.keys:
            sums = self._sums.get(key)
            if sums is None:
                sums = self._sums[key] = PaneSums()
            sums.add(item)

    def close(self) -> Tick:
        """Return the tick: a pane for each key that counted, and one for `all` in any case."""
        self._sums.setdefault(ALL_KEY, PaneSums())
        panes = tuple(
            self._sums[key].to_pane(self.watch, key, self.pane_end_ms, self.width_ms)
            for key in sorted(self._sums)
        )
        return Tick(
            watch=self.watch, pane_end_ms=self.pane_end_ms, width_ms=self.width_ms, panes=panes
        )
