"""The rows of a recorded feed, one by one, whatever its format. Called by recorded.

CSV, TSV, JSON lines and Parquet, plain or gzipped. A row that cannot be read is told to `reject`
and left out; the rows after it come. Cells are text as written: "NA" and "null" are words.
"""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import zlib
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from itertools import zip_longest
from pathlib import Path
from typing import Any

import msgspec

from foreshock.errors import SourceError

MAX_LINE = 4_000_000
MAX_CELL = 2_000_000
MAX_ROW_LINES = 2_000

Row = Mapping[str, Any]
Reject = Callable[[str, str], None]
BufferedStream = io.BufferedReader | gzip.GzipFile

_FORMATS = {
    ".csv": "csv", ".tsv": "csv", ".jsonl": "jsonl", ".ndjson": "jsonl", ".json": "jsonl",
    ".parquet": "parquet", ".pq": "parquet",
}  # fmt: skip
_BROKEN_FILE = (EOFError, zlib.error, gzip.BadGzipFile, UnicodeError)


def feed_name(path: Path) -> str:
    """Return the name of a feed file without its endings.

    >>> feed_name(Path("feeds/wire.2020.jsonl.gz"))
    'wire.2020'
    """
    return _plain(path).stem


def read_rows(path: Path, reject: Reject) -> Iterator[tuple[int, Row]]:
    """Yield (row number from 1, row) in file order.

    `reject(reason, detail)` is called for what cannot be read: `bad-row`, `row-too-long`, and
    `broken-file` where a damaged file ends the reading early. Raises SourceError if there is no
    such file or its format is unknown.
    """
    kind = _FORMATS.get(_plain(path).suffix.lower())
    if kind is None:
        raise SourceError(f"expected a feed that ends in {', '.join(_FORMATS)}, found {path.name}")
    try:
        with _open(path) as stream:
            if kind == "parquet":
                yield from _parquet_rows(stream, path)
            elif kind == "jsonl":
                yield from _json_rows(stream, reject)
            else:
                yield from _csv_rows(stream, reject)
    except _BROKEN_FILE as error:
        reject("broken-file", f"{path.name} ends early: {error}")
    except OSError as error:
        raise SourceError(f"{path} cannot be read: {error.strerror or error}") from error


def _plain(path: Path) -> Path:
    return path.with_suffix("") if path.suffix.lower() == ".gz" else path


def _open(path: Path) -> BufferedStream:
    return gzip.GzipFile(path, "rb") if path.suffix.lower() == ".gz" else path.open("rb")


def _lines(stream: BufferedStream, reject: Reject) -> Iterator[tuple[int, str]]:
    """Yield (line number from 1, line with its end); UTF-16 with a mark, UTF-8, else cp1252."""
    head = stream.peek(3)[:3]
    if head[:2] in (b"\xff\xfe", b"\xfe\xff"):
        yield from enumerate(codecs.getreader("utf-16")(stream), start=1)
        return
    number = 0
    while line := stream.readline(MAX_LINE):
        number += 1
        if len(line) >= MAX_LINE and not line.endswith(b"\n"):
            reject("row-too-long", f"line {number} has more than {MAX_LINE} bytes")
            _skip_line(stream)
            continue
        yield number, _decode(line.removeprefix(codecs.BOM_UTF8) if number == 1 else line)


def _skip_line(stream: BufferedStream) -> None:
    while (rest := stream.readline(MAX_LINE)) and not rest.endswith(b"\n"):
        pass


def _decode(line: bytes) -> str:
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError:
        return line.decode("cp1252", errors="replace")


def _json_rows(stream: BufferedStream, reject: Reject) -> Iterator[tuple[int, Row]]:
    decode = msgspec.json.Decoder(dict[str, Any]).decode
    for number, line in _lines(stream, reject):
        if line.isspace():
            continue
        try:
            row = decode(line)
        except msgspec.MsgspecError as error:
            reject("bad-row", f"line {number} is not a JSON object: {error}")
            continue
        yield number, row


def _csv_rows(stream: BufferedStream, reject: Reject) -> Iterator[tuple[int, Row]]:
    csv.field_size_limit(MAX_CELL)
    lines = _lines(stream, reject)
    _, first = next(lines, (0, ""))
    delimiter = next((d for d in (",", "\t", ";") if d in first), ",")
    header = next(csv.reader([first], delimiter=delimiter), [])
    for number, cells in _csv_records(lines, delimiter, reject):
        if cells:
            yield number, dict(zip_longest(header, cells[: len(header)], fillvalue=""))


def _csv_records(
    lines: Iterator[tuple[int, str]], delimiter: str, reject: Reject
) -> Iterator[tuple[int, list[str]]]:
    """Yield (line number, cells). A quote that is never closed costs its own row, not the rest."""
    waiting: deque[tuple[int, str]] = deque()
    while True:
        taken: list[tuple[int, str]] = []
        rows = csv.reader(_take(waiting, lines, taken), delimiter=delimiter, strict=True)
        try:
            cells = next(rows)
        except StopIteration:
            return
        except csv.Error as error:
            waiting.extendleft(reversed(taken[1:]))
            number, line = taken[0]
            if "quote" in str(error) or "expected after" in str(error):
                cells = next(csv.reader([line], delimiter=delimiter))
            else:
                reject("bad-row", f"line {number} is no CSV row: {error}")
                continue
        yield taken[0][0], cells


def _take(
    waiting: deque[tuple[int, str]],
    lines: Iterator[tuple[int, str]],
    taken: list[tuple[int, str]],
) -> Iterator[str]:
    while len(taken) < MAX_ROW_LINES:
        line = waiting.popleft() if waiting else next(lines, None)
        if line is None:
            return
        taken.append(line)
        yield line[1]


def _parquet_rows(stream: BufferedStream, path: Path) -> Iterator[tuple[int, Row]]:
    import pyarrow
    from pyarrow import parquet

    data = io.BytesIO(stream.read()) if path.suffix.lower() == ".gz" else stream
    number = 0
    try:
        for batch in parquet.ParquetFile(data).iter_batches(batch_size=4_096):
            for row in batch.to_pylist():
                number += 1
                yield number, row
    except pyarrow.ArrowException as error:
        raise SourceError(f"{path} is not a Parquet file that can be read: {error}") from error
