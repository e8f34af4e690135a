"""Which language an item is in: as declared, else by its script, else by its small words.

Called by normalize. Pure and conservative: a headline in Latin letters is English unless several
small words of another language and none of English say otherwise, so that no English headline is
ever left out of the count.
"""

from __future__ import annotations

import re

_SAMPLE = 600
_NAMES = {
    "english": "en", "german": "de", "deutsch": "de", "french": "fr", "spanish": "es",
    "italian": "it", "portuguese": "pt", "dutch": "nl", "chinese": "zh", "japanese": "ja",
    "russian": "ru",
    "eng": "en", "deu": "de", "ger": "de", "fra": "fr", "fre": "fr", "spa": "es", "ita": "it",
    "por": "pt", "nld": "nl", "dut": "nl", "zho": "zh", "chi": "zh", "cmn": "zh", "jpn": "ja",
    "rus": "ru", "kor": "ko", "ara": "ar",
}  # fmt: skip

_LATIN_WORD = re.compile(r"[A-Za-zÀ-ÖØ-öø-ɏ]+")
_SCRIPTS = {
    "ja": re.compile("[\u3040-\u30ff\u31f0-\u31ff\uff66-\uff9f]"),
    "ko": re.compile("[\u1100-\u11ff\uac00-\ud7af]"),
    "zh": re.compile("[\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0002a6df]"),
    "ru": re.compile("[\u0400-\u04ff]"),
    "ar": re.compile("[\u0600-\u06ff\u0750-\u077f]"),
    "he": re.compile("[\u0590-\u05ff]"),
    "el": re.compile("[\u0370-\u03ff]"),
    "th": re.compile("[\u0e00-\u0e7f]"),
    "hi": re.compile("[\u0900-\u097f]"),
}
_OTHER_LETTER = re.compile("[\u0370-\u1cff\u2c00-\ud7ff\uf900-\ufdff\ufe70-\ufeff\uff66-\uffdc]")
# a word of a script without blanks between words has about two characters
_LETTERS_PER_WORD = {"zh": 2, "ja": 2, "ko": 3, "th": 4}
_UKRAINIAN = re.compile("[іїєґ]", re.IGNORECASE)
_PERSIAN = re.compile("[پچژگ]")

# no particles of names (de, la, von, der, los, van, di) and no English words (die, met, per, plus)
_SMALL_WORDS = {
    "de": "und ist nicht mit für auf dem eine einen einer zu im nach wird werden sich auch über bei"
    " zum zur wegen gegen sind oder noch wie vor mehr",
    "fr": "les des une dans pour avec aux qui que sont ses leur sur cette être après contre entre"
    " selon chez mais",
    "es": "una para por que más según tras sus desde hasta sobre pero esta entre",
    "it": "della dello degli delle nel nella che sono una più anche dal dalla gli dopo alla sul"
    " sulla",
    "pt": "não uma para dos das pelo pela mais após são ao sobre que por",
    "nl": "het een niet voor zijn wordt naar ook bij uit aan maar meer tegen door heeft worden nog",
}  # fmt: skip
_SMALL = {language: frozenset(words.split()) for language, words in _SMALL_WORDS.items()}
_ENGLISH_WORDS = (
    "the of to and for with from after by at are were says said say on as its his her their"
    " this that will would not but has have had be been into amid than about against more new"
    " up down off out how why what who when"
)
_ENGLISH = frozenset(_ENGLISH_WORDS.split())
_LATIN_LANGUAGES = frozenset({"en", *_SMALL_WORDS})


def declared_language(text: str) -> str | None:
    """Return the two-letter code of a declared language, None if it names none.

    >>> declared_language("en-US"), declared_language("zh_CN"), declared_language("")
    ('en', 'zh', None)
    """
    primary = re.split(r"[-_.;,\s]", text.strip().lower(), maxsplit=1)[0]
    if len(primary) == 2 and primary.isascii() and primary.isalpha():
        return primary
    return _NAMES.get(primary)


def language_of(declared: str, title: str, text: str = "") -> str:
    """Return the two-letter language of an item.

    What is declared counts, unless it is a language in Latin letters and the words are not. Without
    a declaration the title decides, with the start of the text where there is one.

    >>> language_of("", "Acme cuts its outlook"), language_of("", "日经指数暴跌")
    ('en', 'zh')
    """
    sample = f"{title} {text[:_SAMPLE]}"
    named = declared_language(declared)
    script = None if sample.isascii() else _other_script(sample)
    if script is not None and (named is None or named in _LATIN_LANGUAGES):
        return script
    return named if named is not None else _latin_language(sample)


def _other_script(sample: str) -> str | None:
    """Return the language of a sample that is mostly not in Latin letters."""
    counts = {
        language: len(pattern.findall(sample)) / _LETTERS_PER_WORD.get(language, 6)
        for language, pattern in _SCRIPTS.items()
    }
    others = len(_OTHER_LETTER.findall(sample)) / 6
    latin = len(_LATIN_WORD.findall(sample))
    if max(sum(counts.values()), others) <= latin:
        return None
    if counts["ja"] * 8 > counts["zh"] and counts["ja"] > 0:  # Chinese has no kana
        return "ja"
    best = max(counts, key=lambda language: counts[language])
    if counts[best] == 0:
        return "und"
    if best == "ru" and _UKRAINIAN.search(sample):
        return "uk"
    return "fa" if best == "ar" and _PERSIAN.search(sample) else best


def _latin_language(sample: str) -> str:
    words = [word.lower() for word in _LATIN_WORD.findall(sample)]
    if not _ENGLISH.isdisjoint(words):
        return "en"
    hits = {
        language: len(small.intersection(words)) + sum(word in small for word in words) / 100
        for language, small in _SMALL.items()
    }
    best = max(hits, key=lambda language: hits[language])
    second = max(count for language, count in hits.items() if language != best)
    enough = hits[best] >= 2 and hits[best] * 6 >= len(words) and hits[best] > second
    return best if enough else "en"
