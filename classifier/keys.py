"""Which keys a story counts under: `all`, its topics, its tickers and the terms of its title.

Called by the classifier's stage, once per item; panes only unnest what stands here. Pure.

Terms are single content words and pairs of them. A title gives at most `MAX_TERMS`: its first
content words, then the pairs of neighbours, then the pairs that skip one word, in title order.
A pair is stored in alphabetical order, so that "House rejects bailout" and "bailout rejected by
House" meet in `term:bailout house`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from typing import Final

from classifier.stop_words import SCALES, STOP_WORDS, UNITS
from foreshock.records import Score, StoryItem, Uncounted

MAX_TERMS: Final = 12
MAX_WORDS: Final = 7
#: Characters of a title that are read for terms: a bound on work, far above any headline.
TITLE_CHARS: Final = 400
_MIN_LETTERS: Final = 2
_MAX_LETTERS: Final = 32

# How a wire desk filed a story, not what it says.
_DESK_MARK: Final = re.compile(
    r"^\s*(?:(?:UPDATE|WRAPUP|SNAPSHOT|TAKE)\s{0,3}\d{1,2}|RPT|REFILE|CORRECTED|CORRECTION|REPEAT"
    r"|EXCLUSIVE|BRIEF|TEXT|TABLE|FACTBOX|TIMELINE|ANALYSIS|INTERVIEW|INSTANT VIEW|ADVISORY"
    r"|BREAKINGVIEWS|PREVIEW|POLL|Q&A|FEATURE|HIGHLIGHTS|NEWSMAKER|SCENARIOS|DEALTALK"
    r"|SPECIAL REPORT|WITNESS|CHRONOLOGY|QUOTES|DIARY|COLUMN|GRAPHIC|INSIGHT|IFR|RESEARCH ALERT)"
    r"\s?[-:\u2013]\s?(?=\S)"
)
_ABBREVIATION: Final = re.compile(r"\b(?:[A-Za-z]\.){2,6}")
_POSSESSIVE: Final = re.compile(r"['\u2019\u02bc]s?(?=\W|$)")
_WORD: Final = re.compile(r"[^\W_]+")
# Only these: the voicing marks of Japanese are combining too, and tell words apart.
_ACCENT: Final = re.compile("[\u0300-\u036f]")
_HAS_DIGIT: Final = re.compile(r"\d")


def keys_of(item: StoryItem, score: Score, *, topic_at_micro: int) -> tuple[str, ...]:
    """Return the keys that `item` counts under, sorted; () for an item that does not count.

    `topic_at_micro`: the probability in micro-units from which on an item has a topic. A copy of a
    story has keys like its lead: panes tell the two apart.
    """
    if item.uncounted is not Uncounted.NO:
        return ()
    keys = {"all"}
    keys.update(f"topic:{slug}" for slug, micro in score.topics if micro >= topic_at_micro)
    keys.update(f"ticker:{ticker}" for ticker in item.tickers)
    keys.update(f"term:{term}" for term in terms_of(item.title))
    return tuple(sorted(keys))


def terms_of(title: str) -> tuple[str, ...]:
    """Return the words and pairs that `title` counts under, most telling rule first, no repeats.

    >>> terms_of("UPDATE 3-U.S. House rejects $700-bln Wall St bailout bill")[:5]
    ('house', 'reject', 'wall', 'bailout', 'bill')
    >>> terms_of("RPT-Nikkei's 5-wk lows, extends losses after quakes")
    ('nikkei', 'quake', 'nikkei quake')
    """
    words = content_words(title)[:MAX_WORDS]
    terms = dict.fromkeys(words)
    for step in (1, 2):
        for pair in _pairs(words, step):
            terms.setdefault(pair)
    return tuple(terms)[:MAX_TERMS]


def content_words(title: str) -> list[str]:
    """Return the words of `title` that can carry a term, in title order, folded to one form.

    Case, accents, possessives and plurals are folded; desk marks, stop words, numbers and words
    with digits are dropped, and so are units that follow a number. A hyphen or slash separates
    words.

    >>> content_words("WRAPUP 2-Greece's banks face sell-off; Moody's cuts Q2 outlook 18.5 pct")
    ['greece', 'bank', 'face', 'sell', 'moody', 'cut']
    >>> content_words("Yuan slides to 6.33 yuan; steelmaker loses 14.4 mln zlotys")
    ['yuan', 'slide', 'steelmaker', 'lose']
    """
    text = _strip_desk_marks(title[:TITLE_CHARS])
    text = _ABBREVIATION.sub(lambda found: found.group().replace(".", ""), text)
    text = _POSSESSIVE.sub(" ", unicodedata.normalize("NFKC", text))
    raws = _WORD.findall(_unaccent(text.casefold()))
    return [word for raw in _without_units(raws) if (word := _fold(raw))]


def _strip_desk_marks(title: str) -> str:
    for _ in range(3):  # "RPT-UPDATE 1-..." carries several
        title, found = _DESK_MARK.subn("", title)
        if found == 0:
            break
    return title


def _unaccent(text: str) -> str:
    if text.isascii():
        return text
    return unicodedata.normalize("NFC", _ACCENT.sub("", unicodedata.normalize("NFD", text)))


def _without_units(raws: Sequence[str]) -> Iterator[str]:
    after_number = False
    for raw in raws:
        if _HAS_DIGIT.search(raw):
            after_number = True
            continue
        if after_number and raw in SCALES:
            continue
        if not (after_number and raw in UNITS):
            yield raw
        after_number = False


def _fold(raw: str) -> str:
    if raw in STOP_WORDS:
        return ""
    word = _singular(raw)
    fits = _MIN_LETTERS <= len(word) <= _MAX_LETTERS
    return word if fits and word not in STOP_WORDS else ""


def _singular(word: str) -> str:
    if len(word) <= 3 or not word.endswith("s") or word.endswith(("ss", "us", "is")):
        return word
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith(("sses", "shes", "ches", "xes", "zes")):
        return word[:-2]
    return word[:-1]


def _pairs(words: Sequence[str], step: int) -> Iterator[str]:
    for left, right in zip(words, words[step:], strict=False):
        if left != right:
            yield " ".join(sorted((left, right)))
