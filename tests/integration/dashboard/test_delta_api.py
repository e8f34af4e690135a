"""The hot path over HTTP: small, shared, bounded, and unimpressed by what viewers send."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from dashboard.app import create_app
from foreshock.clock import ManualClock
from foreshock.settings import DashboardSettings


class Client:
    """A viewer that folds deltas as the page does."""

    def __init__(self, http: Any, key: str = "topic:earnings", range_: str = "24h") -> None:
        self.http = http
        self.key, self.range = key, range_
        self.version = self.detail_version = ""
        self.parts: dict[str, Any] = {}
        self.detail: dict[str, Any] = {}

    def ask(self) -> int:
        """Fold what is new; returns the bytes that came."""
        response = self.http.get(
            "/api/delta",
            query_string={
                "key": self.key,
                "range": self.range,
                "since": self.version,
                "detail": self.detail_version,
            },
        )
        if response.status_code == 204:
            assert response.data == b""
            return 0
        assert response.status_code == 200
        body = json.loads(response.data)
        fold(self.parts, body.get("parts", {}), body.get("whole", False))
        if "detail" in body:
            assert body["detail"]["id"] == f"{self.key}|{self.range}"
            fold(self.detail, body["detail"]["parts"], body["detail"]["whole"])
        self.version = self.detail_version = body["v"]
        return len(response.data)


def fold(known: dict[str, Any], news: dict[str, Any], whole: bool) -> None:
    if whole:
        known.clear()
    for name, value in news.items():
        if value is None and name != "span":
            known.pop(name, None)
        else:
            known[name] = value


def headlines(viewer: Client) -> list[Any]:
    return [value for name, value in viewer.detail.items() if name.startswith("h:")]


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(1_000_000)


@pytest.fixture
def http(filled: Any, clock: ManualClock) -> Iterator[Any]:
    opened: list[Any] = []

    def open_it() -> Any:
        opened.append(filled.open())
        return opened[-1]

    settings = DashboardSettings(refresh_seconds=1.0, stale_after_seconds=5.0)
    yield create_app(open_it, settings, clock=clock).server.test_client()
    for store in opened:
        store.close()


def tick(filled: Any, clock: ManualClock, minutes: int = 1) -> None:
    filled.run.advance(filled.store, minutes)
    clock.advance(1_000)


def test_nothing_new_is_an_empty_answer(http: Any) -> None:
    viewer = Client(http)
    assert viewer.ask() > 10_000
    assert viewer.ask() == 0


def test_a_viewer_that_folds_deltas_sees_what_a_new_one_sees(
    http: Any, filled: Any, clock: ManualClock
) -> None:
    viewer, slow = Client(http), Client(http)
    viewer.ask()
    slow.ask()
    sizes = []
    for step in range(30):
        tick(filled, clock)
        sizes.append(viewer.ask())
        if step % 7 == 0:
            slow.ask()
    slow.ask()
    fresh = Client(http)
    fresh.ask()
    assert viewer.parts == fresh.parts == slow.parts
    assert viewer.detail == fresh.detail == slow.detail
    assert len(viewer.detail) > 200
    assert 0 < sorted(sizes)[15] < 3_000
    assert max(sizes) < 12_000


def test_choosing_another_key_gives_all_of_it(http: Any, filled: Any, clock: ManualClock) -> None:
    viewer = Client(http)
    viewer.ask()
    viewer.key, viewer.detail_version, viewer.detail = "ticker:BA", "", {}
    viewer.ask()
    assert {"spikes", "span"} < viewer.detail.keys()
    assert viewer.detail["spikes"][0]["end"] is None
    assert "row:ticker:BA" in viewer.parts


def test_a_key_that_nobody_asks_for_is_forgotten_and_given_whole_again(
    http: Any, filled: Any, clock: ManualClock
) -> None:
    viewer, other = Client(http), Client(http, "topic:legal")
    viewer.ask()
    for _ in range(40):
        tick(filled, clock)
        other.ask()
    viewer.ask()
    fresh = Client(http)
    fresh.ask()
    assert viewer.detail == fresh.detail


@pytest.mark.parametrize("version", ["", "nonsense", "deadbeef.4", "x.99999999999999999999", "١.٢"])
def test_a_version_of_another_server_gets_everything(http: Any, version: str) -> None:
    Client(http).ask()
    viewer = Client(http)
    viewer.version = viewer.detail_version = version
    assert viewer.ask() > 10_000


@pytest.mark.parametrize(
    ("key", "range_"),
    [
        ("", "24h"),
        ("topic:", "24h"),
        ("<script>", "24h"),
        ("topic:a\x00", "24h"),
        ("topic:" + "x" * 300, "24h"),
        ("all", "100y"),
        ("all", ""),
    ],
)
def test_what_cannot_be_a_key_or_range_is_refused(http: Any, key: str, range_: str) -> None:
    response = http.get("/api/delta", query_string={"key": key, "range": range_})
    assert response.status_code == 400
    assert "<" not in response.text


def test_a_key_that_is_not_there_is_empty(http: Any) -> None:
    viewer = Client(http, "ticker:NOPE' OR 1=1 --")
    viewer.ask()
    assert headlines(viewer) == []
    assert viewer.parts["row:ticker:NOPE' OR 1=1 --"]["state"] == "quiet"


def test_only_web_addresses_go_out_as_links(http: Any) -> None:
    viewer = Client(http, "all")
    viewer.ask()
    urls = [headline["url"] for headline in headlines(viewer)]
    assert "" in urls
    assert all(url == "" or url.startswith("https://news.example/") for url in urls)


def test_stale_and_finished_are_said(http: Any, filled: Any, clock: ManualClock) -> None:
    viewer = Client(http)
    viewer.ask()
    assert viewer.parts["status"]["state"] == "checking"
    tick(filled, clock)
    viewer.ask()
    assert viewer.parts["status"]["state"] == "live"
    since = clock.now_ms()
    clock.advance(6_000)
    viewer.ask()
    assert viewer.parts["status"]["state"] == "stale"
    assert viewer.parts["status"]["since"] == since
    filled.store.put_meta({"finished": "true"})
    clock.advance(1_000)
    viewer.ask()
    assert viewer.parts["status"]["state"] == "finished"


def test_the_page_asks_nothing_of_other_hosts(http: Any) -> None:
    response = http.get("/")
    assert response.status_code == 200
    assert not re.findall(r"""(?:src|href)=["'](?:https?:)?//""", response.text)
    policy = response.headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe-inline" not in policy.split("script-src")[1].split(";")[0]


def test_a_figure_is_drawn_by_the_server_when_a_key_is_chosen(http: Any) -> None:
    dependencies = json.loads(http.get("/_dash-dependencies").data)
    draw = next(d for d in dependencies if d["output"] == "chart.figure")
    inputs = [
        {"id": "chosen", "property": "data", "value": "topic:earnings"},
        {"id": "range", "property": "value", "value": "7d"},
        {"id": "theme", "property": "data", "value": "dark"},
        {"id": "redraw", "property": "data", "value": 0},
    ]
    assert [(i["id"], i["property"]) for i in draw["inputs"]] == [
        (i["id"], i["property"]) for i in inputs
    ]
    response = http.post(
        "/_dash-update-component",
        json={
            "output": "chart.figure",
            "outputs": {"id": "chart", "property": "figure"},
            "inputs": inputs,
            "state": [{"id": "zoom", "property": "data", "value": None}],
            "changedPropIds": ["chosen.data"],
        },
    )
    figure = json.loads(response.data)["response"]["chart"]["figure"]
    assert figure["layout"]["meta"]["id"] == "topic:earnings|7d"
    assert len(figure["data"][0]["x"]) > 100
