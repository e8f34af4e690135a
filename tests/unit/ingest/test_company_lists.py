"""The shipped lists of companies are whole and do not contradict themselves."""

from __future__ import annotations

from collections import Counter

from ingest.companies import default_companies, default_find_tickers, default_finder
from ingest.entities import Company


def listed() -> list[Company]:
    return [company for company in default_companies() if company.symbol]


def test_there_are_as_many_companies_as_promised() -> None:
    countries = Counter(company.country for company in listed())

    assert countries["US"] >= 500
    assert countries["IN"] >= 300
    assert len(listed()) >= 1_500
    assert len(countries) >= 40


def test_every_company_has_one_symbol_a_sector_and_a_country() -> None:
    symbols = Counter(company.symbol for company in listed())

    assert [symbol for symbol, count in symbols.items() if count > 1] == []
    assert [c.symbol for c in listed() if not c.sector or len(c.country) != 2] == []
    assert [s for s in symbols if s != s.strip() or s != s.upper() or "|" in s or ":" in s] == []


def test_no_spelling_and_no_other_symbol_belongs_to_two_companies() -> None:
    owners: dict[str, set[str]] = {}
    for company in default_companies():
        for spelling in (company.name, *company.aliases):
            owners.setdefault(spelling, set()).add(company.symbol)
        owners.setdefault(f"${company.symbol}", set()).add(company.symbol)

    assert {spelling: o for spelling, o in owners.items() if len(o) > 1 and spelling != "$"} == {}


def test_every_company_is_found_by_its_own_name() -> None:
    lost = [
        (company.symbol, company.name)
        for company in listed()
        if company.symbol not in default_find_tickers(f"{company.name} shares fall")
    ]

    assert lost == []


def test_the_finder_is_built_once() -> None:
    assert default_finder() is default_finder()
