"""Run directories: one holder at a time, the latest known, a fresh one empty."""

from __future__ import annotations

from pathlib import Path

import pytest

from foreshock.app.runs import demo_run, hold, latest_run, live_run, replay_run
from foreshock.errors import ForeshockError


def test_the_latest_run_is_the_one_that_started_last(tmp_path: Path) -> None:
    with hold(live_run(tmp_path), tmp_path):
        assert latest_run(tmp_path) == live_run(tmp_path)
    with hold(demo_run(tmp_path), tmp_path):
        pass
    assert latest_run(tmp_path) == demo_run(tmp_path)


def test_without_a_run_the_error_says_how_to_start_one(tmp_path: Path) -> None:
    with pytest.raises(ForeshockError) as caught:
        latest_run(tmp_path)
    assert "foreshock demo" in caught.value.hint


def test_a_run_is_held_by_one_process_at_a_time(tmp_path: Path) -> None:
    run = live_run(tmp_path)
    with (
        hold(run, tmp_path),
        pytest.raises(ForeshockError, match="another process already runs"),
        hold(run, tmp_path),
    ):
        pass
    with hold(run, tmp_path):
        pass


def test_fresh_empties_the_directory_and_going_on_does_not(tmp_path: Path) -> None:
    run = demo_run(tmp_path)
    with hold(run, tmp_path):
        run.database.write_text("state")
        (run.directory / "folder").mkdir()
    with hold(run, tmp_path):
        assert run.database.exists()
    with hold(run, tmp_path, fresh=True):
        left = [path.name for path in run.directory.iterdir()]
    assert [name for name in left if not name.startswith("lock-")] == []


def test_replays_of_different_things_have_different_directories(tmp_path: Path) -> None:
    assert replay_run(tmp_path, "a", "b") == replay_run(tmp_path, "a", "b")
    assert replay_run(tmp_path, "a", "b") != replay_run(tmp_path, "ab")
    assert live_run(tmp_path).directory not in replay_run(tmp_path, "a").directory.parents
