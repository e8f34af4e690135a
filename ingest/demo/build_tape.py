"""Builds the demo tape: real headlines of SEntFiN laid on a simulated fortnight.

Run once by whoever changes the tape: `python -m ingest.demo.build_tape --sentfin FILE --out FILE`.
The same seed and data give the same bytes. Publishers, times and urls are made up; headlines are
real and credited (README.md here). tape.json, beside the tape, says what was planted where.
"""

from __future__ import annotations

import argparse
import gzip
import io
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random
from typing import Any

from foreshock.clock import DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS, iso_to_ms, ms_to_iso
from ingest.demo.broken import broken_lines, broken_rows
from ingest.demo.headlines import (
    SURGES,
    Headline,
    SurgePlan,
    background_headlines,
    read_headlines,
    surge_headlines,
)
from ingest.demo.wording import revise, reword

SEED = 20260304
STARTS_MS = iso_to_ms("2026-03-04T00:00Z")
DAYS = 14
LIVE_FROM_MS = STARTS_MS + 13 * DAY_MS + 9 * HOUR_MS
LEADS = 7_400
COPY_SHARE = 0.12
LATE_SHARE = 0.012
REVISED_SHARE = 0.006
REPEATED_SHARE = 0.004
WEEKEND = 0.16
# how busy each hour is, UTC: the Mumbai session is 03:45-10:00, London's 08:00-16:30
HOURS = (2, 2, 4, 9, 11, 10, 9, 9, 10, 10, 10, 9, 8, 8, 7, 6, 5, 4, 3, 3, 2, 2, 1, 1)
PUBLISHERS = {
    "Harbour Wire": 22,
    "Meridian Markets Desk": 18,
    "Ledger & Tape": 15,
    "Saffron Exchange Post": 14,
    "Two Rivers Business Daily": 11,
    "Old Mint Bulletin": 8,
    "Quayside Commodities": 7,
    "North Pier News": 5,
}
CREDITS = (
    "Headlines: SEntFiN 1.0 by Ankur Sinha, Satishwar Kedas, Rishu Kumar and Pekka Malo (MIT)",
    "Publishers, times and addresses on the tape are made up",
)

Row = dict[str, Any]


def build_rows(headlines: dict[int, Headline], random: Random) -> list[Row]:
    """Return all readable rows, by `seen_at` and guid: background, surges, copies, revisions."""
    moments = _background_moments(LEADS, random)
    background = background_headlines(headlines, LEADS, random)
    leads = list(zip(moments, background, strict=True))
    for plan in SURGES:
        leads += _surge_moments(plan, surge_headlines(headlines, plan), random)
    leads.sort(key=lambda lead: (lead[0], lead[1].number))
    rows: list[Row] = []
    for index, (seen_ms, headline) in enumerate(leads):
        row = _row(index, headline.text, _publisher(random), seen_ms, random)
        rows += [row, *_followers(row, index, seen_ms, random)]
    rows += broken_rows(STARTS_MS, LIVE_FROM_MS)
    return sorted(rows, key=lambda row: (row.get("seen_at") or "", row["guid"]))


