"""Ids of entries and items: functions of content alone, so that fetching again changes nothing.

Called by normalize. Every part is length-prefixed before hashing, so that no two lists of parts
share their bytes ("ab", "c" and "a", "bc" differ).
"""

from __future__ import annotations

import hashlib

ID_LENGTH = 32


def content_id(*parts: str) -> str:
    """Return the first 32 hex digits of the SHA-256 of the length-prefixed parts.

    >>> content_id("ab", "c") == content_id("a", "bc")
    False
    """
    encoded = (part.encode("utf-8") for part in parts)
    joined = b"".join(b"%d:%b" % (len(data), data) for data in encoded)
    return hashlib.sha256(joined).hexdigest()[:ID_LENGTH]


def entry_id(
    source: str, *, guid: str = "", url: str = "", title: str = "", time: str = "", ordinal: int = 0
) -> str:
    """Return the id of an entry, equal for all its revisions.

    The guid names it; without one the canonical url; without both its title, the time that it
    claims (as text, "" for none) and its `ordinal` among entries of equal title and time.
    """
    if guid:
        return content_id("guid", source, guid)
    if url:
        return content_id("url", source, url)
    return content_id("title", source, title, time, str(ordinal))


def item_id(entry: str, *, title: str, text: str, url: str) -> str:
    """Return the id of one revision of `entry`: the same content gives the same id."""
    return content_id("item", entry, title, text, url)
