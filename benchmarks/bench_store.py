"""How fast the SQLite store is: rows a second by kind, written in the bus's own transactions.

    python benchmarks/bench_store.py [--records 40000] [--batch 2000]

Prints one line of JSON: by kind, rows a second of wall time and of this process's own CPU time,
written and exported; and lookups a second of the score cache.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from foreshock.bus.sqlite_bus import SqliteBus
from foreshock.records import AnyRecord, Pane, Record, Score, ScoredItem, StoryItem
from foreshock.score_cache import ScoreCache
from foreshock.store.sql_store import SqlStore, open_store


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=40_000)
    parser.add_argument("--batch", type=int, default=2_000)
    asked = parser.parse_args()
    items = [make_item(number) for number in range(asked.records)]
    kinds: dict[type[Record], Sequence[AnyRecord]] = {
        StoryItem: items,
        ScoredItem: [make_scored(item) for item in items],
        Pane: [make_pane(number) for number in range(asked.records)],
    }
    report: dict[str, object] = {"records": asked.records, "batch": asked.batch}
    with tempfile.TemporaryDirectory() as folder:
        bus = SqliteBus(Path(folder) / "foreshock.db")
        store = open_store(bus.path)
        for kind, records in kinds.items():
            report[kind.__name__] = measure_kind(bus, store, kind, records, asked.batch)
        store.close()
        bus.close()
        report["ScoreCache"] = measure_cache(Path(folder) / "scores.db", asked.records)
    print(json.dumps(report))


def measure_kind(
    bus: SqliteBus, store: SqlStore, kind: type[Record], records: Sequence[AnyRecord], batch: int
) -> dict[str, int]:
    """Return rows a second written and exported."""

    def write() -> None:
        for start in range(0, len(records), batch):
            with bus.transaction() as transaction:
                store.write(records[start : start + batch], transaction)

    def export() -> None:
        if sum(1 for _ in store.export(kind)) != len(records):
            raise SystemExit(f"expected {len(records)} of {kind.__name__} in the export")

    return rates("written", write, len(records)) | rates("exported", export, len(records))


def measure_cache(path: Path, count: int) -> dict[str, int]:
    """Return scores put and looked up a second, 500 at a time."""
    cache = ScoreCache(path)
    digests = [hashlib.sha256(str(number).encode()).hexdigest()[:32] for number in range(count)]
    chunks = [digests[start : start + 500] for start in range(0, count, 500)]

    def put() -> None:
        for chunk in chunks:
            cache.put_many("model", dict.fromkeys(chunk, b"x" * 100))

    def get() -> None:
        if sum(len(cache.get_many("model", chunk)) for chunk in chunks) != count:
            raise SystemExit("expected every score to be found")

    found = rates("put", put, count) | rates("found", get, count)
    cache.close()
    return found


def rates(name: str, work: Callable[[], None], count: int) -> dict[str, int]:
    """Do `work` and return how many of `count` it did a second."""
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    return {f"{name}_per_second": round(count / wall), f"{name}_per_cpu_second": round(count / cpu)}


def make_item(number: int) -> StoryItem:
    """Return an item with an id that looks like a hash."""
    item_id = hashlib.sha256(str(number).encode()).hexdigest()[:32]
    return StoryItem(
        item_id=item_id,
        entry_id=item_id,
        watch="main",
        source="wire",
        publisher="reuters",
        title=f"UPDATE 2-House rejects bailout bill, shares of number {number} fall",
        url=f"https://example.org/news/{number}",
        tickers=("AAPL",),
        published_at_ms=number * 1_000,
        seen_at_ms=number * 1_000,
        at_ms=number * 1_000,
        story_id=item_id,
        lead=True,
    )


def make_scored(item: StoryItem) -> ScoredItem:
    """Return `item` with a score and some keys."""
    score = Score(
        model_version="model",
        input_hash=item.item_id,
        negative_micro=700_000,
        neutral_micro=200_000,
        positive_micro=100_000,
        negative=True,
        topics=(("politics", 600_000), ("financials", 300_000)),
        tokens=20,
    )
    terms = ("bailout", "bailout house", "bill", "fall", "house", "reject", "share")
    keys = ("all", *(f"term:{term}" for term in terms), "ticker:AAPL", "topic:politics")
    return ScoredItem(**msgspec.structs.asdict(item), score=score, keys=keys)


def make_pane(number: int) -> Pane:
    """Return one of 400 panes of a minute."""
    minute, key = divmod(number, 400)
    return Pane(
        watch="main",
        key=f"term:word{key} other{key}",
        pane_end_ms=minute * 60_000,
        width_ms=60_000,
        stories=1,
        negative_stories=1,
        items=1,
        polarity_sum=-700_000,
        polarity_sq_sum=490_000_000_000,
        publishers=("reuters",),
        negative_leads=("a" * 32,),
    )


if __name__ == "__main__":
    main()
