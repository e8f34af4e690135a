"""kill -9 at random moments of a replay: it goes on, and nothing is lost or doubled."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from pathlib import Path

from ingest.demo.tape import tape_path

KILLS = 20
FILES = ("items.jsonl", "scores.jsonl", "panes.jsonl", "spikes.jsonl", "alerts.jsonl")
# the part of the tape with the surges, so that spikes and alerts are at stake too
PART = ("--from", "2026-03-15", "--to", "2026-03-17T11:00Z", "--speed", "max")


def command(data_dir: Path, export: Path) -> list[str]:
    return [
        sys.executable, "-m", "foreshock", "replay", str(tape_path()), *PART,
        "--data-dir", str(data_dir), "--export", str(export), "--json",
    ]  # fmt: skip


def test_kill_nine_loses_and_doubles_nothing(tmp_path: Path) -> None:
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    started = time.monotonic()
    subprocess.run(command(tmp_path / "a", whole), check=True, capture_output=True, timeout=300)
    seconds = time.monotonic() - started

    moments = random.Random(5)
    killed = 0
    while killed < KILLS:
        process = subprocess.Popen(
            command(tmp_path / "b", broken), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        try:
            process.wait(timeout=moments.uniform(0.2, 0.6) * seconds)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.wait(timeout=30)
            killed += 1
        else:
            assert process.returncode == 0

    subprocess.run(command(tmp_path / "b", broken), check=True, capture_output=True, timeout=300)
    assert (whole / "spikes.jsonl").stat().st_size > 0
    for name in FILES:
        assert (broken / name).read_bytes() == (whole / name).read_bytes(), name
