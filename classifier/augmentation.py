"""Vary training texts so that the model does not lean on the marks of one publisher. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import random

_CASHTAG: Final = re.compile(r"\$[A-Za-z][A-Za-z.]{0,5}\b")
_LEADING_TAGS: Final = re.compile(
    r"^(?:\$[A-Za-z][A-Za-z.]{0,5}\b[\s,:]*)+(?:[-\u2013\u2014:]\s*)?"
)
_HASHTAG: Final = re.compile(r"#(?=\w)")
_SPACE: Final = re.compile(r"\s+")
_FINAL_MARK: Final = re.compile(r"[\s.…]+$")

#: How often each variation is made.
DROP_CASHTAGS: Final = 0.3
DROP_HASH_SIGNS: Final = 0.3
DROP_FINAL_MARK: Final = 0.3


def vary(text: str, random_state: random.Random) -> str:
    """Return the text with cashtags, hash signs or its final full stop dropped at random.

    Reuters headlines have none of these, tweets have all. Never returns an empty text.

    >>> import random
    >>> vary("$CX - Cemex cut at Credit Suisse", random.Random(4))
    'Cemex cut at Credit Suisse'
    """
    varied = text
    if random_state.random() < DROP_CASHTAGS:
        varied = _CASHTAG.sub(" ", _LEADING_TAGS.sub("", varied))
    if random_state.random() < DROP_HASH_SIGNS:
        varied = _HASHTAG.sub("", varied)
    if random_state.random() < DROP_FINAL_MARK:
        varied = _FINAL_MARK.sub("", varied)
    varied = _SPACE.sub(" ", varied).strip()
    return varied or text
