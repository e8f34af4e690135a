"""Finds stored wordings that share a band with a title: where to look for its story.

Pure. Used by `ingest.stories`, which compares what is found here word by word.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from ingest.titles import Title

BUCKET_LOOK = 48
CANDIDATES = 64


@dataclass(frozen=True, slots=True)
class ReadTitle:
    """A title as words, with its bands and the tickers that it came with."""

    title: Title
    bands: tuple[int, ...]
    tickers: frozenset[str]


class WordingIndex:
    """Finds wordings by band. Buckets keep the order in which wordings came."""

    def __init__(self) -> None:
        self._buckets: dict[int, dict[int, None]] = {}
        self._wordings: dict[int, tuple[str, ReadTitle]] = {}

    def add(self, story_id: str, order: int, read: ReadTitle) -> None:
        """Add a story's wording under its order, which is above all before it."""
        self._wordings[order] = (story_id, read)
        for band in read.bands:
            self._buckets.setdefault(band, {})[order] = None

    def remove(self, order: int) -> None:
        """Remove the wording of that order."""
        _, read = self._wordings.pop(order)
        for band in read.bands:
            bucket = self._buckets.get(band)
            if bucket is not None:
                bucket.pop(order, None)
                if not bucket:
                    del self._buckets[band]

    def read(self, order: int) -> ReadTitle:
        """Return the wording of that order."""
        return self._wordings[order][1]

    def candidates(self, bands: Sequence[int]) -> Iterator[tuple[int, str, ReadTitle]]:
        """Yield (order, story id, wording): most shared bands first, newest first, at most 64."""
        shared: dict[int, int] = {}
        for band in bands:
            bucket = self._buckets.get(band)
            if bucket is not None:
                for order in islice(reversed(bucket), BUCKET_LOOK):
                    shared[order] = shared.get(order, 0) + 1
        for order in sorted(shared, key=lambda order: (-shared[order], -order))[:CANDIDATES]:
            yield order, *self._wordings[order]
