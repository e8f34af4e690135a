"""Whatever is done to them, the two buses show the same; and a key's partition never changes."""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from foreshock.bus.base import Bus, Consumer, Message
from foreshock.bus.memory_bus import MemoryBus
from foreshock.bus.partitioning import partition_of
from foreshock.bus.sqlite_bus import SqliteBus
from foreshock.errors import CommitConflict

CHANNELS = {"one": 1, "three": 3}

messages = st.builds(
    Message,
    key=st.sampled_from(["a", "b", "c", "d"]),
    value=st.binary(max_size=4),
    at_ms=st.integers(0, 20),
)
channels = st.sampled_from(sorted(CHANNELS))
groups = st.sampled_from(["g", "h"])
actions = st.one_of(
    st.tuples(st.just("publish"), channels, st.lists(messages, max_size=6), st.booleans()),
    st.tuples(st.just("poll"), groups, st.integers(1, 7)),
    st.tuples(st.just("commit"), groups, st.booleans()),
    st.tuples(st.just("rewind"), groups),
    st.tuples(st.just("rejoin"), groups),
    st.tuples(st.just("seek"), groups, channels, st.integers(0, 21)),
    st.tuples(st.just("trim"), channels, st.integers(0, 21)),
    st.tuples(st.just("state"), st.sampled_from(["x", "y"]), st.none() | st.binary(max_size=2)),
)


class Driver:
    """Does actions to one bus and says what it saw."""

    def __init__(self, bus: Bus) -> None:
        self.bus = bus
        self.consumers: dict[str, Consumer] = {}
        bus.create(CHANNELS)

    def do(self, action: tuple[object, ...]) -> object:
        name, *arguments = action
        doing: Callable[..., object] = getattr(self, f"_{name}")
        seen = doing(*arguments)
        lags = {group: self.bus.lag(group, sorted(CHANNELS)) for group in ("g", "h", "nobody")}
        return seen, lags, self.bus.load_state("owner")

    def _consumer(self, group: str) -> Consumer:
        if group not in self.consumers:
            self.consumers[group] = self.bus.consumer(group, sorted(CHANNELS))
        return self.consumers[group]

    def _publish(self, channel: str, published: list[Message], fails: bool) -> object:
        return self._transact(lambda tx: tx.publish(channel, published), fails)

    def _commit(self, group: str, fails: bool) -> object:
        consumer = self._consumer(group)
        return self._transact(lambda tx: tx.commit(consumer), fails)

    def _state(self, name: str, value: bytes | None) -> object:
        return self._transact(lambda tx: tx.put_state("owner", {name: value}), fails=False)

    def _transact(self, work: Callable[..., None], fails: bool) -> object:
        try:
            with self.bus.transaction() as transaction:
                work(transaction)
                if fails:
                    raise ArithmeticError
        except (ArithmeticError, CommitConflict) as error:
            return type(error)
        return None

    def _poll(self, group: str, limit: int) -> object:
        return self._consumer(group).poll(limit, 0.0)

    def _rewind(self, group: str) -> object:
        return self._consumer(group).rewind()

    def _rejoin(self, group: str) -> object:
        self.consumers.pop(group, None)
        return self._poll(group, 3)

    def _seek(self, group: str, channel: str, at_ms: int) -> object:
        return self._consumer(group).seek_to_time(channel, at_ms)

    def _trim(self, channel: str, before_ms: int) -> object:
        return self.bus.trim(channel, before_ms)


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty bus, to be copied: making one costs more than using it."""
    path = tmp_path_factory.mktemp("empty") / "foreshock.db"
    bus = SqliteBus(path)
    bus.create(CHANNELS)
    bus.close()
    return path


@settings(max_examples=50, deadline=None)
@given(todo=st.lists(actions, max_size=30))
def test_the_bus_in_a_file_behaves_like_the_bus_in_memory(
    empty: Path, todo: list[tuple[object, ...]]
) -> None:
    path = empty.with_name(f"{next(_numbers)}.db")
    shutil.copy(empty, path)
    in_file = SqliteBus(path)
    memory, file = Driver(MemoryBus()), Driver(in_file)
    for action in todo:
        assert file.do(action) == memory.do(action)
    in_file.close()
    path.unlink()


_numbers = itertools.count()


@given(st.text(), st.integers(1, 64))
def test_every_key_has_a_partition_that_exists(key: str, partitions: int) -> None:
    assert 0 <= partition_of(key, partitions) < partitions
    assert partition_of(key, partitions) == partition_of(key, partitions)


def test_partitions_are_what_they_were_when_data_was_written() -> None:
    keys = ["", "main", "é", "0123456789abcdef"]

    assert [partition_of(key, 8) for key in keys] == [0, 4, 6, 3]
