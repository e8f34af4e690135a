"""What a source is: something that is polled and gives entries. Called by the worker.

One file per kind of source; docs/add-a-source.md shows how to write one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import msgspec

from ingest.normalize import RawEntry

MAX_EXAMPLES = 20

Isolate = Callable[..., Any]
"""`isolate(function, *args)`: call a parser where it cannot hang the caller. Raises SourceError."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """An answer. `body` is empty where `not_modified`; header names are in lower case."""

    status: int
    body: bytes
    headers: Mapping[str, str]
    final_url: str
    not_modified: bool = False


class Fetch(Protocol):
    """What a source may ask of the network."""

    def __call__(self, url: str, *, etag: str = "", last_modified: str = "") -> Fetched:
        """Return the answer to a GET. Raises FetchError, whose `retryable` says what to do."""
        ...


class SourceState(msgspec.Struct, frozen=True, kw_only=True):
    """What a source remembers between polls: the validators of the last answer."""

    etag: str = ""
    last_modified: str = ""


@dataclass(frozen=True, slots=True)
class Rejected:
    """One entry, or a whole answer, that cannot become items. `reason` is a short fixed code."""

    reason: str
    detail: str


@dataclass(frozen=True, slots=True)
class PollResult:
    """What one poll brought. `unchanged`: the source said that nothing is new."""

    entries: tuple[RawEntry, ...]
    rejected: tuple[Rejected, ...]
    state: SourceState
    unchanged: bool = False


class Source(Protocol):
    """One feed or page. The worker polls it in a thread of its own, never twice at once."""

    @property
    def name(self) -> str: ...
    @property
    def publisher(self) -> str: ...
    @property
    def watch(self) -> str: ...
    @property
    def url(self) -> str: ...
    @property
    def poll_seconds(self) -> float | None:
        """The pause between polls; None: the default."""
        ...

    def poll(self, fetch: Fetch, state: SourceState, seen_at_ms: int) -> PollResult:
        """Return what is there now, in the order of the source's own time, oldest first.

        Raises SourceError (FetchError among them) if nothing can be had.
        """
        ...


@dataclass
class Rejections:
    """A count of what was rejected by reason, with a few examples."""

    counts: Counter[str] = field(default_factory=Counter)
    examples: list[Rejected] = field(default_factory=list)

    def add(self, reason: str, detail: str) -> None:
        self.counts[reason] += 1
        if len(self.examples) < MAX_EXAMPLES:
            self.examples.append(Rejected(reason, detail))

    @property
    def total(self) -> int:
        return self.counts.total()
