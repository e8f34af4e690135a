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

_STOP_TEXT: Final = """
a about above across after again against ahead all almost along already also although always am
amid among an and another any anyone are around as at away back be became because become been
before behind being below best better between both but by came can cannot could day days despite
did do does doing done down due during each early either else end ends ended enough even ever
every everyone few first for four from further get gets getting give given gives go goes going
gone good got great had has have having he her here hers high him his how i if in instead into is
isn it its itself just keep keeps kept last late later latest least less let lets like likely
little long look looks lot low made make makes making many may maybe me might mln month months
more most mostly much must my near nearly need needs never new news next no non nor not nothing
now of off often old on once one only onto or other others our out over own part per pm put puts
rather really run runs same second see seek seeks seeking seem seems seen set sets several shall
she should show shows since six so some something soon still such take takes taking ten than that
the their them then there these they thing things third this those though three through till time
times to today together told tomorrow tonight too top toward towards two under until unveil up
upon us use used uses very via view want wants was way we week weekend weekly weeks well went were
what when where whether which while who whom whose why will with within without won would year
years yesterday yet you your yours monday tuesday wednesday thursday friday saturday sunday mon
tue tues wed thu thur thurs fri sat sun january february march april june july august september
october november december jan feb mar apr jun jul aug sep sept oct nov dec say says said saying
saw sees seeing tell tells told report reports reported reporting reportedly source sources update
updates updated wrapup rpt refile correct corrected factbox interview analysis exclusive preview
poll text table brief briefs timeline instant digest press headline headlines diary schedule
calendar watch factor factors roundup summary highlights highlight snapshot column graphic video
audio photo photos picture pictures slideshow blog live pct percent percentage point points bps
bln bn billion billions million millions trillion thousand hundred dollar dollars usd eur gbp inr
rupees rs crore lakh euro euros cent cents share shares stock stocks market markets company
companies group inc corp ltd plc llc co sa ag nv spa ab oyj asa holding holdings limited
international quarter quarterly half fiscal annual annually monthly daily yearly fy qtr result
results earnings profit profits revenue revenues sales eps estimate estimates forecast forecasts
outlook guidance view views expects expected expect wk yr yrs mth mths hr hrs min minute minutes
hour hours exec execs ceo cfo chief official officials spokesman spokeswoman analyst analysts
reuters reuter bloomberg cnbc wsj ft afp dj kyodo nyt paper newspaper newspapers media ex vs st mr
mrs ms dr jr sr ii iii iv de la le el al du di da des den der die das von van en et un una les los
am pm hs re no qs ok tv vice versa amid via per pre non anti announce announces announced
announcement name names named plan plans planned start starts started rise rises rose risen fall
falls fell fallen gain gains gained drop drops dropped up higher lower highs lows
"""
STOP_WORDS: Final = frozenset(_STOP_TEXT.split())


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
    >>> terms_of("RPT-Nikkei's 5-wk lows, extends losses after quakes")  # doctest: +ELLIPSIS
    ('nikkei', 'extend', 'loss', 'quake', 'extend nikkei', ...)
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
    with digits are dropped. A hyphen or slash separates words.

    >>> content_words("WRAPUP 2-Greece's banks face sell-off; Moody's cuts Q2 outlook 18.5 pct")
    ['greece', 'bank', 'face', 'sell', 'moody', 'cut']
    """
    text = _strip_desk_marks(title[:TITLE_CHARS])
    text = _ABBREVIATION.sub(lambda found: found.group().replace(".", ""), text)
    text = _POSSESSIVE.sub(" ", unicodedata.normalize("NFKC", text))
    return [word for raw in _WORD.findall(_unaccent(text.casefold())) for word in _fold(raw)]


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


def _fold(raw: str) -> Iterator[str]:
    if raw in STOP_WORDS or _HAS_DIGIT.search(raw):
        return
    word = _singular(raw)
    if word not in STOP_WORDS and _MIN_LETTERS <= len(word) <= _MAX_LETTERS:
        yield word


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
