"""The label sets of the default model, in the order of its output columns.

Everything that reads or writes a class by number goes through this module: corpora, training,
the model folder (which stores the order and is refused when it differs), the scorer, the screens.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Literal

Task = Literal["sentiment", "topic"]

SENTIMENTS: Final = ("negative", "neutral", "positive")

# slug, name on screens, name in the Twitter Financial News Topic data set; order = its label_id.
_TOPIC_TABLE: Final = (
    ("analyst-update", "Analyst updates", "Analyst Update"),
    ("fed", "Fed and central banks", "Fed | Central Banks"),
    ("company-news", "Company and product news", "Company | Product News"),
    ("debt", "Treasuries and corporate debt", "Treasuries | Corporate Debt"),
    ("dividend", "Dividends", "Dividend"),
    ("earnings", "Earnings", "Earnings"),
    ("energy", "Energy and oil", "Energy | Oil"),
    ("financials", "Financials", "Financials"),
    ("currencies", "Currencies", "Currencies"),
    ("general-news", "General news and opinion", "General News | Opinion"),
    ("metals", "Gold, metals and materials", "Gold | Metals | Materials"),
    ("ipo", "IPOs", "IPO"),
    ("legal", "Legal and regulation", "Legal | Regulation"),
    ("m-and-a", "Mergers and investments", "M&A | Investments"),
    ("macro", "Macro", "Macro"),
    ("markets", "Markets", "Markets"),
    ("politics", "Politics", "Politics"),
    ("personnel", "Personnel changes", "Personnel Change"),
    ("stock-commentary", "Stock commentary", "Stock Commentary"),
    ("stock-movement", "Stock movements", "Stock Movement"),
)

TOPICS: Final[tuple[str, ...]] = tuple(slug for slug, _, _ in _TOPIC_TABLE)
TOPIC_NAMES: Final[Mapping[str, str]] = MappingProxyType(
    {slug: name for slug, name, _ in _TOPIC_TABLE}
)
TOPIC_BY_DATASET_NAME: Final[Mapping[str, str]] = MappingProxyType(
    {source_name: slug for slug, _, source_name in _TOPIC_TABLE}
)


def labels_of(task: Task) -> tuple[str, ...]:
    """Return the labels of a task in output order.

    >>> labels_of("sentiment")
    ('negative', 'neutral', 'positive')
    """
    return SENTIMENTS if task == "sentiment" else TOPICS


def label_index(task: Task, label: str) -> int | None:
    """Return the output column of a label, or None when the task has no such label.

    Case and surrounding space do not matter; topics are also known by their name on screens and
    by the name that the Twitter Financial News Topic data set uses.

    >>> label_index("sentiment", " Positive "), label_index("topic", "M&A | Investments")
    (2, 13)
    >>> label_index("sentiment", "conflict") is None
    True
    """
    return _INDEX[task].get(label.strip().casefold())


_INDEX: Final[Mapping[Task, Mapping[str, int]]] = MappingProxyType(
    {
        "sentiment": MappingProxyType({name: i for i, name in enumerate(SENTIMENTS)}),
        "topic": MappingProxyType(
            {known.casefold(): index for index, names in enumerate(_TOPIC_TABLE) for known in names}
        ),
    }
)
