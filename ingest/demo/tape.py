"""Finds the demo tape that ships with Foreshock and says what is on it.

Called by the `demo` command, the dashboard's banner and tests. Reads package data only.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from pathlib import Path

import msgspec

from foreshock.errors import ForeshockError

COLUMNS = ("guid", "title", "text", "url", "publisher", "published_at", "seen_at", "language")


class PlantedSurge(msgspec.Struct, frozen=True):
    """A run of bad news that was laid on purpose. Times are ISO 8601, UTC, and simulated.

    `words`: what a spike must speak of to be about it.
    """

    key: str
    title: str
    starts: str
    ends: str
    words: tuple[str, ...]
    stories: int


class TapeInfo(msgspec.Struct, frozen=True):
    """What is on the tape: its simulated span, where playing live begins, and who is credited."""

    title: str
    times: str
    starts: str
    live_from: str
    ends: str
    rows: int
    surges: tuple[PlantedSurge, ...]
    credits: tuple[str, ...]


def tape_path() -> Path:
    """Return the tape: gzipped JSON lines with the columns COLUMNS, a few of them broken."""
    return _data_path("tape.jsonl.gz")


@cache
def tape_info() -> TapeInfo:
    """Return what is on the tape. Raises ForeshockError if its description cannot be read."""
    path = _data_path("tape.json")
    try:
        return msgspec.json.decode(path.read_bytes(), type=TapeInfo)
    except (OSError, msgspec.MsgspecError) as error:
        raise ForeshockError(f"expected the description of the demo tape, found {error}") from error


def _data_path(name: str) -> Path:
    return Path(str(files("ingest.demo").joinpath(name)))
