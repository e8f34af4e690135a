"""Scores that were computed once."""

from __future__ import annotations

import hashlib
import multiprocessing
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from foreshock.errors import StoreUnavailable
from foreshock.score_cache import ScoreCache


def digest(number: int) -> str:
    return hashlib.sha256(str(number).encode()).hexdigest()[:32]


def put_some(path: Path, first: int, count: int) -> None:
    cache = ScoreCache(path)
    for number in range(first, first + count):
        cache.put_many("m1", {digest(number): str(number).encode()})
    cache.close()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "scores.db"


@pytest.fixture
def cache(path: Path) -> Iterator[ScoreCache]:
    cache = ScoreCache(path)
    yield cache
    cache.close()


def test_what_was_put_is_there_after_a_restart_and_nothing_else(
    cache: ScoreCache, path: Path
) -> None:
    cache.put_many("m1", {digest(1): b"one", digest(2): b"\x00two"})
    cache.close()

    again = ScoreCache(path)
    assert again.get_many("m1", [digest(3), digest(2), digest(1)]) == {
        digest(1): b"one",
        digest(2): b"\x00two",
    }
    again.close()


def test_models_do_not_share_scores(cache: ScoreCache) -> None:
    cache.put_many("m1", {digest(1): b"one"})
    cache.put_many("m2", {digest(1): b"eins"})

    assert cache.get_many("m1", [digest(1)]) == {digest(1): b"one"}
    assert cache.get_many("m2", [digest(1)]) == {digest(1): b"eins"}
    assert cache.get_many("m3", [digest(1)]) == {}


def test_the_first_score_stays(cache: ScoreCache) -> None:
    cache.put_many("m1", {digest(1): b"first"})
    cache.put_many("m1", {digest(1): b"second", digest(2): b"new"})

    assert cache.get_many("m1", [digest(1), digest(2)]) == {digest(1): b"first", digest(2): b"new"}


def test_nothing_is_asked_and_nothing_is_put(cache: ScoreCache) -> None:
    cache.put_many("m1", {})

    assert cache.get_many("m1", []) == {}


def test_thousands_are_found_in_one_call(cache: ScoreCache) -> None:
    scores = {digest(number): str(number).encode() for number in range(3_000)}
    cache.put_many("m1", scores)

    assert cache.get_many("m1", [digest(number) for number in range(5_000)]) == scores


def test_threads_share_it(cache: ScoreCache, path: Path) -> None:
    threads = [threading.Thread(target=put_some, args=(path, n * 10, 10)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(cache.get_many("m1", [digest(number) for number in range(40)])) == 40


def test_processes_share_it(cache: ScoreCache, path: Path) -> None:
    spawn = multiprocessing.get_context("spawn")
    processes = [spawn.Process(target=put_some, args=(path, n * 20, 30)) for n in range(2)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()

    assert [process.exitcode for process in processes] == [0, 0]
    assert len(cache.get_many("m1", [digest(number) for number in range(50)])) == 50


def test_a_file_that_is_no_database_makes_it_unavailable(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"a diary, not a database" * 100)

    with pytest.raises(StoreUnavailable, match="not a database"):
        ScoreCache(path)


def test_a_folder_that_cannot_be_made_makes_it_unavailable(tmp_path: Path) -> None:
    (tmp_path / "data").write_bytes(b"a file where a folder should be")

    with pytest.raises(StoreUnavailable, match="score cache"):
        ScoreCache(tmp_path / "data" / "scores.db")
