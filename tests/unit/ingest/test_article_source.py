"""An article page: its title, text and day, or an error that says there is none."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from foreshock.errors import SourceError
from ingest.extract import MAX_HTML, extract_article
from ingest.normalize import normalize
from ingest.sources.article import ArticleSource
from ingest.sources.base import Fetched, PollResult, SourceState

URL = "https://news.test/acme"
SENTENCE = "Shares of Acme fell sharply on Tuesday after its results. "
PAGE = f"""<!doctype html><html lang="en"><head><title>Acme falls | The Wire</title>
<meta property="og:site_name" content="The Wire"/>
<meta property="article:published_time" content="2020-09-13"/></head>
<body><nav>Home Markets Sport</nav><article><h1>Acme falls</h1>
<p>{SENTENCE * 8}</p><p>Analysts had expected a profit of 2 dollars a share.</p></article>
<footer>All rights reserved</footer></body></html>"""


def directly(function: Callable[..., Any], *args: Any) -> Any:
    return function(*args)


def poll(body: bytes) -> PollResult:
    source = ArticleSource(name="acme-page", publisher="", url=URL, isolate=directly)

    def fetch(url: str, *, etag: str = "", last_modified: str = "") -> Fetched:
        if etag == '"1"':
            return Fetched(304, b"", {}, url, not_modified=True)
        return Fetched(200, body, {"etag": '"1"'}, url)

    result = source.poll(fetch, SourceState(), 1_600_000_000_000)
    assert source.poll(fetch, result.state, 1_600_000_000_000).unchanged
    return result


def test_a_page_becomes_one_entry() -> None:
    (entry,) = poll(PAGE.encode()).entries
    item = normalize(entry)
    assert item.title == "Acme falls"
    assert "fell sharply on Tuesday" in item.text
    assert "All rights reserved" not in item.text
    assert (item.publisher, item.url, item.language) == ("The Wire", URL, "en")
    assert item.published_at_ms == 1_599_955_200_000


def test_a_changed_page_is_a_revision() -> None:
    (before,) = poll(PAGE.encode()).entries
    (after,) = poll(PAGE.replace("2 dollars", "3 dollars").encode()).entries
    assert normalize(before).entry_id == normalize(after).entry_id
    assert normalize(before).item_id != normalize(after).item_id


@pytest.mark.parametrize("body", [b"", b"<html></html>", b"\x00\x01\x02", b"{}"])
def test_a_page_without_an_article_is_an_error(body: bytes) -> None:
    with pytest.raises(SourceError, match="expected a page with an article"):
        poll(body)


def test_a_page_is_read_to_a_limit() -> None:
    late = b"<p>LATE " + SENTENCE.encode() * 8 + b"</p>"
    page = PAGE.encode().replace(b"</article>", b"<!--" + b"x" * MAX_HTML + b"-->" + late)
    assert "LATE" not in extract_article(page, URL).text
