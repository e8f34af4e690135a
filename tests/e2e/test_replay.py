"""`foreshock replay` as a contract that scripts rely on: options, exports, JSON."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

FILES = ("items.jsonl", "scores.jsonl", "panes.jsonl", "spikes.jsonl", "alerts.jsonl")
MINUTE_MS = 60_000
BAD_NEWS = (
    "Acme Bank shares plunge after fraud probe widens",
    "Regulator bars Acme Bank from taking deposits",
    "Acme Bank depositors queue as losses mount",
    "Rating agency cuts Acme Bank to junk on default fears",
    "Acme Bank chief resigns amid accounting scandal",
    "Lenders refuse to rescue Acme Bank, bankruptcy looms",
    "Acme Bank collapse wipes out investors",
    "Prosecutors raid Acme Bank headquarters over fraud",
)
CALM = (
    "Retailer opens {n} stores in spring", "Steel maker to publish accounts on day {n}",
    "Airline orders {n} aircraft", "Brewer appoints director number {n}",
    "Chip designer holds meeting {n} of the year", "Port handles {n} thousand containers",
)  # fmt: skip


@pytest.fixture(scope="module")
def feed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two calm days and then a bank that collapses, in columns of its own, with broken rows."""
    path = tmp_path_factory.mktemp("feed") / "news.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["desk", "h", "ts", "pub"])
        for n in range(2 * 24 * 6):
            ts = f"2020-01-{6 + n // 144:02}T{n // 6 % 24:02}:{n % 6 * 10:02}:00Z"
            rows.writerow(["main", CALM[n % len(CALM)].format(n=n), ts, f"Paper {n % 3}"])
        rows.writerow(["main", "", "2020-01-07T12:00:00Z", "Paper 1"])
        rows.writerow(["main", "No such time", "sometime", "Paper 1"])
        for n, title in enumerate(BAD_NEWS):
            rows.writerow(["main", title, f"2020-01-08T00:{n * 3:02}:00Z", f"Paper {n % 3}"])
        rows.writerow(["REG", "Templated bulletin", "2020-01-08T00:30:00Z", "Paper 1"])
    return path


def replay(feed: Path, data_dir: Path, *options: str) -> dict[str, Any]:
    done = subprocess.run(
        [
            sys.executable, "-m", "foreshock", "replay", str(feed), "--json",
            "--columns", "title=h,published_at=ts,publisher=pub",
            "--data-dir", str(data_dir), *options,
        ],
        capture_output=True, text=True, check=False, timeout=200,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    found = json.loads(done.stdout)
    assert isinstance(found, dict)
    return found


def rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


@pytest.fixture(scope="module")
def played(feed: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], Path]:
    folder = tmp_path_factory.mktemp("played")
    found = replay(feed, folder / "data", "--without", "desk=REG", "--export", str(folder / "out"))
    return found, folder / "out"


def test_the_collapse_is_a_spike_with_reason_and_stories(
    played: tuple[dict[str, Any], Path],
) -> None:
    spikes = rows(played[1] / "spikes.jsonl")
    assert len(spikes) == 1
    (spike,) = spikes
    assert {"key", "pane_end_ms", "window_ms", "surprise", "observed", "usual", "reason", "terms",
            "stories"} <= spike.keys()  # fmt: skip
    assert "acme" in " ".join([spike["key"], *spike["terms"]]).lower()
    assert str(spike["observed"]) in spike["reason"]
    assert all(story.keys() == {"id", "title", "publisher", "url"} for story in spike["stories"])
    assert {story["title"] for story in spike["stories"]} <= set(BAD_NEWS)
    (alert,) = rows(played[1] / "alerts.jsonl")
    assert alert["reason"] == spike["reason"]
    assert {evidence["title"] for evidence in alert["evidence"]} <= set(BAD_NEWS)


def test_counts_agree_everywhere(played: tuple[dict[str, Any], Path]) -> None:
    report, out = played
    items = rows(out / "items.jsonl")
    assert report["items"] == report["played"] == len(items) == 2 * 24 * 6 + len(BAD_NEWS)
    assert report["rejected_by_reason"] == {"no-time": 1, "no-title": 1}
    assert report["scores"] == len(rows(out / "scores.jsonl")) == len(items)
    of_all = [pane for pane in rows(out / "panes.jsonl") if pane["key"] == "all"]
    assert sum(pane["items"] for pane in of_all) == len(items)
    ends = [pane["pane_end_ms"] for pane in of_all]
    assert ends == list(range(ends[0], ends[-1] + 1, MINUTE_MS))
    assert set(report["stages"]) == {"stories", "classifier", "aggregate", "archive", "alert"}
    assert all(stage["per_second"] > 0 for stage in report["stages"].values())


def test_probabilities_add_up_and_polarity_follows(played: tuple[dict[str, Any], Path]) -> None:
    for score in rows(played[1] / "scores.jsonl"):
        parts = (score["negative_micro"], score["neutral_micro"], score["positive_micro"])
        assert sum(parts) == 1_000_000
        assert score["polarity_micro"] == parts[2] - parts[0]


def test_status_reports_the_replay(played: tuple[dict[str, Any], Path]) -> None:
    report, out = played
    data_dir = str(out.parent / "data")
    done = subprocess.run(
        [sys.executable, "-m", "foreshock", "status", "--json", "--data-dir", data_dir],
        capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    status = json.loads(done.stdout)
    for name in ("items", "stories", "scores", "panes", "spikes", "alerts"):
        assert status[name] == report[name], name
    assert set(status["lag"].values()) == {0}


def test_a_second_run_and_four_partitions_give_the_same_bytes(
    feed: Path, played: tuple[dict[str, Any], Path], tmp_path: Path
) -> None:
    for name, options in (("again", ()), ("four", ("--set", "bus.partitions=4"))):
        out = tmp_path / name
        data_dir = played[1].parent / "data"
        replay(feed, data_dir, "--without", "desk=REG", "--export", str(out), *options)
        for file in FILES:
            assert (out / file).read_bytes() == (played[1] / file).read_bytes(), (name, file)


def test_from_and_to_choose_a_part_and_every_file_is_there(feed: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    report = replay(
        feed, tmp_path / "data", "--from", "2020-01-06", "--to", "2020-01-06T01:00Z",
        "--where", "desk=main", "--export", str(out),
    )  # fmt: skip
    assert report["items"] == 6
    assert sorted(path.name for path in out.iterdir()) == sorted(FILES)
    assert (out / "spikes.jsonl").read_bytes() == b""


def test_settings_reach_the_detector(feed: Path, tmp_path: Path) -> None:
    report = replay(feed, tmp_path, "--without", "desk=REG", "--set", "detector.min_stories=50",
                    "--set", "detector.min_stories_terms=50")  # fmt: skip
    assert report["spikes"] == 0


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--where", "nosuch=1"), "nosuch"),
        (("--from", "2031-01-01"), "no item to play"),
        (("--set", "detector.theta=0"), "detector.theta"),
    ],
)
def test_what_cannot_be_played_is_said(
    feed: Path, tmp_path: Path, options: tuple[str, str], said: str
) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "foreshock", "replay", str(feed), "--columns",
         "title=h,published_at=ts", "--data-dir", str(tmp_path), *options],
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == 1
    assert said in done.stderr
    assert "Traceback" not in done.stderr
