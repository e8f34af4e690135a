"""Serve the dashboard from a thread beside a run, and open it in a browser where there is one."""

from __future__ import annotations

import os
import sys
import threading
import webbrowser
from pathlib import Path
from typing import TYPE_CHECKING

from foreshock.errors import ForeshockError

if TYPE_CHECKING:
    from foreshock.settings import DashboardSettings


def start_dashboard(database: Path, settings: DashboardSettings) -> str:
    """Serve the store in `database` from a daemon thread and return the page's address.

    Raises ForeshockError if the port is taken.
    """
    from dashboard.app import create_app, make_server
    from foreshock.store.sql_store import open_store

    app = create_app(lambda: open_store(database, read_only=True), settings)
    try:
        server = make_server(app, settings.host, settings.port)
    except OSError as error:
        raise ForeshockError(
            f"the dashboard cannot listen on {settings.host}:{settings.port}: {error.strerror}",
            hint="stop what listens there, or --set dashboard.port=8051",
        ) from error
    threading.Thread(target=server.run, name="dashboard", daemon=True).start()
    return f"http://{settings.host}:{server.effective_port}"


def open_in_browser(url: str) -> None:
    """Open `url` where a person sits at a desktop; do nothing on a server."""
    desktop = sys.platform == "darwin" or "DISPLAY" in os.environ or "WAYLAND_DISPLAY" in os.environ
    if desktop and sys.stdout.isatty():
        webbrowser.open(url)
