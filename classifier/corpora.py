"""Read labelled data: the three public training sets with their splits, or a user's own CSV.

Called by training and evaluation. Texts come out as the model reads them (`clean_text`); labels
as output columns of `labels`. pandas is imported inside functions.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from classifier.labels import TOPIC_BY_DATASET_NAME, Task, label_index, labels_of
from classifier.preprocess import clean_text
from classifier.world_headlines import world_headlines
from foreshock.errors import CorpusError

if TYPE_CHECKING:
    import pandas as pd

Split = Literal["train", "dev", "test"]
SPLITS: Final[tuple[Split, ...]] = ("train", "dev", "test")
NO_LABEL: Final = -1

#: Auxiliary sentiment data is read with less weight, and its long sentences are left out.
AUXILIARY_WEIGHT: Final = 0.25
AUXILIARY_MAX_WORDS: Final = 24
WORLD_WEIGHT: Final = 0.5
#: The smaller and harder half of the sentiment data counts a little more.
TWEETS_WEIGHT: Final = 1.25


class Example(NamedTuple):
    """One text with the labels that are known of it (`NO_LABEL` where a task has none)."""

    text: str
    sentiment: int
    topic: int
    weight: float
    origin: str  # sentfin | tweets | topics | newsmtsc | world


@dataclass(frozen=True, slots=True)
class TrainingCorpora:
    """The examples of each split, and what was read from where."""

    examples: Mapping[Split, Sequence[Example]]

    def of(self, split: Split, origin: str) -> list[Example]:
        """Return the examples of one split that came from one data set."""
        return [example for example in self.examples[split] if example.origin == origin]

    def summary(self) -> dict[str, dict[str, int]]:
        """Return rows per split and origin, for the model's config."""
        counts: dict[str, dict[str, int]] = {}
        for split, examples in self.examples.items():
            for example in examples:
                of_split = counts.setdefault(split, {})
                of_split[example.origin] = of_split.get(example.origin, 0) + 1
        return counts


class LabelledTexts(NamedTuple):
    """A labelled file: texts as given, labels as output columns of its task."""

    texts: list[str]
    labels: list[int]
    task: Task


def load_training_corpora(data_dir: Path) -> TrainingCorpora:
    """Read the folder with the training sets.

    Needs sentfin, twitter_sentiment, twitter_topic and splits (`.csv.gz`); newsmtsc is read when it
    is there. Headlines labelled `conflict` are left out; a text whose cluster holds contradictory
    labels is left out of training only; equal (text, label) pairs are trained on once.
    Raises CorpusError for a missing file or column and for an unknown label.
    """
    split_of, contradictory = _read_splits(data_dir / "splits.csv.gz")
    found: dict[Split, list[Example]] = {split: [] for split in SPLITS}
    for origin, file_name, task, column in (
        ("sentfin", "sentfin.csv.gz", "sentiment", "label"),
        ("tweets", "twitter_sentiment.csv.gz", "sentiment", "label"),
        ("topics", "twitter_topic.csv.gz", "topic", "topic"),
    ):
        table = _read_table(data_dir / file_name, ("id", "text", column))
        for row_id, raw, label in zip(table["id"], table["text"], table[column], strict=True):
            if label == "conflict":
                continue
            split = split_of.get(row_id)
            if split is None:
                raise CorpusError(f"{file_name}: row {row_id} has no split in splits.csv.gz")
            if split == "train" and row_id in contradictory:
                continue
            text = clean_text(raw)
            if text:
                found[split].append(_example(text, task, label, origin, f"{file_name} {row_id}"))
    held_back = {e.text.casefold() for split in ("dev", "test") for e in found[split]}
    extra = [*_auxiliary(data_dir / "newsmtsc.csv.gz"), *_world()]
    found["train"] += [e for e in extra if e.text.casefold() not in held_back]
    found["train"] = list(dict.fromkeys(found["train"]))
    return TrainingCorpora(found)