def _background_moments(count: int, random: Random) -> list[int]:
    """Draw times with the rhythm of day and week."""
    slots = [STARTS_MS + hour * HOUR_MS for hour in range(DAYS * 24)]
    weights = [
        HOURS[slot // HOUR_MS % 24] * (WEEKEND if _is_weekend(slot) else 1.0) for slot in slots
    ]
    return [
        slot + random.randrange(HOUR_MS // SECOND_MS) * SECOND_MS
        for slot in random.choices(slots, weights, k=count)
    ]


def _is_weekend(at_ms: int) -> bool:
    return (at_ms // DAY_MS + 3) % 7 >= 5  # 1970-01-01 was a Thursday


def _surge_moments(
    plan: SurgePlan, headlines: Sequence[Headline], random: Random
) -> Iterator[tuple[int, Headline]]:
    """Lay a surge's headlines in order, denser at first."""
    start = LIVE_FROM_MS + plan.starts_after_live_min * MINUTE_MS
    for index, headline in enumerate(headlines):
        share = (index / len(headlines)) ** 1.3
        jitter = random.randrange(90) * SECOND_MS
        yield start + round(share * plan.minutes * 60) * SECOND_MS + jitter, headline


def _publisher(random: Random, other_than: str = "") -> str:
    names = [name for name in PUBLISHERS if name != other_than]
    return random.choices(names, [PUBLISHERS[name] for name in names])[0]


def _row(index: int, title: str, publisher: str, seen_ms: int, random: Random) -> Row:
    late = random.random() < LATE_SHARE
    delay_min = random.uniform(150, 900) if late else random.uniform(0, 4)
    published_ms = seen_ms - round(delay_min * 60) * SECOND_MS
    slug = publisher.lower().replace(" & ", "-").replace(" ", "-")
    guid = f"{slug}-{index:05d}"
    return {
        "guid": guid,
        "title": title,
        "text": "",
        "url": f"https://{slug}.example.com/{ms_to_iso(published_ms)[:10]}/{guid}",
        "publisher": publisher,
        "published_at": ms_to_iso(published_ms),
        "seen_at": ms_to_iso(seen_ms),
        "language": "en",
    }


def _followers(lead: Row, index: int, seen_ms: int, random: Random) -> Iterator[Row]:
    """What comes after a lead: copies by others, a revision, the same row once more."""
    title, publisher = lead["title"], lead["publisher"]
    while random.random() < COPY_SHARE:
        other = _publisher(random, other_than=publisher)
        later = seen_ms + round(random.expovariate(1 / 25) * 60 + 40) * SECOND_MS
        if later < STARTS_MS + DAYS * DAY_MS:
            yield _row(index, reword(title, other, random), other, later, random)
    later = seen_ms + random.randrange(600, 5_400) * SECOND_MS
    if later >= STARTS_MS + DAYS * DAY_MS:
        return
    if random.random() < REVISED_SHARE:
        yield {**lead, "title": revise(title, random), "seen_at": ms_to_iso(later)}
    elif random.random() < REPEATED_SHARE:
        yield {**lead, "seen_at": ms_to_iso(later)}


def tape_bytes(rows: Sequence[Row], random: Random) -> bytes:
    """Return the tape: one JSON object a line, with lines among them that are none, gzipped."""
    lines = [json.dumps(row, ensure_ascii=False, separators=(",", ":")) for row in rows]
    for garbage in broken_lines():
        lines.insert(random.randrange(len(lines)), garbage)
    packed = io.BytesIO()
    with gzip.GzipFile(filename="", mode="wb", fileobj=packed, mtime=0, compresslevel=9) as stream:
        stream.write(("\n".join(lines) + "\n").encode())
    return packed.getvalue()


def tape_description(rows: int) -> dict[str, Any]:
    """Return what tape.json holds; see `ingest.demo.tape.TapeInfo`."""
    return {
        "title": "A simulated fortnight of Indian and world market headlines",
        "times": "simulated",
        "starts": ms_to_iso(STARTS_MS),
        "live_from": ms_to_iso(LIVE_FROM_MS),
        "ends": ms_to_iso(STARTS_MS + DAYS * DAY_MS),
        "rows": rows,
        "surges": [_surge_description(plan) for plan in SURGES],
        "credits": list(CREDITS),
    }


def _surge_description(plan: SurgePlan) -> dict[str, Any]:
    start = LIVE_FROM_MS + plan.starts_after_live_min * MINUTE_MS
    return {
        "key": plan.key,
        "title": plan.title,
        "starts": ms_to_iso(start),
        "ends": ms_to_iso(start + plan.minutes * MINUTE_MS),
        "words": list(plan.words),
        "stories": len(plan.numbers),
    }


def main(arguments: Sequence[str] | None = None) -> None:
    """Write the tape to `--out` and its description beside it."""
    parser = argparse.ArgumentParser(description=__doc__, prog="python -m ingest.demo.build_tape")
    parser.add_argument("--sentfin", type=Path, required=True, help="SEntFiN as CSV")
    parser.add_argument("--out", type=Path, required=True, help="the tape, *.jsonl.gz")
    options = parser.parse_args(arguments)
    random = Random(SEED)  # noqa: S311
    rows = build_rows(read_headlines(options.sentfin), random)
    packed = tape_bytes(rows, random)
    options.out.write_bytes(packed)
    description = json.dumps(tape_description(len(rows)), indent=2, ensure_ascii=False) + "\n"
    options.out.with_name("tape.json").write_text(description, "utf-8")
    print(f"{options.out}: {len(rows):,} rows, {len(packed):,} bytes")


if __name__ == "__main__":
    main()
