"""Decides whether two titles tell the same story, and how alike they are.

Pure. `ingest.stories` asks for every candidate that its index finds. Templates are the danger:
"Acme profit up 5 pct" and "Acme profit up 50 pct" share nearly all words and are two stories, so
likeness alone never suffices; docs/stories.md has the rules with examples.
"""

from __future__ import annotations

from functools import lru_cache

from rapidfuzz import fuzz

from ingest.titles import Title

ALIKE_AT = 0.6
REWORDED_ALIKE_AT = 0.7
MIN_SHARED = 4
MAX_REWORDED = 3
PREFIX_WORDS = 4
_SPELLING_AT = 75.0
_SPELLING_CHARS = 4


def _words(*lines: str) -> frozenset[str]:
    return frozenset(word for line in lines for word in line.split())


# as `ingest.titles` gives them: no plural or third-person s
_NEGATIONS = _words("not no never deny denie denied without reject rejected unlikely cannot wont")
_RISE = _words(
    "up rise rose rising gain gained jump jumped climb climbed soar soared surge surged higher",
    "rally rallie rallied advance advanced rebound recover firm firmer strengthen",
)
_FALL = _words(
    "down fall fell falling drop dropped slip slipped slide slid tumble tumbled plunge plunged",
    "lower sink sank retreat dip dipped slump slumped weaken soften decline declined skid",
)
_UP = _RISE | _words(
    "high beat raise raised upgrade upgraded increase increased grow grew win won buy positive",
    "strong stronger bullish lift hike outperform profit best",
)
_DOWN = _FALL | _words(
    "low miss missed cut lowered downgrade downgraded decrease decreased shrink shrank ease eased",
    "lose lost sell negative weak weaker bearish loss underperform worst",
)
_SMALL = _words(
    "a an the of to in on at for from by with as and or but its it is are be has have after before",
    "over into than that this % say said see seen new amid will may could would report source rs",
    "here how why what",
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
    if a.words == b.words or _is_cut_from(a, b) or _is_cut_from(b, a):
        return 1.0
    shared = a.bag & b.bag
    if len(shared) * 2 < max(len(a.bag), len(b.bag)) or contradict(a, b):
        return None
    return _compare_words(a, b, shared)


def contradict(a: Title, b: Title) -> bool:
    """Return whether two titles cannot be about one thing: other numbers, opposite directions."""
    return conflict(a.numbers, b.numbers) or _opposed(a.bag, b.bag)


def conflict(a: frozenset[str], b: frozenset[str]) -> bool:
    """Return whether each of two sets has what the other lacks."""
    return not (a <= b or b <= a)


def _is_cut_from(short: Title, long: Title) -> bool:
    """Return whether `short` is the beginning of `long`, its last word perhaps a stump."""
    count = len(short.words)
    if not short.cut or count < PREFIX_WORDS or count > len(long.words):
        return False
    stump = short.words[-1]
    return long.words[: count - 1] == short.words[:-1] and long.words[count - 1].startswith(
        stump[:-1] if len(stump) > 3 else stump
    )


def _compare_words(a: Title, b: Title, common: frozenset[str]) -> float | None:
    only_a, only_b = _drop_same(a.bag - common, b.bag - common)
    told_a, told_b = only_a - _SMALL, only_b - _SMALL
    shared = len(common - _SMALL) + len(a.bag) - len(common) - len(only_a)
    if shared < MIN_SHARED:
        return None
    if told_a and told_b and _names_another(a, b, told_a, told_b):
        return None
    alike = shared / (shared + len(told_a) + len(told_b))
    return alike if alike >= (REWORDED_ALIKE_AT if told_a and told_b else ALIKE_AT) else None


def _names_another(a: Title, b: Title, told_a: frozenset[str], told_b: frozenset[str]) -> bool:
    """Return whether what is put otherwise may be another subject, not another wording."""
    if a.numbers != b.numbers or len(told_a) > MAX_REWORDED or len(told_b) > MAX_REWORDED:
        return True
    if not (a.names and b.names):
        return True  # in a Title That Is Capitalised nothing tells a name from a word
    return bool(told_a & a.names and told_b & b.names)


def _opposed(a: frozenset[str], b: frozenset[str]) -> bool:
    if a.isdisjoint(_NEGATIONS) != b.isdisjoint(_NEGATIONS):
        return True
    return _direction(a - b) * _direction(b - a) < 0


def _direction(words: frozenset[str]) -> int:
    """Return 1 for up, -1 for down, 0 for neither or both."""
    return int(not words.isdisjoint(_UP)) - int(not words.isdisjoint(_DOWN))


def _drop_same(a: frozenset[str], b: frozenset[str]) -> tuple[frozenset[str], frozenset[str]]:
    """Drop from both what is one word in two forms, and one move in two words."""
    for kind in (_RISE, _FALL):
        if not (a.isdisjoint(kind) or b.isdisjoint(kind)):
            a, b = a - kind, b - kind
    if not a or not b:
        return a, b
    left_b = set(b)
    left_a = set()
    for word in sorted(a):
        same = [other for other in left_b if other[:3] == word[:3] and _one_word(word, other)]
        if same:
            left_b.discard(min(same))
        else:
            left_a.add(word)
    return frozenset(left_a), frozenset(left_b)


@lru_cache(maxsize=50_000)
def _one_word(a: str, b: str) -> bool:
    if len(a) < _SPELLING_CHARS or len(b) < _SPELLING_CHARS:
        return False
    return a.isalpha() and b.isalpha() and fuzz.ratio(a, b) >= _SPELLING_AT
