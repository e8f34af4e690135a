"""What is left of a title when all that says nothing about its story is gone."""

from __future__ import annotations

import pytest

from ingest.titles import normalise_title, read_title


@pytest.mark.parametrize(
    "title",
    [
        "Acme to cut 500 jobs in Europe",
        "UPDATE 1-Acme to cut 500 jobs in Europe",
        "UPDATE 12 - Acme to cut 500 jobs in Europe",
        "WRAPUP 3-Acme to cut 500 jobs in Europe",
        "RPT-UPDATE 2-Acme to cut 500 jobs in Europe",
        "REFILE-CORRECTED-Acme to cut 500 jobs in Europe",
        "CORRECTED - Acme to cut 500 jobs in Europe",
        "CORRECTED (OFFICIAL)-Acme to cut 500 jobs in Europe",
        "EXCLUSIVE-Acme to cut 500 jobs in Europe",
        "Exclusive: Acme to cut 500 jobs in Europe",
        "BRIEF-Acme to cut 500 jobs in Europe",
        "Acme to cut 500 jobs in Europe - Reuters",
        "Acme to cut 500 jobs in Europe -sources",
        "Acme to cut 500 jobs in Europe | The Motley Fool",
        "Acme to cut 500 jobs in Europe - Acme ( NASDAQ : ACME )",
        "Acme to cut 500 jobs in Europe - Harbour Wire",
        "ACME TO CUT 500 JOBS IN EUROPE",
        "  Acme  to cut\u00a0500 jobs in Europe.",
        "\u201cAcme\u201d to cut 500 jobs in Europe",
    ],
)
def test_marks_sources_case_and_punctuation_go(title: str) -> None:
    assert normalise_title(title, publisher="Harbour Wire") == "acme to cut 500 job in europe"


@pytest.mark.parametrize(
    ("title", "words"),
    [
        ("Profit up 5 pct", "profit up 5 %"),
        ("Profit up 5.0 per cent", "profit up 5 %"),
        ("Profit up 5%", "profit up 5 %"),
        ("Sales of $1,200 mln", "sale of 1200 million"),
        ("Q2 net falls", "2nd quarter net fall"),
        ("Second-quarter net falls", "2nd quarter net fall"),
        ("U.S. crude ends at $70.50", "us crude end at 70.5"),
        ("J.P. Morgan's outlook", "jp morgan outlook"),
        ("S.Africa's vote on Thurs", "south africa vote on thursday"),
        ("Wall St. ends up by Sept", "wall street end up by september"),
        ("硅谷银行", "硅 谷 银 行"),
        ("Zwei Äpfel", "zwei apfel"),
    ],
)
def test_one_meaning_has_one_form(title: str, words: str) -> None:
    assert normalise_title(title) == words


def test_a_mark_stays_where_little_else_is_left() -> None:
    assert normalise_title("US STOCKS - Factors to watch") != normalise_title(
        "MIDEAST STOCKS - Factors to watch"
    )
    assert normalise_title("UPDATE 1-Nikkei falls") == normalise_title("Nikkei falls")


def test_names_show_only_where_not_every_word_is_capitalised() -> None:
    assert read_title("Regulator fines Acme over late filings").names == {"regulator", "acme"}
    assert read_title("Regulator Fines Acme Over Late Filings").names == frozenset()


def test_numbers_and_days_tell_titles_apart() -> None:
    assert read_title("Acme Q2 profit up 5 pct on Tuesday").numbers == {"2nd", "5", "tuesday"}


@pytest.mark.parametrize("ending", ["...", " ...", "\u2026"])
def test_dots_say_that_a_title_was_cut(ending: str) -> None:
    title = read_title(f"Acme to cut 500 jo{ending}")

    assert title.cut
    assert title.words[-1] == "jo"


def test_an_update_calls_itself_so() -> None:
    assert read_title("UPDATE 1-Acme falls").repeats
    assert not read_title("BRIEF-Acme falls in early trade today").repeats


@pytest.mark.parametrize("title", ["", "   ", "-", "...", "UPDATE 1-", "| Reuters", "'s", "%"])
def test_titles_of_nothing_are_read(title: str) -> None:
    assert len(read_title(title).words) <= 2


def test_an_endless_title_is_read_in_part() -> None:
    title = read_title("word " * 30_000)

    assert title.cut
    assert len(title.words) == 60
