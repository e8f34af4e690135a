"""Finds the companies that a title is about, by name, cashtag or exchange tag.

Pure: the list of companies is given (`ingest.companies` reads the one that ships). Called once per
item when it is normalised; the result becomes the item's `tickers` and later its `ticker:` keys.

An alias is found on whole words, whatever the punctuation between them. Its first character says
how sure a match must be:

* none: any case (`microsoft`, `BNP Paribas`);
* `=`: exactly this case (`=Apple`, `=GE`);
* `?`: exactly this case, and where the capital proves nothing (first word, or a Title That Is
  Capitalised) beside a word that companies are spoken of with ("Target shares", "Target practice");
* `!`: exactly this case, and always beside a word of business (`!Rio`: "Rio shares", "Rio 2016");
* `$`: another symbol of the same company (`$GOOG`), for cashtags and exchange tags only.

The longest match wins. A company without a symbol stands for phrases that name no company
("Apple pie", "target price"): they win over the shorter name in them and give nothing. Who only
speaks is not what a title is about: a name after the last dash or colon ("- Gartner") and a bank
that rates another company ("Citi cuts Ford to sell") do not count.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import ahocorasick

TITLE_CHARS = 2_000
LEAD_CHARS = 300
_MARKS = "=?!$"
_UNSURE = frozenset("?!")
_TOLD_WORDS = 6
_SPEAKER = re.compile(r"^(.{12,}?\S)(?: --? ?|(?<=[a-z0-9%])-|- |: )([A-Z][^:]{1,39})$")
_PUNCTUATION = str.maketrans(
    dict.fromkeys(
        "!\"#'()*+,-./:;<=>?@[\\]^_`{|}~"
        "\u2018\u2019\u201c\u201d\u00ab\u00bb\u2010\u2011\u2013\u2014\u2026\u00b7\u2022\u2122\u00ae",
        " ",
    )
)
_CASHTAG = re.compile(r"(?<![\w$])\$([A-Z]{1,6}(?:[.-][A-Z])?)(?![\w$])")
_EXCHANGE_TAG = re.compile(
    r"\b(?:NYSE(?: ?(?:American|Arca|MKT))?|NASDAQ(?:GS|GM|CM)?|Nasdaq|AMEX|OTC(?:MKTS|QB|QX)?|LSE|"
    r"LON|NSE|BSE|TSE|TSX|TYO|HKG|HKEX|SEHK|ASX|FRA|ETR|EPA|SWX|KRX)"
    r"\s?:\s?([A-Z0-9][A-Z0-9&.-]{0,11})(?!\w)"
)


def _words(*lines: str) -> frozenset[str]:
    return frozenset(word for line in lines for word in line.split())


# "$US", "$A" and the like are currencies, "$M" and "$BN" amounts
_NOT_CASHTAGS = _words("A AU B BN C CAD HK K M MM MN NZ NT S SG T TN TRN U US USD")
_COMPANY_WORDS_AFTER = _words(
    "s shares share stock stocks says said sees to reports reported posts posted profit profits",
    "earnings revenue revenues sales ceo cfo coo chief chairman executive executives inc corp co",
    "group plc ltd llc sa ag nv sues sued recalls recall cuts raises beats misses buys sells",
    "acquires launches names unveils announces agrees plans warns expects q1 q2 q3 q4 results",
    "dividend ipo bonds debt layoffs stores store workers employees forecast outlook guidance deal",
    "wins loses gets hires faces settles files bankruptcy investors shareholders board bid rises",
    "falls jumps slumps tumbles surges soars plunges slips drops gains climbs sinks and will would",
    "unit division brand owner",
)
_BUSINESS_WORDS_AFTER = _words(
    "shares share stock stocks profit profits earnings revenue revenues sales ceo cfo coo inc corp",
    "co group plc ltd llc q1 q2 q3 q4 h1 h2 results dividend ipo bonds debt investors shareholders",
    "board bid takeover stake",
)
_RATING_WORDS = _words(
    "cuts raises ups upgrades downgrades starts initiates lowers maintains reiterates slashes",
    "hikes trims lifts resumes keeps reaffirms",
)
_COMPANY_WORDS_BEFORE = _words(
    "retailer owner maker giant rival lender insurer automaker chain company startup parent buy",
    "sell own owns than like acquire acquires sues against shares stock why",
)


@dataclass(frozen=True, slots=True)
class Company:
    """One company as listed: its main symbol ("" names no company), name and marked aliases."""

    symbol: str
    name: str
    aliases: tuple[str, ...] = ()
    sector: str = ""
    country: str = ""


@dataclass(frozen=True, slots=True)
class _Alias:
    """How one spelling must be met: `exact` is the required case, None for any."""

    symbol: str
    exact: str | None
    mark: str
    is_bank: bool


@dataclass(frozen=True, slots=True)
class _Hit:
    start: int
    end: int
    alias: _Alias


class EntityFinder:
    """Finds tickers in titles. Building takes a few milliseconds per thousand companies."""

    def __init__(self, companies: Iterable[Company]) -> None:
        self._symbols: dict[str, str] = {}
        spellings: dict[str, list[_Alias]] = {}
        for company in companies:
            if company.symbol:
                self._symbols[company.symbol] = company.symbol
            for mark, spelling in _marked_aliases(company):
                if mark == "$":
                    self._symbols[spelling] = company.symbol
                    continue
                words = _plain_words(spelling)
                exact = words if mark else None
                alias = _Alias(company.symbol, exact, mark, company.sector == "Financials")
                spellings.setdefault(words.lower(), []).append(alias)
        self._automaton: Any = ahocorasick.Automaton()
        for lowered, aliases in spellings.items():
            self._automaton.add_word(lowered, (len(lowered) - 2, tuple(aliases)))
        self._automaton.make_automaton()

    def find_tickers(self, title: str, text: str = "") -> tuple[str, ...]:
        """Return the symbols of the companies named in `title`, sorted.

        Mentions in a text are mostly not what the item is about, so `text` counts only where the
        title names nobody, and then only exchange tags in its first 300 characters: the way a press
        release names its sender.

        >>> listed = [Company("F", "Ford Motor", ("=Ford",)), Company("V", "", ("?Visa",))]
        >>> finder = EntityFinder(listed)
        >>> finder.find_tickers("Ford recalls 3,000 trucks")
        ('F',)
        >>> finder.find_tickers("Visa rules change")
        ()
        >>> finder.find_tickers("Truck maker cuts outlook (NYSE:F), $V follows")
        ('F', 'V')
        """
        title = title[:TITLE_CHARS]
        found = set(self._find_tags(title))
        found.update(self._find_names(title))
        if not found and text:
            found.update(self._find_exchange_tags(text[:LEAD_CHARS]))
        return tuple(sorted(found))

    def _find_tags(self, title: str) -> Iterator[str]:
        if "$" in title:
            for symbol in _CASHTAG.findall(title):
                if symbol not in _NOT_CASHTAGS:
                    yield self._symbols.get(symbol, symbol)
        yield from self._find_exchange_tags(title)

    def _find_exchange_tags(self, text: str) -> Iterator[str]:
        if ":" in text:
            for tagged in _EXCHANGE_TAG.findall(text):
                symbol = tagged.rstrip(".-&")
                yield self._symbols.get(symbol, symbol)

    def _find_names(self, title: str) -> Iterator[str]:
        words = _plain_words(title)
        hits = self._longest(self._hits(words))
        if not hits:
            return
        speaker = _speaker(title, words, hits)
        for hit in hits:
            if hit is not speaker and not _only_rates(words, hit, hits):
                yield hit.alias.symbol

    def _hits(self, words: str) -> list[_Hit]:
        lowered = words.lower()
        if len(lowered) != len(words):  # a few letters grow in lower case and would shift positions
            lowered = "".join(c.lower() if len(c.lower()) == 1 else c for c in words)
        sure: list[_Hit] = []
        unsure: list[_Hit] = []
        for last, (length, aliases) in self._automaton.iter(lowered):
            start = last - length
            for alias in aliases:
                if alias.exact is None or words[start - 1 : last + 1] == alias.exact:
                    (unsure if alias.mark in _UNSURE else sure).append(_Hit(start, last, alias))
        if unsure:
            sure.extend([hit for hit in unsure if _names_company(words, hit, sure)])
        return sure

    def _longest(self, hits: list[_Hit]) -> list[_Hit]:
        """Keep the longest of overlapping hits; two of one length are two companies of one name."""
        taken: list[_Hit] = []
        for hit in sorted(hits, key=lambda hit: (hit.start - hit.end, hit.start)):
            if all(
                hit.end <= other.start
                or hit.start >= other.end
                or (hit.start, hit.end) == (other.start, other.end)
                for other in taken
            ):
                taken.append(hit)
        return [hit for hit in taken if hit.alias.symbol]


def _marked_aliases(company: Company) -> Iterator[tuple[str, str]]:
    if company.name:
        yield "", company.name
    for alias in company.aliases:
        yield (alias[0], alias[1:]) if alias[0] in _MARKS else ("", alias)


def _plain_words(title: str) -> str:
    """Return the words with one space around each: what aliases and titles are compared as."""
    if not title.isascii():
        decomposed = unicodedata.normalize("NFKD", title)
        title = "".join(c for c in decomposed if not unicodedata.combining(c))
    return f" {' '.join(title.translate(_PUNCTUATION).split())} "


def _names_company(words: str, hit: _Hit, sure: list[_Hit]) -> bool:
    before = words[: hit.start].split()
    after = words[hit.end :].split()
    likely = hit.alias.mark == "?"
    if likely and before and _is_sentence_case(words):
        return True
    if after and after[0].lower() in (_COMPANY_WORDS_AFTER if likely else _BUSINESS_WORDS_AFTER):
        return True
    if likely and before and before[-1].lower() in _COMPANY_WORDS_BEFORE:
        return True
    return any(
        other.alias.symbol and (other.start == hit.end + 1 or other.end == hit.start - 1)
        for other in sure
    )


def _only_rates(words: str, hit: _Hit, hits: list[_Hit]) -> bool:
    """Return whether `hit` is a bank and what follows is a rating of the next company."""
    if not hit.alias.is_bank or len(hits) < 2:
        return False
    verb, _, _ = words[hit.end + 1 :].partition(" ")
    named = hit.end + len(verb) + 2
    return verb.lower() in _RATING_WORDS and any(other.start == named for other in hits)


def _speaker(title: str, words: str, hits: list[_Hit]) -> _Hit | None:
    """Return the hit that is all there is after the title's last dash or colon."""
    match = _SPEAKER.match(title)
    if match is None or (title[match.end(1)] == ":" and match[1].count(" ") < _TOLD_WORDS - 1):
        return None
    start = len(words) - len(_plain_words(match[2])) + 1
    return next((hit for hit in hits if hit.start == start and hit.end == len(words) - 1), None)


def _is_sentence_case(words: str) -> bool:
    later = [word for word in words.split()[1:] if len(word) > 3 and word.isalpha()]
    small = sum(word[0].islower() for word in later)
    return small * 2 > len(later)
