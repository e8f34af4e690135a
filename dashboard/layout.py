"""The page's skeleton. What stands in the lists is filled in by assets/ from deltas.

Called once by `app`. Everything that comes from feeds reaches the page as text through deltas, so
nothing here holds data.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from dash import dcc, html

from dashboard.detail import Range

if TYPE_CHECKING:
    from foreshock.settings import DashboardSettings

_RANGES = {Range.HOURS_6: "6 h", Range.HOURS_24: "24 h", Range.DAYS_7: "7 d"}

_HIDDEN: Final[dict[str, Any]] = {"aria-hidden": "true"}


def _label(text: str) -> dict[str, Any]:
    return {"aria-label": text}


def page(settings: DashboardSettings) -> Any:
    """Return the layout."""
    return html.Div(
        [
            *_invisible(settings),
            html.A("Skip to the chosen topic", href="#detail", className="skip"),
            _top(),
            html.P(id="banner", className="banner", hidden=True, role="note"),
            html.Div(id="alarm", className="alarm", hidden=True, role="alert"),
            html.Div(
                [
                    _overview(),
                    html.Main([_keys(), _detail(), _alerts()], className="columns"),
                ],
                className="numbers",
            ),
            html.Div(id="counters", className="counters", role="contentinfo"),
        ],
        id="page",
        className="page",
    )


def _invisible(settings: DashboardSettings) -> list[Any]:
    config = {
        "refresh_ms": round(settings.refresh_seconds * 1000),
        "stale_after_ms": round(settings.stale_after_seconds * 1000),
    }
    return [
        dcc.Location(id="url", refresh=False),
        dcc.Interval(id="tick", interval=config["refresh_ms"]),
        dcc.Store(id="config", data=config),
        dcc.Store(id="chosen"),
        dcc.Store(id="theme"),
        dcc.Store(id="feed"),
        dcc.Store(id="zoom"),
        dcc.Store(id="redraw", data=0),
    ]


def _top() -> Any:
    return html.Header(
        [
            html.A(
                [html.Span(className="glyph", **_HIDDEN), "Foreshock"],
                href="?",
                className="brand",
                id="brand",
            ),
            html.Div(
                [
                    html.Span(className="dot", **_HIDDEN),
                    html.Span("Connecting", id="state", className="state"),
                ],
                className="pulse",
                role="status",
            ),
            html.Time(id="clock", className="clock"),
            html.Button(
                "Dark",
                id="theme-toggle",
                className="quiet-button",
                type="button",
                **_label("Switch between light and dark"),
            ),
        ],
        className="top",
    )


def _overview() -> Any:
    return html.Section(
        [
            html.Div(id="figures", className="figures"),
            html.Div(
                [
                    html.Div(
                        [
                            html.Span("All news, last 24 hours"),
                            html.Span(
                                [
                                    html.I(className="swatch other"),
                                    "other stories",
                                    html.I(className="swatch negative"),
                                    "negative",
                                ],
                                className="key",
                            ),
                        ],
                        className="tremor-title",
                    ),
                    html.Div(id="tremor", className="tremor"),
                ],
                className="tremor-box",
            ),
        ],
        className="overview",
        **_label("All news"),
    )


def _keys() -> Any:
    return html.Nav(
        [
            _key_list("terms", "Emerging"),
            _key_list("topics", "Topics"),
            _key_list("tickers", "Companies"),
        ],
        className="keys",
        **_label("Topics and companies, the most severe first"),
    )


def _key_list(name: str, title: str) -> Any:
    return html.Section(
        [
            html.Div(
                [
                    html.H2(title),
                    html.Span("6 hours", className="h-spark"),
                    html.Span("negative", className="h-n"),
                    html.Span("usual", className="h-level"),
                    html.Span("share", className="h-share"),
                    html.Span("state", className="h-state"),
                ],
                className="row head",
            ),
            html.Div(id=name, className="rows"),
        ],
        id=f"{name}-section",
        className="panel key-list",
    )


def _detail() -> Any:
    return html.Section(
        [
            html.Div(id="detail-head", className="detail-head"),
            html.Div(
                [
                    html.Div(id="legend", className="legend"),
                    dcc.RadioItems(
                        options=[
                            {"label": label, "value": name} for name, label in _RANGES.items()
                        ],
                        value=Range.HOURS_24,
                        id="range",
                        className="segmented",
                        inline=True,
                    ),
                ],
                className="chart-bar",
            ),
            html.Div(
                dcc.Graph(
                    id="chart",
                    className="chart",
                    figure={"data": [], "layout": {}},
                    responsive=True,
                    config={
                        "displayModeBar": False,
                        "doubleClick": False,
                        "scrollZoom": False,
                        "showTips": False,
                    },
                ),
                className="chart-box",
            ),
            html.Div(
                [
                    html.H2("Headlines", id="headlines-title"),
                    html.Div(id="headline-filter", className="segmented small"),
                ],
                className="headlines-bar",
            ),
            html.Ol(id="headlines", className="headlines"),
        ],
        id="detail",
        className="panel detail",
        tabIndex=-1,
        **_label("The chosen topic"),
    )


def _alerts() -> Any:
    return html.Aside(
        [
            html.H2(["Alerts ", html.Span(id="alert-count", className="count")]),
            html.Div(id="alerts", className="alert-list"),
        ],
        className="panel alerts",
        **_label("Alerts"),
    )
