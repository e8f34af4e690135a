"""Words a headline a little differently, as another publisher would, for the demo tape's copies."""

from __future__ import annotations

from random import Random

_SWAPS = (
    (" shares fall", " stock falls"),
    (" shares tumble", " stock tumbles"),
    (" per cent ", "% "),
    ("% ", " per cent "),
    (" pc ", " per cent "),
    (" crore ", " cr "),
    (" cr ", " crore "),
    (" falls ", " drops "),
    (" slips ", " dips "),
    (" plunges ", " slumps "),
    (" rises ", " climbs "),
    (" gains ", " rises "),
    (" vs ", " versus "),
    (" and ", " & "),
    (" govt ", " government "),
    (" government ", " govt "),
    (" after ", " following "),
    (" ahead of ", " before "),
)
CUT_AT = 60


def reword(title: str, publisher: str, random: Random) -> str:
    """Return another wording of `title` that still tells the same story."""
    ways = [
        f"UPDATE 1-{title}",
        f"{title} - {publisher}",
        f"{title} | {publisher}",
        title.upper() if len(title) < CUT_AT else f"RPT-{title}",
    ]
    swapped = _swap(title)
    if swapped != title:
        ways += [swapped, swapped, swapped]
    if len(title) > CUT_AT + 10:
        ways += [f"{title[: title.rindex(' ', 0, CUT_AT)]} ..."]
    head, colon, tail = title.rpartition(":")
    if colon and len(head.split()) >= 6 and len(tail.split()) <= 4:
        ways += [head]
    return random.choice(ways)


def revise(title: str, random: Random) -> str:
    """Return what a publisher's second revision of the same entry could say."""
    return random.choice((f"{title} (corrected)", f"CORRECTED-{title}", f"{title}; details"))


def _swap(title: str) -> str:
    for old, new in _SWAPS:
        if old in title:
            return title.replace(old, new, 1)
    return title
