"""What the embedded bus promises beyond the protocol: its file, its errors, its waiting."""

from __future__ import annotations

import sqlite3
import threading
from pathlib import Path

import pytest

from foreshock.bus.base import Message
from foreshock.bus.sqlite_bus import SqliteBus
from foreshock.errors import BusError, BusUnavailable


def publish(bus: SqliteBus, *values: bytes) -> None:
    with bus.transaction() as transaction:
        transaction.publish("news", [Message("k", value, 0) for value in values])


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "foreshock.db"


def test_a_folder_that_is_not_there_makes_the_bus_unavailable(tmp_path: Path) -> None:
    with pytest.raises(BusUnavailable, match="unable to open") as caught:
        SqliteBus(tmp_path / "nowhere" / "foreshock.db")

    assert "folder" in caught.value.hint


def test_a_file_that_is_no_database_makes_the_bus_unavailable(path: Path) -> None:
    path.write_bytes(b"a diary, not a database" * 100)

    with pytest.raises(BusUnavailable, match="not a database") as caught:
        SqliteBus(path)

    assert "data_dir" in caught.value.hint
    assert path.read_bytes().startswith(b"a diary")


def test_a_lock_that_is_held_too_long_is_an_error_that_says_so(path: Path) -> None:
    bus = SqliteBus(path, busy_timeout_s=0.01)
    bus.create({"news": 1})
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")

    with pytest.raises(BusError, match="locked") as caught:
        publish(bus, b"a")
    assert isinstance(caught.value, BusUnavailable)
    assert "second Foreshock" in caught.value.hint

    holder.execute("ROLLBACK")
    holder.close()
    publish(bus, b"b")
    assert [d.value for d in bus.consumer("g", ["news"]).poll(10, 0.0)] == [b"b"]
    bus.close()


def test_readers_do_not_wait_for_a_writer(path: Path) -> None:
    bus = SqliteBus(path, busy_timeout_s=0.01)
    bus.create({"news": 1})
    publish(bus, b"a")
    consumer = bus.consumer("g", ["news"])
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")

    assert [d.value for d in consumer.poll(10, 0.0)] == [b"a"]
    assert bus.lag("g", ["news"]) == {"news": 1}

    holder.close()
    bus.close()


def test_a_full_disk_is_an_error_that_says_so_and_takes_nothing_back(path: Path) -> None:
    bus = SqliteBus(path)
    bus.create({"news": 1})
    publish(bus, b"before")
    with bus.transaction() as transaction:
        pages = transaction.connection.execute("PRAGMA page_count").fetchone()[0]
        transaction.connection.execute(f"PRAGMA max_page_count={pages + 2}")

    with pytest.raises(BusError, match="full") as caught:
        publish(bus, b"x" * 1_000_000)
    assert "free some space" in caught.value.hint

    with bus.transaction() as transaction:
        transaction.connection.execute("PRAGMA max_page_count=1000000")
    publish(bus, b"after")
    deliveries = bus.consumer("g", ["news"]).poll(10, 0.0)
    assert [(d.offset, d.value) for d in deliveries] == [(0, b"before"), (1, b"after")]
    bus.close()


def test_the_file_keeps_a_write_ahead_log(path: Path) -> None:
    bus = SqliteBus(path)
    with bus.transaction() as transaction:
        mode = transaction.connection.execute("PRAGMA journal_mode").fetchone()
        synchronous = transaction.connection.execute("PRAGMA synchronous").fetchone()
    bus.close()

    assert (mode, synchronous) == (("wal",), (1,))


def test_a_table_of_the_store_joins_the_transaction(path: Path) -> None:
    bus = SqliteBus(path)
    bus.create({"news": 1})
    with bus.transaction() as transaction:
        transaction.connection.execute("CREATE TABLE notes (text)")

    def insert_and_fail() -> None:
        with bus.transaction() as transaction:
            transaction.connection.execute("INSERT INTO notes VALUES ('undone')")
            raise RuntimeError("on purpose")

    with pytest.raises(RuntimeError, match="on purpose"):
        insert_and_fail()
    with bus.transaction() as transaction:
        transaction.connection.execute("INSERT INTO notes VALUES ('stands')")
    bus.close()

    reader = sqlite3.connect(path)
    assert reader.execute("SELECT text FROM notes").fetchall() == [("stands",)]
    reader.close()


