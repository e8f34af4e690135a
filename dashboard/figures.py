"""The charts, as Plotly figure dictionaries. Pure: data in, figure out; `callbacks` shows them.

Each trace says in `meta` which column of a point it draws, so that the page can extend a figure
from deltas without knowing anything else about it. Colours follow Okabe and Ito: blue for what is
usual, vermillion for bad news; nothing is told by colour alone.
Source: M. Okabe, K. Ito, Color Universal Design, 2008.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from dashboard.detail import COLUMNS, DetailId, Point, span

Figure = dict[str, Any]

SANS: Final = (
    'Inter, ui-sans-serif, system-ui, -apple-system, "Segoe UI", "Helvetica Neue", Arial, '
    "sans-serif"
)


@dataclass(frozen=True, slots=True)
class Theme:
    """Colours of a chart. The page's own are in assets/10-theme.css; these agree with them."""

    ink: str
    muted: str
    grid: str
    panel: str
    negative: str
    usual: str
    band: str
    spike: str
    spike_fill: str


THEMES: Final[Mapping[str, Theme]] = {
    "light": Theme(
        ink="#18212b",
        muted="#5a6673",
        grid="#e7e9ec",
        panel="#ffffff",
        negative="#c2500a",
        usual="#0072b2",
        band="rgba(0,114,178,0.11)",
        spike="#c2500a",
        spike_fill="rgba(213,94,0,0.09)",
    ),
    "dark": Theme(
        ink="#e8edf2",
        muted="#95a3b1",
        grid="#232d37",
        panel="#141b22",
        negative="#ff9248",
        usual="#66bdf0",
        band="rgba(86,180,233,0.13)",
        spike="#ff9248",
        spike_fill="rgba(255,146,72,0.11)",
    ),
}


def series_figure(
    wanted: DetailId,
    points: Mapping[int, Point],
    spikes: Sequence[Mapping[str, Any]],
    *,
    until_ms: int | None,
    version: str,
    theme: str,
    shown: tuple[str, str] | None = None,
) -> Figure:
    """Return the chart of a key: negative share above, negative stories below, with what is usual.

    `points`: rows of detail.COLUMNS by time; `spikes`: as parts.detail_to_parts makes them;
    `version`: what the page must ask changes since; an unknown `theme` is light. `shown`: the
    times that a visitor has zoomed to, where one has.
    """
    colours = THEMES.get(theme, THEMES["light"])
    times = [moment(at_ms) for at_ms in points]
    columns = list(zip(*points.values(), strict=True)) or [()] * len(COLUMNS)
    traces = [_with_data(trace, times, columns) for trace in _traces(colours)]
    traces.append(_spike_trace(spikes, points, colours))
    layout = _layout(wanted, colours, spikes, span(points, wanted, until_ms))
    if shown is not None:
        layout["xaxis"]["range"] = list(shown)
    layout["meta"] = {"id": str(wanted), "version": version, "theme": theme}
    return {"data": traces, "layout": layout}


def moment(at_ms: int) -> str:
    """Return a time as Plotly reads it, UTC.

    >>> moment(1_222_711_200_000)
    '2008-09-29 18:00:00'
    """
    return datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S")


def plain(text: str) -> str:
    """Return feed text so that Plotly, which reads some HTML in labels, shows it as it is.

    >>> plain("<b>AT&T</b>")
    '&lt;b&gt;AT&amp;T&lt;/b&gt;'
    """
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _traces(colours: Theme) -> list[Figure]:
    hover_share = "%{y:.0f} % negative<extra></extra>"
    hover_usual = "usual %{y:.0f} %<extra></extra>"
    hover_count = "%{y} negative of %{customdata[0]} stories<extra></extra>"
    hover_level = "usual %{y:.1f}<extra></extra>"
    return [
        *_band("share_low", "share_high", "y", colours),
        _usual("usual_share", "y", colours, hover_usual),
        _observed("share", "y", colours, hover_share, []),
        *_band("negative_low", "negative_high", "y2", colours),
        _usual("usual_negative", "y2", colours, hover_level),
        _stepped(_observed("negative", "y2", colours, hover_count, ["stories"])),
    ]


def _band(low: str, high: str, axis: str, colours: Theme) -> list[Figure]:
    edge = {
        "type": "scatter",
        "mode": "lines",
        "line": {"width": 0, "shape": "spline", "smoothing": 0.6},
        "hoverinfo": "skip",
        "yaxis": axis,
        "showlegend": False,
    }
    return [
        edge | {"meta": {"column": low}},
        edge | {"meta": {"column": high}, "fill": "tonexty", "fillcolor": colours.band},
    ]


def _usual(column: str, axis: str, colours: Theme, hover: str) -> Figure:
    return {
        "type": "scatter",
        "mode": "lines",
        "line": {"color": colours.usual, "width": 1.5, "dash": "4px,3px"},
        "hovertemplate": hover,
        "yaxis": axis,
        "meta": {"column": column},
        "showlegend": False,
    }


def _observed(column: str, axis: str, colours: Theme, hover: str, custom: list[str]) -> Figure:
    return {
        "type": "scatter",
        "mode": "lines",
        "line": {"color": colours.negative, "width": 2.25},
        "hovertemplate": hover,
        "yaxis": axis,
        "meta": {"column": column, "custom": custom},
        "showlegend": False,
    }


def _stepped(trace: Figure) -> Figure:
    return trace | {"line": trace["line"] | {"shape": "hv"}}


