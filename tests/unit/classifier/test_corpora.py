"""Labelled data: the training folder's rules, and clear words about a user's file."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from classifier.corpora import (
    AUXILIARY_WEIGHT,
    NO_LABEL,
    load_training_corpora,
    read_labelled_csv,
)
from classifier.labels import TOPICS
from classifier.world_headlines import world_headlines
from foreshock.errors import CorpusError

FILES = {
    "splits.csv.gz": "id,split,cluster,dup,conflict\n"
    "s-1,train,a,0,0\ns-2,dev,b,0,0\ns-3,test,c,0,0\ns-4,train,d,0,0\n"
    "w-1,train,e,0,0\nw-2,train,f,1,1\nw-3,test,g,1,1\nt-1,train,h,0,0\nt-2,dev,i,0,0\n",
    "sentfin.csv.gz": "id,text,label\ns-1,Profit falls,negative\ns-2,Profit rises,positive\n"
    "s-3,NA,neutral\ns-4,One up another down,conflict\n",
    "twitter_sentiment.csv.gz": "id,text,label\nw-1,$A - cut https://t.co/x,negative\n"
    "w-2,Same text,neutral\nw-3,Same text,positive\n",
    "twitter_topic.csv.gz": "id,text,topic\nt-1,Fed holds,Fed | Central Banks\nt-2,IPO today,IPO\n",
    "newsmtsc.csv.gz": "text,label\nThe senator was praised,positive\n"
    "The senator was praised,positive\nTwo sides of it,negative\nTwo sides of it,positive\n"
    "Profit rises,negative\n",
}


def _write(folder: Path, files: dict[str, str]) -> Path:
    folder.mkdir(exist_ok=True)
    for name, content in files.items():
        (folder / name).write_bytes(gzip.compress(content.encode()))
    return folder


def _plain(path: Path, content: str) -> Path:
    path.write_text(content, encoding="utf-8")
    return path


def test_each_set_comes_with_its_splits_and_labels(tmp_path: Path) -> None:
    corpora = load_training_corpora(_write(tmp_path, FILES))
    (train,) = corpora.of("train", "sentfin")
    assert (train.text, train.sentiment, train.topic) == ("Profit falls", 0, NO_LABEL)
    (dev,) = corpora.of("dev", "sentfin")
    assert dev.sentiment == 2
    (topic,) = corpora.of("train", "topics")
    assert (topic.sentiment, TOPICS[topic.topic]) == (NO_LABEL, "fed")


def test_the_text_na_is_a_text(tmp_path: Path) -> None:
    (test,) = load_training_corpora(_write(tmp_path, FILES)).of("test", "sentfin")
    assert test.text == "NA"


def test_texts_come_cleaned(tmp_path: Path) -> None:
    (tweet,) = load_training_corpora(_write(tmp_path, FILES)).of("train", "tweets")
    assert tweet.text == "$A - cut"


def test_contradictory_rows_are_measured_on_but_not_trained_on(tmp_path: Path) -> None:
    corpora = load_training_corpora(_write(tmp_path, FILES))
    assert [e.text for e in corpora.of("test", "tweets")] == ["Same text"]
    assert "Same text" not in [e.text for e in corpora.examples["train"]]


def test_auxiliary_texts_are_agreed_on_unlike_held_back_ones_and_lighter(tmp_path: Path) -> None:
    corpora = load_training_corpora(_write(tmp_path, FILES))
    (auxiliary,) = corpora.of("train", "newsmtsc")
    assert auxiliary.text == "The senator was praised"
    assert auxiliary.weight == AUXILIARY_WEIGHT
    assert corpora.of("dev", "newsmtsc") == corpora.of("test", "newsmtsc") == []


def test_the_auxiliary_set_may_be_absent(tmp_path: Path) -> None:
    files = {name: content for name, content in FILES.items() if name != "newsmtsc.csv.gz"}
    summary = load_training_corpora(_write(tmp_path, files)).summary()
    assert "newsmtsc" not in summary["train"]
    assert summary["train"]["world"] == len(set(world_headlines()))


def test_a_missing_set_is_named(tmp_path: Path) -> None:
    files = {name: content for name, content in FILES.items() if name != "sentfin.csv.gz"}
    with pytest.raises(CorpusError, match=r"expected the file sentfin\.csv\.gz"):
        load_training_corpora(_write(tmp_path, files))


@pytest.mark.parametrize(
    ("name", "old", "new", "message"),
    [
        ("splits.csv.gz", "s-1,train", "s-1,exam", "unknown split 'exam'"),
        ("splits.csv.gz", "s-1,train,a,0,0\n", "", "row s-1 has no split"),
        ("sentfin.csv.gz", "falls,negative", "falls,sad", "s-1: unknown sentiment label 'sad'"),
        ("twitter_topic.csv.gz", "id,text,topic", "id,text,label", "no column 'topic'"),
    ],
)
def test_what_is_wrong_in_a_set_is_said(
    tmp_path: Path, name: str, old: str, new: str, message: str
) -> None:
    files = {**FILES, name: FILES[name].replace(old, new)}
    with pytest.raises(CorpusError, match=message):
        load_training_corpora(_write(tmp_path, files))


def test_a_users_file_is_read_as_it_is(tmp_path: Path) -> None:
    path = _plain(tmp_path / "own.csv", 'title,mood\n"Up, at last",Positive\nNA,neutral\n')
    found = read_labelled_csv(path, task="sentiment", text_column="title", label_column="mood")
    assert found.texts == ["Up, at last", "NA"]
    assert found.labels == [2, 1]
    assert found.task == "sentiment"


def test_a_packed_file_is_read_too_and_topics_by_any_of_their_names(tmp_path: Path) -> None:
    (tmp_path / "own.csv.gz").write_bytes(
        gzip.compress(b"text,label\na,fed\nb,Macro\nc,M&A | Investments\n")
    )
    found = read_labelled_csv(tmp_path / "own.csv.gz", task="topic")
    assert [TOPICS[label] for label in found.labels] == ["fed", "macro", "m-and-a"]


def test_labels_of_another_name_are_mapped(tmp_path: Path) -> None:
    path = _plain(tmp_path / "own.csv", "text,label\na,Bearish\nb,neutral\n")
    mapped = read_labelled_csv(path, task="sentiment", label_map={"Bearish": "negative"})
    assert mapped.labels == [0, 1]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("title,label\na,neutral\n", "no column 'text'"),
        ("text,mood\na,neutral\n", "no column 'label'"),
        ("text,label\na,neutral\nb,happy\n", "row 2 has the unknown sentiment label 'happy'"),
        ("text,label\na,\n", "row 1 has the unknown sentiment label ''"),
        ("text,label\na,neutral\n ,neutral\n", "row 2 has an empty text"),
        ("text,label\n", "no rows"),
        ("", "cannot be read as CSV"),
        ('text,label\n"a,neutral\n', "cannot be read as CSV"),
    ],
)
def test_what_is_wrong_in_a_users_file_is_said(tmp_path: Path, content: str, message: str) -> None:
    path = _plain(tmp_path / "own.csv", content)
    with pytest.raises(CorpusError, match=message):
        read_labelled_csv(path, task="sentiment")


def test_a_missing_column_is_answered_with_those_there_are(tmp_path: Path) -> None:
    path = _plain(tmp_path / "own.csv", "headline,mood\na,neutral\n")
    with pytest.raises(CorpusError) as caught:
        read_labelled_csv(path, task="sentiment")
    assert "headline, mood" in caught.value.hint


@pytest.mark.parametrize("name", ["own.csv", "own.csv.gz"])
def test_bytes_that_are_no_csv_are_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"\x89PNG\r\n\xff\xfe\x00")
    with pytest.raises(CorpusError, match="cannot be read as CSV"):
        read_labelled_csv(tmp_path / name, task="sentiment")


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match=r"expected the file absent\.csv"):
        read_labelled_csv(tmp_path / "absent.csv", task="topic")
