"""One entry as a source gives it, to an `Item`: the only way in which items come about.

Called by the worker (live) and by recorded feeds (replay), so that both make the same item of the
same entry. Pure: no clock, no network.

* A title has at most 1,000 characters and a text 100,000; what is longer is cut at a word with "…".
  An entry without title takes the first sentence of its text; without both it is rejected.
* A time that lies more than 10 minutes after the item was seen is no claim that can be used:
  `published_at_ms` is None. The item is kept, and counts at the time when it was seen. Its id is
  made of the time as claimed, so that it does not change when that time comes.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from foreshock.errors import EntryRejected
from foreshock.records import Item
from ingest.canonical_url import canonical_url
from ingest.ids import entry_id, item_id
from ingest.languages import language_of
from ingest.plain_text import cut_at_word, first_sentence, markup_to_text
from ingest.published_times import time_to_ms

MAX_TITLE = 1_000
MAX_TEXT = 100_000
MAX_TICKERS = 50
FUTURE_TOLERANCE_MS = 600_000

# what is read of an entry before cleaning; a title of 100 KB must cost no more than a long one
_RAW_TITLE = 20_000
_RAW_TEXT = 1_000_000
_TICKER = re.compile(r"[A-Z0-9^][A-Z0-9.\-=^]{0,14}")

FindTickers = Callable[[str, str], tuple[str, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class RawEntry:
    """One entry as its source gives it.

    `published_text` is the time as written; `published_at_ms` wins where the source knows better.
    `ordinal` tells entries of one source apart that have neither guid nor url and share title and
    time: the source counts them. Relative urls are resolved by the source.
    """

    source: str
    publisher: str
    title: str
    seen_at_ms: int
    watch: str = "main"
    text: str = ""
    guid: str = ""
    url: str = ""
    published_text: str = ""
    published_at_ms: int | None = None
    language: str = ""
    tickers: tuple[str, ...] = ()
    ordinal: int = 0


def normalize(raw: RawEntry, find_tickers: FindTickers | None = None) -> Item:
    """Return the item of an entry; `find_tickers(title, text)` adds tickers to the given ones.

    Raises EntryRejected with reason `no-title` if there is neither title nor text.
    """
    title, text = _title_and_text(raw)
    url = canonical_url(raw.url) if raw.url else ""
    claimed = _claimed_ms(raw)
    entry = entry_id(
        raw.source,
        guid=markup_to_text(raw.guid[:_RAW_TITLE]),
        url=url,
        title=title,
        time="" if claimed is None else str(claimed),
        ordinal=raw.ordinal,
    )
    return Item(
        item_id=item_id(entry, title=title, text=text, url=url),
        entry_id=entry,
        watch=raw.watch,
        source=raw.source,
        publisher=markup_to_text(raw.publisher[:200]) or raw.source,
        title=title,
        text=text,
        url=url,
        language=language_of(raw.language, title, text),
        tickers=_tickers(raw.tickers, title, text, find_tickers),
        published_at_ms=_usable(claimed, raw.seen_at_ms),
        seen_at_ms=raw.seen_at_ms,
    )


def _title_and_text(raw: RawEntry) -> tuple[str, str]:
    title = markup_to_text(raw.title[:_RAW_TITLE])
    text = cut_at_word(markup_to_text(raw.text[:_RAW_TEXT]), MAX_TEXT)
    if len(raw.title) > _RAW_TITLE and len(title) <= MAX_TITLE:
        title = f"{title}…"  # most of it was markup: the rest was not read
    if not title:
        title = first_sentence(text)
    if not title:
        raise EntryRejected(
            f"expected a title or a text, found neither (guid {raw.guid[:80]!r})",
            reason="no-title",
        )
    return cut_at_word(title, MAX_TITLE), text


def _claimed_ms(raw: RawEntry) -> int | None:
    if raw.published_at_ms is not None:
        return raw.published_at_ms
    return time_to_ms(raw.published_text)


def _usable(claimed: int | None, seen_at_ms: int) -> int | None:
    if claimed is None or claimed > seen_at_ms + FUTURE_TOLERANCE_MS:
        return None
    return claimed


def _tickers(
    given: tuple[str, ...], title: str, text: str, find_tickers: FindTickers | None
) -> tuple[str, ...]:
    found = () if find_tickers is None else find_tickers(title, text)
    if not given:
        return found
    symbols = set(found)
    for ticker in given[:MAX_TICKERS]:
        symbol = ticker.strip().lstrip("$").upper()
        if _TICKER.fullmatch(symbol):
            # as a cashtag, a former or second symbol of a company gives the one it is kept under
            known = () if find_tickers is None else find_tickers(f"${symbol}", "")
            symbols.update(known if len(known) == 1 else (symbol,))
    return tuple(sorted(symbols))
