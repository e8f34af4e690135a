"""Figures: what they show, that feed text stays text, and that colours can be told apart."""

from __future__ import annotations

from typing import Any

import pytest

from dashboard.detail import COLUMNS, DetailId, Point, Range, span
from dashboard.figures import THEMES, plain, series_figure
from foreshock.clock import HOUR_MS, MINUTE_MS, iso_to_ms

UNTIL = iso_to_ms("2026-03-24T14:40Z")
EARNINGS = DetailId("topic:earnings", Range.HOURS_24)
POINTS: dict[int, Point] = {
    UNTIL - 5 * MINUTE_MS: (50.0, 28.0, 10.0, 46.0, 3, 2.5, 0.0, 5.7, 6),
    UNTIL: (75.0, 28.0, 10.0, 46.0, 9, 2.5, 0.0, 5.7, 12),
}
SPIKE = {
    "id": "s1",
    "start": UNTIL - 5 * MINUTE_MS,
    "end": None,
    "observed": 3,
    "usual": 2.5,
    "stories": 6,
    "surprise": 5.0,
    "reason": "<b>ACME</b>: 14 negative stories & more",
    "terms": [],
}


def figure(theme: str = "light", points: Any = POINTS, spikes: Any = (SPIKE,)) -> dict[str, Any]:
    until = UNTIL if points else None
    return series_figure(EARNINGS, points, list(spikes), until_ms=until, version="e.5", theme=theme)


def traces(found: dict[str, Any]) -> dict[str, Any]:
    return {t["meta"].get("column", "spikes"): t for t in found["data"]}


def test_every_column_but_the_number_of_stories_is_drawn_over_the_same_times() -> None:
    drawn = traces(figure())
    assert set(drawn) == {*COLUMNS, "spikes"} - {"stories"}
    assert drawn["share"]["x"] == ["2026-03-24 14:35:00", "2026-03-24 14:40:00"]
    assert drawn["share"]["y"] == [50.0, 75.0]
    assert drawn["negative"]["y"] == [3, 9]
    assert drawn["negative"]["customdata"] == [[6], [12]]
    assert drawn["share_high"]["fill"] == "tonexty"


def test_zoom_outlives_a_tick_but_not_another_choice() -> None:
    assert figure()["layout"]["uirevision"] == "topic:earnings|24h"
    assert figure()["layout"]["meta"] == {
        "id": "topic:earnings|24h",
        "version": "e.5",
        "theme": "light",
    }


def test_the_times_that_a_visitor_zoomed_to_stay() -> None:
    zoom = ("2026-03-23 00:00:00", "2026-03-24 00:00:00")
    layout = series_figure(
        EARNINGS, POINTS, [], until_ms=UNTIL, version="e.5", theme="light", shown=zoom
    )["layout"]
    assert layout["xaxis"]["range"] == list(zoom)


def test_text_from_feeds_is_not_markup() -> None:
    text = traces(figure())["spikes"]["text"][0]
    assert "<b>" not in text
    assert text.replace("<br>", " ").startswith("&lt;b&gt;ACME&lt;/b&gt;: 14")
    assert plain("a < b") == "a &lt; b"


def test_a_spike_that_goes_on_is_shaded_to_the_end_of_the_axis() -> None:
    layout = figure()["layout"]
    assert layout["shapes"][0]["x1"] == layout["xaxis"]["range"][1]
    ended = dict(SPIKE, end=UNTIL - MINUTE_MS)
    assert figure(spikes=[ended])["layout"]["shapes"][0]["x1"] == "2026-03-24 14:39:00"


def test_nothing_to_show_is_a_figure_too() -> None:
    found = figure(points={}, spikes=[])
    assert all(t["x"] == [] for t in found["data"])
    assert found["layout"]["shapes"] == []


def test_a_young_run_fills_the_chart_as_far_as_it_goes() -> None:
    assert span({UNTIL - HOUR_MS: (), UNTIL: ()}, EARNINGS, UNTIL) == (
        UNTIL - 6 * HOUR_MS,
        UNTIL + 6 * MINUTE_MS,
    )
    old = {UNTIL - 30 * HOUR_MS: (), UNTIL: ()}
    assert span(old, EARNINGS, UNTIL) == (UNTIL - 24 * HOUR_MS, UNTIL + 24 * MINUTE_MS)


def luminance(colour: str) -> float:
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("name", THEMES)
def test_text_and_lines_stand_out_from_the_panel(name: str) -> None:
    """WCAG 2.2: 4.5 for text (1.4.3), 3 for what a chart is made of (1.4.11)."""
    theme = THEMES[name]
    for text in (theme.ink, theme.muted):
        assert contrast(text, theme.panel) >= 4.5
    for line in (theme.negative, theme.usual, theme.spike):
        assert contrast(line, theme.panel) >= 3


def test_an_unknown_theme_is_light() -> None:
    assert figure("neon") == {**figure(), "layout": figure("neon")["layout"]}
