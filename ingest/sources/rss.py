"""RSS and Atom feeds. Called by the worker."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from ingest.feed_parsing import FeedEntry, ParsedFeed, parse_feed
from ingest.normalize import RawEntry
from ingest.published_times import time_to_ms
from ingest.sources.base import Fetch, Isolate, PollResult, Rejected, SourceState


@dataclass(frozen=True, kw_only=True)
class RssSource:
    """One RSS or Atom feed. `language` is used where an entry does not declare one."""

    name: str
    publisher: str
    url: str
    isolate: Isolate
    watch: str = "main"
    language: str = ""
    poll_seconds: float | None = None

    def poll(self, fetch: Fetch, state: SourceState, seen_at_ms: int) -> PollResult:
        """Return the feed's entries, oldest first; see `Source.poll`.

        A broken document gives what can be had of it and is told as `broken-feed`; one that is no
        feed at all is told as `not-a-feed`, and is asked for in full the next time.
        """
        answer = fetch(self.url, etag=state.etag, last_modified=state.last_modified)
        if answer.not_modified:
            return PollResult((), (), state, unchanged=True)
        content_type = answer.headers.get("content-type", "")
        parsed: ParsedFeed = self.isolate(parse_feed, answer.body, content_type, answer.final_url)
        if not parsed.is_feed:
            detail = f"{len(answer.body)} bytes ({content_type[:60]}): {parsed.problem}"
            return PollResult((), (Rejected("not-a-feed", detail),), SourceState())
        entries = tuple(self._entries(parsed, seen_at_ms))
        broken = bool(parsed.problem) and not entries
        return PollResult(
            entries,
            tuple(_rejected(parsed)),
            SourceState()
            if broken
            else SourceState(
                etag=answer.headers.get("etag", ""),
                last_modified=answer.headers.get("last-modified", ""),
            ),
        )

    def _entries(self, parsed: ParsedFeed, seen_at_ms: int) -> list[RawEntry]:
        equals: Counter[tuple[str, str]] = Counter()
        entries = []
        for entry in _oldest_first(parsed.entries):
            ordinal = equals[entry.title, entry.published]
            equals[entry.title, entry.published] += 1
            entries.append(
                RawEntry(
                    source=self.name,
                    publisher=entry.publisher or self.publisher,
                    watch=self.watch,
                    guid=entry.guid,
                    title=entry.title,
                    text=entry.text,
                    url=entry.link,
                    published_text=entry.published,
                    language=entry.language or self.language or parsed.language,
                    seen_at_ms=seen_at_ms,
                    ordinal=ordinal,
                )
            )
        return entries


def _oldest_first(entries: tuple[FeedEntry, ...]) -> list[FeedEntry]:
    """Order entries by their time; where some have none, take it that the newest stands first."""
    timed = [(time_to_ms(entry.published), entry) for entry in reversed(entries)]
    times = [at_ms for at_ms, _ in timed if at_ms is not None]
    if len(times) < len(timed):
        return [entry for _, entry in timed]
    return [entry for _, entry in sorted(timed, key=lambda pair: pair[0] or 0)]


def _rejected(parsed: ParsedFeed) -> list[Rejected]:
    found = []
    if parsed.problem:
        detail = f"{len(parsed.entries)} entries could be read: {parsed.problem}"
        found.append(Rejected("broken-feed", detail))
    if parsed.left_out:
        found.append(Rejected("too-many-entries", f"{parsed.left_out} entries were left out"))
    return found
