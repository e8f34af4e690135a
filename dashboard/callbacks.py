"""What happens when something is chosen, and each second. Registered on the app by `app`.

The hot path runs in the page (assets/40-live.js): it fetches a delta, shows it, extends the chart.
Only a choice (key, range, colours) or a new spike asks the server for a new figure.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from dash import ClientsideFunction, Input, Output, State, no_update

from dashboard.detail import DetailId, parse_detail_id
from dashboard.figures import series_figure

if TYPE_CHECKING:
    import dash

    from dashboard.deltas import Publisher

_PAGE: Final = "foreshock"


def register(app: dash.Dash, publisher: Publisher) -> None:
    """Add all callbacks to the app."""
    _register_page(app)

    @app.callback(
        Output("chart", "figure"),
        Input("chosen", "data"),
        Input("range", "value"),
        Input("theme", "data"),
        Input("redraw", "data"),
        State("zoom", "data"),
    )
    def draw(chosen: str | None, range_: str, theme: str | None, _redraw: Any, zoom: Any) -> Any:
        wanted = parse_detail_id(chosen or "", range_)
        if wanted is None or theme is None:
            return no_update
        drawing = publisher.drawing(wanted)
        return series_figure(
            wanted,
            drawing.points,
            drawing.spikes,
            until_ms=drawing.until_ms,
            version=drawing.version,
            theme=theme,
            shown=_zoom_of(zoom, wanted),
        )


def _zoom_of(zoom: Any, wanted: DetailId) -> tuple[str, str] | None:
    """Return the times that a visitor has zoomed to, as the page remembers them."""
    match zoom:
        case {"id": id_, "range": [str(first), str(last)]} if id_ == str(wanted):
            return first[:32], last[:32]
    return None


def _register_page(app: Any) -> None:
    in_page = app.clientside_callback
    in_page(ClientsideFunction(_PAGE, "choose"), Output("chosen", "data"), Input("url", "search"))
    in_page(
        ClientsideFunction(_PAGE, "theme"),
        Output("theme", "data"),
        Input("theme-toggle", "n_clicks"),
    )
    in_page(
        ClientsideFunction(_PAGE, "poll"),
        Output("feed", "data"),
        Input("tick", "n_intervals"),
        Input("chosen", "data"),
        Input("range", "value"),
        State("config", "data"),
    )
    in_page(
        ClientsideFunction(_PAGE, "extend"),
        Output("chart", "figure", allow_duplicate=True),
        Output("redraw", "data"),
        Input("feed", "data"),
        State("chart", "figure"),
        prevent_initial_call=True,
    )
