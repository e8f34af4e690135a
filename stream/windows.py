"""Windows: for each key the sums over the last run of panes, kept by adding and taking off panes.

The machine's first part. A tick enters once and leaves once, so the work does not depend on how
long a window is, and an empty tick costs nothing. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from foreshock.records import Pane


class KeyWindow:
    """What one key's panes in the window add up to. `panes` are in time order, empty ones absent."""

    __slots__ = ("negative", "panes", "polarity", "stories")

    def __init__(self) -> None:
        self.stories = 0
        self.negative = 0
        self.polarity = 0
        self.panes: list[Pane] = []

    def enter(self, pane: Pane) -> None:
        self.stories += pane.stories
        self.negative += pane.negative_stories
        self.polarity += pane.polarity_sum
        self.panes.append(pane)

    def leave(self) -> None:
        pane = self.panes.pop(0)
        self.stories -= pane.stories
        self.negative -= pane.negative_stories
        self.polarity -= pane.polarity_sum

    def negative_leads(self) -> list[str]:
        """Return the story ids of negative leads, newest last."""
        return [lead for pane in self.panes for lead in pane.negative_leads]

    def publishers(self) -> set[str]:
        """Return the publishers of negative items."""
        return {publisher for pane in self.panes for publisher in pane.publishers}


class Windows:
    """The windows of all keys of one watch, `length` panes long, counted by pane index."""

    def __init__(self, length: int) -> None:
        self.length = length
        self._keys: dict[str, KeyWindow] = {}
        self._ticks: dict[int, tuple[Pane, ...]] = {}

    def get(self, key: str) -> KeyWindow | None:
        """Return the window of `key`, None where it is empty."""
        return self._keys.get(key)

    def keys(self) -> Iterable[str]:
        return self._keys.keys()

    def enter(self, index: int, panes: Iterable[Pane]) -> None:
        """Take in the panes of tick `index`; empty ones are left out."""
        counted = tuple(pane for pane in panes if pane.items)
        if not counted:
            return
        self._ticks[index] = counted
        for pane in counted:
            window = self._keys.get(pane.key)
            if window is None:
                window = self._keys[pane.key] = KeyWindow()
            window.enter(pane)

    def leaving(self, index: int) -> tuple[Pane, ...]:
        """Return the panes that the window loses when tick `index` comes."""
        return self._ticks.get(index - self.length, ())

    def leave(self, index: int) -> int | None:
        """Take off what tick `index` pushes out; return the index of that tick, None if empty."""
        old = index - self.length
        panes = self._ticks.pop(old, None)
        if panes is None:
            return None
        for pane in panes:
            window = self._keys[pane.key]
            window.leave()
            if not window.panes:
                del self._keys[pane.key]
        return old

    def ticks(self) -> Iterator[tuple[int, tuple[Pane, ...]]]:
        """Yield (index, panes) of the ticks in the window that are not empty, oldest first."""
        yield from sorted(self._ticks.items())
