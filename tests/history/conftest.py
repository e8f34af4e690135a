"""Tests on real history: they need the folder with the data sets, and fail without it."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest

WINDOWS_FEED = "reuters_dev_windows.jsonl.gz"


@dataclass(frozen=True)
class Event:
    """One known event: when its first headline came, and the words that a hit must speak of."""

    event_id: str
    event_ms: int
    words: frozenset[str]


@dataclass(frozen=True)
class Played:
    """What a replay printed and exported."""

    report: dict[str, Any]
    folder: Path

    def rows(self, name: str) -> list[dict[str, Any]]:
        lines = (self.folder / name).read_text("utf-8").splitlines()
        return [json.loads(line) for line in lines]


@pytest.fixture(scope="session")
def history() -> Path:
    """The folder with the data sets."""
    folder = Path(os.environ.get("HISTORY", "../shared/data")).resolve()
    assert (folder / "feeds" / WINDOWS_FEED).is_file(), (
        f"these tests need the data sets: expected feeds/{WINDOWS_FEED} in {folder}; "
        "make test-history HISTORY=..."
    )
    return folder


@pytest.fixture(scope="session")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One data directory for all replays, so that no headline is classified twice."""
    return tmp_path_factory.mktemp("data")


@pytest.fixture(scope="session")
def events(history: Path) -> dict[str, Event]:
    with (history / "feeds" / "events.csv").open(encoding="utf-8", newline="") as file:
        return {
            row["event_id"]: Event(
                row["event_id"],
                round(datetime.fromisoformat(row["event_utc"]).timestamp() * 1000),
                frozenset(word.lower() for word in row["words"].split("|") if word),
            )
            for row in csv.DictReader(file)
        }


def play(feed: Path, data_dir: Path, export: Path, *options: str) -> Played:
    """Replay a feed by the command line, as a user would."""
    done = subprocess.run(
        [
            sys.executable, "-m", "foreshock", "replay", str(feed), "--data-dir", str(data_dir),
            "--export", str(export), "--json", *options,
        ],
        capture_output=True,
        text=True,
        check=False,
        timeout=900,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    return Played(json.loads(done.stdout), export)


@pytest.fixture(scope="session")
def play_window(
    history: Path, data_dir: Path, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], Played]:
    """Replay one of the Reuters windows without its templated bulletins, once each."""

    @cache
    def played(window: str) -> Played:
        return play(
            history / "feeds" / WINDOWS_FEED,
            data_dir,
            tmp_path_factory.mktemp(window),
            "--columns=title=h,published_at=ts",
            f"--where=w={window}",
            "--without=cat=REG",
        )

    return played
