"""What every kind of source keeps: good entries come, broken ones are told, ids stay the same."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import pytest

from foreshock.errors import EntryRejected, SourceError
from foreshock.records import Item
from ingest.normalize import normalize
from ingest.sources.article import ArticleSource
from ingest.sources.base import Fetched, Source, SourceState
from ingest.sources.recorded import RecordedFeed
from ingest.sources.rss import RssSource

SEEN_MS = 1_600_000_000_000
TEXT = "Shares of Acme fell sharply on Tuesday after its results. " * 8


class Kind(Protocol):
    """One kind of source over entries that are given as titles; "" is an entry without any."""

    def read(self, titles: list[str]) -> tuple[list[Item], int]:
        """Return the items and how many entries were rejected."""
        ...

    def read_bytes(self, data: bytes) -> tuple[list[Item], int]: ...


def directly(function: Callable[..., Any], *args: Any) -> Any:
    return function(*args)


class Polled:
    def __init__(self, source: Source) -> None:
        self.source = source

    def read_bytes(self, data: bytes) -> tuple[list[Item], int]:
        def fetch(url: str, *, etag: str = "", last_modified: str = "") -> Fetched:
            return Fetched(200, data, {}, url)

        result = self.source.poll(fetch, SourceState(), SEEN_MS)
        items, rejected = [], len(result.rejected)
        for entry in result.entries:
            try:
                items.append(normalize(entry))
            except EntryRejected:
                rejected += 1
        return items, rejected


class Rss(Polled):
    def __init__(self, folder: Path) -> None:
        super().__init__(
            RssSource(name="s", publisher="p", url="https://x.org/rss", isolate=directly)
        )

    def read(self, titles: list[str]) -> tuple[list[Item], int]:
        entries = "".join(
            f"<item><guid>g{n}</guid><title>{title}</title>"
            f"<pubDate>Sun, 13 Sep 2020 12:0{n}:00 GMT</pubDate></item>"
            for n, title in enumerate(titles)
        )
        return self.read_bytes(
            f'<rss version="2.0"><channel><title>T</title>{entries}</channel></rss>'.encode()
        )


class Article(Polled):
    def __init__(self, folder: Path) -> None:
        super().__init__(
            ArticleSource(name="s", publisher="p", url="https://x.org/a", isolate=directly)
        )

    def read(self, titles: list[str]) -> tuple[list[Item], int]:
        items: list[Item] = []
        rejected = 0
        for title in titles:  # one page holds one article
            body = f"<h1>{title}</h1><p>{TEXT}</p>" if title else ""
            try:
                found, refused = self.read_bytes(
                    f"<html><body><article>{body}</article></body></html>".encode()
                )
            except SourceError:
                rejected += 1
            else:
                items += found
                rejected += refused
        return items, rejected


class Recorded:
    def __init__(self, folder: Path) -> None:
        self.path = folder / "s.jsonl"

    def read(self, titles: list[str]) -> tuple[list[Item], int]:
        rows = (
            json.dumps({"guid": f"g{n}", "title": title, "ts": f"2020-09-13T12:0{n}Z"})
            for n, title in enumerate(titles)
        )
        return self.read_bytes("\n".join(rows).encode())

    def read_bytes(self, data: bytes) -> tuple[list[Item], int]:
        self.path.write_bytes(data)
        feed = RecordedFeed(self.path)
        return list(feed.read()), feed.rejections.total


@pytest.fixture(params=[Rss, Article, Recorded])
def kind(request: pytest.FixtureRequest, tmp_path: Path) -> Kind:
    made: Kind = request.param(tmp_path)
    return made


def test_entries_come_in_the_order_of_their_time(kind: Kind) -> None:
    items, rejected = kind.read(["First", "Second", "Third"])
    assert [item.title for item in items] == ["First", "Second", "Third"]
    assert rejected == 0


def test_reading_again_gives_the_same_items(kind: Kind) -> None:
    once, _ = kind.read(["First", "Second"])
    again, _ = kind.read(["First", "Second"])
    assert once == again
    assert len({item.item_id for item in once}) == 2


def test_a_new_title_is_a_revision_of_the_same_entry(kind: Kind) -> None:
    ((before,), _), ((after,), _) = kind.read(["Acme falls"]), kind.read(["Acme rises"])
    assert before.entry_id == after.entry_id
    assert before.item_id != after.item_id


def test_an_entry_without_anything_is_rejected_and_the_others_come(kind: Kind) -> None:
    items, rejected = kind.read(["First", "", "Third"])
    assert [item.title for item in items] == ["First", "Third"]
    assert rejected == 1


def test_every_item_says_where_it_is_from_and_when_it_was_seen(kind: Kind) -> None:
    (item,), _ = kind.read(["First"])
    assert (item.source, item.watch) == ("s", "main")
    assert item.publisher in ("p", "s")
    assert abs(item.seen_at_ms - SEEN_MS) < 3_600_000


@pytest.mark.parametrize("size", [0, 1, 10, 1_000])
def test_bytes_without_sense_are_told_and_no_more(kind: Kind, size: int) -> None:
    data = bytes(range(1, 256)) * (size // 255) + b"\xff\xfe\x00<"[: size % 255]
    try:
        items, rejected = kind.read_bytes(data)
    except SourceError:
        return
    assert items == []
    assert rejected > 0 or size == 0
