"""Windows: for each key the sums over the last run of panes, kept by adding and taking off panes.

The machine's first part. A tick enters once and leaves once, so the work does not depend on how
long a window is, and an empty tick costs nothing. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from foreshock.records import Pane


class KeyWindow:
    """What one key's panes in the window add up to; `panes` in time order, empty ones absent."""

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
    """The windows of all keys of one watch, `length` panes long. Ticks are named by pane index."""

    def __init__(self, length: int) -> None:
        self.length = length
        self._keys: dict[str, KeyWindow] = {}
        self._ticks: dict[int, Sequence[Pane]] = {}
        self._touched: set[int] = set()

    def get(self, key: str) -> KeyWindow | None:
        """Return the window of `key`, None where it is empty."""
        return self._keys.get(key)

    def enter(self, index: int, panes: Sequence[Pane]) -> None:
        """Take in the panes of tick `index` that counted something."""
        self._ticks[index] = panes
        self._touched.add(index)
        for pane in panes:
            window = self._keys.get(pane.key)
            if window is None:
                window = self._keys[pane.key] = KeyWindow()
            window.enter(pane)

    def leaving(self, index: int) -> Sequence[Pane]:
        """Return the panes of tick `index`, which is still in the window."""
        return self._ticks.get(index, ())

    def leave(self, index: int) -> None:
        """Take off the panes of tick `index`, the oldest in the window."""
        panes = self._ticks.pop(index, None)
        if panes is None:
            return
        self._touched.add(index)
        for pane in panes:
            window = self._keys[pane.key]
            window.leave()
            if not window.panes:
                del self._keys[pane.key]

    def take_touched(self) -> dict[str, bytes | None]:
        """Return, by index, the ticks that came or went since last asked; None where one went."""
        entries: dict[str, bytes | None] = {}
        for index in sorted(self._touched):
            panes = self._ticks.get(index)
            entries[str(index)] = None if panes is None else msgspec.msgpack.encode(panes)
        self._touched.clear()
        return entries

    def restore(self, entries: Mapping[str, bytes]) -> None:
        """Take up ticks by index."""
        for index in sorted(int(name) for name in entries):
            self.enter(index, msgspec.msgpack.decode(entries[str(index)], type=list[Pane]))
        self._touched.clear()
