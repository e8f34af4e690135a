"""The stage that scores items: news.items in, news.scored out, record by record in order.

Run by `foreshock.runner`. What was scored before, by whichever run, comes from the score cache.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Final, Protocol

import msgspec

from classifier.keys import keys_of
from foreshock.channels import ITEMS, SCORED
from foreshock.errors import ForeshockError
from foreshock.records import MICRO, Heartbeat, Record, Score, ScoredItem, StoryItem, Uncounted
from foreshock.score_cache import ScoreCache
from foreshock.stage import Output, Received, to_message

#: Topics below this probability are not worth carrying.
LEAST_TOPIC_MICRO: Final = MICRO // 100
#: Part of the cache's key: counts up when `_Kept` changes.
_KEPT_VERSION: Final = 1


class ScoredText(Protocol):
    """What a scorer says of one text, in micro-units; see `classifier.scorer.TextScore`."""

    @property
    def negative_micro(self) -> int: ...
    @property
    def neutral_micro(self) -> int: ...
    @property
    def positive_micro(self) -> int: ...
    @property
    def topics_micro(self) -> tuple[tuple[str, int], ...]: ...
    @property
    def tokens(self) -> int: ...
    @property
    def truncated(self) -> bool: ...


class TextScorer(Protocol):
    """A model as this stage sees it; `classifier.scorer.Scorer` is one."""

    model_version: str

    def prepare(self, title: str, text: str) -> str:
        """Return the exact text that the model reads."""
        ...

    def score(self, texts: Sequence[str]) -> Sequence[ScoredText]:
        """Return one score per prepared text, in order."""
        ...


class _Kept(msgspec.Struct, frozen=True, array_like=True):
    """A scored text as the cache keeps it: topics of at least 1 %, most probable first."""

    negative_micro: int
    neutral_micro: int
    positive_micro: int
    topics: tuple[tuple[str, int], ...]
    tokens: int
    truncated: bool


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(_Kept)


class ClassifyStage:
    """Score story items and hand heartbeats on, into the partition that each came from.

    `negative_at`: the probability from which on an item is negative; `topic_at`: from which on it
    counts under a topic; `languages`: those that the model reads. An item in another language has
    no score and no keys: it is never called neutral.
    """

    name = "classifier"
    inputs: tuple[str, ...] = (ITEMS,)

    def __init__(
        self,
        scorer: TextScorer,
        cache: ScoreCache,
        *,
        negative_at: float,
        topic_at: float,
        languages: Sequence[str],
    ) -> None:
        self._scorer = scorer
        self._cache = cache
        self._negative_at_micro = round(negative_at * MICRO)
        self._topic_at_micro = round(topic_at * MICRO)
        self._languages = frozenset(languages)

    def restore(self, state: Mapping[str, bytes]) -> None:
        """Nothing to take up: what this stage says of an item depends on that item alone."""

    def handle(self, received: Sequence[Received]) -> Output:
        texts = [self._model_input(one.record) for one in received]
        digests = [None if text is None else input_hash(text) for text in texts]
        kept = self._kept(
            {
                digest: text
                for digest, text in zip(digests, texts, strict=True)
                if digest is not None and text is not None
            }
        )
        output = Output()
        for one, digest in zip(received, digests, strict=True):
            record = self._record(one.record, digest, kept)
            output.publish.append((SCORED, to_message(SCORED, record, one.partition)))
        return output

    def _model_input(self, record: Record) -> str | None:
        """Return what the model is to read of a record, None if it is to read nothing."""
        if isinstance(record, StoryItem) and self._is_readable(record):
            return self._scorer.prepare(record.title, record.text)
        return None

    def _is_readable(self, item: StoryItem) -> bool:
        return item.uncounted is not Uncounted.LANGUAGE and item.language in self._languages

    def _kept(self, texts: Mapping[str, str]) -> dict[str, _Kept]:
        """Return the scores of `texts` (by hash): from the cache, the rest from one model call."""
        place = f"{self._scorer.model_version}/{_KEPT_VERSION}"
        known = self._cache.get_many(place, list(texts))
        missing = [digest for digest in texts if digest not in known]
        if missing:
            scores = self._scorer.score([texts[digest] for digest in missing])
            new = {
                digest: _encoder.encode(_keep(score))
                for digest, score in zip(missing, scores, strict=True)
            }
            self._cache.put_many(place, new)
            known.update(new)
        return {digest: _decoder.decode(known[digest]) for digest in texts}

    def _record(self, record: Record, digest: str | None, kept: Mapping[str, _Kept]) -> Record:
        if isinstance(record, Heartbeat):
            return record
        if not isinstance(record, StoryItem):
            raise ForeshockError(
                f"expected a StoryItem or a Heartbeat on {ITEMS}, found a {type(record).__name__}"
            )
        fields = {name: getattr(record, name) for name in StoryItem.__struct_fields__}
        if digest is None:
            return ScoredItem(**fields, score=None)
        score = self._score(digest, kept[digest])
        keys = keys_of(record, score, topic_at_micro=self._topic_at_micro)
        return ScoredItem(**fields, score=score, keys=keys)

    def _score(self, digest: str, kept: _Kept) -> Score:
        return Score(
            model_version=self._scorer.model_version,
            input_hash=digest,
            negative_micro=kept.negative_micro,
            neutral_micro=kept.neutral_micro,
            positive_micro=kept.positive_micro,
            negative=kept.negative_micro >= self._negative_at_micro,
            topics=kept.topics,
            tokens=kept.tokens,
            truncated=kept.truncated,
        )


def input_hash(text: str) -> str:
    """Return the SHA-256 of a model input, its first 32 hex digits.

    >>> input_hash("Profit falls")
    '1b0c54b7dd7097bb6ca2f8b8f37db2da'
    """
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _keep(score: ScoredText) -> _Kept:
    topics = [topic for topic in score.topics_micro if topic[1] >= LEAST_TOPIC_MICRO]
    return _Kept(
        negative_micro=score.negative_micro,
        neutral_micro=score.neutral_micro,
        positive_micro=score.positive_micro,
        topics=tuple(sorted(topics, key=lambda topic: (-topic[1], topic[0]))),
        tokens=score.tokens,
        truncated=score.truncated,
    )
