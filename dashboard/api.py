"""The page's hot path: `GET /api/delta` answers what has changed, mostly a few hundred bytes.

Registered on the Dash app's Flask server by `app`. Also sets headers that keep the page to itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from flask import Response, request

from dashboard.detail import parse_detail_id

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flask import Flask

    from dashboard.deltas import Publisher

DELTA_PATH: Final = "/api/delta"


def register(server: Flask, publisher: Publisher) -> None:
    """Add the delta route: 200 with JSON, 204 for nothing new, 400 for an impossible question."""

    @server.get(DELTA_PATH)
    def delta() -> Response:
        asked = request.args
        wanted = parse_detail_id(asked.get("key", "all"), asked.get("range", "24h"))
        if wanted is None:
            return Response("expected key=topic:… and range=6h, 24h or 7d\n", 400)
        body = publisher.delta(wanted, asked.get("since", ""), asked.get("detail", ""))
        if body is None:
            return Response(status=204)
        return Response(body, mimetype="application/json")


def protect(server: Flask, script_hashes: Sequence[str]) -> None:
    """Send headers with every answer that forbid other hosts, frames and inline scripts.

    `script_hashes`: of the inline scripts that Dash itself needs. Deltas are never cached.
    """
    policy = "; ".join(
        [
            "default-src 'self'",
            f"script-src 'self' {' '.join(script_hashes)}",
            # Plotly and React set style attributes
            "style-src 'self' 'unsafe-inline'",
            "img-src 'self' data: blob:",
            "object-src 'none'",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
        ]
    )

    @server.after_request
    def add_headers(response: Response) -> Response:
        headers = response.headers
        if request.path == DELTA_PATH:
            headers["Cache-Control"] = "no-store"
        headers["X-Content-Type-Options"] = "nosniff"
        headers["Referrer-Policy"] = "no-referrer"
        headers["Content-Security-Policy"] = policy
        return response
