"""The dashboard as an application and as a server. Called by the program's composition root."""

from __future__ import annotations

import logging
from collections.abc import Callable
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final

from foreshock.clock import HOUR_MS, SECOND_MS, Clock, SystemClock

if TYPE_CHECKING:
    import dash

    from foreshock.settings import DashboardSettings
    from foreshock.store.base import Store

THREADS: Final = 8
OUTPUT_BYTES: Final = 16 * 1024 * 1024

_INDEX: Final = """<!DOCTYPE html>
<html lang="en">
    <head>
        {%metas%}
        <meta name="color-scheme" content="light dark">
        <title>{%title%}</title>
        {%favicon%}
        {%css%}
    </head>
    <body>
        <noscript>This page needs JavaScript; it loads none from other hosts.</noscript>
        {%app_entry%}
        <footer>
            {%config%}
            {%scripts%}
            {%renderer%}
        </footer>
    </body>
</html>"""


def create_app(
    open_store: Callable[[], Store],
    settings: DashboardSettings,
    *,
    clock: Clock | None = None,
    window_ms: int = HOUR_MS,
) -> dash.Dash:
    """Return the page as a Dash app; `app.server` is a WSGI application.

    `open_store` is called at the first look, and again when the store falls silent. `window_ms`:
    length of the window whose counts are shown. Nothing is read before someone asks.
    """
    import dash

    from dashboard import api, callbacks
    from dashboard.deltas import Publisher
    from dashboard.layout import page
    from dashboard.reader import Reader

    clock = clock if clock is not None else SystemClock()
    reader = Reader(
        open_store,
        stale_after_ms=round(settings.stale_after_seconds * SECOND_MS),
        clock=clock,
        window_ms=window_ms,
    )
    publisher = Publisher(
        reader, refresh_ms=round(settings.refresh_seconds * SECOND_MS * 0.9), clock=clock
    )
    app = dash.Dash(
        "foreshock",
        assets_folder=str(files("dashboard") / "assets"),
        serve_locally=True,
        title="Foreshock",
        update_title="",
        index_string=_INDEX,
        meta_tags=[{"name": "viewport", "content": "width=device-width, initial-scale=1"}],
        add_log_handler=False,
        enable_mcp=False,
    )
    app.layout = page(settings)
    callbacks.register(app, publisher)
    api.register(app.server, publisher)
    api.protect(app.server, app.csp_hashes())
    return app


class DashboardServer:
    """A dashboard that listens; `effective_port` says where, whatever port was asked for."""

    def __init__(self, server: Any, sockets: dict[int, Any]) -> None:
        self._server = server
        self._sockets = sockets
        self._listening = [entry for entry in sockets.values() if hasattr(entry, "effective_port")]
        self.effective_port = int(self._listening[0].effective_port)

    def run(self) -> None:
        """Serve until `close` is called from another thread."""
        self._server.run()

    def close(self) -> None:
        """Stop listening and drop open connections; `run` returns soon after."""
        # in the loop's own thread: a socket closed under it would be served on, and fail for ever
        self._listening[0].trigger.pull_trigger(self._close_all)

    def _close_all(self) -> None:
        from waitress import wasyncore

        self._listening[0].task_dispatcher.shutdown()
        for entry in list(self._sockets.values()):
            if hasattr(entry, "outbufs"):
                entry.handle_close()
        wasyncore.close_all(self._sockets)


def make_server(app: dash.Dash, host: str, port: int) -> DashboardServer:
    """Listen on `host`:`port` (0: any free port). Raises OSError where that is taken."""
    from waitress import create_server

    # it warns of every request that waits for a thread, though they all wait for milliseconds
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
    sockets: dict[int, Any] = {}
    server = create_server(
        app.server,
        map=sockets,
        host=host,
        port=port,
        threads=THREADS,
        ident=None,
        # the largest script fits: nothing is spooled to a temporary file
        outbuf_overflow=OUTPUT_BYTES,
        clear_untrusted_proxy_headers=True,
    )
    return DashboardServer(server, sockets)


def serve(app: dash.Dash, host: str, port: int) -> None:
    """Serve the page on `host`:`port` until interrupted."""
    make_server(app, host, port).run()
