"""What the SQLite store promises beyond the protocol: the bus's transaction, file and errors."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from foreshock.bus.base import Message
from foreshock.bus.memory_bus import MemoryBus
from foreshock.bus.sqlite_bus import SqliteBus
from foreshock.errors import StoreError, StoreUnavailable
from foreshock.records import OutboxRow, Pane
from foreshock.store import schema
from foreshock.store.sql_store import SqlStore, open_store

PANE = Pane(watch="main", key="all", pane_end_ms=60_000, width_ms=60_000)
MESSAGE = OutboxRow(alert_id="a", change="firing", notifier="slack", body=b"{}")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "foreshock.db"


@pytest.fixture
def bus(path: Path) -> Iterator[SqliteBus]:
    bus = SqliteBus(path)
    bus.create({"news": 1})
    yield bus
    bus.close()


@pytest.fixture
def store(bus: SqliteBus, path: Path) -> Iterator[SqlStore]:
    store = open_store(path)
    yield store
    store.close()


def write_all(bus: SqliteBus, store: SqlStore, *, fail: bool) -> None:
    with bus.transaction() as transaction:
        assert store.joins(transaction)
        transaction.publish("news", [Message("k", b"v", 0)])
        store.write([PANE], transaction)
        store.write_outbox([MESSAGE], transaction)
        store.put_meta({"feed": "a.csv"}, transaction)
        silence = {"silence_id": "s", "key_pattern": "*", "until_ms": 1, "comment": ""}
        store.upsert(schema.silences, [silence], transaction)
        assert store.counts()["panes"] == 0  # the store's own reader waits for the commit
        if fail:
            raise RuntimeError("on purpose")


def test_rows_stand_with_the_messages_of_the_bus(bus: SqliteBus, store: SqlStore) -> None:
    write_all(bus, store, fail=False)

    assert store.counts()["panes"] == 1
    assert store.outbox_counts()["pending"] == 1
    assert store.get_meta()["feed"] == "a.csv"
    assert bus.lag("g", ["news"]) == {"news": 1}


def test_rows_fall_with_the_messages_of_the_bus(bus: SqliteBus, store: SqlStore) -> None:
    with pytest.raises(RuntimeError, match="on purpose"):
        write_all(bus, store, fail=True)

    assert store.counts()["panes"] == 0
    assert store.outbox_counts()["pending"] == 0
    assert "feed" not in store.get_meta()
    assert bus.lag("g", ["news"]) == {"news": 0}


def test_a_bus_in_another_place_is_not_joined(store: SqlStore, tmp_path: Path) -> None:
    for other in (SqliteBus(tmp_path / "other.db"), MemoryBus()):
        with other.transaction() as transaction:
            assert not store.joins(transaction)
            store.write([PANE], transaction)
            assert store.counts()["panes"] == 1  # committed on its own
        other.close()


def test_the_same_file_by_another_path_is_joined(bus: SqliteBus, path: Path) -> None:
    store = open_store(path.parent / "." / path.name)
    with bus.transaction() as transaction:
        assert store.joins(transaction)
    store.close()


@pytest.mark.parametrize("read_only", [False, True])
def test_a_folder_that_is_not_there_makes_the_store_unavailable(
    tmp_path: Path, read_only: bool
) -> None:
    with pytest.raises(StoreUnavailable, match="unable to open"):
        open_store(tmp_path / "nowhere" / "foreshock.db", read_only=read_only)


def test_opening_to_read_makes_no_file(path: Path) -> None:
    with pytest.raises(StoreUnavailable):
        open_store(path, read_only=True)

    assert not path.exists()


def test_a_file_without_a_store_is_refused_by_a_reader(bus: SqliteBus, path: Path) -> None:
    with pytest.raises(StoreError, match="holds no Foreshock store"):
        open_store(path, read_only=True)


def test_a_file_that_is_no_database_makes_the_store_unavailable(path: Path) -> None:
    path.write_bytes(b"a diary, not a database" * 100)

    with pytest.raises(StoreUnavailable, match="not a database"):
        open_store(path)


def test_a_url_opens_the_same_file_as_its_path(store: SqlStore, path: Path) -> None:
    store.write([PANE])

    by_url = open_store(f"sqlite:///{path}", read_only=True)

    assert list(by_url.export(Pane)) == [PANE]
    by_url.close()


@pytest.mark.parametrize(
    ("url", "reason"),
    [("sqlite://", "with a file"), ("no URL://", "neither"), ("mysql://db/x", "PostgreSQL")],
)
def test_a_url_that_cannot_be_used_is_refused(url: str, reason: str) -> None:
    with pytest.raises(StoreError, match=reason):
        open_store(url)


def test_a_lock_that_is_held_too_long_says_so(
    path: Path, store: SqlStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("foreshock.store.engines.BUSY_TIMEOUT_S", 0.01)
    impatient = open_store(path)
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")

    with pytest.raises(StoreUnavailable, match="locked") as caught:
        impatient.write([PANE])
    assert "second Foreshock" in caught.value.hint

    holder.close()
    impatient.write([PANE])
    assert store.counts()["panes"] == 1
    impatient.close()


@pytest.mark.parametrize(
    ("statement", "index"),
    [
        ("SELECT count(*) FROM items WHERE lead", "leads_by_time"),
        ("SELECT * FROM items ORDER BY at_ms, item_id", "items_by_time"),
        ("SELECT * FROM panes ORDER BY pane_end_ms, watch, key", "panes_by_time"),
        ("SELECT * FROM outbox WHERE state = 'pending' AND next_try_ms <= 5", "outbox_by_due"),
        ("SELECT * FROM item_keys WHERE key = 'all' ORDER BY at_ms DESC", "PRIMARY KEY"),
    ],
)
def test_what_is_asked_often_is_answered_by_an_index(
    store: SqlStore, statement: str, index: str
) -> None:
    with store.connect() as connection:
        plan = [row.detail for row in connection.execute(text(f"EXPLAIN QUERY PLAN {statement}"))]

    assert len(plan) == 1
    assert index in plan[0]
