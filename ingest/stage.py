"""The stories stage: gives every fetched item its place in time and in a story.

The runner of `foreshock stories` (or the embedded program) drives it. One writer per watch, in the
order of news.fetched: `at_ms = max(seen_at_ms, the last at_ms)`, so time never goes back, a restart
included; stories are folded in that order by `ingest.stories`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from foreshock.channels import FETCHED, ITEMS
from foreshock.errors import ForeshockError
from foreshock.records import Heartbeat, Item, StoryItem, Uncounted
from foreshock.stage import Output, Received, to_message
from ingest.stories import HORIZON_MS, EntryNote, Place, StoryBook, StoryNote

_CLOCK, _STORY, _ENTRY = "clock/", "story/", "entry/"
_encoder = msgspec.msgpack.Encoder()
_story_decoder = msgspec.msgpack.Decoder(StoryNote)
_entry_decoder = msgspec.msgpack.Decoder(EntryNote)


class _WatchNote(msgspec.Struct, frozen=True):
    """What is kept of a watch beside its stories: its time, and the orders its book gave out."""

    at_ms: int
    orders_used: int


_watch_decoder = msgspec.msgpack.Decoder(_WatchNote)


class StoriesStage:
    """news.fetched to news.items. See `foreshock.stage.Stage`.

    `old_after_ms`: an item published longer than this before it was seen is not counted.
    `languages`: primary language tags (`en`) that are counted. `partitions`: those of news.items,
    as every heartbeat goes to each of them. `horizon_ms`: how long a story stays open.
    """

    name = "stories"
    inputs = (FETCHED,)

    def __init__(
        self,
        *,
        old_after_ms: int,
        languages: Iterable[str],
        partitions: int = 1,
        horizon_ms: int = HORIZON_MS,
    ) -> None:
        self._old_after_ms = old_after_ms
        self._languages = frozenset(_primary(language) for language in languages)
        self._partitions = partitions
        self._horizon_ms = horizon_ms
        self._clocks: dict[str, int] = {}
        self._books: dict[str, StoryBook] = {}

    def restore(self, state: Mapping[str, bytes]) -> None:
        """Take up the committed state; stories and clocks go on as if nothing had happened."""
        stories: dict[str, list[StoryNote]] = {}
        entries: dict[str, list[EntryNote]] = {}
        notes: dict[str, _WatchNote] = {}
        for key, value in state.items():
            if key.startswith(_CLOCK):
                notes[key.removeprefix(_CLOCK)] = _watch_decoder.decode(value)
            elif key.startswith(_STORY):
                story = _story_decoder.decode(value)
                stories.setdefault(story.watch, []).append(story)
            elif key.startswith(_ENTRY):
                entry = _entry_decoder.decode(value)
                entries.setdefault(entry.watch, []).append(entry)
            else:
                raise ForeshockError(f"expected state of the stories stage, found the key {key!r}")
        self._clocks = {watch: note.at_ms for watch, note in notes.items()}
        self._books = {
            watch: StoryBook(
                horizon_ms=self._horizon_ms,
                stories=stories.get(watch, ()),
                entries=entries.get(watch, ()),
                orders_used=note.orders_used,
            )
            for watch, note in notes.items()
        }

    def handle(self, received: Sequence[Received]) -> Output:
        """Place a batch. Raises ForeshockError for a record that is neither Item nor Heartbeat."""
        output = Output()
        moments = [self._advance(one.record) for one in received]
        places = self._place_all(received, moments)
        for index, (one, at_ms) in enumerate(zip(received, moments, strict=True)):
            if isinstance(one.record, Heartbeat):
                self._hand_on(output, one.record, at_ms)
            elif isinstance(one.record, Item) and (place := places[index]) is not None:
                story_item = self._to_story_item(one.record, at_ms, place)
                output.publish.append((ITEMS, to_message(ITEMS, story_item)))
        self._keep_state(output, {one.record.watch for one in received})  # type: ignore[union-attr]
        return output

    def _advance(self, record: object) -> int:
        if isinstance(record, Heartbeat):
            moment = record.at_ms
        elif type(record) is Item:
            moment = record.seen_at_ms
        else:
            raise ForeshockError(
                f"expected an Item or a Heartbeat on {FETCHED}, found {type(record).__name__}"
            )
        at_ms = max(moment, self._clocks.get(record.watch, moment))
        self._clocks[record.watch] = at_ms
        return at_ms

    def _place_all(
        self, received: Sequence[Received], moments: Sequence[int]
    ) -> dict[int, Place | None]:
        by_watch: dict[str, list[int]] = {}
        for index, one in enumerate(received):
            if isinstance(one.record, Item):
                by_watch.setdefault(one.record.watch, []).append(index)
        places: dict[int, Place | None] = {}
        for watch, indices in by_watch.items():
            items = [received[index].record for index in indices]
            placed = self._book(watch).place(items, [moments[index] for index in indices])  # type: ignore[arg-type]
            places.update(zip(indices, placed, strict=True))
        return places

    def _book(self, watch: str) -> StoryBook:
        book = self._books.get(watch)
        if book is None:
            book = self._books[watch] = StoryBook(horizon_ms=self._horizon_ms)
        return book

    def _hand_on(self, output: Output, heartbeat: Heartbeat, at_ms: int) -> None:
        moved = msgspec.structs.replace(heartbeat, at_ms=at_ms)
        for partition in range(self._partitions):
            output.publish.append((ITEMS, to_message(ITEMS, moved, partition)))

    def _to_story_item(self, item: Item, at_ms: int, place: Place) -> StoryItem:
        return StoryItem(
            **msgspec.structs.asdict(item),
            at_ms=at_ms,
            story_id=place.story_id,
            lead=place.lead,
            uncounted=self._uncounted(item),
        )

    def _uncounted(self, item: Item) -> Uncounted:
        # language first: what the model cannot read must be marked so, however old it is
        if _primary(item.language) not in self._languages:
            return Uncounted.LANGUAGE
        published = item.published_at_ms
        if published is not None and item.seen_at_ms - published > self._old_after_ms:
            return Uncounted.OLD
        return Uncounted.NO

    def _keep_state(self, output: Output, watches: Iterable[str]) -> None:
        for watch in sorted(watches):
            book = self._book(watch)
            book.forget_before(self._clocks[watch])
            note = _WatchNote(self._clocks[watch], book.orders_used)
            output.state[f"{_CLOCK}{watch}"] = _encoder.encode(note)
            touched = book.take_touched()
            for story_id, story in touched.stories.items():
                output.state[f"{_STORY}{watch}/{story_id}"] = _encode(story)
            for entry_id, entry in touched.entries.items():
                output.state[f"{_ENTRY}{watch}/{entry_id}"] = _encode(entry)


def _encode(note: StoryNote | EntryNote | None) -> bytes | None:
    return None if note is None else _encoder.encode(note)


def _primary(language: str) -> str:
    return language.lower().partition("-")[0]
