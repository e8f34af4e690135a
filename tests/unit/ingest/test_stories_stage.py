"""The stories stage: time that never goes back, heartbeats everywhere, state entry by entry."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import pytest

from foreshock.channels import FETCHED, ITEMS
from foreshock.clock import HOUR_MS
from foreshock.codec import decode
from foreshock.errors import ForeshockError
from foreshock.records import AnyRecord, Heartbeat, Item, StoryItem, Uncounted
from foreshock.stage import Output, Received
from ingest.stage import StoriesStage

START = 1_222_700_000_000
TITLES = ("Acme to cut jobs in Europe", "Globex wins train order", "Dollar rises on strong data")


def item(name: str, seen_at_ms: int = START, **fields: object) -> Item:
    base = Item(
        item_id=name,
        entry_id=f"entry-{name}",
        watch="main",
        source="wire",
        publisher="Harbour Wire",
        title=f"{name}: {TITLES[0]}",
        seen_at_ms=seen_at_ms,
    )
    return msgspec.structs.replace(base, **fields)


def stage(**fields: object) -> StoriesStage:
    built = StoriesStage(**{"old_after_ms": 2 * HOUR_MS, "languages": ("en",), **fields})  # type: ignore[arg-type]
    built.restore({})
    return built


def handle(built: StoriesStage, *records: AnyRecord) -> Output:
    return built.handle([Received(record, FETCHED) for record in records])


def published(output: Output) -> list[AnyRecord]:
    return [decode(message.value) for _, message in output.publish]


def test_an_item_goes_on_with_all_its_fields_and_its_place() -> None:
    one = item("a", tickers=("AAPL",), url="https://x.example.com/a", published_at_ms=START - 1)

    (record,) = published(handle(stage(), one))

    assert record == StoryItem(
        **msgspec.structs.asdict(one), at_ms=START, story_id="a", lead=True, uncounted=Uncounted.NO
    )


def test_time_never_goes_back() -> None:
    records = published(
        handle(
            stage(),
            item("a", START),
            item("b", START - 5_000),
            Heartbeat(watch="main", at_ms=START + 60_000),
            item("c", START + 1_000),
            Heartbeat(watch="main", at_ms=START + 30_000),
            item("d", START + 90_000),
        )
    )

    assert [record.at_ms for record in records] == [  # type: ignore[union-attr]
        START,
        START,
        START + 60_000,
        START + 60_000,
        START + 60_000,
        START + 90_000,
    ]


def test_each_watch_has_its_own_time_and_stories() -> None:
    other = item("b", START - HOUR_MS, watch="other", title=item("a").title)

    first, second = published(handle(stage(), item("a"), other))

    assert (first.at_ms, second.at_ms) == (START, START - HOUR_MS)  # type: ignore[union-attr]
    assert second.lead  # type: ignore[union-attr]


def test_a_heartbeat_goes_to_every_partition_and_an_item_to_that_of_its_story() -> None:
    output = handle(
        stage(partitions=3), item("a"), Heartbeat(watch="main", at_ms=START, final=True)
    )

    assert [(channel, m.partition) for channel, m in output.publish] == [
        (ITEMS, None),
        (ITEMS, 0),
        (ITEMS, 1),
        (ITEMS, 2),
    ]
    assert output.publish[0][1].key == "a"
    assert published(output)[1:] == [Heartbeat(watch="main", at_ms=START, final=True)] * 3


def test_a_copy_is_keyed_by_the_story_it_copies() -> None:
    output = handle(stage(), item("a", title=TITLES[0]), item("b", title=f"UPDATE 1-{TITLES[0]}"))

    assert [m.key for _, m in output.publish] == ["a", "a"]
    assert [(r.lead, r.story_id) for r in published(output)] == [(True, "a"), (False, "a")]  # type: ignore[union-attr]


def test_a_duplicate_is_not_published_again() -> None:
    assert len(handle(stage(), item("a"), item("a")).publish) == 1


@pytest.mark.parametrize(
    ("fields", "uncounted"),
    [
        ({"published_at_ms": None}, Uncounted.NO),
        ({"published_at_ms": START - 2 * HOUR_MS}, Uncounted.NO),
        ({"published_at_ms": START - 2 * HOUR_MS - 1}, Uncounted.OLD),
        ({"published_at_ms": 0}, Uncounted.OLD),
        ({"published_at_ms": START + HOUR_MS}, Uncounted.NO),
        ({"language": "hi"}, Uncounted.LANGUAGE),
        ({"language": "en-GB"}, Uncounted.NO),
        ({"language": "EN"}, Uncounted.NO),
        ({"language": ""}, Uncounted.LANGUAGE),
        ({"language": "zh", "published_at_ms": 0}, Uncounted.LANGUAGE),
    ],
)
def test_what_is_old_or_unreadable_is_marked(
    fields: dict[str, object], uncounted: Uncounted
) -> None:
    (record,) = published(handle(stage(), item("a", **fields)))

    assert record.uncounted is uncounted  # type: ignore[union-attr]


def test_only_touched_entries_are_written() -> None:
    built = stage()
    first = handle(built, item("a", title=TITLES[0]), item("b", title=TITLES[1]))
    second = handle(built, item("c", title=f"RPT-{TITLES[1]}"))
    third = handle(built, Heartbeat(watch="main", at_ms=START + 1))

    assert sorted(first.state) == [
        "clock/main",
        "entry/main/entry-a",
        "entry/main/entry-b",
        "story/main/a",
        "story/main/b",
    ]
    assert sorted(second.state) == ["clock/main", "entry/main/entry-c", "story/main/b"]
    assert sorted(third.state) == ["clock/main"]


def test_what_expired_is_deleted_from_the_state() -> None:
    built = stage(horizon_ms=HOUR_MS)
    handle(built, item("a"))

    output = handle(built, Heartbeat(watch="main", at_ms=START + HOUR_MS + 1))

    assert output.state["story/main/a"] is None
    assert output.state["entry/main/entry-a"] is None
    assert output.state["clock/main"] is not None


def test_another_record_on_the_channel_is_refused() -> None:
    (story_item,) = published(handle(stage(), item("a")))

    with pytest.raises(ForeshockError, match="expected an Item or a Heartbeat"):
        handle(stage(), story_item)


def test_a_refused_batch_leaves_nothing_behind_after_restore() -> None:
    built = stage()
    committed = handle(built, item("a", title=TITLES[0])).state
    spoiled = [item("b", START + HOUR_MS, title=TITLES[0])]
    (story_item,) = published(handle(stage(), item("x")))
    with pytest.raises(ForeshockError):
        handle(built, *spoiled, story_item)

    built.restore({key: value for key, value in committed.items() if value is not None})
    (record,) = published(handle(built, item("c", title=TITLES[0])))

    assert (record.at_ms, record.story_id) == (START, "a")  # type: ignore[union-attr]


def test_foreign_state_is_refused() -> None:
    with pytest.raises(ForeshockError, match="expected state of the stories stage"):
        stage().restore({"pane/main": b""})


def test_the_stage_says_what_it_reads() -> None:
    assert (StoriesStage.name, StoriesStage.inputs) == ("stories", (FETCHED,))
    assert replace(Received(item("a"), FETCHED), partition=0).channel == FETCHED
