"""The stage that scores items, with a scorer and a cache that count their calls."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec
import pytest

from classifier.keys import keys_of
from classifier.stage import ClassifyStage, input_hash
from foreshock.channels import ITEMS, SCORED
from foreshock.codec import decode
from foreshock.errors import ForeshockError, ModelError
from foreshock.records import Heartbeat, Pane, Record, Score, ScoredItem, StoryItem, Uncounted
from foreshock.score_cache import ScoreCache
from foreshock.stage import Received

TOPICS = (("earnings", 299_999), ("fed", 300_000), ("debt", 300_000), ("ipo", 9_999), ("macro", 1))


@dataclass(frozen=True)
class FakeScore:
    negative_micro: int
    neutral_micro: int
    positive_micro: int
    topics_micro: tuple[tuple[str, int], ...] = TOPICS
    tokens: int = 9
    truncated: bool = False


class FakeScorer:
    """The more exclamation marks, the worse the news: 10 % each."""

    def __init__(self, model_version: str = "fake-1") -> None:
        self.model_version = model_version
        self.calls: list[list[str]] = []

    def prepare(self, title: str, text: str) -> str:
        return f"{title.lower()}|{text[:5]}"

    def score(self, texts: Sequence[str]) -> list[FakeScore]:
        self.calls.append(list(texts))
        negatives = [text.count("!") * 100_000 for text in texts]
        return [FakeScore(negative, 1_000_000 - negative, 0) for negative in negatives]


@pytest.fixture
def cache(tmp_path: Path) -> Iterator[ScoreCache]:
    cache = ScoreCache(tmp_path / "scores.db")
    yield cache
    cache.close()


@pytest.fixture
def scorer() -> FakeScorer:
    return FakeScorer()


@pytest.fixture
def stage(scorer: FakeScorer, cache: ScoreCache) -> ClassifyStage:
    return make_stage(scorer, cache)


def make_stage(scorer: FakeScorer, cache: ScoreCache) -> ClassifyStage:
    return ClassifyStage(scorer, cache, negative_at=0.5, topic_at=0.3, languages=("en",))


def story_item(title: str = "Profit falls", **changes: object) -> StoryItem:
    item = StoryItem(
        item_id="a" * 32,
        entry_id="a" * 32,
        watch="main",
        source="wire",
        publisher="reuters",
        title=title,
        tickers=("AAPL",),
        seen_at_ms=5,
        at_ms=5,
        story_id="a" * 32,
        lead=True,
    )
    return msgspec.structs.replace(item, **changes)


def handle(stage: ClassifyStage, *records: Record) -> list[Record]:
    output = stage.handle([Received(record, ITEMS) for record in records])
    assert {channel for channel, _ in output.publish} <= {SCORED}
    return [decode(message.value) for _, message in output.publish]


def handle_item(stage: ClassifyStage, item: StoryItem) -> ScoredItem:
    [record] = handle(stage, item)
    assert isinstance(record, ScoredItem)
    return record


def test_an_item_keeps_all_its_fields_and_gains_score_and_keys(
    stage: ClassifyStage, scorer: FakeScorer
) -> None:
    item = story_item("Profit falls!!!", text="Much worse")

    scored = handle_item(stage, item)

    score = Score(
        model_version="fake-1",
        input_hash=input_hash("profit falls!!!|Much "),
        negative_micro=300_000,
        neutral_micro=700_000,
        positive_micro=0,
        negative=False,
        topics=(("debt", 300_000), ("fed", 300_000), ("earnings", 299_999)),
        tokens=9,
    )
    fields = {name: getattr(item, name) for name in StoryItem.__struct_fields__}
    keys = keys_of(item, score, topic_at_micro=300_000)
    assert scored == ScoredItem(**fields, score=score, keys=keys)
    assert {"all", "ticker:AAPL", "topic:debt", "topic:fed"} <= set(scored.keys)
    assert "topic:earnings" not in scored.keys


@pytest.mark.parametrize(("marks", "negative"), [(4, False), (5, True), (10, True)])
def test_negative_is_what_reaches_the_threshold(
    stage: ClassifyStage, marks: int, negative: bool
) -> None:
    score = handle_item(stage, story_item("Bad" + "!" * marks)).score

    assert score is not None
    assert score.negative is negative


def test_records_and_heartbeats_are_handed_on_in_order_and_partition(stage: ClassifyStage) -> None:
    received = [
        Received(Heartbeat(watch="main", at_ms=1), ITEMS, partition=2),
        Received(story_item("One"), ITEMS, partition=0),
        Received(Heartbeat(watch="main", at_ms=6), ITEMS, partition=0),
        Received(story_item("Two"), ITEMS, partition=1),
        Received(Heartbeat(watch="main", at_ms=9, final=True), ITEMS, partition=1),
    ]

    output = stage.handle(received)

    assert [message.partition for _, message in output.publish] == [2, 0, 0, 1, 1]
    records = [decode(message.value) for _, message in output.publish]
    assert [records[0], records[2], records[4]] == [one.record for one in received[::2]]
    assert [r.title for r in records if isinstance(r, ScoredItem)] == ["One", "Two"]


def test_a_batch_is_one_call_and_equal_texts_are_scored_once(
    stage: ClassifyStage, scorer: FakeScorer
) -> None:
    handle(stage, story_item("One"), story_item("Two"), story_item("ONE"), story_item("Three"))

    assert scorer.calls == [["one|", "two|", "three|"]]


def test_what_was_scored_before_is_not_scored_again(scorer: FakeScorer, cache: ScoreCache) -> None:
    first = handle(make_stage(scorer, cache), story_item("One!"), story_item("Two"))
    again = handle(make_stage(scorer, cache), story_item("Two"), story_item("One!"))

    assert again == first[::-1]
    assert len(scorer.calls) == 1
    handle(make_stage(scorer, cache), story_item("Two"), story_item("Three"))
    assert scorer.calls[1:] == [["three|"]]


def test_a_new_model_scores_everything_anew(cache: ScoreCache) -> None:
    old, new = FakeScorer("fake-1"), FakeScorer("fake-2")
    handle(make_stage(old, cache), story_item())

    scored = handle_item(make_stage(new, cache), story_item())

    assert scored.score is not None
    assert scored.score.model_version == "fake-2"
    assert len(new.calls) == 1


def test_heartbeats_alone_wake_no_model(stage: ClassifyStage, scorer: FakeScorer) -> None:
    handle(stage, Heartbeat(watch="main", at_ms=1))

    assert scorer.calls == []


@pytest.mark.parametrize(
    "item",
    [
        story_item("Gewinn bricht ein", uncounted=Uncounted.LANGUAGE),
        story_item("Gewinn bricht ein", language="de", uncounted=Uncounted.LANGUAGE),
        story_item("Gewinn bricht ein", language="de"),
        story_item("Gewinn bricht ein", language="de", uncounted=Uncounted.OLD),
    ],
)
def test_an_unsupported_language_has_no_score_and_no_keys(
    stage: ClassifyStage, scorer: FakeScorer, item: StoryItem
) -> None:
    scored = handle_item(stage, item)

    assert (scored.score, scored.keys) == (None, ())
    assert scored.uncounted == item.uncounted
    assert scorer.calls == []


def test_an_old_item_is_scored_but_counts_nowhere(stage: ClassifyStage) -> None:
    scored = handle_item(stage, story_item(uncounted=Uncounted.OLD))

    assert scored.score is not None
    assert scored.keys == ()


def test_a_topic_below_one_percent_is_not_carried(stage: ClassifyStage) -> None:
    score = handle_item(stage, story_item()).score

    assert score is not None
    assert [slug for slug, _ in score.topics] == ["debt", "fed", "earnings"]


def test_a_record_that_does_not_belong_here_is_an_error(stage: ClassifyStage) -> None:
    pane = Pane(watch="main", key="all", pane_end_ms=0, width_ms=1)

    with pytest.raises(ForeshockError, match="found a Pane"):
        handle(stage, story_item(), pane)


def test_a_model_that_fails_leaves_nothing_in_the_cache(
    scorer: FakeScorer, cache: ScoreCache
) -> None:
    class Broken(FakeScorer):
        def score(self, texts: Sequence[str]) -> list[FakeScore]:
            raise ModelError("out of memory")

    with pytest.raises(ModelError):
        handle(make_stage(Broken(), cache), story_item())

    assert handle_item(make_stage(scorer, cache), story_item()).score is not None
    assert len(scorer.calls) == 1


def test_a_scorer_that_returns_too_few_scores_is_an_error(cache: ScoreCache) -> None:
    class Short(FakeScorer):
        def score(self, texts: Sequence[str]) -> list[FakeScore]:
            return super().score(texts)[1:]

    with pytest.raises(ValueError, match="shorter"):
        handle(make_stage(Short(), cache), story_item("One"), story_item("Two"))


def test_restoring_changes_nothing(stage: ClassifyStage) -> None:
    before = handle_item(stage, story_item())
    stage.restore({"anything": b"at all"})

    assert handle_item(stage, story_item()) == before