def read_labelled_csv(
    path: Path,
    *,
    task: Task,
    text_column: str = "text",
    label_column: str = "label",
    label_map: Mapping[str, str] | None = None,
) -> LabelledTexts:
    """Read texts and labels from a CSV file (gzip too), every row of it.

    label_map: the file's label -> a label of the task, where they are named differently.
    Raises CorpusError for a missing file or column, an unknown label, an empty text or no rows;
    the message names the first offending row, counted from 1 below the header.
    """
    table = _read_table(path, (text_column, label_column))
    texts: list[str] = list(table[text_column])
    labels: list[int] = []
    for number, (text, name) in enumerate(zip(texts, table[label_column], strict=True), start=1):
        if not text.strip():
            raise CorpusError(f"{path.name}: row {number} has an empty text")
        wanted = label_map.get(name, name) if label_map is not None else name
        index = label_index(task, wanted)
        if index is None:
            raise CorpusError(
                f"{path.name}: row {number} has the unknown {task} label {name[:60]!r}",
                hint=f"known labels: {', '.join(labels_of(task))}",
            )
        labels.append(index)
    if not texts:
        raise CorpusError(f"{path.name}: the file has a header but no rows")
    return LabelledTexts(texts, labels, task)


def _example(text: str, task: str, label: str, origin: str, where: str) -> Example:
    name = TOPIC_BY_DATASET_NAME.get(label, label) if task == "topic" else label
    index = label_index("topic" if task == "topic" else "sentiment", name)
    if index is None:
        raise CorpusError(f"{where}: unknown {task} label {label[:60]!r}")
    if task == "topic":
        return Example(text, NO_LABEL, index, 1.0, origin)
    weight = TWEETS_WEIGHT if origin == "tweets" else 1.0
    return Example(text, index, NO_LABEL, weight, origin)


def _read_splits(path: Path) -> tuple[dict[str, Split], set[str]]:
    table = _read_table(path, ("id", "split", "conflict"))
    unknown = set(table["split"]) - set(SPLITS)
    if unknown:
        raise CorpusError(f"{path.name}: unknown split {sorted(unknown)[0]!r}")
    split_of: dict[str, Split] = dict(zip(table["id"], table["split"], strict=True))
    return split_of, set(table["id"][table["conflict"] == "1"])


def _auxiliary(path: Path) -> Iterable[Example]:
    """Yield the short sentences of NewsMTSC that are labelled alike for all their targets."""
    if not path.is_file():
        return
    table = _read_table(path, ("text", "label"))
    labels_by_text: dict[str, set[str]] = {}
    for raw, label in zip(table["text"], table["label"], strict=True):
        text = clean_text(raw)
        if 3 <= len(text.split()) <= AUXILIARY_MAX_WORDS:
            labels_by_text.setdefault(text, set()).add(label)
    for text, labels in labels_by_text.items():
        if len(labels) == 1:
            example = _example(text, "sentiment", next(iter(labels)), "newsmtsc", path.name)
            yield example._replace(weight=AUXILIARY_WEIGHT)


def _world() -> Iterable[Example]:
    for raw, label in world_headlines():
        example = _example(clean_text(raw), "sentiment", label, "world", "world headlines")
        yield example._replace(weight=WORLD_WEIGHT)


def _read_table(path: Path, columns: Sequence[str]) -> pd.DataFrame:
    import pandas as pd

    if not path.is_file():
        raise CorpusError(f"expected the file {path.name} in {path.parent}, found none")
    try:
        table = pd.read_csv(path, dtype=str, keep_default_na=False)
    except (ValueError, OSError, EOFError) as error:
        raise CorpusError(f"{path.name} cannot be read as CSV: {error}") from error
    missing = [column for column in columns if column not in table.columns]
    if missing:
        raise CorpusError(
            f"{path.name} has no column {missing[0]!r}",
            hint=f"its columns: {', '.join(map(str, table.columns[:20]))}",
        )
    return table
