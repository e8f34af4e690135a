"""Parsers in processes of their own: what hangs, dies or eats memory costs one call."""

from __future__ import annotations

import contextlib
import operator
import os
import signal
import time
from collections.abc import Iterator

import pytest

from foreshock.errors import SourceError
from ingest.isolation import IsolatedCalls


@pytest.fixture(scope="module")
def isolate() -> Iterator[IsolatedCalls]:
    calls = IsolatedCalls(processes=1, cpu_s=1, wall_s=60.0, memory_gb=1)
    yield calls
    calls.close()


def test_a_call_gives_its_result_from_another_process(isolate: IsolatedCalls) -> None:
    assert isolate(operator.add, b"a" * 1_000_000, b"b") == b"a" * 1_000_000 + b"b"
    assert isolate(os.getpid) != os.getpid()


def test_an_error_is_told_and_the_process_goes_on(isolate: IsolatedCalls) -> None:
    before = isolate(os.getpid)
    with pytest.raises(SourceError, match="truediv failed: ZeroDivisionError"):
        isolate(operator.truediv, 1, 0)
    assert isolate(os.getpid) == before


def test_a_call_that_burns_the_processor_is_stopped(isolate: IsolatedCalls) -> None:
    with pytest.raises(SourceError, match="sum took more time or memory than it may"):
        isolate(sum, range(10**15))
    assert isolate(operator.add, 1, 2) == 3


def test_a_process_that_dies_is_replaced(isolate: IsolatedCalls) -> None:
    with pytest.raises(SourceError, match="_exit took more"):
        isolate(os._exit, 1)
    assert isolate(operator.add, 1, 2) == 3


def test_memory_has_a_limit(isolate: IsolatedCalls) -> None:
    with pytest.raises(SourceError, match="MemoryError"):
        isolate(bytearray, 4 << 30)
    assert isolate(operator.add, 1, 2) == 3


def test_a_call_that_only_waits_is_killed() -> None:
    calls = IsolatedCalls(processes=1, wall_s=0.2)
    try:
        with pytest.raises(SourceError, match=r"sleep to end within 0\.2 s, found that it hangs"):
            calls(time.sleep, 3_600)
    finally:
        calls.close()


def test_a_dead_process_is_replaced_before_the_next_call() -> None:
    calls = IsolatedCalls(processes=1)
    try:
        os.kill(calls(os.getpid), signal.SIGKILL)
        # the kill may be noticed before or during the next call; the one after that succeeds
        with contextlib.suppress(SourceError):
            calls(operator.add, 1, 2)
        assert calls(operator.add, 1, 2) == 3
    finally:
        calls.close()


def test_after_closing_nothing_is_started() -> None:
    calls = IsolatedCalls(processes=1)
    calls.close()
    calls._idle.put(None)  # as a call that was under way gives its place back
    with pytest.raises(SourceError, match="have been closed"):
        calls(operator.add, 1, 2)
