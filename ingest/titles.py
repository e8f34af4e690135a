"""Reads a title as words that can be compared with another title's.

Pure. `ingest.stories` calls it to decide whether two items tell the same story: what says nothing
about the story (`UPDATE 3-`, `WRAPUP 1-`, "- Reuters", case, punctuation) goes; what tells stories
apart (numbers, dates, names, up or down) is kept at hand.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

MAX_TITLE_CHARS = 1_000
MAX_WORDS = 60

# what news agencies put before a title to say how it repeats or of what kind it is
_REPEAT_MARKS = (
    "UPDATE", "UDPATE", "WRAPUP", "WRAP", "RPT", "REPEAT", "REFILE", "CORRECTED", "CORRECTION",
    "CORRECT", "CLARIFICATION", "REMINDER", "LEAD",
)  # fmt: skip
# but not of which market ("US STOCKS", "FOREX"): that tells one "Factors to watch" from another
_KIND_MARKS = (
    "ADVISORY", "ALERT", "ANALYSIS", "BREAKING", "BREAKINGVIEWS", "BRIEF", "BUZZ", "CHRONOLOGY",
    "COLUMN", "DEALTALK", "EXCLUSIVE", "EXPLAINER", "FACTBOX", "FEATURE", "FLASH", "HIGHLIGHTS",
    "IFR", "INSIGHT", "INSTANT VIEW", "INTERVIEW", "JUST IN", "LIVE", "LPC", "MMNEWS", "MOVES",
    "NEWSMAKER", "OFFICIAL", "ON THE MOVE", "POLL", "PREVIEW", "PROFILE", "QUOTES", "RCS",
    "REUTERS SUMMIT", "RLPC", "SCENARIOS", "SNAPSHOT", "SPECIAL REPORT", "TABLE", "TAKE", "TEXT",
    "TIMELINE", "TRLPC", "URGENT", "VIDEO", "WITNESS",
)  # fmt: skip
_SOURCES = (
    "reuters", "bloomberg", "wsj", "ft", "ap", "afp", "cnbc", "nikkei", "xinhua", "kyodo", "jiji",
    "media", "paper", "papers", "press", "report", "reports", "source", "sources", "tv", "agency",
    "official", "officials", "study", "survey", "filing", "traders", "the motley fool",
    "motley fool", "yahoo finance", "marketwatch", "investor business daily", "seeking alpha",
    "barron's", "business insider", "forbes", "economic times", "the economic times", "et",
    "the globe and mail", "benzinga", "thestreet", "zacks", "the wall street journal",
    "financial times", "the new york times", "nyt", "cnn", "bbc", "bbc news", "the guardian",
    "insider monkey", "read stock news", "moneycontrol", "mint", "ndtv", "pti",
)  # fmt: skip
_NUMBER_WORDS = {
    "one": "1", "two": "2", "three": "3", "four": "4", "five": "5", "six": "6", "seven": "7",
    "eight": "8", "nine": "9", "ten": "10", "eleven": "11", "twelve": "12", "first": "1st",
    "second": "2nd", "third": "3rd", "fourth": "4th", "fifth": "5th",
}  # fmt: skip
_DAYS = "monday tuesday wednesday thursday friday saturday sunday"
_MONTHS = "january february march april june july august september october november december"
_DATE_WORDS = frozenset(_DAYS.split()) | frozenset(_MONTHS.split())
_SHORT_DATES = {
    word[:3]: word for word in _DATE_WORDS if word not in ("march", "saturday", "sunday")
}
_SAME_WORDS = {
    **_SHORT_DATES, "sept": "september", "thurs": "thursday", "tues": "tuesday", "mar": "march",
    "dept": "department",
    "pct": "%", "percent": "%", "percentage": "%", "bln": "billion", "bn": "billion",
    "mln": "million", "mn": "million", "trln": "trillion", "tn": "trillion", "cr": "crore",
    "rupees": "rs", "rupee": "rs", "usd": "dollar", "qtr": "quarter", "govt": "government",
    "natl": "national", "intl": "international", "yr": "year", "yrs": "year", "mth": "month",
    "mkt": "market", "cos": "company", "est": "estimate", "ests": "estimate", "mgmt": "management",
}  # fmt: skip

_MARK = "|".join(sorted((re.escape(m) for m in (*_REPEAT_MARKS, *_KIND_MARKS)), key=len)[::-1])
_MARKS = re.compile(
    rf"(?:(?:{_MARK})(?: ?\d{{1,2}})?(?: ?\([A-Z ]{{2,20}}\))?\s?(?:[-\u2013\u2014:]+|\|)\s*)+"
    rf"|(?:(?i:{_MARK})(?: ?\d{{1,2}})?:\s+)+"
)
_REPEATED = re.compile(rf"(?:{'|'.join(_REPEAT_MARKS)})\b")
_SITE = re.compile(r"\s\|\s[^|]{1,50}$")
_LISTING = re.compile(r"\s-\s[^()]{1,60}\(\s?[A-Z]{2,10}\s?:\s?[A-Z.]{1,10}\s?\)(?:\s?,.*)?\s*$")
_DASHED_SOURCE = re.compile(
    rf"\s(?:[-\u2013\u2014]\s?|--\s)(?:{'|'.join(map(re.escape, _SOURCES))})\s*$", re.IGNORECASE
)
_CUT = re.compile(r"\s*(?:\.\.\.+|\u2026)\s*$")
_POSSESSIVE = re.compile(r"'[sS]\b")
_SHARE = re.compile(r"(?<=\d) ?(?:pct|pc|per ?cent|percentage points?)\b", re.IGNORECASE)
_PERIOD = re.compile(r"\b([QHqh])([1-4])\b")
_DOTTED = re.compile(r"\b(?:[A-Za-z]\.){2,}(?=[^A-Za-z]|$)|\b(?:[A-Za-z]\.)+[A-Za-z]\b")
_WORD = re.compile(r"\d+(?:st|nd|rd|th)\b|\d+(?:[.,]\d+)*|[^\W\d_]+\d*|%", re.IGNORECASE)
_SHORT_NAMES = (
    (re.compile(r"\bWall St\b\.?"), "Wall Street"),
    (re.compile(r"\bS\.? ?(?=Africa|Korea|America)"), "South "),
    (re.compile(r"\bN\.? ?(?=Korea|America)"), "North "),
)
_PERIOD_WORDS = {"q": "quarter", "h": "half"}
_ORDINALS = {"1": "1st", "2": "2nd", "3": "3rd", "4": "4th"}
_WIDE = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")


@dataclass(frozen=True, slots=True)
class Title:
    """A title as words: lower case, without marks, one form for one meaning; `bag` is their set.

    `numbers` are the words that tell like titles apart (figures, quarters, days), `names` those
    whose capital, in a title that is not all capitalised, shows a name; `cut` says that the title
    ended in dots and its last word may be a stump; `repeats` that it calls itself an update.
    """

    words: tuple[str, ...]
    bag: frozenset[str]
    numbers: frozenset[str]
    names: frozenset[str]
    cut: bool
    repeats: bool


def read_title(title: str, publisher: str = "") -> Title:
    """Return the title's words; a trailing " - publisher" goes too.

    >>> read_title("UPDATE 2-Acme Q2 profit falls 5.0 pct - Reuters").words
    ('acme', '2nd', 'quarter', 'profit', 'fall', '5', '%')
    """
    body = _CUT.sub("", title[:MAX_TITLE_CHARS])
    cut = len(title) > MAX_TITLE_CHARS or body != title[:MAX_TITLE_CHARS]
    bare, repeats = _strip_marks(body)
    bare = _strip_source(bare, publisher)
    raw = _WORD.findall(_spell_out(_split_wide(_join_dotted(_fold_signs(bare)))))[:MAX_WORDS]
    words = tuple([_one_form(word) for word in raw])
    bag = frozenset(words)
    return Title(
        words=words,
        bag=bag,
        numbers=_numbers(words),
        names=_names(raw, words),
        cut=cut,
        repeats=repeats,
    )


def normalise_title(title: str, publisher: str = "") -> str:
    """Return what is compared of a title, as one string.

    >>> normalise_title("RPT-UPDATE 1-Nikkei drops 2% | Harbour Wire")
    'nikkei drop 2 %'
    """
    return " ".join(read_title(title, publisher).words)


def _strip_marks(title: str) -> tuple[str, bool]:
    match = _MARKS.match(title)
    if match is None or match.end() >= len(title):
        return title, False
    return title[match.end() :], bool(_REPEATED.search(match.group().upper()))


def _strip_source(title: str, publisher: str) -> str:
    kept = _SITE.sub("", title)
    kept = _LISTING.sub("", kept)
    kept = _DASHED_SOURCE.sub("", kept)
    if publisher and kept.lower().endswith(publisher.lower()):
        rest = kept[: -len(publisher)].rstrip()
        if rest.endswith(("-", "|", "\u2013", "\u2014")):
            kept = rest.rstrip("-|\u2013\u2014 ")
    return kept if kept.strip() else title


def _fold_signs(title: str) -> str:
    if not title.isascii():
        decomposed = unicodedata.normalize("NFKD", title)
        title = "".join(c for c in decomposed if not unicodedata.combining(c))
        title = title.replace("\u2019", "'").replace("\u2018", "'")
        title = unicodedata.normalize("NFKC", title)
    return _SHARE.sub("% ", _POSSESSIVE.sub("", title)).replace("'", "")


def _join_dotted(title: str) -> str:
    return (
        _DOTTED.sub(lambda match: match.group().replace(".", ""), title) if "." in title else title
    )


def _split_wide(title: str) -> str:
    """Set Chinese, Japanese and Korean characters apart: they stand without spaces."""
    return title if title.isascii() else _WIDE.sub(lambda match: f" {match.group()} ", title)


def _spell_out(title: str) -> str:
    """Spell out Q2, H1, S.Korea and Wall St, as about half of all titles do."""
    for short, full in _SHORT_NAMES:
        title = short.sub(full, title)
    return _PERIOD.sub(
        lambda match: f"{_ORDINALS[match[2]]} {_PERIOD_WORDS[match[1].lower()]}", title
    )


@lru_cache(maxsize=100_000)
def _one_form(word: str) -> str:
    word = word.lower()
    if word[0].isdigit():
        word = word.replace(",", "")
        whole, point, part = word.partition(".")
        return f"{whole}.{part.rstrip('0')}".rstrip(".") if point and "." not in part else word
    same = _NUMBER_WORDS.get(word) or _SAME_WORDS.get(word)
    if same is not None:
        return same
    if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return word[:-1]
    return word


def _numbers(words: tuple[str, ...]) -> frozenset[str]:
    """Return the words that tell titles apart, a second "09" as "09 2"."""
    found = [word for word in words if _tells_apart(word)]
    if len(set(found)) < len(found):
        found = [f"{word} {found[:i].count(word) + 1}" for i, word in enumerate(found)]
    return frozenset(found)


@lru_cache(maxsize=100_000)
def _tells_apart(word: str) -> bool:
    return word in _DATE_WORDS or any(c.isdigit() for c in word)


def _names(raw: list[str], words: tuple[str, ...]) -> frozenset[str]:
    later = [word for word in raw[1:] if len(word) > 3 and word.isalpha()]
    if sum(word[0].islower() for word in later) * 2 <= len(later):
        return frozenset()
    return frozenset(form for word, form in zip(raw, words, strict=True) if word[0].isupper())
