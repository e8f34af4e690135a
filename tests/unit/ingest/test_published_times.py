"""Times as sources write them; a wrong one is none, never a guess."""

from __future__ import annotations

import pytest

from foreshock.clock import iso_to_ms
from ingest.published_times import time_to_ms


@pytest.mark.parametrize(
    ("written", "iso"),
    [
        ("Mon, 29 Sep 2008 14:00:00 EDT", "2008-09-29T18:00Z"),
        ("29 Sep 2008 14:00:00 EST", "2008-09-29T19:00Z"),
        ("Mon, 29 Sep 2008 18:00:00 GMT", "2008-09-29T18:00Z"),
        ("Mon, 29 Sep 2008 18:00:00 +0000", "2008-09-29T18:00Z"),
        ("Mon, 29 Sep 2008 18:00:00 Z", "2008-09-29T18:00Z"),
        ("Mon, 29 Sep 2008 20:00 +02:00", "2008-09-29T18:00Z"),
        ("Mon, 29 Sep 08 18:00:00 UT", "2008-09-29T18:00Z"),
        ("Mon, 29 Sep 2008 19:00:00 BST", "2008-09-29T18:00Z"),
        ("29 September 2008 18:00:60 GMT", "2008-09-29T18:00:59Z"),
        ("Tue, 30 Sep 2008 03:00:00 JST", "2008-09-29T18:00Z"),
        ("2008-09-29T18:00Z", "2008-09-29T18:00Z"),
        ("2008-09-29T14:00:00-04:00", "2008-09-29T18:00Z"),
        ("2008-09-29 18:00:00", "2008-09-29T18:00Z"),
        ("2008-09-29 14:00 EDT", "2008-09-29T18:00Z"),
        ("2008-09-29 18:00:00 UTC", "2008-09-29T18:00Z"),
        ("2008-09-29 14:00:00 -0400", "2008-09-29T18:00Z"),
        ("2008-09-29", "2008-09-29T00:00Z"),
        ("20080929", "2008-09-29T00:00Z"),
        ("September 29, 2008 2:00 PM ET", "2008-09-29T18:00Z"),
        ("Sep. 29, 2008, 2:00 p.m. EDT", "2008-09-29T18:00Z"),
        ("January 15, 2020 9:30 AM ET", "2020-01-15T14:30Z"),
        ("July 15, 2020 12:00 AM PT", "2020-07-15T07:00Z"),
        ("Sept 29, 2008", "2008-09-29T00:00Z"),
        ("1222711200", "2008-09-29T18:00Z"),
        ("1222711200000", "2008-09-29T18:00Z"),
        ("1.2227112e9", "2008-09-29T18:00Z"),
    ],
)
def test_a_time_is_read(written: str, iso: str) -> None:
    assert time_to_ms(written) == iso_to_ms(iso)


@pytest.mark.parametrize("unit", [1, 1_000, 1_000_000, 1_000_000_000])
def test_an_epoch_is_read_by_its_size(unit: int) -> None:
    assert time_to_ms(1_222_711_200 * unit) == 1_222_711_200_000


@pytest.mark.parametrize(
    "written",
    [
        "", "soon", "yesterday", "0000-00-00", "2008-13-45", "Mon, 32 Sep 2008 14:00:00 GMT",
        "29 Foo 2008 10:00 GMT", "Mon, 29 Sep 2008 25:00:00 GMT", "Mon, 29 Sep 2008 14:00:00 XYZT",
        "Sep 29, 2008 14:00 PM ET", "0001-01-01T00:00:00Z", "9999-12-31", "inf", "nan", "-1",
        "12", "29 Sep 2008 10:00 +9999", "x" * 1_000, "1" * 40,
    ],
)  # fmt: skip
def test_what_is_no_time_is_none(written: str) -> None:
    assert time_to_ms(written) is None


def test_numbers_that_are_no_times_are_none() -> None:
    assert time_to_ms(float("nan")) is None
    assert time_to_ms(float("inf")) is None
    assert time_to_ms(1e30) is None