def test_a_poll_inside_of_a_transaction_is_refused(path: Path) -> None:
    bus = SqliteBus(path)
    bus.create({"news": 1})
    consumer = bus.consumer("g", ["news"])

    with pytest.raises(BusError, match="outside of a transaction"), bus.transaction():
        consumer.poll(1, 0.0)
    bus.close()


def test_an_sql_error_inside_of_a_transaction_is_a_bus_error(path: Path) -> None:
    bus = SqliteBus(path)

    with pytest.raises(BusError, match="no such table") as caught, bus.transaction() as transaction:
        transaction.connection.execute("SELECT * FROM diaries")

    assert not isinstance(caught.value, BusUnavailable)
    bus.close()


def test_a_number_that_no_database_holds_is_a_bus_error(path: Path) -> None:
    bus = SqliteBus(path)
    bus.create({"news": 1})

    with pytest.raises(BusError, match="can hold") as caught, bus.transaction() as transaction:
        transaction.publish("news", [Message("k", b"a", 0), Message("k", b"b", 10**30)])

    assert not isinstance(caught.value, BusUnavailable)
    assert bus.lag("g", ["news"]) == {"news": 0}
    bus.close()


def test_waiting_costs_little_and_asks_no_table_while_nothing_changes(path: Path) -> None:
    naps: list[float] = []
    bus = SqliteBus(path, sleep=naps.append)
    bus.create({"news": 1})
    consumer = bus.consumer("g", ["news"])
    statements: list[str] = []
    with bus.transaction() as transaction:
        transaction.connection.set_trace_callback(statements.append)
    statements.clear()

    assert consumer.poll(10, 1.0) == []

    assert sum(naps) == pytest.approx(1.0)
    assert len(naps) < 50
    assert sum("bus_" in statement for statement in statements) == 1
    bus.close()


def test_a_message_that_comes_between_the_look_and_the_wait_is_not_missed(path: Path) -> None:
    other = SqliteBus(path)
    other.create({"news": 1})
    bus = SqliteBus(path, sleep=lambda _: None)
    consumer = bus.consumer("g", ["news"])
    look = consumer._take  # type: ignore[attr-defined]
    looks: list[int] = []

    def look_then_publish(limit: int) -> list[object]:
        found: list[object] = look(limit)
        if not looks:
            publish(other, b"between")
        looks.append(len(found))
        return found

    consumer._take = look_then_publish  # type: ignore[attr-defined]

    assert [d.value for d in consumer.poll(10, 1.0)] == [b"between"]
    bus.close()
    other.close()


def test_what_the_waiting_thread_itself_publishes_ends_the_wait(path: Path) -> None:
    naps: list[float] = []

    def publish_while_sleeping(seconds: float) -> None:
        naps.append(seconds)
        if len(naps) == 3:
            publish(bus, b"own")

    bus = SqliteBus(path, sleep=publish_while_sleeping)
    bus.create({"news": 1})

    deliveries = bus.consumer("g", ["news"]).poll(10, 5.0)

    assert [d.value for d in deliveries] == [b"own"]
    assert len(naps) == 3
    bus.close()


def test_threads_that_are_gone_leave_no_connection_open(path: Path) -> None:
    bus = SqliteBus(path)
    bus.create({"news": 1})
    for _ in range(20):
        thread = threading.Thread(target=publish, args=(bus, b"a"))
        thread.start()
        thread.join()

    assert len(bus._connections._all) <= 2
    assert bus.lag("g", ["news"]) == {"news": 20}
    bus.close()


def test_a_large_channel_is_trimmed_in_pieces_to_the_last_row(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("foreshock.bus.sqlite_bus.TRIM_ROWS", 10)
    bus = SqliteBus(path)
    bus.create({"news": 1})
    publish(bus, *(b"a" for _ in range(105)))

    assert bus.trim("news", before_ms=1) == 105
    assert bus.consumer("g", ["news"]).poll(10, 0.0) == []
    bus.close()
