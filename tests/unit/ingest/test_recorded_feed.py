"""Recorded feeds: every format, every broken row, filters, order and ids."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from foreshock.clock import iso_to_ms
from foreshock.errors import SourceError
from ingest.sources.recorded import RecordedFeed, parse_columns, parse_filter

WIRE = [
    {"w": "a", "ts": "2008-09-29T17:54Z", "h": "House rejects bailout", "cat": "top"},
    {"w": "a", "ts": "2008-09-29T17:52Z", "h": "Stocks fall", "cat": "top"},
    {"w": "b", "ts": "2008-09-29T17:53Z", "h": "REG-Net Asset Value", "cat": "REG"},
    {"w": "b", "ts": "2008-09-29T17:54Z", "h": "Oil slips", "cat": "commodities"},
]


def write_lines(path: Path, rows: list[dict[str, object]]) -> Path:
    data = "".join(json.dumps(row) + "\n" for row in rows).encode()
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)
    return path


def titles(feed: RecordedFeed) -> list[str]:
    return [item.title for item in feed.read()]


def test_items_come_by_time_and_in_file_order_among_equals(tmp_path: Path) -> None:
    feed = RecordedFeed(write_lines(tmp_path / "wire.jsonl.gz", WIRE))
    assert titles(feed) == [
        "Stocks fall",
        "REG-Net Asset Value",
        "House rejects bailout",
        "Oil slips",
    ]
    assert (feed.total, feed.selected, feed.rejected.total()) == (4, 4, 0)


def test_one_time_column_gives_both_times_and_the_feed_names_the_rest(tmp_path: Path) -> None:
    feed = RecordedFeed(write_lines(tmp_path / "wire.jsonl", WIRE[:1]), watch="eu")
    (item,) = feed.read()
    assert item.seen_at_ms == item.published_at_ms == iso_to_ms("2008-09-29T17:54Z")
    assert (item.source, item.publisher, item.watch) == ("wire", "wire", "eu")


def test_every_format_gives_the_same_items(tmp_path: Path) -> None:
    rows = [{"ts": row["ts"], "headline": row["h"]} for row in WIRE]
    csv_text = "ts,headline\n" + "".join(f'{row["ts"]},"{row["headline"]}"\n' for row in rows)
    (tmp_path / "feed.csv").write_text(csv_text, "utf-8")
    (tmp_path / "feed.csv.gz").write_bytes(gzip.compress(csv_text.encode()))
    (tmp_path / "feed.tsv").write_text(csv_text.replace(",", "\t"), "utf-8")
    (tmp_path / "semicolons.csv").write_text(csv_text.replace(",", ";"), "utf-8")
    (tmp_path / "feed.utf16.csv").write_text(csv_text, "utf-16")
    write_lines(tmp_path / "feed.jsonl", rows)
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "feed.parquet")
    packed = gzip.compress((tmp_path / "feed.parquet").read_bytes())
    (tmp_path / "packed.parquet.gz").write_bytes(packed)
    read = {p.name: list(RecordedFeed(p, name="feed").read()) for p in tmp_path.iterdir()}
    assert len(read) == 8
    assert all(items == read["feed.jsonl"] for items in read.values())
    assert len(read["feed.jsonl"]) == 4


def test_parquet_timestamps_are_times(tmp_path: Path) -> None:
    stamps = pa.array([1_222_710_840_000], pa.timestamp("ms", tz="UTC"))
    table = pa.table({"published_at": stamps, "title": ["House rejects bailout"]})
    pq.write_table(table, tmp_path / "feed.parquet")
    (item,) = RecordedFeed(tmp_path / "feed.parquet").read()
    assert item.seen_at_ms == 1_222_710_840_000


def test_where_is_or_within_a_column_and_and_between_columns(tmp_path: Path) -> None:
    path = write_lines(tmp_path / "wire.jsonl", WIRE)
    both = RecordedFeed(path, where=[("w", "a"), ("w", "b"), ("cat", "top")])
    assert titles(both) == ["Stocks fall", "House rejects bailout"]
    assert both.total == 4


def test_without_drops_what_has_any_of_its_values(tmp_path: Path) -> None:
    path = write_lines(tmp_path / "wire.jsonl", WIRE)
    assert titles(RecordedFeed(path, without=[("cat", "REG"), ("cat", "top")])) == ["Oil slips"]


def test_from_is_included_and_to_is_not(tmp_path: Path) -> None:
    path = write_lines(tmp_path / "wire.jsonl", WIRE)
    feed = RecordedFeed(
        path, from_ms=iso_to_ms("2008-09-29T17:53Z"), to_ms=iso_to_ms("2008-09-29T17:54Z")
    )
    assert titles(feed) == ["REG-Net Asset Value"]


@pytest.mark.parametrize(
    "named",
    [{"where": [("desk", "x")]}, {"without": [("desk", "x")]}, {"columns": {"text": "desk"}}],
)
def test_a_column_that_is_not_there_is_an_error_that_lists_those_that_are(
    tmp_path: Path, named: dict[str, object]
) -> None:
    feed = RecordedFeed(write_lines(tmp_path / "wire.jsonl", WIRE), **named)  # type: ignore[arg-type]
    with pytest.raises(SourceError, match=r"'desk', found w, ts, h, cat"):
        feed.read()


def test_a_field_that_is_not_one_is_an_error(tmp_path: Path) -> None:
    feed = RecordedFeed(write_lines(tmp_path / "wire.jsonl", WIRE), columns={"headline": "h"})
    with pytest.raises(SourceError, match="expected a field of"):
        feed.read()


def test_a_feed_without_title_or_time_is_an_error_with_a_hint(tmp_path: Path) -> None:
    prices = tmp_path / "prices.csv"
    prices.write_text("date,close\n2020-01-02,1.0\n", "utf-8")
    with pytest.raises(SourceError, match="title or text, found date, close") as caught:
        RecordedFeed(prices).read()
    assert "--columns title=" in caught.value.hint


def test_a_column_map_finds_what_has_another_name(tmp_path: Path) -> None:
    rows = [{"when": "2020-01-02 10:00", "what": "Acme falls", "id": 7, "who": "Wire"}]
    path = write_lines(tmp_path / "odd.jsonl", rows)  # type: ignore[arg-type]
    columns = parse_columns("title=what,published_at=when,publisher=who")
    (item,) = RecordedFeed(path, columns=columns).read()
    assert (item.title, item.publisher) == ("Acme falls", "Wire")


def test_fields_that_only_later_rows_have_are_found(tmp_path: Path) -> None:
    rows = [
        {"title": "First", "ts": "2020-01-01T00:00Z"},
        {"title": "Second", "ts": "2020-01-01T00:01Z", "url": "https://x.org/2", "desk": "a"},
    ]
    path = write_lines(tmp_path / "tape.jsonl", rows)  # type: ignore[arg-type]
    assert [item.url for item in RecordedFeed(path).read()] == ["", "https://x.org/2"]
    assert titles(RecordedFeed(path, where=[("desk", "a")])) == ["Second"]


def test_a_tape_carries_every_field(tmp_path: Path) -> None:
    row = {
        "source": "wire", "publisher": "The Wire", "guid": "g1", "title": "Acme falls",
        "text": "Down.", "url": "https://x.org/1?utm_source=a",
        "published_at": "2020-01-01T00:00:00Z",
        "seen_at": "2020-01-01T00:05:00Z", "language": "en-GB", "tickers": ["acme", "$XYZ"],
    }  # fmt: skip
    (item,) = RecordedFeed(write_lines(tmp_path / "tape.jsonl", [row])).read()
    assert (item.source, item.publisher, item.language) == ("wire", "The Wire", "en")
    assert item.url == "https://x.org/1"
    assert item.tickers == ("ACME", "XYZ")
    assert (item.published_at_ms, item.seen_at_ms) == (1_577_836_800_000, 1_577_837_100_000)


def test_na_is_a_word(tmp_path: Path) -> None:
    path = tmp_path / "feed.csv"
    path.write_text("date,title,ticker\n2020-01-02,NA,NA\n2020-01-03,null,\n", "utf-8")
    items = list(RecordedFeed(path).read())
    assert [item.title for item in items] == ["NA", "null"]
    assert items[0].tickers == ("NA",)


def test_the_first_of_several_sites_is_the_publisher(tmp_path: Path) -> None:
    path = tmp_path / "feed.csv"
    path.write_text("ts_utc,title,sites\n2023-01-02T00:00:01Z,日经指数暴跌,新浪|网易\n", "utf-8")
    (item,) = RecordedFeed(path).read()
    assert (item.publisher, item.language) == ("新浪", "zh")


def test_tweets_are_titles(tmp_path: Path) -> None:
    path = tmp_path / "tweets.csv"
    path.write_text("ts_utc,ticker,text\n2014-10-05T22:07:50Z,fb,$FB up. So it goes.\n", "utf-8")
    (item,) = RecordedFeed(path).read()
    assert (item.title, item.text) == ("$FB up. So it goes.", "")
    assert item.tickers == ("META",)


def test_equal_rows_are_told_apart_wherever_the_replay_starts(tmp_path: Path) -> None:
    rows = [{"ts": f"2020-01-01T00:0{minute}Z", "title": "Acme falls"} for minute in (0, 1, 1, 1)]
    path = write_lines(tmp_path / "feed.jsonl", rows)  # type: ignore[arg-type]
    whole = [item.item_id for item in RecordedFeed(path).read()]
    later = RecordedFeed(path, from_ms=iso_to_ms("2020-01-01T00:01Z"))
    assert len(set(whole)) == 4
    assert [item.item_id for item in later.read()] == whole[1:]


def test_the_same_revision_comes_once_and_a_changed_one_again(tmp_path: Path) -> None:
    def row(minute: int, title: str) -> dict[str, object]:
        return {"ts": f"2020-01-01T00:0{minute}Z", "guid": "g1", "title": title}

    path = write_lines(tmp_path / "feed.jsonl", [row(0, "Acme"), row(1, "Acme"), row(2, "Acme 2")])
    feed = RecordedFeed(path)
    first, changed = feed.read()
    assert first.entry_id == changed.entry_id
    assert first.item_id != changed.item_id
    assert dict(feed.rejected) == {"repeated": 1}


def test_what_cannot_be_read_is_rejected_with_its_line_and_the_rest_comes(tmp_path: Path) -> None:
    path = tmp_path / "feed.jsonl"
    path.write_bytes(
        b'{"ts":"2020-01-01T00:00Z","title":"First"}\n'
        b'{"ts":"2020-01-01T00:01Z","title":"Cut of\n'
        b"[1, 2]\n"
        b'{"ts":"yesterday","title":"No time"}\n'
        b'{"ts":"2020-01-01T00:02Z","title":" <b></b> "}\n'
        b'{"title":"No time at all"}\n'
        b"\n"
        b'{"ts":"2020-01-01T00:03Z","title":"Caf\xe9 Acme"}\n'
    )
    feed = RecordedFeed(path)
    assert titles(feed) == ["First", "Café Acme"]
    assert dict(feed.rejected) == {"bad-row": 2, "no-time": 2, "no-title": 1}
    details = [example.detail for example in feed.rejections.examples]
    assert [detail.split(" ")[1].rstrip(":") for detail in details] == ["2", "3", "4", "6", "5"]


def test_an_unclosed_quote_costs_its_own_row(tmp_path: Path) -> None:
    path = tmp_path / "feed.csv"
    path.write_text(
        "ts,title,text\n"
        '2020-01-01T00:00Z,"Two\nlines",x\n'
        '2020-01-01T00:01Z,"Never closed,x\n'
        '2020-01-01T00:02Z,5" pipes fail,x\n'
        '2020-01-01T00:03Z,"Said ""no""",x\n'
        '2020-01-01T00:04Z,"Odd"quote,x\n'
        "2020-01-01T00:05Z,Last,x\n",
        "utf-8",
    )
    feed = RecordedFeed(path)
    found = titles(feed)
    assert found[0] == "Two lines"
    assert found[-4:] == ['5" pipes fail', 'Said "no"', "Oddquote", "Last"]
    assert feed.total + feed.rejected["bad-row"] == 6


