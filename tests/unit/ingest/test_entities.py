"""Which companies a title names, and which it only seems to."""

from __future__ import annotations

import pytest

from ingest.companies import default_find_tickers
from ingest.entities import Company, EntityFinder


@pytest.mark.parametrize(
    ("title", "tickers"),
    [
        ("Apple shares slide after iPhone warning", ("AAPL",)),
        ("apple growers hit by late frost", ()),
        ("Apple pie recipe wins prize", ()),
        ("Apple's profit beats forecasts", ("AAPL",)),
        ("EU tightens visa rules for students", ()),
        ("Visa rules to be eased next year", ()),
        ("Visa shares hit record", ("V",)),
        ("Shoppers charge more on Visa cards in December quarter", ("V",)),
        ("Target price raised to Rs 250", ()),
        ("Sell DLF Ltd with target price of Rs 158: Sandeep Wagle", ("DLF",)),
        ("Retailer Target cuts outlook", ("TGT",)),
        ("Target Practice Tips For Beginners", ()),
        ("Why Target Stock Fell Today", ("TGT",)),
        ("Gap widens between rich and poor", ()),
        ("Gap shares slump after weak holiday sales", ("GAP",)),
        ("Trade gap narrows in May", ()),
        ("Ford recalls 3,000 trucks", ("F",)),
        ("Ford Foundation pledges $1 bln", ()),
        ("Meta to cut 10,000 jobs", ("META",)),
        ("Meta-analysis finds no benefit", ()),
        ("Block shares tumble after short seller report", ("XYZ",)),
        ("Block deal in Infosys on BSE", ("INFY",)),
        ("Rio Tinto profit falls", ("RIO",)),
        ("BHP, Rio shares fall on iron ore slump", ("BHP", "RIO")),
        ("Olympics-Bolt aims to go to Rio for last Games", ()),
        ("Amazon rainforest fires spread", ()),
        ("Olympics-IOC keen to control size of Youth Games", ()),
        ("HPCL, BPCL, IOC gain as crude slips", ("BPCL", "HINDPETRO", "IOC")),
    ],
)
def test_a_name_that_is_a_common_word_counts_only_as_a_company(
    title: str, tickers: tuple[str, ...]
) -> None:
    assert default_find_tickers(title) == tickers


@pytest.mark.parametrize(
    ("title", "tickers"),
    [
        ("Lehman Brothers files for bankruptcy", ("LEH",)),
        ("AIG, Fannie Mae and Freddie Mac shares collapse", ("AIG", "FMCC", "FNMA")),
        ("TEPCO says radiation rising at plant", ("TEPCO",)),
        ("BNP Paribas freezes funds", ("BNP",)),
        ("Nestlé lifts guidance", ("NESN",)),
        ("Société Générale warns on profit", ("GLE",)),
        ("L'Oreal, LVMH rise", ("LRLCY", "LVMUY")),
        ("Yes Bank, Jet Airways top losers", ("JETAIRWAYS", "YESBANK")),
        ("Reliance Industries Q1 net up 5%", ("RELIANCE",)),
        ("Firms cut reliance on imports", ()),
        ("Wal-Mart sued over wages", ("WMT",)),
        ("AT&T to buy Time Warner", ("T", "WBD")),
    ],
)
def test_names_of_many_countries_and_of_the_past(title: str, tickers: tuple[str, ...]) -> None:
    assert default_find_tickers(title) == tickers


@pytest.mark.parametrize(
    ("title", "tickers"),
    [
        ("$AAPL breaks out, watch $TSLA", ("AAPL", "TSLA")),
        ("$GOOG and $FB slide", ("GOOGL", "META")),
        ("Costs rise to $US 40 mln, or $A 50 mln", ()),
        ("Automaker recalls trucks (NYSE: F)", ("F",)),
        ("Lender slumps (NSE:YESBANK)", ("YESBANK",)),
        ("Unknown Corp reports results (NASDAQ: UNKN)", ("UNKN",)),
        ("Trucks recalled - Tesla ( NASDAQ : TSLA )", ("TSLA",)),
        ("$5 bln deal at 10:30", ()),
    ],
)
def test_tags_name_a_company_whatever_the_words(title: str, tickers: tuple[str, ...]) -> None:
    assert default_find_tickers(title) == tickers


@pytest.mark.parametrize(
    ("title", "tickers"),
    [
        ("Smartphone sales fall for the first time in China: Gartner", ()),
        ("UK house prices fall sharply in May - Lloyds", ()),
        ("Rig count lowest in 13 mths-Baker Hughes", ()),
        ("RESEARCH ALERT-JP Morgan cuts Eli Lilly to underweight", ("LLY",)),
        ("Can't pay Rs 580 crore due to crunch: DLF to Supreme Court", ("DLF",)),
        ("Top picks: TCS", ("TCS",)),
        ("Regulator probes failed Rio-BHP deal", ("BHP", "RIO")),
    ],
)
def test_who_only_speaks_is_not_what_a_title_is_about(title: str, tickers: tuple[str, ...]) -> None:
    assert default_find_tickers(title) == tickers


def test_a_text_counts_only_where_the_title_names_nobody() -> None:
    text = "DETROIT -- Ford Motor Company (NYSE: F) today said that Tesla was not involved."

    assert default_find_tickers("Automaker recalls trucks", text) == ("F",)
    assert default_find_tickers("Tesla recalls trucks", text) == ("TSLA",)
    assert default_find_tickers("Automaker recalls trucks", "Ford and Tesla") == ()
    assert default_find_tickers("Automaker recalls trucks", " " * 300 + text) == ()


def test_the_longest_match_wins() -> None:
    finder = EntityFinder(
        [
            Company("HDFC", "HDFC", ()),
            Company("HDFCBANK", "HDFC Bank", ()),
            Company("", "HDFC Bank Colony", ()),
        ]
    )

    assert finder.find_tickers("HDFC Bank falls") == ("HDFCBANK",)
    assert finder.find_tickers("HDFC, HDFC Bank fall") == ("HDFC", "HDFCBANK")
    assert finder.find_tickers("HDFC Bank Colony floods") == ()


def test_a_name_inside_a_word_is_no_match() -> None:
    finder = EntityFinder([Company("ING", "ING", ()), Company("GE", "GE", ())])

    assert finder.find_tickers("Banking gains; germs spread") == ()
    assert finder.find_tickers("ING-GE deal") == ("GE", "ING")


def test_two_companies_of_one_name_are_both_found() -> None:
    finder = EntityFinder([Company("A", "Acme", ()), Company("B", "Other", ("=Acme",))])

    assert finder.find_tickers("Acme falls") == ("A", "B")
    assert finder.find_tickers("ACME falls") == ("A",)


@pytest.mark.parametrize(
    "title", ["", " ", "$", ":", "\x00", "İİİ Apple shares", "😀" * 50, "$" * 9]
)
def test_odd_titles_do_no_harm(title: str) -> None:
    assert set(default_find_tickers(title)) <= {"AAPL"}


def test_only_the_beginning_of_an_endless_title_is_read() -> None:
    assert default_find_tickers("word " * 400 + "Lehman Brothers") == ()
