"""A recorded feed: rows of a file as items in the order in which they were seen.

Called by replay, the demo and the tests. The file is read once into compact tuples, sorted by time
(file order among equals) and normalised one by one, so some million rows fit into memory.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from operator import itemgetter
from pathlib import Path

from foreshock.errors import EntryRejected, SourceError
from foreshock.records import Item
from ingest.companies import default_find_tickers
from ingest.normalize import FindTickers, RawEntry, normalize
from ingest.published_times import time_to_ms
from ingest.sources.base import Rejections
from ingest.sources.feed_columns import (
    cell_text,
    require_column,
    require_playable,
    resolve_columns,
)
from ingest.sources.feed_rows import Row, feed_name, read_rows

MAX_TEXT_AS_TITLE = 1_000
_TICKER_SEPARATOR = re.compile(r"[,;|\s]+")

# seen_at_ms, published_at_ms, source, publisher, guid, title, text, url, language, tickers, line
_Compact = tuple[int, int, str, str, str, str, str, str, str, str, int]


class RecordedFeed:
    """A recorded feed in CSV, TSV, JSON lines or Parquet, plain or gzipped.

    `columns`: field -> column for columns that are not recognised (title, text, url, publisher,
    source, published_at, seen_at, language, tickers, guid). `where`: (column, value) pairs; a row
    is kept if for every column named it has one of that column's values. `without`: a row that has
    any of these is dropped. `from_ms` <= seen_at_ms < `to_ms`. A feed with one time column gives it
    as both times. A feed without titles but with a text (tweets) gives short texts as titles.
    """

    def __init__(
        self,
        path: Path | str,
        *,
        columns: Mapping[str, str] | None = None,
        where: Sequence[tuple[str, str]] = (),
        without: Sequence[tuple[str, str]] = (),
        from_ms: int | None = None,
        to_ms: int | None = None,
        watch: str = "main",
        name: str | None = None,
        find_tickers: FindTickers = default_find_tickers,
    ) -> None:
        self.path = Path(path)
        self.name = name if name is not None else feed_name(self.path)
        self.publisher = self.name
        self.watch = watch
        self.url = ""
        self.rejections = Rejections()
        self.total = 0
        """Rows in the file, those that no filter let through among them; set by `read`."""
        self.selected = 0
        """Rows that the filters let through and that have a time; set by `read`."""
        self._given = dict(columns or {})
        self._where = _by_column(where)
        self._without = _by_column(without)
        self._from_ms = from_ms
        self._to_ms = to_ms
        self._find_tickers = find_tickers

    @property
    def rejected(self) -> Counter[str]:
        """Return how many rows were rejected, by reason; complete when `read` is exhausted."""
        return self.rejections.counts

    def read(self) -> Iterator[Item]:
        """Read the file and return its items by seen_at_ms, file order among equals.

        Reasons of rejection: those of `read_rows`, `no-time`, `no-title`, and `repeated` for a row
        that is a revision already given. Raises SourceError, before the first item, if the file or
        a named column is missing.
        """
        self.rejections = Rejections()
        rows = self._selected_rows()
        rows.sort(key=itemgetter(0))
        self.selected = len(rows)
        return self._items(rows)

    def _selected_rows(self) -> list[_Compact]:
        self.total = 0
        selected: list[_Compact] = []
        columns: dict[str, str] = {}
        known: dict[str, None] = {}
        for line, row in read_rows(self.path, self._reject):
            self.total += 1
            if row.keys() - known.keys():  # rows of JSON lines need not have the same fields
                known.update(dict.fromkeys(row))
                columns = self._resolve(list(known), columns)
            if self._keeps(row) and (compact := self._compact(line, row, columns)) is not None:
                selected.append(compact)
        self._check(columns, list(known))
        return selected

    def _resolve(self, found: list[str], before: dict[str, str]) -> dict[str, str]:
        given = {field: column for field, column in self._given.items() if column in found}
        columns = {**before, **given}
        return resolve_columns(found, columns, self.path.name)

    def _check(self, columns: Mapping[str, str], found: list[str]) -> None:
        if not found:  # an empty file has no columns to miss
            return
        require_playable(columns, found, self.path.name)
        for column in (*self._given.values(), *self._where, *self._without):
            require_column(column, found, self.path.name)

    def _keeps(self, row: Row) -> bool:
        for column, values in self._where.items():
            if cell_text(row.get(column)) not in values:
                return False
        for column, values in self._without.items():
            if cell_text(row.get(column)) in values:
                return False
        return True

    def _compact(self, line: int, row: Row, columns: Mapping[str, str]) -> _Compact | None:
        cells = {field: cell_text(row.get(column)) for field, column in columns.items()}
        cell = cells.get
        published = time_to_ms(cell("published_at", ""))
        seen = time_to_ms(cell("seen_at", ""))
        seen = published if seen is None else seen
        if seen is None:
            found = cell("published_at", "") or cell("seen_at", "")
            self._reject("no-time", f"line {line}: expected a time, found {found[:40]!r}")
            return None
        if (self._from_ms is not None and seen < self._from_ms) or (
            self._to_ms is not None and seen >= self._to_ms
        ):
            return None
        if "published_at" not in columns:
            published = seen
        title, text = cell("title", ""), cell("text", "")
        if "title" not in columns and len(text) <= MAX_TEXT_AS_TITLE:
            title, text = text, ""
        source = cell("source", "")
        publisher = cell("publisher", "").split("|", 1)[0] or source
        return (
            seen, -1 if published is None else published, source, publisher, cell("guid", ""),
            title, text, cell("url", ""), cell("language", ""), cell("tickers", ""), line,
        )  # fmt: skip

    def _items(self, rows: list[_Compact]) -> Iterator[Item]:
        given: set[bytes] = set()
        equals: Counter[tuple[str, str, int]] = Counter()
        last_ms: int | None = None
        for row in rows:
            if row[0] != last_ms:
                equals.clear()
                last_ms = row[0]
            equal = (row[2], row[5] or row[6], row[1])
            ordinal = equals[equal]
            equals[equal] += 1
            try:
                item = normalize(self._raw(row, ordinal), self._find_tickers)
            except EntryRejected as error:
                self._reject(error.reason, f"line {row[10]}: {error}")
                continue
            if (digest := bytes.fromhex(item.item_id)) in given:
                self._reject("repeated", f"line {row[10]}: {item.title[:80]!r} was given before")
                continue
            given.add(digest)
            yield item

    def _raw(self, row: _Compact, ordinal: int) -> RawEntry:
        seen, published, source, publisher, guid, title, text, url, language, tickers, _ = row
        return RawEntry(
            source=source or self.name,
            publisher=publisher or self.publisher,
            watch=self.watch,
            guid=guid,
            title=title,
            text=text,
            url=url,
            published_at_ms=None if published == -1 else published,
            language=language,
            tickers=tuple(part for part in _TICKER_SEPARATOR.split(tickers) if part),
            seen_at_ms=seen,
            ordinal=ordinal,
        )

    def _reject(self, reason: str, detail: str) -> None:
        self.rejections.add(reason, detail)


def parse_filter(text: str) -> tuple[str, str]:
    """Return (column, value) of `column=value`. Raises SourceError.

    >>> parse_filter("cat=REG")
    ('cat', 'REG')
    """
    column, separator, value = text.partition("=")
    if not separator or not column.strip():
        raise SourceError(f"expected column=value, found {text!r}")
    return column.strip(), value


def parse_columns(text: str) -> dict[str, str]:
    """Return the column map of `field=column,field=column`. Raises SourceError.

    >>> parse_columns("title=h,published_at=ts")
    {'title': 'h', 'published_at': 'ts'}
    """
    return dict(parse_filter(part) for part in text.split(",") if part.strip())


def _by_column(pairs: Sequence[tuple[str, str]]) -> dict[str, frozenset[str]]:
    columns: dict[str, set[str]] = {}
    for column, value in pairs:
        columns.setdefault(column, set()).add(value)
    return {column: frozenset(values) for column, values in columns.items()}