def test_a_short_row_lacks_what_it_lacks(tmp_path: Path) -> None:
    path = tmp_path / "feed.csv"
    path.write_text("title,ts\nOnly a title\nAcme,2020-01-01,too,many\n", "utf-8")
    feed = RecordedFeed(path)
    assert titles(feed) == ["Acme"]
    assert dict(feed.rejected) == {"no-time": 1}


def test_a_title_of_100_kb_is_cut(tmp_path: Path) -> None:
    rows = [{"ts": "2020-01-01T00:00Z", "title": "word " * 20_000}]
    (item,) = RecordedFeed(write_lines(tmp_path / "f.jsonl", rows)).read()  # type: ignore[arg-type]
    assert len(item.title) <= 1_000
    assert item.title.endswith("word…")


def test_a_line_without_end_is_rejected_without_reading_it_whole(tmp_path: Path) -> None:
    path = tmp_path / "feed.jsonl"
    long = b'{"ts":"2020-01-01T00:00Z","title":"' + b"x" * 9_000_000 + b'"}\n'
    path.write_bytes(long + b'{"ts":"2020-01-01T00:01Z","title":"Next"}\n')
    feed = RecordedFeed(path)
    assert titles(feed) == ["Next"]
    assert dict(feed.rejected) == {"row-too-long": 1}


