"""Decides whether two titles tell the same story, and how alike they are.

Pure. `ingest.stories` asks for every candidate that its index finds. Templates are the danger:
"Acme profit up 5 pct" and "Acme profit up 50 pct" share nearly all words and are two stories, so
likeness alone never suffices; docs/stories.md has the rules with examples.
"""

from __future__ import annotations

from rapidfuzz import fuzz

from ingest.titles import Title

ALIKE_AT = 0.6
PREFIX_WORDS = 4
_STUMP_CHARS = 3
_SPELLING_AT = 85.0


def _words(*lines: str) -> frozenset[str]:
    return frozenset(word for line in lines for word in line.split())


_NEGATIONS = _words("not no never deny denies denied without reject")
_UP = _words(
    "up rise rises rose rising gain gains gained jump jumps jumped climb climbs climbed soar soars",
    "soared surge surges surged higher high rally rallies rallied advance advances rebound",
    "rebounds recover recovers beat beats raise raises raised upgrade upgrades upgraded increase increases",
    "increased grow grows grew firm firms win wins won buy positive strong stronger bullish",
)
_DOWN = _words(
    "down fall falls fell falling drop drops dropped slip slips slipped slide slides slid tumble",
    "tumbles tumbled plunge plunges plunged lower low sink sinks sank retreat retreats miss misses",
    "missed cut cuts lowers lowered downgrade downgrades downgraded decrease decreases decreased",
    "shrink shrinks shrank ease eases eased lose loses lost sell negative weak weaker bearish",
    "decline declines declined",
)
_SMALL = _words(
    "a an the of to in on at for from by with as and or but its it is are be has have after before",
    "over into than that this % says say said sees see new s amid up down will may could report",
    "reports source sources",
)


def likeness(a: Title, b: Title) -> float | None:
    """Return how alike two titles are, in (0, 1], or None where they tell different stories.

    >>> from ingest.titles import read_title
    >>> likeness(read_title("UPDATE 1-Acme to cut jobs"), read_title("Acme to cut jobs"))
    1.0
    >>> likeness(read_title("Acme profit up 5 pct"), read_title("Acme profit up 50 pct")) is None
    True
    """
    if not a.words or not b.words:
        return None
    if a.words == b.words:
        return 1.0
    if _is_cut_from(a, b) or _is_cut_from(b, a):
        return 1.0
    if _conflict(a.numbers, b.numbers):
        return None
    return _compare_words(a, b)


def conflict(a: frozenset[str], b: frozenset[str]) -> bool:
    """Return whether each of two sets has what the other lacks."""
    return bool(a - b) and bool(b - a)


_conflict = conflict


def _is_cut_from(short: Title, long: Title) -> bool:
    words = short.words
    if not short.cut or len(words) < PREFIX_WORDS or len(words) > len(long.words):
        return False
    stump = long.words[len(words) - 1]
    return long.words[: len(words) - 1] == words[:-1] and (
        stump == words[-1] or stump.startswith(words[-1][: max(_STUMP_CHARS, len(words[-1]) - 1)])
    )


def _compare_words(a: Title, b: Title) -> float | None:
    set_a, set_b = frozenset(a.words), frozenset(b.words)
    if _opposed(set_a, set_b):
        return None
    only_a, only_b = _drop_spellings(set_a - set_b, set_b - set_a)
    told_a, told_b = only_a - _SMALL, only_b - _SMALL
    named = told_a & a.names and told_b & b.names
    if told_a and told_b and (named or not (a.names and b.names)):
        return None
    shared = len((set_a & set_b) - _SMALL) + (len(set_a - set_b) - len(only_a))
    alike = shared / (shared + len(told_a) + len(told_b)) if shared else 0.0
    return alike if alike >= ALIKE_AT else None


def _opposed(a: frozenset[str], b: frozenset[str]) -> bool:
    if bool(a & _NEGATIONS) != bool(b & _NEGATIONS):
        return True
    new_a, new_b = a - b, b - a
    return bool(new_a & _UP and new_b & _DOWN) or bool(new_a & _DOWN and new_b & _UP)


def _drop_spellings(a: frozenset[str], b: frozenset[str]) -> tuple[frozenset[str], frozenset[str]]:
    """Drop words that are one word in two spellings or forms."""
    left_a, left_b = set(a), set(b)
    for word in sorted(a):
        best = max((other for other in sorted(left_b) if _one_word(word, other)), default=None)
        if best is not None:
            left_a.discard(word)
            left_b.discard(best)
    return frozenset(left_a), frozenset(left_b)


def _one_word(a: str, b: str) -> bool:
    if len(a) < 4 or len(b) < 4 or not (a.isalpha() and b.isalpha()):
        return False
    return a[:3] == b[:3] and fuzz.ratio(a, b) >= _SPELLING_AT - 10
