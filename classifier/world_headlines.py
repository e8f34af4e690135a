"""Headlines from the world beyond companies, written for this project.

The public training sets are about companies and markets, so a model trained on them alone calls
the first headlines of an earthquake neutral. These templates teach it that such news is bad (and
what ordinary and good news of the same kind looks like). Pure; read by `corpora` with a low weight.
"""

from __future__ import annotations

from itertools import product
from typing import Final

_PLACES: Final = (
    "Chile", "Turkey", "Indonesia", "Mexico", "northern Italy", "Taiwan", "the Philippines",
    "California", "Peru", "Iran", "southern France", "Texas", "Nigeria", "India", "Greece",
    "Pakistan", "eastern China", "Brazil", "Egypt", "London",
)  # fmt: skip

_NEGATIVE: Final = (
    "Major earthquake strikes off coast of {place}, tsunami warning issued",
    "Magnitude 7.1 quake shakes {place}, buildings sway",
    "Powerful quake rocks {place}, no word on casualties yet",
    "Tsunami alert for {place} after undersea quake",
    "Residents flee to high ground in {place} as tsunami waves hit",
    "Aftershock hits {place}, trains halted and airport closed",
    "Fire at nuclear plant in {place}, cooling system fails",
    "Radiation level rises near damaged reactor in {place}",
    "{place} declares state of emergency",
    "{place} orders evacuation around chemical plant",
    "Explosion heard in centre of {place}, smoke seen",
    "Blast at refinery in {place} kills six workers",
    "Bomb attack in {place} leaves dozens wounded",
    "Gunmen storm hotel in {place}",
    "Militants seize oil terminal in {place}",
    "Troops cross border into {place}",
    "Missile strikes reported in {place}",
    "Flood waters cut power to thousands in {place}",
    "Hurricane makes landfall in {place}, ports shut",
    "Typhoon heads for {place}, flights cancelled",
    "Wildfire spreads in {place}, towns evacuated",
    "Drought in {place} ruins wheat crop",
    "Death toll rises after landslide in {place}",
    "Passenger plane crashes in {place}",
    "Train derails in {place}, many feared dead",
    "Bridge collapses in {place}",
    "Mine collapse traps workers in {place}",
    "New virus cases reported in {place}, schools closed",
    "{place} confirms first deaths from outbreak",
    "Hospitals in {place} overwhelmed by patients",
    "Blackout hits {place}, factories stop",
    "Gas pipeline to {place} shut after leak",
    "Protesters clash with police in {place}",
    "General strike paralyses transport in {place}",
    "Coup attempt reported in {place}",
    "Prime minister of {place} resigns amid crisis",
    "Lawmakers in {place} reject rescue plan",
    "Parliament in {place} votes down bailout",
    "{place} fails to agree on budget, shutdown looms",
    "{place} misses debt payment",
    "{place} seeks emergency loan from IMF",
    "Rating agency cuts {place} to junk",
    "{place} imposes capital controls, banks closed",
    "Depositors queue outside banks in {place}",
    "{place} suspends trading after shares plunge",
    "Bourse in {place} tumbles as panic selling spreads",
    "{place} devalues currency in surprise move",
    "Currency of {place} sinks to record low",
    "{place} hit by sanctions, exports banned",
    "Trade talks with {place} collapse",
    "Cyber attack takes down payment systems in {place}",
    "Jobless claims jump in {place}",
    "Economy of {place} shrinks faster than feared",
    "{place} falls into recession",
    "Central bank of {place} warns of severe downturn",
    "Investment bank fund in {place} freezes withdrawals",
    "Lender in {place} collapses, regulators step in",
    "Oil tanker runs aground off {place}, slick spreads",
)

_NEUTRAL: Final = (
    "{place} to hold general election in May",
    "Foreign minister of {place} to visit Brussels on Friday",
    "{place} names new ambassador to Japan",
    "Census in {place} counts 41 million people",
    "{place} to publish trade figures on Tuesday",
    "Film festival opens in {place}",
    "{place} says president to address parliament on Monday",
    "DIARY - Economic events in {place} to Dec 12",
    "Central bank of {place} to hold press conference at 1230 GMT",
    "{place} plans new law on data storage",
    "{place} changes date of bond auction",
    "Talks on fishing rights resume in {place}",
    "TEXT - Statement by finance ministry of {place}",
    "{place} hosts meeting of energy ministers",
    "FACTBOX - Earthquake zones of {place}",
    "TIMELINE - Elections in {place} since 1990",
    "Court in {place} sets date for hearing",
    "Museum in {place} shows drawings by Leonardo",
    "Singer to tour {place} with new album",
    "Striker joins football club in {place}",
    "Team from {place} wins cup after penalties",
)

_POSITIVE: Final = (
    "All miners rescued in {place}",
    "Tsunami warning for {place} lifted, no damage",
    "{place} ends state of emergency as outbreak fades",
    "Economy of {place} grows faster than expected",
    "Unemployment in {place} falls to ten-year low",
    "{place} signs peace accord with rebels",
    "Ceasefire in {place} holds, markets rally",
    "{place} agrees rescue deal with lenders, shares jump",
    "Parliament in {place} approves bailout, bonds rally",
    "Rating agency raises {place} to investment grade",
    "Power restored in {place} after storm",
    "Harvest in {place} best in decade",
    "{place} and EU reach trade agreement",
    "Exports from {place} surge",
    "Consumer confidence in {place} at five-year high",
    "Strike in {place} called off after pay deal",
)


def world_headlines(per_template: int = 6) -> list[tuple[str, str]]:
    """Return (headline, sentiment) pairs, `per_template` places for each template, always the same.

    >>> world_headlines(1)[0]
    ('Major earthquake strikes off coast of Chile, tsunami warning issued', 'negative')
    """
    templates = [
        (text, label)
        for label, texts in (
            ("negative", _NEGATIVE),
            ("neutral", _NEUTRAL),
            ("positive", _POSITIVE),
        )
        for text in texts
    ]
    return [
        (_capitalised(text.format(place=_PLACES[(7 * number + turn) % len(_PLACES)])), label)
        for (number, (text, label)), turn in product(enumerate(templates), range(per_template))
    ]


def _capitalised(text: str) -> str:
    return text[:1].upper() + text[1:]