def test_a_damaged_archive_gives_what_it_has(tmp_path: Path) -> None:
    path = write_lines(tmp_path / "wire.jsonl.gz", WIRE * 500)  # type: ignore[arg-type]
    path.write_bytes(path.read_bytes()[:-12])
    feed = RecordedFeed(path)
    assert len(titles(feed)) > 4
    assert feed.rejected["broken-file"] == 1


@pytest.mark.parametrize("name", ["empty.csv", "empty.jsonl"])
def test_an_empty_file_has_no_items(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"")
    feed = RecordedFeed(tmp_path / name, where=[("w", "a")])
    assert list(feed.read()) == []
    assert feed.total == 0


@pytest.mark.parametrize("name", ["missing.csv", "feed.xlsx", "broken.parquet", "fake.csv.gz"])
def test_a_file_that_is_no_feed_is_an_error(tmp_path: Path, name: str) -> None:
    if name != "missing.csv":
        (tmp_path / name).write_bytes(b"nothing of this kind")
    feed = RecordedFeed(tmp_path / name)
    if name == "fake.csv.gz":  # damage is told like any other damage
        assert list(feed.read()) == []
        assert dict(feed.rejected) == {"broken-file": 1}
        return
    with pytest.raises(SourceError):
        feed.read()


def test_filters_are_read_from_text() -> None:
    assert parse_filter("w=lehman=2008") == ("w", "lehman=2008")
    with pytest.raises(SourceError, match="expected column=value"):
        parse_filter("lehman")
