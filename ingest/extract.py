"""The article in a web page. Called by sources.article, through isolation.

Pure: bytes in, article out.
"""

from __future__ import annotations

from dataclasses import dataclass

from foreshock.errors import SourceError

MAX_HTML = 5_000_000


@dataclass(frozen=True, slots=True)
class ExtractedArticle:
    """What a page says; "" for what was not found. `published` is a day or a time as written."""

    title: str
    text: str
    published: str
    language: str
    publisher: str


def extract_article(html: bytes, url: str) -> ExtractedArticle:
    """Return the article in a page of at most MAX_HTML bytes (what is longer is cut).

    Raises SourceError if there is none.
    """
    import trafilatura

    document = trafilatura.bare_extraction(
        html[:MAX_HTML],
        url=url,
        include_comments=False,
        include_tables=False,
        with_metadata=True,
        deduplicate=False,
    )
    if document is None or isinstance(document, dict):
        raise SourceError(f"expected a page with an article, found none in {len(html)} bytes")
    return ExtractedArticle(
        title=document.title or "",
        text=document.text or "",
        published=document.date or "",
        language=document.language or "",
        publisher=document.sitename or "",
    )
