"""Folds items into stories, one `StoryBook` per watch.

Pure: time comes with the items. `ingest.stage` calls it with a batch and keeps what it returns as
touched. A book is a function of its kept notes: built again from them it goes on exactly as before,
so nothing here may depend on anything else (no set order, no cache that changes an answer).

An item folds into the story whose lead or later wording it is most alike (docs/stories.md), if that
story had an item within the horizon; else it leads a story of its own. An entry that comes again
changed stays in its story; an item that comes again unchanged is dropped.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import msgspec

from foreshock.clock import HOUR_MS
from foreshock.records import Item
from ingest.likeness import conflict, contradict, likeness
from ingest.signatures import title_bands
from ingest.titles import Title, read_title
from ingest.wording_index import ReadTitle, WordingIndex

HORIZON_MS = 48 * HOUR_MS
REWORDED_HORIZON_MS = 24 * HOUR_MS
SHORT_HORIZON_MS = 8 * HOUR_MS
SHORT_WORDS = 6
MAX_STORIES = 50_000
MAX_ENTRIES = 200_000
MAX_WORDINGS = 4
MAX_REVISIONS = 16


class Wording(msgspec.Struct, frozen=True):
    """One way in which a story was told: a title and the tickers it came with.

    `order` counts the wordings of the watch; it makes every later choice the same after a restart.
    """

    order: int
    title: str
    publisher: str
    tickers: tuple[str, ...]


class StoryNote(msgspec.Struct, frozen=True):
    """What is kept of one story."""

    watch: str
    story_id: str
    touched: int
    newest_ms: int
    wordings: tuple[Wording, ...]


class EntryNote(msgspec.Struct, frozen=True):
    """What is kept of one entry of a source: its story and the revisions that came."""

    watch: str
    entry_id: str
    story_id: str
    touched: int
    newest_ms: int
    item_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Place:
    """Where an item belongs: in a story, as its lead or as a copy."""

    story_id: str
    lead: bool


@dataclass(slots=True)
class Touched:
    """Notes that changed since last asked; None where one was forgotten."""

    stories: dict[str, StoryNote | None]
    entries: dict[str, EntryNote | None]


class StoryBook:
    """The open stories of one watch.

    `horizon_ms`: how long after its newest item a story takes in another one, and how long an entry
    is remembered after it was last seen. `stories`, `entries`, `orders_used`: what an earlier book
    of this watch kept.
    """

    def __init__(
        self,
        *,
        horizon_ms: int = HORIZON_MS,
        max_stories: int = MAX_STORIES,
        max_entries: int = MAX_ENTRIES,
        stories: Iterable[StoryNote] = (),
        entries: Iterable[EntryNote] = (),
        orders_used: int = 0,
    ) -> None:
        self._horizon_ms = horizon_ms
        self._max_stories = max_stories
        self._max_entries = max_entries
        self._stories: dict[str, StoryNote] = {}
        self._entries: dict[str, EntryNote] = {}
        self._index = WordingIndex()
        self._orders_used = orders_used
        self._touched = Touched({}, {})
        self._take_up(sorted(stories, key=_touch), sorted(entries, key=_touch))

    def place(self, items: Sequence[Item], at_ms: Sequence[int]) -> list[Place | None]:
        """Return each item's place, in order; None for an item that was there already.

        `at_ms`: the time of each item in the watch, never going back. Cutting a run of items into
        batches differently changes nothing.
        """
        reads = _read(items)
        return [
            self._place_one(item, moment, read)
            for item, moment, read in zip(items, at_ms, reads, strict=True)
        ]

    @property
    def orders_used(self) -> int:
        """How many order numbers this watch has given out; kept with its notes."""
        return self._orders_used

    def take_touched(self) -> Touched:
        """Return what changed since the last call."""
        touched, self._touched = self._touched, Touched({}, {})
        return touched

    def forget_before(self, at_ms: int) -> None:
        """Forget stories and entries whose horizon ended before `at_ms`."""
        cutoff = at_ms - self._horizon_ms
        while self._stories:
            oldest = next(iter(self._stories.values()))
            if oldest.newest_ms >= cutoff:
                break
            self._forget_story(oldest)
        while self._entries:
            oldest_entry = next(iter(self._entries.values()))
            if oldest_entry.newest_ms >= cutoff:
                break
            self._forget_entry(oldest_entry)

    def _place_one(self, item: Item, at_ms: int, read: ReadTitle) -> Place | None:
        self.forget_before(at_ms)
        entry = self._entries.get(item.entry_id)
        if entry is not None and item.item_id in entry.item_ids:
            self._remember_again(entry, at_ms)
            return None
        story_id = entry.story_id if entry is not None else self._find_story(read, at_ms)
        self._note_entry(item, entry, story_id or item.item_id, at_ms)
        self._note_story(item, story_id or item.item_id, read, at_ms)
        return Place(story_id or item.item_id, story_id is None)

    def _find_story(self, read: ReadTitle, at_ms: int) -> str | None:
        best: tuple[float, int] | None = None
        found = None
        for order, story_id, other in self._index.candidates(read.bands):
            if conflict(read.tickers, other.tickers):
                continue
            alike = likeness(read.title, other.title)
            if alike is None or (best is not None and (alike, order) <= best):
                continue
            note = self._stories[story_id]
            if at_ms - note.newest_ms > self._open_for(read.title, alike):
                continue
            lead = self._index.read(note.wordings[0].order)
            if lead is not other and _strays(read, lead):
                continue
            best, found = (alike, order), story_id
        return found

    def _open_for(self, title: Title, alike: float) -> int:
        """Return how long a title may tell the same story: a short one ("Oil ends up") recurs."""
        if len(title.words) < SHORT_WORDS and not title.repeats:
            return SHORT_HORIZON_MS
        return self._horizon_ms if alike >= 1.0 else REWORDED_HORIZON_MS

    def _note_story(self, item: Item, story_id: str, read: ReadTitle, at_ms: int) -> None:
        note = self._stories.pop(story_id, None)
        wordings = note.wordings if note is not None else ()
        if note is None and story_id != item.item_id:
            return  # a later revision of an entry whose story is closed
        if len(wordings) < MAX_WORDINGS and not self._knows(wordings, read):
            wording = Wording(self._order(), item.title, item.publisher, item.tickers)
            self._index.add(story_id, wording.order, read)
            wordings = (*wordings, wording)
        note = StoryNote(item.watch, story_id, self._order(), at_ms, wordings)
        self._stories[story_id] = note
        self._touched.stories[story_id] = note
        if len(self._stories) > self._max_stories:
            self._forget_story(next(iter(self._stories.values())))

    def _knows(self, wordings: Sequence[Wording], read: ReadTitle) -> bool:
        """Return whether a story was already told in these words, with these tickers."""
        known = [self._index.read(wording.order) for wording in wordings]
        return any(k.title.words == read.title.words and k.tickers == read.tickers for k in known)

    def _note_entry(self, item: Item, entry: EntryNote | None, story_id: str, at_ms: int) -> None:
        item_ids = (*(entry.item_ids if entry is not None else ()), item.item_id)
        self._keep_entry(
            EntryNote(
                item.watch,
                item.entry_id,
                story_id,
                self._order(),
                at_ms,
                item_ids[-MAX_REVISIONS:],
            )
        )

    def _remember_again(self, entry: EntryNote, at_ms: int) -> None:
        """A feed lists an entry at every poll for days: note that now and then, not each time."""
        if (at_ms - entry.newest_ms) * 4 > self._horizon_ms:
            self._keep_entry(msgspec.structs.replace(entry, touched=self._order(), newest_ms=at_ms))

    def _keep_entry(self, note: EntryNote) -> None:
        self._entries.pop(note.entry_id, None)
        self._entries[note.entry_id] = note
        self._touched.entries[note.entry_id] = note
        if len(self._entries) > self._max_entries:
            self._forget_entry(next(iter(self._entries.values())))

    def _forget_story(self, note: StoryNote) -> None:
        del self._stories[note.story_id]
        self._touched.stories[note.story_id] = None
        for wording in note.wordings:
            self._index.remove(wording.order)

    def _forget_entry(self, note: EntryNote) -> None:
        del self._entries[note.entry_id]
        self._touched.entries[note.entry_id] = None

    def _order(self) -> int:
        self._orders_used += 1
        return self._orders_used

    def _take_up(self, stories: Sequence[StoryNote], entries: Sequence[EntryNote]) -> None:
        self._stories = {note.story_id: note for note in stories}
        self._entries = {note.entry_id: note for note in entries}
        told = sorted(
            ((wording, note.story_id) for note in stories for wording in note.wordings),
            key=lambda pair: pair[0].order,
        )
        titles = [read_title(wording.title, wording.publisher) for wording, _ in told]
        bands = title_bands([title.words for title in titles])
        for (wording, story_id), title, keys in zip(told, titles, bands, strict=True):
            self._index.add(
                story_id, wording.order, ReadTitle(title, keys, frozenset(wording.tickers))
            )


def _read(items: Sequence[Item]) -> list[ReadTitle]:
    titles = [read_title(item.title, item.publisher) for item in items]
    bands = title_bands([title.words for title in titles])
    return [
        ReadTitle(title, keys, frozenset(item.tickers))
        for item, title, keys in zip(items, titles, bands, strict=True)
    ]


def _strays(read: ReadTitle, lead: ReadTitle) -> bool:
    """Return whether an item that follows a later wording has left the lead's story."""
    return conflict(read.tickers, lead.tickers) or contradict(read.title, lead.title)


def _touch(note: StoryNote | EntryNote) -> int:
    return note.touched
