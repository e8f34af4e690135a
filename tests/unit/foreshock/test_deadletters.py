"""Dead letters: found, and sent again once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pytest

from foreshock.archive import ArchiveStage
from foreshock.bus.base import Bus, Delivery, Message
from foreshock.bus.memory_bus import MemoryBus
from foreshock.bus.sqlite_bus import SqliteBus
from foreshock.channels import FETCHED, ITEMS, NAMES
from foreshock.deadletters import find, list_letters, redrive, redrive_letters
from foreshock.errors import StoreError
from foreshock.records import DeadLetter, Heartbeat
from foreshock.runner import StageRunner
from foreshock.stage import Output, Received, to_message
from foreshock.store.base import StoredDeadLetter
from foreshock.store.sql_store import SqlStore, open_store


class Picky:
    """Handles nothing while it is ill."""

    name = "picky"
    inputs = (ITEMS,)

    def __init__(self) -> None:
        self.ill = True
        self.handled: list[int] = []

    def restore(self, state: Mapping[str, bytes]) -> None: ...

    def handle(self, received: Sequence[Received]) -> Output:
        if self.ill:
            raise RuntimeError("ill")
        beats = [one.record for one in received if isinstance(one.record, Heartbeat)]
        self.handled += [beat.at_ms for beat in beats]
        return Output()


@pytest.fixture(params=["one file", "two places"])
def bus(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Bus]:
    bus = MemoryBus() if request.param == "two places" else SqliteBus(tmp_path / "foreshock.db")
    bus.create(dict.fromkeys(NAMES, 1) | {ITEMS: 3})
    yield bus
    bus.close()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqlStore]:
    store = open_store(tmp_path / "foreshock.db")
    yield store
    store.close()


def publish(bus: Bus, *messages: Message) -> None:
    with bus.transaction() as transaction:
        transaction.publish(ITEMS, messages)


def beat(number: int, partition: int) -> Message:
    return to_message(ITEMS, Heartbeat(watch="main", at_ms=number), partition=partition)


def run(runner: StageRunner) -> None:
    while runner.step():
        pass


def put_aside(bus: Bus, store: SqlStore, *messages: Message) -> StageRunner:
    """Let a stage fail at `messages`, the archive keep the letters; return the runner."""
    publish(bus, *messages)
    runner = StageRunner(Picky(), bus, store)
    run(runner)
    run(StageRunner(ArchiveStage(), bus, store))
    return runner


def items(bus: Bus, group: str) -> list[Delivery]:
    return bus.consumer(group, [ITEMS]).poll(100, 0.0)


def test_a_letter_is_found_by_its_id_or_the_beginning_of_it(bus: Bus, store: SqlStore) -> None:
    put_aside(bus, store, beat(1, 0), beat(2, 0))
    one, other = list_letters(store)

    assert find(store, one.letter.dead_id) == one
    assert find(store, other.letter.dead_id[:8]) == other
    assert one.letter.reason == "RuntimeError"
    for nonsense in ("", "zz", one.letter.dead_id + "0"):
        with pytest.raises(StoreError, match="expected one dead letter"):
            find(store, nonsense)


def test_a_letter_is_sent_again_as_it_was_to_where_it_was(bus: Bus, store: SqlStore) -> None:
    put_aside(bus, store, beat(7, 2))
    before = items(bus, "before")
    [stored] = list_letters(store)

    assert redrive(bus, store, stored)

    again = items(bus, "after")[len(before) :]
    assert [(d.partition, d.key, d.value, d.at_ms) for d in again] == [
        (d.partition, d.key, d.value, d.at_ms) for d in before
    ]
    assert list_letters(store, waiting=True) == []
    assert [one.state for one in list_letters(store)] == ["redriven"]


def test_a_letter_is_sent_again_only_once(bus: Bus, store: SqlStore) -> None:
    put_aside(bus, store, beat(1, 0), beat(2, 1))
    waiting = list_letters(store, waiting=True)

    assert redrive_letters(bus, store, waiting) == 2
    assert redrive_letters(bus, store, list_letters(store)) == 0

    assert len(items(bus, "reader")) == 4


def test_a_list_that_is_out_of_date_sends_nothing_twice_in_one_file(
    bus: Bus, store: SqlStore
) -> None:
    put_aside(bus, store, beat(1, 0))
    [stale] = list_letters(store)
    redrive(bus, store, stale)

    with bus.transaction() as transaction:
        one_file = store.joins(transaction)
    assert redrive(bus, store, stale) is not one_file


def test_once_well_the_stage_handles_what_was_put_aside(bus: Bus, store: SqlStore) -> None:
    runner = put_aside(bus, store, beat(5, 0), beat(6, 0))
    stage = runner.stage
    assert isinstance(stage, Picky)
    stage.ill = False

    redrive_letters(bus, store, list_letters(store))
    run(runner)

    assert stage.handled == [5, 6]


def test_bytes_that_nobody_can_read_go_back_unchanged(bus: Bus, store: SqlStore) -> None:
    put_aside(bus, store, Message("k", b"\x00rubbish", at_ms=9, partition=1))
    letters = list_letters(store)  # one of each reader

    assert {one.letter.stage for one in letters} == {"picky", "archive"}
    assert redrive(bus, store, letters[0])
    again = items(bus, "reader")[-1]
    assert (again.value, again.partition, again.at_ms) == (b"\x00rubbish", 1, 0)


def test_a_partition_that_is_no_more_gives_way_to_the_key(bus: Bus, store: SqlStore) -> None:
    letter = DeadLetter(
        dead_id="a",
        stage="stories",
        channel=FETCHED,
        key="main",
        partition=5,
        offset=0,
        reason="ValueError",
        error="",
        payload="eA==",
    )
    store.write([letter])

    assert redrive(bus, store, StoredDeadLetter(letter, "waiting"))

    [delivery] = bus.consumer("reader", [FETCHED]).poll(10, 0.0)
    assert (delivery.partition, delivery.value) == (0, b"x")