def _with_data(
    trace: Figure, times: Sequence[str], columns: Sequence[Sequence[float | None]]
) -> Figure:
    meta = trace["meta"]
    filled = trace | {"x": list(times), "y": list(columns[COLUMNS.index(meta["column"])])}
    if meta.get("custom"):
        chosen = [columns[COLUMNS.index(name)] for name in meta["custom"]]
        filled["customdata"] = [list(row) for row in zip(*chosen, strict=True)]
    return filled


def _spike_trace(
    spikes: Sequence[Mapping[str, Any]], points: Mapping[int, Point], colours: Theme
) -> Figure:
    shown = [spike for spike in spikes if points and spike["start"] >= next(iter(points))]
    return {
        "type": "scatter",
        "mode": "markers",
        "x": [moment(spike["start"]) for spike in shown],
        "y": [spike["observed"] for spike in shown],
        "yaxis": "y2",
        "text": [wrapped(plain(spike["reason"])) for spike in shown],
        "hovertemplate": "<b>Spike</b> %{text}<extra></extra>",
        "marker": {
            "symbol": "triangle-up",
            "size": 13,
            "color": colours.spike,
            "line": {"color": colours.panel, "width": 2},
        },
        "cliponaxis": False,
        "meta": {"spikes": True},
        "showlegend": False,
    }


def wrapped(text: str, width: int = 54) -> str:
    """Return text with line breaks for a hover label, words kept whole.

    >>> wrapped("one two three", 8)
    'one two<br>three'
    """
    lines: list[str] = [""]
    for word in text.split():
        if lines[-1] and len(lines[-1]) + len(word) + 1 > width:
            lines.append(word)
        else:
            lines[-1] = f"{lines[-1]} {word}".strip()
    return "<br>".join(lines)


def _shapes(spikes: Sequence[Mapping[str, Any]], last_ms: int, colours: Theme) -> list[Figure]:
    return [
        {
            "type": "rect",
            "xref": "x",
            "yref": "paper",
            "x0": moment(spike["start"]),
            "x1": moment(last_ms if spike["end"] is None else spike["end"]),
            "y0": 0,
            "y1": 1,
            "fillcolor": colours.spike_fill,
            "line": {"width": 0},
            "layer": "below",
            # the page lets what has not ended grow with the axis
            "name": "open" if spike["end"] is None else "ended",
        }
        for spike in spikes
    ]


def _axis(colours: Theme, **more: Any) -> Figure:
    return {
        "gridcolor": colours.grid,
        "zeroline": False,
        "fixedrange": True,
        "rangemode": "tozero",
        "tickfont": {"color": colours.muted, "size": 11},
        "nticks": 4,
        "ticklabelstandoff": 6,
        "showline": False,
    } | more


def _title(text: str, y: float, colours: Theme) -> Figure:
    return {
        "text": text,
        "xref": "paper",
        "yref": "paper",
        "x": 0,
        "y": y,
        "xanchor": "left",
        "yanchor": "bottom",
        "showarrow": False,
        "font": {"size": 12, "color": colours.muted},
    }


def _layout(
    wanted: DetailId,
    colours: Theme,
    spikes: Sequence[Mapping[str, Any]],
    shown: tuple[int, int] | None,
) -> Figure:
    hours = wanted.range.share_window_ms // 3_600_000
    rolling = "rolling hour" if hours == 1 else f"rolling {hours} hours"
    x_axis: Figure = {
        "type": "date",
        "anchor": "y2",
        "gridcolor": colours.grid,
        "showgrid": False,
        "zeroline": False,
        "tickfont": {"color": colours.muted, "size": 11},
        "tickformatstops": [
            {"dtickrange": [None, 3_600_000 * 12], "value": "%H:%M\n%a %-d %b"},
            {"dtickrange": [3_600_000 * 12, None], "value": "%a %-d %b"},
        ],
        "ticks": "outside",
        "ticklen": 4,
        "tickcolor": colours.grid,
        "linecolor": colours.grid,
        "hoverformat": "%a %-d %b, %H:%M UTC",
        "showspikes": True,
        "spikemode": "across",
        "spikethickness": 1,
        "spikedash": "solid",
        "spikecolor": colours.muted,
        "title": {"text": "UTC", "font": {"size": 11, "color": colours.muted}, "standoff": 4},
    }
    if shown is None:
        x_axis |= {"range": [moment(0), moment(3_600_000)], "showticklabels": False}
    else:
        x_axis["range"] = [moment(shown[0]), moment(shown[1])]
    return {
        "xaxis": x_axis,
        "yaxis": _axis(colours, domain=[0.56, 0.94], range=[0, 100], ticksuffix=" %"),
        "yaxis2": _axis(colours, domain=[0, 0.43], minallowed=0),
        "annotations": [
            _title(f"Negative share of stories, {rolling}", 0.95, colours),
            _title("Negative stories, rolling hour", 0.44, colours),
        ],
        "shapes": _shapes(spikes, shown[1], colours) if shown is not None else [],
        "font": {"family": SANS, "color": colours.ink, "size": 12},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "margin": {"l": 44, "r": 14, "t": 6, "b": 52},
        "hovermode": "x unified",
        "hoversubplots": "axis",
        "hoverdistance": 12,
        "hoverlabel": {
            "bgcolor": colours.panel,
            "bordercolor": colours.grid,
            "font": {"color": colours.ink, "size": 12, "family": SANS},
            "align": "left",
        },
        "dragmode": "zoom",
        "showlegend": False,
        "uirevision": str(wanted),
        "selectionrevision": str(wanted),
    }
