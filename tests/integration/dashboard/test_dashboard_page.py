"""The page in a real Chromium, against a real server and store."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
]
DEADLINE_MS = 30_000
PLOT = "document.querySelector('#chart .js-plotly-plot')"
LAST_TIME = f"{PLOT}.data.find((t) => t.meta && t.meta.column === 'negative').x.at(-1)"


@pytest.fixture(scope="module")
def browser(chromium_path: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium_path, args=ARGUMENTS)
        yield opened
        opened.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1400, "height": 1000}, color_scheme="light")
    context.set_default_timeout(DEADLINE_MS)
    opened = context.new_page()
    opened.errors = []  # type: ignore[attr-defined]
    opened.asked = []  # type: ignore[attr-defined]
    opened.on("pageerror", lambda error: opened.errors.append(str(error)))  # type: ignore[attr-defined]
    opened.on(
        "console",
        lambda message: (
            opened.errors.append(message.text)  # type: ignore[attr-defined]
            if message.type == "error" and "Failed to load resource" not in message.text
            else None
        ),
    )
    opened.on("request", lambda request: opened.asked.append(request.url))  # type: ignore[attr-defined]
    yield opened
    context.close()


@pytest.fixture(autouse=True)
def patience() -> None:
    expect.set_options(timeout=DEADLINE_MS)


class Feeding:
    """Writes a minute of news again and again until told to stop."""

    def __init__(self, filled: Any) -> None:
        self._filled = filled
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._feed)

    def _feed(self) -> None:
        while not self._stop.wait(0.4):
            self._filled.run.advance(self._filled.store)

    def __enter__(self) -> Feeding:
        self._thread.start()
        return self

    def stop(self) -> None:
        self._stop.set()
        self._thread.join()

    def __exit__(self, *_: object) -> None:
        self.stop()


def chart_range(page: Page) -> list[str]:
    return list(page.evaluate(f"{PLOT}._fullLayout.xaxis.range"))


def last_time(page: Page) -> str:
    return str(page.evaluate(LAST_TIME))


def eventually(page: Page, condition: Callable[[], bool]) -> None:
    """Wait for a condition, from outside: the page's own policy forbids evaluating text in it."""
    for _ in range(DEADLINE_MS // 100):
        if condition():
            return
        page.wait_for_timeout(100)
    raise AssertionError("the page did not come to that in time")


def wait_for_points(page: Page) -> None:
    drawn = f"({PLOT}?.data || []).some((t) => t.x && t.x.length > 100)"
    eventually(page, lambda: bool(page.evaluate(drawn)))


def test_a_visitor_sees_the_spike_its_alert_and_its_headlines(
    page: Page, filled: Any, serve: Callable[..., Any]
) -> None:
    with Feeding(filled), serve(filled.open) as url:
        page.goto(url)
        # without a choice, what spikes is shown
        expect(page.locator("#detail-head h1")).to_have_text("Earnings")
        expect(page.locator(".spike-note")).to_contain_text("13 negative stories in the last hour")
        expect(page.locator("#topics a.row").first).to_contain_text("Earnings")
        expect(page.locator("#topics a.row").first).to_contain_text("spike")
        expect(page.locator("#topics a.row")).to_have_count(20)
        expect(page.locator("#tickers a.row").first).to_contain_text("BA")
        expect(page.locator("[data-alert]")).to_have_count(2)
        expect(page.locator("[data-alert]").first).to_contain_text("Boeing")
        expect(page.locator("[data-alert] a.title").first).to_have_attribute(
            "rel", "noopener noreferrer"
        )
        expect(page.locator("#headlines li").first).to_be_visible()
        expect(page.locator("#banner")).to_have_text("Demo tape: real headlines, simulated times")
        expect(page.locator("#state")).to_have_text("Demo running")
        wait_for_points(page)
        marks = page.locator("#chart .js-plotly-plot .shapelayer path, #chart .layer-below path")
        expect(marks.first).to_be_attached()
        assert page.errors == []  # type: ignore[attr-defined]
    hosts = {re.sub(r"^(\w+://[^/]+).*", r"\1", asked) for asked in page.asked}  # type: ignore[attr-defined]
    assert {host for host in hosts if not host.startswith("data:")} == {url.rstrip("/")}


def test_choosing_a_key_changes_the_address_and_an_address_chooses_a_key(
    page: Page, filled: Any, serve: Callable[..., Any]
) -> None:
    with serve(filled.open) as url:
        page.goto(f"{url}?key=ticker%3ABA")
        expect(page.locator("#detail-head h1")).to_have_text("BA")
        page.locator('#topics a[data-key="topic:legal"]').focus()
        page.keyboard.press("Enter")
        expect(page.locator("#detail-head h1")).to_have_text("Legal and regulation")
        assert page.url.endswith("?key=topic%3Alegal")
        expect(page.locator('[aria-current="true"]')).to_have_attribute("data-key", "topic:legal")
        page.go_back()
        expect(page.locator("#detail-head h1")).to_have_text("BA")
        assert page.errors == []  # type: ignore[attr-defined]


def test_zoom_is_kept_while_points_come_in(
    page: Page, filled: Any, serve: Callable[..., Any]
) -> None:
    with Feeding(filled), serve(filled.open) as url:
        page.goto(f"{url}?key=all")
        wait_for_points(page)
        box = page.locator("#chart .nsewdrag").first.bounding_box()
        assert box is not None
        unzoomed = chart_range(page)
        middle = box["y"] + box["height"] / 2
        page.mouse.move(box["x"] + box["width"] * 0.55, middle)
        page.mouse.down()
        page.mouse.move(box["x"] + box["width"] * 0.75, middle, steps=6)
        page.mouse.up()
        eventually(page, lambda: chart_range(page)[0] > unzoomed[0])
        zoomed, before = chart_range(page), last_time(page)
        eventually(page, lambda: last_time(page) > before)
        assert chart_range(page) == zoomed
        page.locator("#theme-toggle").click()
        eventually(page, lambda: bool(page.evaluate(f"{PLOT}.layout.meta.theme === 'dark'")))
        assert chart_range(page) == zoomed
        page.mouse.dblclick(box["x"] + box["width"] * 0.6, middle)
        eventually(page, lambda: chart_range(page)[1] > zoomed[1])
        back, before = chart_range(page), last_time(page)
        eventually(page, lambda: last_time(page) > before)
        eventually(page, lambda: chart_range(page)[1] > back[1])
        assert page.errors == []  # type: ignore[attr-defined]


def test_the_page_says_stale_when_the_heartbeat_stops(
    page: Page, filled: Any, serve: Callable[..., Any]
) -> None:
    with Feeding(filled) as feeding, serve(filled.open, stale_after_seconds=2.0) as url:
        page.goto(url)
        expect(page.locator("#state")).to_have_text("Demo running")
        expect(page.locator("#alarm")).to_be_hidden()
        feeding.stop()
        expect(page.locator("#alarm")).to_contain_text("STALE since")
        expect(page.locator("#state")).to_have_text("Stale")
        expect(page.locator("body.is-stale")).to_be_attached()


def test_the_page_says_stale_when_the_server_is_gone(
    page: Page, filled: Any, serve: Callable[..., Any]
) -> None:
    with Feeding(filled):
        with serve(filled.open, stale_after_seconds=3.0) as url:
            page.goto(url)
            expect(page.locator("#state")).to_have_text("Demo running")
        expect(page.locator("#alarm")).to_contain_text("The server does not answer")
        expect(page.locator("#state")).to_have_text("No connection")


def test_a_finished_recording_says_so(page: Page, filled: Any, serve: Callable[..., Any]) -> None:
    filled.store.put_meta({"finished": "true"})
    with serve(filled.open, stale_after_seconds=1.0) as url:
        page.goto(url)
        expect(page.locator("#state")).to_have_text("Finished")
        expect(page.locator("#alarm")).to_be_hidden()


def test_markup_in_a_title_is_shown_as_text(
    page: Page, filled: Any, serve: Callable[..., Any]
) -> None:
    with serve(filled.open) as url:
        page.goto(f"{url}?key=topic%3Aearnings")
        title = page.locator("#headlines .title", has_text="<script>").first
        expect(title).to_contain_text("<script>document.title='owned'</script> <b>Boeing</b> &")
        eventually(page, lambda: page.title() == "(3) Earnings · Foreshock")
        assert page.locator("#headlines script, #headlines b, #alerts script").count() == 0
        # an address that is no address of the web is no link
        links = page.locator("#page a[target=_blank]").evaluate_all("all => all.map(a => a.href)")
        assert links
        assert all(link.startswith("https://news.example/") for link in links)


def test_an_empty_run_explains_itself(page: Page, tmp_path: Any, serve: Callable[..., Any]) -> None:
    from foreshock.store.sql_store import open_store

    open_store(tmp_path / "empty.db").close()
    with serve(lambda: open_store(tmp_path / "empty.db", read_only=True)) as url:
        page.goto(url)
        expect(page.locator("#topics")).to_contain_text("No items yet")
        expect(page.locator("#alerts")).to_contain_text("No alerts in this run")
        expect(page.locator("#state")).to_have_text("Waiting for news")
        assert page.errors == []  # type: ignore[attr-defined]


@pytest.mark.parametrize(("width", "scheme"), [(1400, "dark"), (1024, "light"), (390, "light")])
def test_nothing_overflows(
    browser: Browser, filled: Any, serve: Callable[..., Any], width: int, scheme: Any
) -> None:
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
    context.set_default_timeout(DEADLINE_MS)
    page = context.new_page()
    with serve(filled.open) as url:
        page.goto(url)
        wait_for_points(page)
        assert page.evaluate("document.documentElement.dataset.theme") == scheme
        assert page.evaluate("document.documentElement.scrollWidth") == width
    context.close()
