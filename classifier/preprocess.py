"""Turn a title (and text) into the exact string that the model reads.

Pure. Training and serving both go through `clean_text`, so the model never sees a form of text
when serving that it did not see in training. Callers hash the result of `model_input`.
"""

from __future__ import annotations

import html
import re
from typing import Final

#: A title of fewer words is completed with the first part of the text.
SHORT_TITLE_WORDS: Final = 4
#: Characters of the text that may follow a short title.
TEXT_LEAD_CHARS: Final = 280

_URL: Final = re.compile(r"(?:https?://|www\.|pic\.twitter\.com/)\S+", re.IGNORECASE)
_RETWEET: Final = re.compile(r"^\s*RT @\w{1,30}:?\s+")
# Wire desk markers say how a story was filed, not what it says: "UPDATE 3-", "WRAPUP 1-", "RPT-".
_DESK_MARK: Final = re.compile(
    r"^\s*(?:(?:UPDATE|WRAPUP)\s{0,3}\d{1,2}|RPT|REFILE|CORRECTED|CORRECTION|REPEAT|REUTERS"
    r"|EXCLUSIVE|ADVISORY|REPEATING)\s?-\s?(?=\S)"
)
_INVISIBLE: Final = re.compile(
    r"[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b-\u200f\u2060\ufeff]"
)
_SPACE: Final = re.compile(r"\s+")


def clean_text(raw: str) -> str:
    """Return raw text without HTML entities, URLs, desk markers and superfluous space.

    Linear in the length of the text; never raises. May return an empty string.

    >>> clean_text("UPDATE 3-Profit &amp; sales  fall https://t.co/x1")
    'Profit & sales fall'
    >>> clean_text("RT @desk: $CCL - Nomura points to weakness")
    '$CCL - Nomura points to weakness'
    """
    text = html.unescape(html.unescape(raw)) if "&" in raw else raw
    text = _INVISIBLE.sub(" ", text)
    text = _URL.sub(" ", text)
    text = _RETWEET.sub("", text)
    for _ in range(3):  # "RPT-UPDATE 1-..." carries several markers
        text, found = _DESK_MARK.subn("", text)
        if found == 0:
            break
    return _SPACE.sub(" ", text).strip()


def model_input(title: str, text: str = "") -> str:
    """Return the exact string that the model reads for an item.

    The title alone, or, where it has fewer than `SHORT_TITLE_WORDS` words, the title and the first
    `TEXT_LEAD_CHARS` characters of the text.

    >>> model_input("Lehman files for bankruptcy", "The bank said")
    'Lehman files for bankruptcy'
    >>> model_input("Markets", "Stocks fell in Tokyo.")
    'Markets. Stocks fell in Tokyo.'
    """
    head = clean_text(title)
    if not text or len(head.split(" ", SHORT_TITLE_WORDS)) >= SHORT_TITLE_WORDS:
        return head
    # Twice the lead leaves room for what cleaning takes out, and bounds the work.
    lead = clean_text(text[: 8 * TEXT_LEAD_CHARS])[:TEXT_LEAD_CHARS].rstrip()
    if not head or not lead:
        return head or lead
    joint = " " if head[-1] in ".!?:…" else ". "
    return f"{head}{joint}{lead}"
