"""An RSS or Atom document to its entries, broken ones as far as they go.

Called by sources.rss, through isolation: feedparser reads bytes that anybody may have written.
"""

from __future__ import annotations

import io
from collections import Counter
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin

MAX_ENTRIES = 1_000
_MAX_FIELD = 200_000


@dataclass(frozen=True, slots=True)
class FeedEntry:
    """One entry as written; "" for what is not there. `link` is absolute where it can be."""

    guid: str = ""
    link: str = ""
    title: str = ""
    text: str = ""
    published: str = ""
    language: str = ""
    publisher: str = ""


@dataclass(frozen=True, slots=True)
class ParsedFeed:
    """A feed: its language, and its entries in document order.

    `is_feed` is false where nothing of a feed was found, `problem` says what is wrong with it.
    """

    is_feed: bool
    language: str
    entries: tuple[FeedEntry, ...]
    left_out: int
    problem: str


def parse_feed(body: bytes, content_type: str, url: str) -> ParsedFeed:
    """Return what can be had of the RSS or Atom document in `body`, fetched from `url`."""
    import feedparser

    headers = {"content-type": content_type} if content_type else {}
    # a stream: bytes that look like a file name would be opened
    parsed = feedparser.parse(
        io.BytesIO(body), response_headers=headers, sanitize_html=False, resolve_relative_uris=False
    )
    raw = [entry for entry in parsed.entries if entry]
    guids = Counter(str(entry.get("id", "")) for entry in raw)
    entries = tuple(_entry(entry, url, guids) for entry in raw[:MAX_ENTRIES])
    return ParsedFeed(
        is_feed=bool(parsed.get("version")) or bool(entries),
        language=str(parsed.feed.get("language", "")),
        entries=entries,
        left_out=max(0, len(raw) - MAX_ENTRIES),
        problem=_problem(parsed),
    )


def _problem(parsed: Any) -> str:
    import feedparser

    error = parsed.get("bozo_exception")
    # another media type or encoding than declared loses nothing
    harmless = (feedparser.NonXMLContentType, feedparser.CharacterEncodingOverride)
    if not parsed.get("bozo") or isinstance(error, harmless):
        return ""
    return str(error)[:300] or "not well-formed"


def _entry(entry: Any, url: str, guids: Counter[str]) -> FeedEntry:
    guid = str(entry.get("id", ""))
    link = str(entry.get("link", ""))
    source = entry.get("source") or {}
    return FeedEntry(
        # a guid that several entries of one document share names none of them
        guid=guid if guids[guid] == 1 else "",
        link=_absolute(url, link) if link else "",
        title=str(entry.get("title", ""))[:_MAX_FIELD],
        text=_text(entry)[:_MAX_FIELD],
        published=str(entry.get("published") or entry.get("updated") or entry.get("created") or ""),
        language=str((entry.get("title_detail") or {}).get("language") or ""),
        publisher=str(source.get("title") or ""),
    )


def _text(entry: Any) -> str:
    contents = [str(part.get("value", "")) for part in entry.get("content", ())]
    return max((*contents, str(entry.get("summary", ""))), key=len)


def _absolute(base: str, link: str) -> str:
    try:
        return urljoin(base, link)
    except ValueError:
        return ""
