"""What the dashboard costs its server: many viewers polling each second while news comes in.

    python benchmarks/bench_dashboard.py --viewers 50 --seconds 20

The server runs in a process of its own (waitress on loopback, a real SQLite store); a second one
writes an event minute each second, as the demo does at 60x; this one plays the viewers.
Prints JSON.
"""

from __future__ import annotations

import argparse
import http.client
import json
import multiprocessing
import statistics
import sys
import tempfile
import threading
import time
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import Any

import psutil

sys.path.insert(0, str(Path(__file__).parent))

from synthetic_run import TOPICS, SyntheticRun

from foreshock.settings import DashboardSettings
from foreshock.store.sql_store import open_store


def serve(path: str, port: Any, stop: Event) -> None:
    """The server process."""
    from dashboard.app import create_app, make_server

    app = create_app(lambda: open_store(path, read_only=True), DashboardSettings())
    server = make_server(app, "127.0.0.1", 0)
    port.value = server.effective_port
    threading.Thread(target=server.run, daemon=True).start()
    stop.wait()


def write(path: str, days: int, ready: Event, stop: Event) -> None:
    """The process in which news comes in."""
    store = open_store(path)
    run = SyntheticRun(days=days)
    run.fill(store)
    ready.set()
    while not stop.wait(1.0):
        run.advance(store)
    store.close()


class Viewer(threading.Thread):
    """One viewer: keeps its connection, polls each second, folds nothing."""

    def __init__(self, port: int, key: str, start_s: float, end_s: float) -> None:
        super().__init__(daemon=True)
        self._port, self._key, self._start, self._end = port, key, start_s, end_s
        self.waits: list[float] = []
        self.sizes: list[int] = []
        self.first_size = 0

    def run(self) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=30)
        version, due = "", self._start
        while (now := time.monotonic()) < self._end:
            if now < due:
                time.sleep(due - now)
            due += 1.0
            began = time.perf_counter()
            path = f"/api/delta?key={self._key}&range=24h&since={version}&detail={version}"
            connection.request("GET", path)
            response = connection.getresponse()
            body = response.read()
            waited = time.perf_counter() - began
            if response.status == 200:
                known = version
                version = json.loads(body)["v"]
                if not known:
                    self.first_size = len(body)
                    continue
            self.waits.append(waited)
            self.sizes.append(len(body))
        connection.close()


def measure(viewers: int, keys: int, seconds: float, days: int) -> dict[str, Any]:
    """Return cost and latency."""
    context = multiprocessing.get_context("spawn")
    port, ready, stop = context.Value("i", 0), context.Event(), context.Event()
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/run.db"
        writer = context.Process(target=write, args=(path, days, ready, stop), daemon=True)
        writer.start()
        ready.wait()
        server = context.Process(target=serve, args=(path, port, stop), daemon=True)
        server.start()
        while port.value == 0:
            if not server.is_alive():
                raise SystemExit("the server process has died")
            time.sleep(0.05)
        process = psutil.Process(server.pid)
        start = time.monotonic() + 3.0
        everyone = [
            Viewer(
                port.value,
                f"topic:{TOPICS[i % keys]}",
                # the first looks (whole picture, history read) come before the clock starts
                start - 2.5 + i / viewers,
                start + seconds,
            )
            for i in range(viewers)
        ]
        for viewer in everyone:
            viewer.start()
        time.sleep(max(0.0, start - time.monotonic()))
        before, began = process.cpu_times(), time.monotonic()
        for viewer in everyone:
            viewer.join()
        after, wall = process.cpu_times(), time.monotonic() - began
        memory = process.memory_info().rss
        stop.set()
        server.join()
        writer.join()
    used = after.user + after.system - before.user - before.system
    waits = sorted(wait for viewer in everyone for wait in viewer.waits)
    sizes = sorted(size for viewer in everyone for size in viewer.sizes)
    return {
        "viewers": viewers,
        "chosen_keys": keys,
        "topics": len(TOPICS),
        "seconds": round(wall, 1),
        "answers": len(waits),
        "server_share_of_a_core": round(used / wall, 4),
        "latency_ms_p50": round(1000 * statistics.median(waits), 2),
        "latency_ms_p95": round(1000 * waits[int(len(waits) * 0.95)], 2),
        "delta_bytes_p50": sizes[len(sizes) // 2],
        "delta_bytes_p95": sizes[int(len(sizes) * 0.95)],
        "first_answer_bytes": max(viewer.first_size for viewer in everyone),
        "server_memory_mb": round(memory / 1e6, 1),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--viewers", type=int, default=50)
    parser.add_argument("--keys", type=int, default=5, help="how many topics they look at")
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--days", type=int, default=14)
    given = parser.parse_args()
    print(json.dumps(measure(given.viewers, given.keys, given.seconds, given.days), indent=2))


if __name__ == "__main__":
    main()
