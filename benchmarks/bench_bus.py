"""How fast the embedded bus is: publish, poll and commit in batches, as stages do.

    python benchmarks/bench_bus.py [--records 200000] [--batch 500] [--bytes 800] [--memory]

Prints one line of JSON: records a second of wall time and of this process's own CPU time.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from pathlib import Path

from foreshock.bus.base import Bus, Message
from foreshock.bus.memory_bus import MemoryBus
from foreshock.bus.sqlite_bus import SqliteBus


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=200_000)
    parser.add_argument("--batch", type=int, default=500)
    parser.add_argument("--bytes", type=int, default=800, help="size of a message")
    parser.add_argument("--memory", action="store_true", help="measure the memory bus")
    parser.add_argument("--folder", type=Path, help="where the file is made (default: temporary)")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=asked.folder) as folder:
        bus: Bus = MemoryBus() if asked.memory else SqliteBus(Path(folder) / "foreshock.db")
        result = measure(bus, asked.records, asked.batch, os.urandom(asked.bytes))
        bus.close()
    print(json.dumps({"bus": type(bus).__name__, **result}))


def measure(bus: Bus, records: int, batch: int, value: bytes) -> dict[str, float]:
    """Return records a second of publish + poll + commit, one batch after the other."""
    bus.create({"news": 1})
    consumer = bus.consumer("bench", ["news"])
    messages = [Message(f"{number:032x}", value, number) for number in range(batch)]
    polled = 0
    wall, cpu = time.perf_counter(), time.process_time()
    while polled < records:
        with bus.transaction() as transaction:
            transaction.publish("news", messages)
        polled += len(consumer.poll(batch, 0.0))
        with bus.transaction() as transaction:
            transaction.commit(consumer)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    if bus.lag("bench", ["news"]) != {"news": 0}:
        raise SystemExit("expected everything to be committed, found a lag")
    return {
        "records": polled,
        "batch": batch,
        "bytes": len(value),
        "records_per_second": round(polled / wall),
        "records_per_cpu_second": round(polled / cpu),
    }


if __name__ == "__main__":
    main()
