"""The tape's builder: same data, same bytes; surges only of headlines labelled negative."""

from __future__ import annotations

import csv
import gzip
import json
from pathlib import Path
from random import Random

import pytest

from foreshock.errors import CorpusError
from ingest.demo import build_tape
from ingest.demo.headlines import SURGES, background_headlines, read_headlines, surge_headlines
from ingest.demo.wording import revise, reword
from ingest.likeness import likeness
from ingest.titles import read_title


def write_sentfin(path: Path, count: int, label: str = "negative") -> Path:
    with gzip.open(path, "wt", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["id", "text", "label"])
        for number in range(1, count + 1):
            writer.writerow([f"sentfin-{number}", f"Company {number} falls on the exchange", label])
    return path


@pytest.fixture(scope="module")
def sentfin(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_sentfin(tmp_path_factory.mktemp("sentfin") / "sentfin.csv.gz", 11_000)


def test_the_same_data_gives_the_same_bytes(
    sentfin: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second = tmp_path / "a.jsonl.gz", tmp_path / "b.jsonl.gz"

    build_tape.main(["--sentfin", str(sentfin), "--out", str(first)])
    build_tape.main(["--sentfin", str(sentfin), "--out", str(second)])

    assert first.read_bytes() == second.read_bytes()
    assert json.loads((tmp_path / "tape.json").read_text("utf-8"))["rows"] > build_tape.LEADS
    assert "a.jsonl.gz" in capsys.readouterr().out


def test_surges_are_made_of_negative_headlines_only(tmp_path: Path) -> None:
    path = write_sentfin(tmp_path / "positive.csv.gz", 11_000, label="positive")

    with pytest.raises(CorpusError, match="not negative"):
        surge_headlines(read_headlines(path), SURGES[0])


def test_missing_headlines_are_named(tmp_path: Path) -> None:
    headlines = read_headlines(write_sentfin(tmp_path / "few.csv.gz", 10))

    with pytest.raises(CorpusError, match="expected 17 negative headlines, found 0"):
        surge_headlines(headlines, SURGES[0])
    with pytest.raises(CorpusError, match="at least 100"):
        background_headlines(headlines, 100, Random(1))


def test_a_file_that_is_not_sentfin_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "other.csv"
    path.write_text("a,b\n1,2\n", "utf-8")

    with pytest.raises(CorpusError, match=r"other\.csv: expected id, text and label"):
        read_headlines(path)
    with pytest.raises(CorpusError, match=r"none\.csv"):
        read_headlines(tmp_path / "none.csv")


def test_repeated_and_very_short_headlines_are_left_out(tmp_path: Path) -> None:
    path = tmp_path / "some.csv"
    rows = ["A long enough headline", "a long  enough headline", "Too short"]
    path.write_text(
        "id,text,label\n" + "".join(f"sentfin-{n},{row},neutral\n" for n, row in enumerate(rows)),
        "utf-8",
    )

    assert list(read_headlines(path)) == [0]


def test_no_headline_is_both_in_a_surge_and_in_the_background(sentfin: Path) -> None:
    headlines = read_headlines(sentfin)
    planted = {number for plan in SURGES for number in plan.numbers}
    background = background_headlines(headlines, 10_000, Random(1))

    assert planted.isdisjoint(headline.number for headline in background)
    assert len(planted) == sum(len(plan.numbers) for plan in SURGES)


def test_another_wording_tells_the_same_story() -> None:
    title = "Acme shares fall 5 per cent after Regulator fines firm Rs 50 crore over late filings"
    random = Random(7)
    wordings = {reword(title, "Harbour Wire", random) for _ in range(50)}
    wordings |= {revise(title, random) for _ in range(10)}

    assert len(wordings) >= 6
    assert title not in wordings
    for wording in wordings:
        assert likeness(read_title(wording, "Harbour Wire"), read_title(title)) is not None
