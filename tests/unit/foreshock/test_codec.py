"""Records to bytes and back; what cannot be read is told apart."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from foreshock.codec import decode, encode
from foreshock.errors import CodecError, MissingField, UnknownSchemaVersion
from foreshock.records import Heartbeat, Item, Score, ScoredItem

texts = st.text(max_size=30)
times = st.integers(min_value=0, max_value=2**52)


@given(texts, texts, st.lists(texts, max_size=3), st.none() | times, times)
def test_an_item_comes_back_as_it_was(
    title: str, url: str, tickers: list[str], published: int | None, seen: int
) -> None:
    item = Item(
        item_id="i", entry_id="e", watch="main", source="s", publisher="p", title=title, url=url,
        tickers=tuple(tickers), published_at_ms=published, seen_at_ms=seen,
    )  # fmt: skip
    assert decode(encode(item)) == item


def test_a_score_keeps_integers() -> None:
    score = Score(
        model_version="m", input_hash="h", negative_micro=700_000, neutral_micro=200_000,
        positive_micro=100_000, negative=True, topics=(("fed", 900_000),),
    )  # fmt: skip
    item = ScoredItem(
        item_id="i", entry_id="e", watch="main", source="s", publisher="p", title="t",
        seen_at_ms=1, at_ms=2, story_id="i", lead=True, score=score, keys=("all",),
    )  # fmt: skip
    again = decode(encode(item))
    assert again == item
    assert isinstance(again, ScoredItem)
    assert again.score is not None
    assert again.score.polarity_micro == -600_000


@pytest.mark.parametrize(
    ("data", "kind", "said"),
    [
        (b'{"type":"heartbeat","v":9}', UnknownSchemaVersion, "found 9"),
        (b'{"type":"heartbeat","v":9,"watch":"w","at_ms":1}', UnknownSchemaVersion, "found 9"),
        (b'{"type":"heartbeat","v":1,"watch":"w"}', MissingField, "at_ms"),
        (b'{"type":"heartbeat","v":1,"watch":5,"at_ms":1}', CodecError, "heartbeat"),
        (b'{"type":"nonsense","v":1}', CodecError, "nonsense"),
        (b"not json", CodecError, "8 bytes"),
        (b"\xff\xfe", CodecError, "2 bytes"),
    ],
)
def test_what_cannot_be_read_is_told_apart(data: bytes, kind: type[CodecError], said: str) -> None:
    with pytest.raises(kind) as caught:
        decode(data)
    assert said in str(caught.value)
    assert type(caught.value) is kind


def test_equal_records_have_equal_bytes() -> None:
    assert encode(Heartbeat(watch="w", at_ms=1)) == encode(Heartbeat(at_ms=1, watch="w"))
