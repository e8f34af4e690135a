"""One page with one article, for pages that no feed tells of. Called by the worker."""

from __future__ import annotations

from dataclasses import dataclass

from ingest.extract import ExtractedArticle, extract_article
from ingest.normalize import RawEntry
from ingest.sources.base import Fetch, Isolate, PollResult, SourceState


@dataclass(frozen=True, kw_only=True)
class ArticleSource:
    """A page that is read again when it changes: each version is a revision of one entry."""

    name: str
    publisher: str
    url: str
    isolate: Isolate
    watch: str = "main"
    language: str = ""
    poll_seconds: float | None = None

    def poll(self, fetch: Fetch, state: SourceState, seen_at_ms: int) -> PollResult:
        """Return the page's article as one entry; see `Source.poll`."""
        answer = fetch(self.url, etag=state.etag, last_modified=state.last_modified)
        if answer.not_modified:
            return PollResult((), (), state, unchanged=True)
        article: ExtractedArticle = self.isolate(extract_article, answer.body, answer.final_url)
        entry = RawEntry(
            source=self.name,
            publisher=self.publisher or article.publisher,
            watch=self.watch,
            guid=self.url,
            title=article.title,
            text=article.text,
            url=answer.final_url,
            published_text=article.published,
            language=self.language or article.language,
            seen_at_ms=seen_at_ms,
        )
        return PollResult(
            (entry,),
            (),
            SourceState(
                etag=answer.headers.get("etag", ""),
                last_modified=answer.headers.get("last-modified", ""),
            ),
        )
