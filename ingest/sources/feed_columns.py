"""Which column of a recorded feed holds which field of an entry. Called by recorded.

Pure. A feed's own names are recognised; a map (`title=h,published_at=ts`) says what is not.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from foreshock.errors import SourceError

# field: the names under which it is found, the likeliest first
KNOWN_NAMES: dict[str, tuple[str, ...]] = {
    "title": ("title", "headline", "h", "head", "subject", "news_title", "headline_text"),
    "text": ("text", "body", "content", "description", "summary", "abstract", "tweet", "message"),
    "url": ("url", "link", "href", "uri", "article_url", "source_url"),
    "publisher": ("publisher", "site", "sites", "outlet", "provider", "source_name"),
    "source": ("source", "feed", "channel"),
    "published_at": (
        "published_at_ms", "published_at", "published", "pubdate", "pub_date", "publish_date",
        "published_date", "publish_time", "ts", "ts_utc", "time_utc", "timestamp", "datetime",
        "date_time", "created_at", "date", "time",
    ),
    "seen_at": (
        "seen_at_ms", "seen_at", "seen", "first_seen", "seendate", "fetched_at", "crawled_at",
    ),
    "language": ("language", "lang", "locale"),
    "tickers": ("tickers", "ticker", "symbols", "symbol", "stock", "stocks"),
    "guid": ("guid", "id", "entry_id", "article_id", "uuid"),
}  # fmt: skip


def resolve_columns(found: Sequence[str], given: Mapping[str, str], name: str) -> dict[str, str]:
    """Return field -> column for a feed with the columns `found`.

    Fields that no column holds are left out; see `require_playable`. Raises SourceError for an
    unknown field and for a given column that is not there.

    >>> resolve_columns(["ts", "h", "cat"], {}, "reuters")
    {'title': 'h', 'published_at': 'ts'}
    """
    for field, column in given.items():
        if field not in KNOWN_NAMES:
            raise SourceError(f"expected a field of {sorted(KNOWN_NAMES)}, found {field!r}")
        require_column(column, found, name)
    by_name = {column.strip().lower(): column for column in reversed(found)}
    taken = set(given.values())
    columns = dict(given)
    for field, names in KNOWN_NAMES.items():
        known = [by_name[n] for n in names if n in by_name and by_name[n] not in taken]
        if known and field not in columns:
            columns[field] = known[0]
    return columns


def require_playable(columns: Mapping[str, str], found: Sequence[str], name: str) -> None:
    """Raise SourceError if a feed has neither titles nor texts, or no times."""
    _require_one(columns, ("title", "text"), found, name)
    _require_one(columns, ("published_at", "seen_at"), found, name)


def require_column(column: str, found: Sequence[str], name: str) -> None:
    """Raise SourceError if `column` is not among the columns `found`."""
    if column not in found:
        raise SourceError(f"{name}: expected a column {column!r}, found {', '.join(found)}")


def _require_one(
    columns: Mapping[str, str], fields: tuple[str, str], found: Sequence[str], name: str
) -> None:
    if not any(field in columns for field in fields):
        raise SourceError(
            f"{name}: expected a column for {' or '.join(fields)}, found {', '.join(found)}",
            hint=f"name it: --columns {fields[0]}=COLUMN",
        )


def cell_text(value: Any) -> str:
    """Return a cell as text: None is "", a list is joined by "|", a truth value is true or false.

    >>> cell_text(None), cell_text(["A", "B"]), cell_text(2.0), cell_text(True)
    ('', 'A|B', '2.0', 'true')
    """
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | tuple):
        return "|".join(cell_text(part) for part in value)
    isoformat = getattr(value, "isoformat", None)  # a date or timestamp of a Parquet file
    return str(value) if isoformat is None else str(isoformat())
