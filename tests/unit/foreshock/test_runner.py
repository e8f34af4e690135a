"""The loop of every stage: one transaction, poison put aside, order kept."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from foreshock.bus.base import Consumer, Message
from foreshock.bus.memory_bus import MemoryBus
from foreshock.bus.sqlite_bus import SqliteBus
from foreshock.channels import DEADLETTER, FETCHED, ITEMS, NAMES
from foreshock.codec import decode
from foreshock.errors import BusUnavailable, ForeshockError, StoreError, StoreUnavailable
from foreshock.records import DeadLetter, Heartbeat, OutboxRow, Pane
from foreshock.runner import ERROR_CHARS, StageRunner, dead_id
from foreshock.stage import Output, Received, to_message
from foreshock.store.sql_store import open_store


class Doubler:
    """Hands heartbeats on, twice each, with the number handled so far; some numbers hurt it."""

    name = "doubler"
    inputs: tuple[str, ...] = (FETCHED,)

    def __init__(self, poison: Mapping[int, Exception] | None = None) -> None:
        self.poison = dict(poison or {})
        self.count = 0
        self.batches: list[list[int]] = []
        self.restored = 0

    def restore(self, state: Mapping[str, bytes]) -> None:
        self.restored += 1
        self.count = int(state.get("count", b"0"))

    def handle(self, received: Sequence[Received]) -> Output:
        self.batches.append([at_ms(one) for one in received])
        output = Output()
        for one in received:
            number = at_ms(one)
            self.count += 1  # before it hurts: a failed batch must not leave traces
            if number in self.poison:
                raise self.poison[number]
            for channel, at in ((ITEMS, self.count), (ITEMS, number)):
                beat = Heartbeat(watch="main", at_ms=at)
                output.publish.append((channel, to_message(channel, beat, partition=0)))
        output.state["count"] = str(self.count).encode()
        return output


def at_ms(received: Received) -> int:
    assert isinstance(received.record, Heartbeat)
    return received.record.at_ms


class Failing(MemoryBus):
    """A bus that cannot be reached as often as it is told."""

    failures = 0

    def transaction(self):  # type: ignore[no-untyped-def]
        if self.failures:
            self.failures -= 1
            raise BusUnavailable("the broker is away")
        return super().transaction()


@pytest.fixture
def bus() -> Failing:
    return make_bus()


def make_bus() -> Failing:
    bus = Failing()
    bus.create(dict.fromkeys(NAMES, 1))
    return bus


def feed(bus: MemoryBus | SqliteBus, *numbers: int) -> None:
    with bus.transaction() as transaction:
        beats = [Heartbeat(watch="main", at_ms=number) for number in numbers]
        transaction.publish(FETCHED, [to_message(FETCHED, beat) for beat in beats])


def run(runner: StageRunner) -> None:
    while runner.step():
        pass


def read(bus: MemoryBus, channel: str) -> list[int]:
    deliveries = bus.consumer("test", [channel]).poll(10_000, 0.0)
    records = [decode(delivery.value) for delivery in deliveries]
    return [record.at_ms for record in records if isinstance(record, Heartbeat)]


def dead_letters(bus: MemoryBus) -> list[DeadLetter]:
    deliveries = bus.consumer("test", [DEADLETTER]).poll(10_000, 0.0)
    records = [decode(delivery.value) for delivery in deliveries]
    return [record for record in records if isinstance(record, DeadLetter)]


def test_a_batch_is_handled_published_and_committed(bus: Failing) -> None:
    feed(bus, 10, 20, 30)
    runner = StageRunner(Doubler(), bus)

    assert runner.lag() == 3
    assert runner.step() == 3

    assert read(bus, ITEMS) == [1, 10, 2, 20, 3, 30]
    assert runner.lag() == 0
    assert runner.step() == 0
    assert bus.load_state("doubler") == {"count": b"3"}
    counters = runner.counters
    assert (counters.handled, counters.published, counters.deadlettered) == (3, 6, 0)


def test_a_batch_is_no_larger_than_asked(bus: Failing) -> None:
    feed(bus, *range(7))
    stage = Doubler()

    run(StageRunner(stage, bus, max_records=3))

    assert stage.batches == [[0, 1, 2], [3, 4, 5], [6]]


def test_state_is_taken_up_after_a_restart(bus: Failing) -> None:
    feed(bus, 10, 20)
    StageRunner(Doubler(), bus).step()
    feed(bus, 30)

    StageRunner(Doubler(), bus).step()

    assert read(bus, ITEMS) == [1, 10, 2, 20, 3, 30]


def test_what_cannot_be_decoded_is_put_aside_and_the_rest_goes_on(bus: Failing) -> None:
    feed(bus, 10)
    with bus.transaction() as transaction:
        transaction.publish(FETCHED, [Message("main", b'{"type":"heart\xff', 5)])
    feed(bus, 20)
    runner = StageRunner(Doubler(), bus)

    assert runner.step() == 3

    assert read(bus, ITEMS) == [1, 10, 2, 20]
    [letter] = dead_letters(bus)
    assert letter == DeadLetter(
        dead_id=dead_id("doubler", FETCHED, 0, 1),
        stage="doubler",
        channel=FETCHED,
        key="main",
        partition=0,
        offset=1,
        reason="undecodable",
        error=letter.error,
        payload=base64.b64encode(b'{"type":"heart\xff').decode(),
    )
    assert runner.counters.deadlettered == 1


def test_a_batch_of_nothing_but_rubbish_needs_no_handling(bus: Failing) -> None:
    with bus.transaction() as transaction:
        transaction.publish(FETCHED, [Message("main", b"rubbish", 0)] * 3)
    stage = Doubler()

    run(StageRunner(stage, bus))

    assert stage.batches == []
    assert len({letter.dead_id for letter in dead_letters(bus)}) == 3


@pytest.mark.parametrize("max_records", [1, 2, 7, 500])
@pytest.mark.parametrize("poison", [{0}, {99}, {50}, {3, 4}, {0, 1, 98, 99}, set(range(100))])
def test_only_the_poison_is_put_aside_and_the_others_keep_their_order(
    poison: set[int], max_records: int
) -> None:
    bus = make_bus()
    feed(bus, *range(100))
    stage = Doubler({number: ValueError(f"no {number}") for number in poison})
    runner = StageRunner(stage, bus, max_records=max_records)

    run(runner)

    good = [number for number in range(100) if number not in poison]
    assert read(bus, ITEMS) == [part for n, good_ in enumerate(good, 1) for part in (n, good_)]
    letters = dead_letters(bus)
    assert [letter.offset for letter in letters] == sorted(poison)
    assert [letter.error for letter in letters] == [f"no {number}" for number in sorted(poison)]
    assert {letter.reason for letter in letters} == {"ValueError"}
    assert decode(base64.b64decode(letters[0].payload)) == Heartbeat(
        watch="main", at_ms=min(poison)
    )
    assert runner.counters.handled == 100
    assert runner.counters.deadlettered == len(poison)
    assert runner.lag() == 0


def test_the_search_for_one_poison_is_short_and_ends_with_full_batches(bus: Failing) -> None:
    feed(bus, *range(1_024))
    stage = Doubler({511: ValueError("no")})

    run(StageRunner(stage, bus, max_records=512))

    assert len(stage.batches) < 25
    assert stage.batches[-1] == list(range(512, 1_024))


def test_a_step_goes_on_until_something_is_handled(bus: Failing) -> None:
    feed(bus, *range(8))
    runner = StageRunner(Doubler({7: ValueError("no")}), bus)

    assert runner.step() == 4  # after all eight failed


def test_a_failed_batch_leaves_no_trace_in_the_stage(bus: Failing) -> None:
    feed(bus, 10, 20)
    stage = Doubler({20: RuntimeError("no")})

    run(StageRunner(stage, bus))

    assert stage.count == 1
    assert bus.load_state("doubler") == {"count": b"1"}


def test_the_reason_is_the_error_and_its_message_is_cut(bus: Failing) -> None:
    feed(bus, 1)

    run(StageRunner(Doubler({1: ForeshockError("x" * 499 + "\ud800" + "y" * 99)}), bus))

    [letter] = dead_letters(bus)
    assert letter.reason == "ForeshockError"
    assert letter.error == "x" * 499 + "?"
    assert len(letter.error) == ERROR_CHARS


def test_an_unreachable_bus_is_waited_for_and_nothing_is_put_aside(bus: Failing) -> None:
    feed(bus, 10, 20)
    stage = Doubler()
    runner = StageRunner(stage, bus)
    bus.failures = 2

    for _ in range(2):
        with pytest.raises(BusUnavailable):
            runner.step()
    assert runner.step() == 2

    assert read(bus, ITEMS) == [1, 10, 2, 20]
    assert dead_letters(bus) == []


@pytest.mark.parametrize("error", [StoreUnavailable("away"), MemoryError(), KeyboardInterrupt()])
def test_what_is_no_records_fault_is_raised_and_the_batch_comes_again(
    bus: Failing, error: Exception
) -> None:
    feed(bus, 10, 20)
    stage = Doubler({20: error})
    runner = StageRunner(stage, bus)

    with pytest.raises(type(error)):
        runner.step()
    stage.poison.clear()
    assert runner.step() == 2

    assert read(bus, ITEMS) == [1, 10, 2, 20]
    assert dead_letters(bus) == []


def test_poison_waits_too_where_the_bus_is_away(bus: Failing) -> None:
    feed(bus, 10)
    runner = StageRunner(Doubler({10: ValueError("no")}), bus)
    bus.failures = 2

    with pytest.raises(BusUnavailable):
        runner.step()  # the stage fails, and so does the bus when the letter is written
    bus.failures = 0
    assert runner.step() == 1

    assert len(dead_letters(bus)) == 1


def test_a_letter_that_cannot_be_handled_is_not_answered_with_a_letter(bus: Failing) -> None:
    class LetterReader(Doubler):
        inputs = (DEADLETTER,)

    with bus.transaction() as transaction:
        beat = Heartbeat(watch="main", at_ms=1)
        transaction.publish(DEADLETTER, [Message("k", to_message(FETCHED, beat).value, 0)])
    runner = StageRunner(LetterReader({1: ValueError("no")}), bus)

    for _ in range(2):
        with pytest.raises(ValueError, match="no"):
            runner.step()

    assert bus.lag("test", [DEADLETTER]) == {DEADLETTER: 1}


def test_another_member_of_the_group_takes_over_in_the_middle(bus: Failing) -> None:
    feed(bus, 1, 2, 3)
    slow, quick = Doubler(), Doubler()
    runner = StageRunner(slow, bus)
    other = StageRunner(quick, bus, max_records=2)
    handle = slow.handle

    def be_overtaken(received: Sequence[Received]) -> Output:
        output = handle(received)
        other.step()
        return output

    slow.handle = be_overtaken  # type: ignore[method-assign]
    run(runner)

    assert read(bus, ITEMS) == [1, 1, 2, 2, 3, 3]
    assert dead_letters(bus) == []


class Keeper(Doubler):
    """A stage with rows, messages to people and facts for the store."""

    name = "keeper"

    def handle(self, received: Sequence[Received]) -> Output:
        output = super().handle(received)
        for one in received:
            end = at_ms(one) if at_ms(one) != 25 else 10**30  # which no database holds
            output.rows.append(Pane(watch="main", key="all", pane_end_ms=end, width_ms=1))
            row = OutboxRow(alert_id=str(end), change="firing", notifier="slack", body=b"{}")
            output.outbox.append(row)
            output.meta["last"] = str(end)
        return output


def test_rows_messages_and_facts_reach_the_store(tmp_path: Path) -> None:
    bus = SqliteBus(tmp_path / "foreshock.db")
    bus.create(dict.fromkeys(NAMES, 1))
    store = open_store(tmp_path / "foreshock.db")
    feed(bus, 10, 20, 25, 30)

    run(StageRunner(Keeper(), bus, store))

    assert [pane.pane_end_ms for pane in store.export(Pane) if isinstance(pane, Pane)] == [
        10,
        20,
        30,
    ]
    assert [due.row.alert_id for due in store.due_outbox(0, 10)] == ["10", "20", "30"]
    assert store.get_meta()["last"] == "30"
    letters = bus.consumer("test", [DEADLETTER]).poll(10, 0.0)
    [letter] = [decode(delivery.value) for delivery in letters]
    assert isinstance(letter, DeadLetter)
    assert (letter.offset, letter.reason) == (2, "StoreError")
    store.close()
    bus.close()


def test_rows_without_a_store_are_an_error_and_not_lost(bus: Failing) -> None:
    feed(bus, 10)

    run(StageRunner(Keeper(), bus))

    [letter] = dead_letters(bus)
    assert (letter.reason, letter.offset) == (StoreError.__name__, 0)


def test_seconds_count_work_and_not_waiting(bus: Failing) -> None:
    ticks = iter(range(100))
    runner = StageRunner(Doubler(), bus, monotonic=lambda: float(next(ticks)))
    feed(bus, 1)

    runner.step()
    assert runner.counters.seconds == 1.0
    runner.step()
    assert runner.counters.seconds == 1.0


def test_closing_leaves_the_offsets(bus: Failing) -> None:
    feed(bus, 1)
    runner = StageRunner(Doubler(), bus)
    runner.step()
    runner.close()
    feed(bus, 2)

    consumer: Consumer = bus.consumer("doubler", [FETCHED])
    assert [delivery.offset for delivery in consumer.poll(10, 0.0)] == [1]
