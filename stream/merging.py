"""One event, one spike: keys that burst over the same stories are merged. Pure.

Two sets of stories are about the same event where they share at least half of the smaller one.
"""

from __future__ import annotations

from collections.abc import Sequence, Set
from typing import Final

from stream.verdicts import Verdict

SHARED: Final = 0.5
#: What a spike is named by where the sets are alike: what tells an analyst most comes first.
_KINDS: Final = {"ticker": 0, "term": 1, "topic": 2, "all": 3}
#: A company names the spike if it has at least this part of the stories of the largest term.
COMPANY_COVERS: Final = 0.6


def overlap(left: Set[str], right: Set[str]) -> float:
    """Return the shared part of the smaller set, 0.0 where one is empty.

    >>> overlap({"a", "b", "c"}, {"b", "c", "d", "e"})
    0.6666666666666666
    """
    smaller = min(len(left), len(right))
    return len(left & right) / smaller if smaller else 0.0


def merge_verdicts(verdicts: Sequence[Verdict]) -> list[list[Verdict]]:
    """Return groups of verdicts that share stories, each with the one that names it first.

    Deterministic: neither the groups nor their order depends on the order of `verdicts`.
    """
    ordered = sorted(verdicts, key=_rank)
    groups: list[list[Verdict]] = []
    for verdict in ordered:
        leads = set(verdict.leads)
        joined = [g for g in groups if any(overlap(leads, set(v.leads)) >= SHARED for v in g)]
        merged = [verdict, *(member for group in joined for member in group)]
        groups = [group for group in groups if group not in joined]
        groups.append(sorted(merged, key=_rank))
    return sorted((_name_first(group) for group in groups), key=lambda group: _rank(group[0]))


def core_of(group: Sequence[Verdict]) -> tuple[list[Verdict], set[str]]:
    """Return the verdicts of a group that are about its event and little else, and their stories.

    That is the one that names it, and each other one at least half of whose stories are in. A broad
    key that surged along with a specific one (`all`, a topic) is listed, but lends no evidence.
    """
    core, leads = [group[0]], set(group[0].leads)
    broad = is_broad(group[0].key)
    for verdict in group[1:]:
        own = set(verdict.leads)
        if broad >= is_broad(verdict.key) and len(own & leads) >= SHARED * len(own):
            core.append(verdict)
            leads |= own
    return core, leads


def is_broad(key: str) -> bool:
    """Say whether many events share `key`, so that it must not swallow what is specific."""
    return key.partition(":")[0] in {"topic", "all"}


def _rank(verdict: Verdict) -> tuple[float, str]:
    return -verdict.excess, verdict.key


def _name_first(group: list[Verdict]) -> list[Verdict]:
    named = min(group, key=lambda verdict: (_kind(verdict, group), *_rank(verdict)))
    return [named, *(verdict for verdict in group if verdict is not named)]


def _kind(verdict: Verdict, group: list[Verdict]) -> int:
    kind = verdict.key.partition(":")[0]
    if kind == "ticker" and len(verdict.leads) < COMPANY_COVERS * _most_specific(group):
        kind = "topic"
    return _KINDS[kind]


def _most_specific(group: list[Verdict]) -> int:
    return max((len(v.leads) for v in group if v.key.startswith("term:")), default=0)
