"""Which pairs of titles tell one story. The pairs are made after real ones."""

from __future__ import annotations

import pytest

from ingest.likeness import likeness
from ingest.titles import read_title

SAME = [
    ("Acme to cut jobs in Europe", "UPDATE 3-Acme to cut jobs in Europe"),
    ("Bank tightens control of loans, protests reported", "Bank tightens control of loans"),
    (
        "Acme halts sale of Belgian unit Base",
        "REFILE-UPDATE 3-Acme scraps sale of Belgian unit Base",
    ),
    (
        "US jobless claims surge as hurricanes hit count",
        "Jobless claims surge as hurricanes hit count",
    ),
    (
        "Global stocks rise on Merkel remarks, dollar falls",
        "Global stocks gain on Merkel remarks, dollar slips",
    ),
    (
        "Shrivelled US corn crop heralds supply squeeze",
        "Shriveled corn crop heralds supply squeeze",
    ),
    (
        "Acme Q2 net income falls, sales rise",
        "UPDATE 1-Acme second-quarter net income falls, sales rise",
    ),
    (
        "Regulator says Acme must publish accounts for...",
        "Regulator says Acme must publish accounts for 2007 by May",
    ),
    (
        "Acme may default on loans worth Rs 580 cro...",
        "Acme may default on loans worth Rs 580 crore, says bank",
    ),
]
DIFFERENT = [
    ("Acme profit up 5 pct", "Acme profit up 50 pct"),
    ("Nikkei ends down 1 pct on strong yen", "Nikkei ends down 2 pct on strong yen"),
    ("Dollar rises against yen in early trade", "Dollar falls against yen in early trade"),
    ("Nickel, copper soften on global cues", "Nickel, copper strengthen on global cues"),
    ("Regulator approves Acme merger plan", "Regulator rejects Acme merger plan"),
    ("Bank to cut interest rates in May", "Bank not to cut interest rates in May"),
    ("French stocks - Factors to watch on Aug 12", "French stocks - Factors to watch on Aug 13"),
    ("MIDEAST STOCKS - Factors to watch - Aug 12", "Hungary - Factors to watch - Aug 12"),
    ("Barclays cuts target price on Acme to hold", "Barclays cuts target price on Globex to hold"),
    (
        "Expect index to stay in narrow range: Mitesh Thacker",
        "Expect index to stay in narrow range: Sandeep Wagle",
    ),
    ("Preview: Blue Jays at Angels", "Blue Jays 12, Angels 5"),
    ("Same-store sales", "Acme same-store sales up in July"),
    ("Acme Reports Second Quarter Results", "Globex Reports Second Quarter Results"),
    (
        "Acme Q2 result turns to profit of 613,523 zlotys",
        "Globex Q2 result turns to profit of 348,000 zlotys",
    ),
    ("Market Update - Thu Aug 09 08:00:01", "Market Update - Thu Aug 09 09:00:01"),
    ("Acme says...", "Acme says profit fell"),
    ("", "Acme says profit fell"),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_wordings_of_one_story_are_alike(one: str, other: str) -> None:
    alike = likeness(read_title(one), read_title(other))

    assert alike is not None
    assert 0.6 <= alike <= 1.0


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_templates_with_another_subject_are_not_alike(one: str, other: str) -> None:
    assert likeness(read_title(one), read_title(other)) is None


@pytest.mark.parametrize(("one", "other"), [*SAME, *DIFFERENT])
def test_likeness_has_no_direction(one: str, other: str) -> None:
    a, b = read_title(one), read_title(other)

    assert likeness(a, b) == likeness(b, a)
