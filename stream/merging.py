"""One event, one spike: which verdicts of a tick are about the same stories. Pure.

Two sets of stories are about the same event where they share at least half of the smaller one. A
broad key (`all`, a topic) has many events' stories: it never ties two specific ones together, and
where the specific spikes explain its surge it is only listed with them.
"""

from __future__ import annotations

from collections.abc import Sequence, Set
from typing import Final

from stream.verdicts import Verdict

SHARED: Final = 0.5
#: A key becomes part of a live spike's core if at least this part of its own stories is in.
GROWS_BY: Final = 1 / 3
#: What a spike is named by where the sets are alike: what tells an analyst most comes first.
_KINDS: Final = {"ticker": 0, "term": 1, "topic": 2, "all": 3}
#: A company names the spike if it has at least this part of the stories of the largest term.
COMPANY_COVERS: Final = 0.6


def is_broad(key: str) -> bool:
    """Say whether many events share `key`: all news, or a topic.

    >>> [is_broad(key) for key in ("all", "topic:fed", "ticker:ACME", "term:quake")]
    [True, True, False, False]
    """
    return key.partition(":")[0] in {"topic", "all"}


def overlap(left: Set[str], right: Set[str]) -> float:
    """Return the shared part of the smaller set, 0.0 where one is empty.

    >>> overlap({"a", "b", "c"}, {"b", "c", "d", "e"})
    0.6666666666666666
    """
    smaller = min(len(left), len(right))
    return len(left & right) / smaller if smaller else 0.0


def mostly_in(part: Set[str], whole: Set[str], least: float = SHARED) -> bool:
    """Say whether at least half of `part`, or as much as `least` says, is in `whole`."""
    return len(part & whole) >= least * len(part)


def merge_verdicts(verdicts: Sequence[Verdict]) -> list[list[Verdict]]:
    """Return groups of verdicts that share stories, each with the one that names it first.

    Pass specific and broad keys separately. Neither the groups nor their order depends on the order
    of `verdicts`.
    """
    groups: list[list[Verdict]] = []
    for verdict in sorted(verdicts, key=_rank):
        leads = set(verdict.leads)
        joined = [g for g in groups if any(overlap(leads, set(v.leads)) >= SHARED for v in g)]
        merged = [verdict, *(member for group in joined for member in group)]
        groups = [group for group in groups if group not in joined]
        groups.append(sorted(merged, key=_rank))
    return sorted((_name_first(group) for group in groups), key=lambda group: _rank(group[0]))


def core_of(group: Sequence[Verdict]) -> tuple[list[Verdict], set[str]]:
    """Return the verdicts of a group that are about its event and little else, and their stories.

    That is the one that names it, and each other one that has at least half of its stories in
    common with those before it. The rest is listed, but lends no evidence.
    """
    core, leads = [group[0]], set(group[0].leads)
    for verdict in group[1:]:
        if mostly_in(set(verdict.leads), leads):
            core.append(verdict)
            leads |= set(verdict.leads)
    return core, leads


def _rank(verdict: Verdict) -> tuple[float, str]:
    return -verdict.excess, verdict.key


def _name_first(group: list[Verdict]) -> list[Verdict]:
    named = min(group, key=lambda verdict: (_kind(verdict, group), *_rank(verdict)))
    return [named, *(verdict for verdict in group if verdict is not named)]


def _kind(verdict: Verdict, group: list[Verdict]) -> int:
    kind = verdict.key.partition(":")[0]
    if kind == "ticker":
        largest = max((len(v.leads) for v in group if v.key.startswith("term:")), default=0)
        return _KINDS["ticker" if len(verdict.leads) >= COMPANY_COVERS * largest else "topic"]
    return _KINDS[kind]
