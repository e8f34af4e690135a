"""What every bus promises, run over every implementation."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import pytest

from foreshock.bus.base import Bus, Consumer, Delivery, Message
from foreshock.bus.memory_bus import MemoryBus
from foreshock.bus.partitioning import partition_of
from foreshock.bus.sqlite_bus import SqliteBus
from foreshock.clock import ManualClock
from foreshock.errors import BusError, CommitConflict


class House(Protocol):
    """Where a bus lives. `open` gives another handle on the same bus, as after a restart."""

    def open(self) -> Bus: ...
    def close(self) -> None: ...


class MemoryHouse:
    def __init__(self, clock: ManualClock) -> None:
        self._bus = MemoryBus(sleep=clock.sleep)

    def open(self) -> Bus:
        return self._bus

    def close(self) -> None:
        self._bus.close()


class SqliteHouse:
    def __init__(self, clock: ManualClock, folder: Path) -> None:
        self._clock = clock
        self._path = folder / "foreshock.db"
        self._opened: list[SqliteBus] = []

    def open(self) -> Bus:
        self._opened.append(SqliteBus(self._path, sleep=self._clock.sleep))
        return self._opened[-1]

    def close(self) -> None:
        for bus in self._opened:
            bus.close()


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture(params=["memory", "sqlite"])
def house(request: pytest.FixtureRequest, clock: ManualClock, tmp_path: Path) -> Iterator[House]:
    made: House = MemoryHouse(clock) if request.param == "memory" else SqliteHouse(clock, tmp_path)
    yield made
    made.close()


@pytest.fixture
def bus(house: House) -> Bus:
    bus = house.open()
    bus.create({"news": 1, "wide": 3})
    return bus


def message(text: str, key: str = "k", at_ms: int = 0, partition: int | None = None) -> Message:
    return Message(key=key, value=text.encode(), at_ms=at_ms, partition=partition)


def publish(bus: Bus, channel: str, *messages: Message) -> None:
    with bus.transaction() as transaction:
        transaction.publish(channel, messages)


def publish_texts(bus: Bus, channel: str, *texts: str) -> None:
    publish(bus, channel, *(message(text) for text in texts))


def commit(bus: Bus, consumer: Consumer) -> None:
    with bus.transaction() as transaction:
        transaction.commit(consumer)


def poll(consumer: Consumer, max_records: int = 100) -> list[str]:
    return texts(consumer.poll(max_records, 0.0))


def texts(deliveries: list[Delivery]) -> list[str]:
    return [delivery.value.decode() for delivery in deliveries]


def test_a_message_comes_out_as_it_went_in(bus: Bus) -> None:
    publish(bus, "news", Message(key="clé", value=b"\x00\xff{}", at_ms=1_222_711_200_000))

    [delivery] = bus.consumer("g", ["news"]).poll(10, 0.0)

    assert delivery == Delivery(
        channel="news",
        partition=0,
        offset=0,
        key="clé",
        value=b"\x00\xff{}",
        at_ms=1_222_711_200_000,
    )


def test_a_partition_keeps_the_order_and_counts_offsets_from_nought(bus: Bus) -> None:
    publish_texts(bus, "news", "a", "b")
    publish_texts(bus, "news", "c")

    deliveries = bus.consumer("g", ["news"]).poll(10, 0.0)

    assert [(d.offset, d.value) for d in deliveries] == [(0, b"a"), (1, b"b"), (2, b"c")]


def test_a_poll_gives_at_most_what_was_asked_and_the_next_goes_on(bus: Bus) -> None:
    publish_texts(bus, "news", *"abcde")
    consumer = bus.consumer("g", ["news"])

    assert [poll(consumer, 2) for _ in range(4)] == [["a", "b"], ["c", "d"], ["e"], []]


def test_a_key_always_goes_to_its_partition(bus: Bus) -> None:
    keys = [f"story-{number}" for number in range(50)]
    for key in keys:
        publish(bus, "wide", message(key, key), message(key + "!", key))

    deliveries = bus.consumer("g", ["wide"]).poll(200, 0.0)

    assert {(d.key, d.partition) for d in deliveries} == {
        (key, partition_of(key, 3)) for key in keys
    }
    assert {d.partition for d in deliveries} == {0, 1, 2}
    for key in keys:
        assert texts([d for d in deliveries if d.key == key]) == [key, key + "!"]


def test_a_named_partition_goes_before_the_key(bus: Bus) -> None:
    publish(bus, "wide", *(message("beat", "main", partition=p) for p in (2, 0, 1)))

    deliveries = bus.consumer("g", ["wide"]).poll(10, 0.0)

    assert sorted(d.partition for d in deliveries) == [0, 1, 2]


@pytest.mark.parametrize("partition", [-1, 3])
def test_a_partition_that_is_not_there_is_refused_and_nothing_is_published(
    bus: Bus, partition: int
) -> None:
    def publish_one_and_another() -> None:
        with bus.transaction() as tx:
            tx.publish("wide", [message("a")])
            tx.publish("wide", [message("b", partition=partition)])

    with pytest.raises(BusError, match=r"partition of wide in \[0, 3\)"):
        publish_one_and_another()

    assert poll(bus.consumer("g", ["wide"])) == []


def test_a_poll_reads_several_channels_each_in_order(bus: Bus) -> None:
    publish_texts(bus, "news", *"abc")
    publish(bus, "wide", *(message(text, partition=1) for text in "xyz"))

    deliveries = bus.consumer("g", ["news", "wide"]).poll(10, 0.0)

    assert texts([d for d in deliveries if d.channel == "news"]) == ["a", "b", "c"]
    assert texts([d for d in deliveries if d.channel == "wide"]) == ["x", "y", "z"]


def test_a_full_channel_does_not_starve_the_others(bus: Bus) -> None:
    publish_texts(bus, "news", *("many" for _ in range(100)))
    publish(bus, "wide", *(message("few", partition=p) for p in range(3)))
    consumer = bus.consumer("g", ["news", "wide"])

    seen = [text for _ in range(4) for text in poll(consumer, 10)]

    assert seen.count("few") == 3


def test_groups_do_not_know_of_each_other(bus: Bus) -> None:
    publish_texts(bus, "news", "a", "b")
    one, other = bus.consumer("one", ["news"]), bus.consumer("other", ["news"])

    assert poll(one) == ["a", "b"]
    commit(bus, one)

    assert poll(other) == ["a", "b"]
    assert bus.lag("one", ["news"]) == {"news": 0}
    assert bus.lag("other", ["news"]) == {"news": 2}


def test_what_was_not_committed_comes_again_after_a_restart(house: House, bus: Bus) -> None:
    publish_texts(bus, "news", "a", "b", "c")
    consumer = bus.consumer("g", ["news"])
    assert poll(consumer, 1) == ["a"]
    commit(bus, consumer)
    assert poll(consumer, 1) == ["b"]
    consumer.close()

    assert poll(house.open().consumer("g", ["news"])) == ["b", "c"]


def test_rewind_goes_back_to_what_is_committed(bus: Bus) -> None:
    publish_texts(bus, "news", "a", "b", "c")
    consumer = bus.consumer("g", ["news"])
    poll(consumer, 1)
    commit(bus, consumer)
    poll(consumer)

    consumer.rewind()

    assert poll(consumer) == ["b", "c"]


def test_a_commit_covers_all_partitions_that_were_polled(house: House, bus: Bus) -> None:
    publish(bus, "wide", *(message(str(p), partition=p) for p in range(3)))
    consumer = bus.consumer("g", ["wide"])
    assert len(poll(consumer)) == 3
    commit(bus, consumer)

    assert poll(house.open().consumer("g", ["wide"])) == []


def test_an_exception_undoes_messages_state_and_offsets(house: House, bus: Bus) -> None:
    publish_texts(bus, "news", "a")
    with bus.transaction() as tx:
        tx.put_state("owner", {"kept": b"1", "dropped": b"2"})
    consumer = bus.consumer("g", ["news"])
    poll(consumer)

    def fail_at_the_end() -> None:
        with bus.transaction() as tx:
            tx.publish("wide", [message("out")])
            tx.put_state("owner", {"kept": b"3", "dropped": None, "new": b"4"})
            tx.commit(consumer)
            raise RuntimeError("on purpose")

    with pytest.raises(RuntimeError, match="on purpose"):
        fail_at_the_end()

    again = house.open()
    assert poll(again.consumer("g", ["news"])) == ["a"]
    assert poll(again.consumer("g", ["wide"])) == []
    assert again.load_state("owner") == {"kept": b"1", "dropped": b"2"}
    consumer.rewind()
    assert poll(consumer) == ["a"]


def test_messages_state_and_offsets_stand_together(house: House, bus: Bus) -> None:
    publish_texts(bus, "news", "a")
    consumer = bus.consumer("g", ["news"])
    poll(consumer)

    with bus.transaction() as tx:
        tx.publish("wide", [message("out")])
        tx.put_state("owner", {"seen": b"a"})
        tx.commit(consumer)

    again = house.open()
    assert poll(again.consumer("g", ["news", "wide"])) == ["out"]
    assert again.load_state("owner") == {"seen": b"a"}


def test_a_second_publish_in_a_transaction_follows_the_first(bus: Bus) -> None:
    with bus.transaction() as tx:
        tx.publish("news", [message("a")])
        tx.publish("wide", [message("x")])
        tx.publish("news", [message("b")])

    assert poll(bus.consumer("g", ["news"])) == ["a", "b"]


def test_nothing_is_seen_before_its_transaction_ends(house: House, bus: Bus) -> None:
    consumer = house.open().consumer("g", ["news"])
    seen: list[list[str]] = []
    reader = threading.Thread(target=lambda: seen.append(poll(consumer)))

    with bus.transaction() as tx:
        tx.publish("news", [message("a")])
        reader.start()
        if not isinstance(bus, MemoryBus):  # in memory a reader waits for the writer
            reader.join()
    reader.join()

    assert seen == [["a"]] if isinstance(bus, MemoryBus) else [[]]
    assert [text for texts_ in (*seen, poll(consumer)) for text in texts_] == ["a"]


def test_a_second_transaction_inside_of_the_first_is_refused(bus: Bus) -> None:
    def nest() -> None:
        with bus.transaction() as tx:
            tx.publish("news", [message("a")])
            publish_texts(bus, "news", "b")

    with pytest.raises(BusError, match="one transaction at a time"):
        nest()

    assert poll(bus.consumer("g", ["news"])) == []


def test_state_is_written_replaced_deleted_and_kept_apart(house: House, bus: Bus) -> None:
    with bus.transaction() as tx:
        tx.put_state("one", {"a": b"1", "b": b"2", "c": b""})
        tx.put_state("other", {"a": b"9"})
    with bus.transaction() as tx:
        tx.put_state("one", {"a": b"3", "b": None, "never": None})

    again = house.open()
    assert again.load_state("one") == {"a": b"3", "c": b""}
    assert again.load_state("other") == {"a": b"9"}
    assert again.load_state("nobody") == {}


def test_seek_goes_to_the_first_message_that_is_not_earlier(bus: Bus) -> None:
    publish(bus, "news", *(message(str(at), at_ms=at) for at in (10, 20, 15, 30)))
    publish(bus, "wide", message("w", at_ms=5, partition=1))
    consumer = bus.consumer("g", ["news", "wide"])

    consumer.seek_to_time("news", 15)
    assert poll(consumer) == ["20", "15", "30", "w"]

    consumer.seek_to_time("news", 31)
    assert poll(consumer) == []

    consumer.seek_to_time("news", 0)
    consumer.seek_to_time("wide", 6)
    assert poll(consumer) == ["10", "20", "15", "30"]


def test_a_commit_after_a_seek_stands(house: House, bus: Bus) -> None:
    publish_texts(bus, "news", "a", "b")
    consumer = bus.consumer("g", ["news"])
    poll(consumer)
    commit(bus, consumer)
    consumer.seek_to_time("news", 0)
    assert poll(consumer, 1) == ["a"]
    commit(bus, consumer)

    assert poll(house.open().consumer("g", ["news"])) == ["b"]


def test_lag_counts_what_is_not_committed(bus: Bus) -> None:
    assert bus.lag("nobody", ["news"]) == {"news": 0}
    publish_texts(bus, "news", *"abc")
    publish(bus, "wide", *(message("w", partition=p) for p in range(3)))
    consumer = bus.consumer("g", ["news", "wide"])
    assert bus.lag("g", ["news", "wide"]) == {"news": 3, "wide": 3}

    while poll(consumer):
        pass
    assert bus.lag("g", ["news", "wide"]) == {"news": 3, "wide": 3}

    commit(bus, consumer)
    assert bus.lag("g", ["wide", "news"]) == {"news": 0, "wide": 0}
    assert bus.lag("nobody", ["news"]) == {"news": 3}


def test_trim_takes_only_what_is_old_and_committed_by_all(house: House, bus: Bus) -> None:
    publish(bus, "news", *(message(str(at), at_ms=at) for at in range(10)))
    fast, slow = bus.consumer("fast", ["news"]), bus.consumer("slow", ["news"])
    poll(fast)
    commit(bus, fast)
    poll(slow, 3)
    commit(bus, slow)

    assert bus.trim("news", before_ms=8) == 3
    poll(slow)
    commit(bus, slow)
    assert bus.trim("news", before_ms=8) == 5
    assert bus.trim("news", before_ms=8) == 0

    newcomer = house.open().consumer("new", ["news"])
    assert bus.lag("new", ["news"]) == {"news": 2}
    assert [d.offset for d in newcomer.poll(10, 0.0)] == [8, 9]


def test_trim_stops_at_the_first_message_that_is_young(bus: Bus) -> None:
    publish(bus, "news", *(message(str(at), at_ms=at) for at in (1, 2, 9, 3)))

    assert bus.trim("news", before_ms=5) == 2
    assert poll(bus.consumer("g", ["news"])) == ["9", "3"]


def test_offsets_go_on_after_everything_was_trimmed(house: House, bus: Bus) -> None:
    publish_texts(bus, "news", "a", "b")
    consumer = bus.consumer("g", ["news"])
    poll(consumer)
    commit(bus, consumer)
    assert bus.trim("news", before_ms=1) == 2

    publish_texts(house.open(), "news", "c")

    assert [(d.offset, d.value) for d in consumer.poll(10, 0.0)] == [(2, b"c")]


def test_a_poll_waits_until_its_deadline_and_no_longer(bus: Bus, clock: ManualClock) -> None:
    assert bus.consumer("g", ["news"]).poll(10, 0.25) == []
    assert clock.now_ms() == pytest.approx(250, abs=10)


def test_a_poll_does_not_wait_where_there_is_something(bus: Bus, clock: ManualClock) -> None:
    publish_texts(bus, "news", "a")

    assert texts(bus.consumer("g", ["news"]).poll(10, 60.0)) == ["a"]
    assert clock.now_ms() == 0


def test_a_waiting_poll_gives_what_comes(house: House, bus: Bus, clock: ManualClock) -> None:
    other = house.open()
    consumer = bus.consumer("g", ["news"])
    nap = clock.sleep

    def publish_while_sleeping(seconds: float) -> None:
        nap(seconds)
        if clock.now_ms() >= 100 and other.lag("g", ["news"]) == {"news": 0}:
            publish_texts(other, "news", "late")

    clock.sleep = publish_while_sleeping  # type: ignore[method-assign]
    bus._sleep = publish_while_sleeping  # type: ignore[attr-defined]

    assert texts(consumer.poll(10, 5.0)) == ["late"]
    assert clock.now_ms() < 200


def test_create_is_idempotent_and_keeps_what_is_there(house: House, bus: Bus) -> None:
    publish_texts(bus, "news", "a")

    bus.create({"news": 1, "more": 2})

    assert (bus.partitions("news"), bus.partitions("more")) == (1, 2)
    assert poll(house.open().consumer("g", ["news"])) == ["a"]


@pytest.mark.parametrize("asked", [{"wide": 2}, {"wide": 4}, {"fresh": 0}])
def test_create_refuses_another_number_of_partitions(bus: Bus, asked: dict[str, int]) -> None:
    with pytest.raises(BusError, match="partitions of"):
        bus.create(asked)

    assert bus.partitions("wide") == 3


def test_an_unknown_channel_is_an_error_and_not_an_empty_one(bus: Bus) -> None:
    with pytest.raises(BusError, match="'nowhere'"):
        bus.partitions("nowhere")
    with pytest.raises(BusError, match="'nowhere'"):
        bus.consumer("g", ["news", "nowhere"])
    with pytest.raises(BusError, match="'nowhere'"):
        bus.lag("g", ["nowhere"])
    with pytest.raises(BusError, match="'nowhere'"):
        bus.trim("nowhere", 0)
    with pytest.raises(BusError, match="'nowhere'"):
        publish_texts(bus, "nowhere", "a")


def test_two_members_of_a_group_cannot_both_commit_the_same(house: House, bus: Bus) -> None:
    publish_texts(bus, "news", "a", "b")
    one, two = bus.consumer("g", ["news"]), house.open().consumer("g", ["news"])
    assert poll(one) == poll(two) == ["a", "b"]
    commit(bus, one)

    def publish_and_commit() -> None:
        with bus.transaction() as tx:
            tx.publish("wide", [message("doubled")])
            tx.commit(two)

    with pytest.raises(CommitConflict):
        publish_and_commit()

    assert poll(bus.consumer("reader", ["wide"])) == []
    two.rewind()
    assert poll(two) == []
    publish_texts(bus, "news", "c")
    assert poll(two) == ["c"]
    commit(bus, two)
    assert bus.lag("g", ["news"]) == {"news": 0}


def test_members_of_a_group_in_two_threads_handle_every_message_once(
    house: House, bus: Bus
) -> None:
    count = 200
    publish_texts(bus, "news", *(str(number) for number in range(count)))

    def work() -> None:
        own = house.open()
        consumer = own.consumer("g", ["news"])
        while own.lag("g", ["news"])["news"]:
            deliveries = consumer.poll(7, 0.0)
            try:
                with own.transaction() as tx:
                    tx.publish("wide", [message(text, partition=0) for text in texts(deliveries)])
                    tx.commit(consumer)
            except CommitConflict:
                consumer.rewind()

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    done = poll(bus.consumer("reader", ["wide"]), count + 1)
    assert done == [str(number) for number in range(count)]


def test_writers_in_several_threads_lose_and_double_nothing(bus: Bus) -> None:
    def write(name: str) -> None:
        for number in range(20):
            publish_texts(bus, "news", f"{name}{number}", f"{name}{number}!")

    threads = [threading.Thread(target=write, args=(name,)) for name in "abc"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    deliveries = bus.consumer("g", ["news"]).poll(1_000, 0.0)
    assert [d.offset for d in deliveries] == list(range(120))
    for name in "abc":
        own = [text for text in texts(deliveries) if text.startswith(name)]
        assert own == [f"{name}{n}{mark}" for n in range(20) for mark in ("", "!")]


def test_a_consumer_of_another_bus_is_refused(bus: Bus) -> None:
    class Foreign:
        def poll(self, max_records: int, deadline_s: float) -> list[Delivery]:
            return []

        def seek_to_time(self, channel: str, at_ms: int) -> None: ...
        def rewind(self) -> None: ...
        def close(self) -> None: ...

    with pytest.raises(BusError, match="consumer of this bus"), bus.transaction() as tx:
        tx.commit(Foreign())
