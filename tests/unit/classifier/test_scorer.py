"""The shipped model on known and on strange texts."""

from __future__ import annotations

import random

import pytest

from classifier.labels import TOPICS
from classifier.scorer import Scorer, TextScore, load_scorer
from foreshock.errors import ModelError

STRANGE = [
    "",
    " ",
    "a",
    "🚀🚀🚀 to the moon 🌕",
    "日本で強い地震、津波警報",
    "x" * 300,
    "word " * 20_000,
    "\ud800 lone surrogate".encode("utf-8", "replace").decode(),
    "[CLS] [SEP] [MASK] [PAD]",
    "e\u0301\u0301\u0301" * 50,
]
PLAIN = [
    "Lehman Brothers files for bankruptcy protection",
    "Toyota shares plunge as recall widens",
    "Apple posts record quarterly revenue and raises its dividend",
    "Fed holds rates steady",
    "Boeing names new chief financial officer",
    "US stocks end flat",
    "Oil slides 4 percent as demand fears grow in Asia and OPEC sees no need to act this year",
]


def _sentiment(score: TextScore) -> str:
    by_name = {
        "negative": score.negative_micro,
        "neutral": score.neutral_micro,
        "positive": score.positive_micro,
    }
    return max(by_name, key=lambda name: by_name[name])


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("ACME profit plunges 40 percent", "negative"),
        ("Lehman Brothers files for bankruptcy", "negative"),
        ("Strong quake hits Japan, tsunami warning", "negative"),
        ("Tesla downgraded to sell", "negative"),
        ("Microsoft to hold annual meeting on Thursday", "neutral"),
        ("US stocks end flat", "neutral"),
        ("Shares surge after upbeat forecast", "positive"),
        ("Apple posts record quarterly revenue", "positive"),
    ],
)
def test_sentiment_of_plain_headlines(shipped: Scorer, title: str, expected: str) -> None:
    (score,) = shipped.score([shipped.prepare(title, "")])
    assert _sentiment(score) == expected
    assert (score.polarity_micro > 300_000) == (expected == "positive")
    assert (score.polarity_micro < -300_000) == (expected == "negative")


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("Fed holds rates steady", "fed"),
        ("Boeing names new chief financial officer", "personnel"),
        ("Oil jumps 4 percent on supply fears", "energy"),
        ("Coca-Cola declares quarterly dividend of 46 cents", "dividend"),
        ("Gold prices edge up", "metals"),
    ],
)
def test_topic_of_plain_headlines(shipped: Scorer, title: str, expected: str) -> None:
    (score,) = shipped.score([shipped.prepare(title, "")])
    assert max(score.topics_micro, key=lambda pair: pair[1])[0] == expected


def test_each_score_is_whole(shipped: Scorer) -> None:
    for score in shipped.score([*PLAIN, *STRANGE]):
        assert score.negative_micro + score.neutral_micro + score.positive_micro == 1_000_000
        assert min(score.negative_micro, score.neutral_micro, score.positive_micro) >= 0
        assert tuple(slug for slug, _ in score.topics_micro) == TOPICS
        assert sum(micro for _, micro in score.topics_micro) == 1_000_000
        assert 2 <= score.tokens <= 256


def _assert_alike(found: list[TextScore], expected: list[TextScore], limit: int) -> None:
    for one, other in zip(found, expected, strict=True):
        assert (one.tokens, one.truncated) == (other.tokens, other.truncated)
        pairs = zip(_micros(one), _micros(other), strict=True)
        assert max(abs(a - b) for a, b in pairs) <= limit


def _micros(score: TextScore) -> list[int]:
    sentiments = [score.negative_micro, score.neutral_micro, score.positive_micro]
    return sentiments + [micro for _, micro in score.topics_micro]


def test_a_score_does_not_depend_on_its_company(shipped: Scorer) -> None:
    # Equal to the byte where this was written; other processors may sum in another order.
    limit = 10 if "float32" in shipped.describe() else 10_000
    texts = [*PLAIN, *STRANGE]
    together = shipped.score(texts)
    _assert_alike([shipped.score([text])[0] for text in texts], together, limit)
    order = list(range(len(texts)))
    random.Random(3).shuffle(order)
    mixed = shipped.score([texts[row] for row in order] * 5)
    _assert_alike(mixed, [together[row] for row in order] * 5, limit)


def test_only_a_text_that_is_too_long_is_marked(shipped: Scorer) -> None:
    scores = shipped.score(["word " * 254, "word " * 255, "word " * 20_000, "short"])
    assert [score.truncated for score in scores] == [False, True, True, False]
    assert [score.tokens for score in scores] == [256, 256, 256, 3]


def test_a_long_text_without_a_space_is_marked_too(shipped: Scorer) -> None:
    (score,) = shipped.score(["x" * 100_000])
    assert score.truncated


def test_no_texts_have_no_scores(shipped: Scorer) -> None:
    assert shipped.score([]) == []


def test_preparing_is_cleaning(shipped: Scorer) -> None:
    assert shipped.prepare("UPDATE 2-Oil  slides on demand https://t.co/a", "x") == (
        "Oil slides on demand"
    )


def test_the_description_names_model_device_and_dtype(shipped: Scorer) -> None:
    described = shipped.describe()
    assert shipped.model_version in described
    assert "cpu" in described
    assert "float" in described


def test_a_device_that_is_none_is_refused() -> None:
    for device in ("gpu please", "meta"):
        with pytest.raises(ModelError, match="expected a device"):
            load_scorer(device=device)


def test_a_folder_that_is_no_model_is_refused(tmp_path: object) -> None:
    with pytest.raises(ModelError, match="is not a model folder"):
        load_scorer(str(tmp_path))
