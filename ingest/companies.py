"""Reads the lists of companies that ship with Foreshock and keeps one finder over them.

Called by whoever normalises items. The lists (`company_lists/*.csv`: symbol, name, aliases
separated by `|`, sector, country) were written for this project; `ingest.entities` says what the
marks mean.
"""

from __future__ import annotations

import csv
from functools import cache
from importlib.resources import files

from foreshock.errors import ForeshockError
from ingest.entities import Company, EntityFinder

COLUMNS = ("symbol", "name", "aliases", "sector", "country")
LISTS = ("united_states.csv", "world.csv", "india.csv", "past.csv", "not_companies.csv")


@cache
def default_companies() -> tuple[Company, ...]:
    """Return all listed companies, those without a symbol (phrases that name none) included."""
    return tuple(company for name in LISTS for company in _read_list(name))


@cache
def default_finder() -> EntityFinder:
    """Return the finder over the shipped lists; built at the first call."""
    return EntityFinder(default_companies())


def default_find_tickers(title: str, text: str = "") -> tuple[str, ...]:
    """Find the shipped lists' companies in a title; see `EntityFinder.find_tickers`.

    >>> default_find_tickers("Yes Bank shares plunge as RBI caps withdrawals")
    ('YESBANK',)
    """
    return default_finder().find_tickers(title, text)


def _read_list(name: str) -> list[Company]:
    text = files("ingest").joinpath("company_lists", name).read_text("utf-8")
    rows = csv.DictReader(text.splitlines())
    if tuple(rows.fieldnames or ()) != COLUMNS:
        raise ForeshockError(f"{name}: expected the columns {COLUMNS}, found {rows.fieldnames}")
    return [_row_to_company(name, row) for row in rows]


def _row_to_company(name: str, row: dict[str, str]) -> Company:
    try:
        aliases = tuple(alias for alias in row["aliases"].split("|") if alias)
        return Company(row["symbol"], row["name"], aliases, row["sector"], row["country"])
    except (AttributeError, TypeError) as error:
        raise ForeshockError(f"{name}: expected five columns, found {row}") from error
