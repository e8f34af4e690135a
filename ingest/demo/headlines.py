"""Reads SEntFiN and picks which of its headlines go on the demo tape, and which make the surges.

Called by `ingest.demo.build_tape` only. The surges are headlines that are labelled negative and
were written about one affair, listed by their number in the data set.
"""

from __future__ import annotations

import csv
import gzip
from dataclasses import dataclass
from pathlib import Path
from random import Random

from foreshock.errors import CorpusError

MIN_CHARS = 20


@dataclass(frozen=True, slots=True)
class Headline:
    """One headline of SEntFiN with its label."""

    number: int
    text: str
    label: str


@dataclass(frozen=True, slots=True)
class SurgePlan:
    """One planted surge: what it is about, when it runs and which headlines tell it, in order."""

    key: str
    title: str
    words: tuple[str, ...]
    starts_after_live_min: int
    minutes: int
    numbers: tuple[int, ...]


SURGES = (
    SurgePlan(
        key="ticker:DLF",
        title="DLF barred from the capital market",
        words=("DLF", "Sebi", "realty"),
        starts_after_live_min=10,
        minutes=50,
        numbers=(
            3702, 3945, 8997, 4466, 9636, 4128, 8750, 4555, 4343, 9422, 4544, 3944, 9825, 4705,
            10603, 9758, 4830,
        ),
    ),
    SurgePlan(
        key="topic:energy",
        title="Oil prices collapse",
        words=("oil", "crude", "Brent", "OPEC", "energy"),
        starts_after_live_min=50,
        minutes=50,
        numbers=(
            9293, 4152, 9522, 8824, 3696, 3501, 4885, 9429, 3914, 8888, 10600, 9137, 9845, 3896,
            3667, 10608, 9821, 3550, 9444,
        ),
    ),
)  # fmt: skip


def read_headlines(path: Path) -> dict[int, Headline]:
    """Return SEntFiN's headlines by number, without repeats and very short ones.

    `path`: CSV with the columns id (`sentfin-1`), text and label, plain or gzipped. Raises
    CorpusError if it is not that.
    """
    opener = gzip.open if path.suffix == ".gz" else open
    headlines: dict[int, Headline] = {}
    seen: set[str] = set()
    try:
        with opener(path, "rt", encoding="utf-8", newline="") as stream:
            for row in csv.DictReader(stream):
                text = " ".join(row["text"].split())
                if len(text) >= MIN_CHARS and text.lower() not in seen:
                    seen.add(text.lower())
                    number = int(row["id"].removeprefix("sentfin-"))
                    headlines[number] = Headline(number, text, row["label"])
    except (OSError, KeyError, ValueError) as error:
        raise CorpusError(f"{path.name}: expected id, text and label, found {error!r}") from error
    return headlines


def surge_headlines(headlines: dict[int, Headline], plan: SurgePlan) -> list[Headline]:
    """Return a surge's headlines in order. Raises CorpusError if one is missing or not negative."""
    chosen = [headlines[number] for number in plan.numbers if number in headlines]
    wrong = [headline.number for headline in chosen if headline.label != "negative"]
    if wrong or len(chosen) != len(plan.numbers):
        raise CorpusError(
            f"{plan.key}: expected {len(plan.numbers)} negative headlines, found {len(chosen)},"
            f" of which not negative: {wrong}"
        )
    return chosen


def background_headlines(
    headlines: dict[int, Headline], count: int, random: Random
) -> list[Headline]:
    """Return `count` headlines that are in no surge, in random order."""
    planted = {number for plan in SURGES for number in plan.numbers}
    free = [headlines[number] for number in sorted(headlines.keys() - planted)]
    if len(free) < count:
        raise CorpusError(f"expected at least {count} headlines, found {len(free)}")
    random.shuffle(free)
    return free[:count]
