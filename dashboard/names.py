"""Keys and what they are called on screen. Used by everything here that shows a key."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

ALL: Final = "all"
MAX_KEY_LENGTH: Final = 200

TOPIC_NAMES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "analyst-update": "Analyst updates",
        "fed": "Fed and central banks",
        "company-news": "Company and product news",
        "debt": "Treasuries and corporate debt",
        "dividend": "Dividends",
        "earnings": "Earnings",
        "energy": "Energy and oil",
        "financials": "Financials",
        "currencies": "Currencies",
        "general-news": "General news and opinion",
        "metals": "Gold, metals and materials",
        "ipo": "IPOs",
        "legal": "Legal and regulation",
        "m-and-a": "Mergers and investments",
        "macro": "Macro",
        "markets": "Markets",
        "politics": "Politics",
        "personnel": "Personnel changes",
        "stock-commentary": "Stock commentary",
        "stock-movement": "Stock movements",
    }
)
_KINDS: Final = ("topic", "ticker", "term")


def key_kind(key: str) -> str:
    """Return "topic", "ticker", "term" or "all".

    >>> key_kind("ticker:AAPL"), key_kind("all")
    ('ticker', 'all')
    """
    return key.partition(":")[0]


def display_name(key: str) -> str:
    """Return what a key is called on screen; a topic of another model is spelled out.

    >>> display_name("topic:fed"), display_name("topic:bond-supply")
    ('Fed and central banks', 'Bond supply')
    >>> display_name("term:house bailout")
    '“house bailout”'
    >>> display_name("ticker:AAPL"), display_name("all")
    ('AAPL', 'All news')
    """
    kind, _, name = key.partition(":")
    if kind == "topic":
        return TOPIC_NAMES.get(name, name.replace("-", " ").capitalize())
    if kind == "term":
        return f"“{name}”"
    return "All news" if key == ALL else name


def is_key(text: str) -> bool:
    """Return whether `text` can be a key at all: what a viewer may ask for.

    >>> is_key("topic:fed"), is_key("topic:"), is_key("x" * 300), is_key("all")
    (True, False, False, True)
    """
    kind, _, name = text.partition(":")
    if len(text) > MAX_KEY_LENGTH or not text.isprintable():
        return False
    return text == ALL or (kind in _KINDS and name != "")
