"""From markup to plain text, and from long to short. Called by normalize.

Pure. Everything here reaches a fixed point: cleaning clean text changes nothing.
"""

from __future__ import annotations

import html
import re
import unicodedata

ELLIPSIS = "…"

# only real HTML tags: "<AAPL.O>" and "yield < 2 %" are text
_BLOCK_TAGS = (
    "address article aside audio blockquote body br button caption center col colgroup dd del"
    " details div dl dt embed fieldset figcaption figure footer form h1 h2 h3 h4 h5 h6 head header"
    " hr html iframe img input label legend li link main map meta nav noscript object ol option p"
    " param picture pre script section select source strike style summary svg table tbody td"
    " template textarea tfoot th thead time title tr ul video"
)
_INLINE_TAGS = (
    "a abbr acronym b bdi bdo big cite code em font i ins kbd mark q s samp small span strong sub"
    " sup tt u var wbr"
)


def _tag_pattern(names: str) -> re.Pattern[str]:
    return re.compile(rf"</?(?:{'|'.join(names.split())})(?:\s[^<>]*)?/?>", re.IGNORECASE)


_BLOCK_TAG = _tag_pattern(_BLOCK_TAGS)
_INLINE_TAG = _tag_pattern(_INLINE_TAGS)
_UNREAD = re.compile(r"<(script|style)\b[^<>]*>.*?</\1\s*>", re.IGNORECASE | re.DOTALL)
_COMMENT = re.compile(r"<!--.*?-->|<!\[CDATA\[|\]\]>|<!doctype[^<>]*>", re.IGNORECASE | re.DOTALL)
_BLANKS = re.compile(r"\s+")
# control characters that are no blanks, soft hyphen, zero-width and bidi marks, lone surrogates;
# U+200C and U+200D stay, Persian and emoji need them
_UNSEEN = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\xad\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff"
    "\ufff9-\ufffb\ud800-\udfff\ufffe\uffff]"
)
_SENTENCE_END = re.compile(
    "(?<=[.!?])\\s+(?=[\"'(\u2018\u201c]?[A-Z0-9])|(?<=[\u3002\uff01\uff1f])"
)
_ROUNDS = 8


def markup_to_text(markup: str) -> str:
    """Return the text of a piece of HTML (or of plain text) on one line, in Unicode NFC.

    Tags, entities, control and invisible characters are gone, blanks are single spaces.

    >>> markup_to_text("<p>Profit &amp; loss:&nbsp;<b>Acme</b></p><p>falls</p>")
    'Profit & loss: Acme falls'
    >>> markup_to_text("Apple <AAPL.O> yield < 2 %")
    'Apple <AAPL.O> yield < 2 %'
    """
    text = markup
    for _ in range(_ROUNDS):
        cleaned = _clean_once(text)
        if cleaned == text:
            return text
        text = cleaned
    # markup nested deeper than any honest source writes: what is left of it is taken apart
    return _plain(text.replace("&", " ").replace("<", " "))


def _clean_once(text: str) -> str:
    if "<" in text:
        text = _UNREAD.sub(" ", text)
        text = _COMMENT.sub(" ", text)
        text = _INLINE_TAG.sub("", _BLOCK_TAG.sub(" ", text))
    if "&" in text:
        text = html.unescape(text)
    return _plain(text)


def _plain(text: str) -> str:
    if text.isascii() and text.isprintable() and "  " not in text:
        return text.strip()
    text = unicodedata.normalize("NFC", _UNSEEN.sub("", text))
    return _BLANKS.sub(" ", text).strip()


def cut_at_word(text: str, limit: int) -> str:
    """Return `text` if it has at most `limit` characters, else its start with "…", at a word's end.

    The result never has more than `limit` characters.

    >>> cut_at_word("profits fall sharply", 15)
    'profits fall…'
    """
    if len(text) <= limit:
        return text
    head = text[: limit - len(ELLIPSIS)]
    if not text[len(head)].isspace():
        word_start = head.rfind(" ")
        # one endless word is cut where it has to be
        head = head[:word_start] if word_start > limit // 2 else head
    return head.rstrip() + ELLIPSIS


def first_sentence(text: str) -> str:
    """Return the first sentence of a plain text, all of it if no end of a sentence is found.

    >>> first_sentence("Acme Inc. fell 3.5 percent. Analysts blame rates.")
    'Acme Inc. fell 3.5 percent.'
    """
    for match in _SENTENCE_END.finditer(text):
        head = text[: match.start()].rstrip()
        if len(head) >= 20 or match.start() == match.end():
            return head
    return text
