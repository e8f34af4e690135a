"""kill -9 at any moment loses nothing and doubles nothing: messages, rows, state and offsets."""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path

from foreshock.bus.sqlite_bus import SqliteBus
from foreshock.channels import FETCHED, LATE
from foreshock.codec import decode
from foreshock.records import Heartbeat, Pane
from foreshock.stage import to_message
from foreshock.store.sql_store import open_store

WORKER = Path(__file__).with_name("killed_worker.py")
ROOT = Path(__file__).parents[3]
RECORDS = 3_000
KILLS = 8


def start(database: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, str(WORKER), str(database)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"},
    )


def kill_after(database: Path, lines: int) -> bool:
    """Kill the worker once it has said something `lines` times; return whether it had ended."""
    worker = start(database)
    assert worker.stdout is not None
    with worker.stdout:
        for _ in range(lines):
            line = worker.stdout.readline()
            assert line in {"handled\n", "done\n"}, f"the worker failed: {line!r}"
            if line == "done\n":
                break
        worker.kill()
        worker.wait()
    return line == "done\n"


def check_all_agree(database: Path) -> int:
    bus, store = SqliteBus(database), open_store(database)
    committed = RECORDS - bus.lag("counting", [FETCHED])[FETCHED]
    out = [decode(d.value) for d in bus.consumer("check", [LATE]).poll(RECORDS * 2, 0.0)]
    rows = list(store.export(Pane))
    expected = list(range(committed))

    assert [record.at_ms for record in out if isinstance(record, Heartbeat)] == expected
    assert [row.pane_end_ms for row in rows if isinstance(row, Pane)] == expected
    assert int(bus.load_state("counting").get("count", b"0")) == committed
    store.close()
    bus.close()
    return committed


def test_a_stage_that_is_killed_loses_and_doubles_nothing(tmp_path: Path) -> None:
    database = tmp_path / "foreshock.db"
    bus = SqliteBus(database)
    bus.create({FETCHED: 1, LATE: 1})
    with bus.transaction() as transaction:
        beats = [Heartbeat(watch="main", at_ms=number) for number in range(RECORDS)]
        transaction.publish(FETCHED, [to_message(FETCHED, beat) for beat in beats])
    bus.close()

    moments = random.Random(20080929)  # which lines we wait for; the kill itself falls anywhere
    progress = []
    for _ in range(KILLS):
        assert not kill_after(database, moments.randint(1, 12))
        progress.append(check_all_agree(database))

    assert progress == sorted(progress)
    assert 0 < progress[-1] < RECORDS
    worker = start(database)
    output, _ = worker.communicate()
    assert output.endswith("done\n")
    assert check_all_agree(database) == RECORDS
