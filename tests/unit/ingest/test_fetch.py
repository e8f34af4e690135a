"""Fetching from a real server: politeness, limits, and addresses that are never asked."""

from __future__ import annotations

import gzip
import socket
import zlib
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from typing import Any

import httpcore
import pytest

from foreshock.clock import ManualClock
from foreshock.errors import FetchError, FetchRefused
from ingest.fetch import Fetcher, retry_after_seconds
from ingest.pinned_transport import PinnedBackend

START_MS = 1_600_000_000_000


def loopback(host: str, port: int) -> list[str]:
    return ["127.0.0.1"]


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(START_MS)


@pytest.fixture
def fetcher(clock: ManualClock) -> Callable[..., Fetcher]:
    def make(**settings: Any) -> Fetcher:
        given = {"allow_private_addresses": True, "resolve": loopback, "max_bytes": 100_000}
        return Fetcher(clock, user_agent="Foreshock-test", **(given | settings))

    return make


def test_an_answer_has_its_body_headers_and_address(web: Any, fetcher: Any, page: Any) -> None:
    web.pages["/feed"] = page(b"<rss/>", headers={"ETag": '"1"', "Content-Type": "text/xml"})
    answer = fetcher()(web.url("/feed"))
    assert (answer.status, answer.body, answer.not_modified) == (200, b"<rss/>", False)
    assert (answer.headers["etag"], answer.headers["content-type"]) == ('"1"', "text/xml")
    assert answer.final_url == web.url("/feed")
    _, sent = web.asked[-1]
    assert sent["user-agent"] == "Foreshock-test"
    assert sent["host"] == f"news.test:{web.port}"


def test_what_has_not_changed_is_not_sent_again(web: Any, fetcher: Any, page: Any) -> None:
    web.pages["/feed"] = page(status=304)
    answer = fetcher()(web.url("/feed"), etag='"1"', last_modified="Sun, 13 Sep 2020 12:00:00 GMT")
    assert (answer.not_modified, answer.body) == (True, b"")
    _, sent = web.asked[-1]
    assert sent["if-none-match"] == '"1"'
    assert sent["if-modified-since"] == "Sun, 13 Sep 2020 12:00:00 GMT"


def test_a_validator_that_cannot_be_a_header_is_not_sent(web: Any, fetcher: Any, page: Any) -> None:
    web.pages["/feed"] = page(b"x")
    assert fetcher()(web.url("/feed"), etag="é\r\nX: y").body == b"x"
    assert "if-none-match" not in web.asked[-1][1]


@pytest.mark.parametrize(
    ("encoding", "packed"),
    [
        ("gzip", gzip.compress(b"news " * 100)),
        ("gzip", gzip.compress(b"news " * 50) + gzip.compress(b"news " * 50)),
        ("gzip", gzip.compress(b"news " * 100) + b"\0" * 8),
        ("deflate", zlib.compress(b"news " * 100)),
        ("deflate", zlib.compress(b"news " * 100)[2:-4]),
    ],
)
def test_a_compressed_answer_is_unpacked(
    web: Any, fetcher: Any, page: Any, encoding: str, packed: bytes
) -> None:
    web.pages["/feed"] = page(packed, headers={"Content-Encoding": encoding})
    assert fetcher()(web.url("/feed")).body == b"news " * 100


@pytest.mark.parametrize(
    ("encoding", "body", "found"),
    [
        ("br", b"anything", "found 'br'"),
        ("gzip, gzip", b"anything", "found 'gzip, gzip'"),
        ("gzip", b"no gzip at all", "damaged"),
        ("gzip", gzip.compress(b"news " * 100)[:-10], "breaks off"),
    ],
)
def test_an_answer_that_cannot_be_unpacked_is_an_error(
    web: Any, fetcher: Any, page: Any, encoding: str, body: bytes, found: str
) -> None:
    web.pages["/feed"] = page(body, headers={"Content-Encoding": encoding})
    with pytest.raises(FetchError, match=found):
        fetcher()(web.url("/feed"))


def test_a_page_of_50_mb_is_stopped_at_the_limit(web: Any, fetcher: Any, page: Any) -> None:
    written = []

    def endless(handler: BaseHTTPRequestHandler) -> None:
        for _ in range(50):
            handler.wfile.write(b"x" * 1_000_000)
            written.append(1)

    web.pages["/big"] = page(stream=endless)
    with pytest.raises(FetchError, match="at most 100000 bytes, found more") as caught:
        fetcher()(web.url("/big"))
    assert not caught.value.retryable
    assert len(written) < 50


def test_a_page_that_says_it_is_too_large_is_not_read(web: Any, fetcher: Any, page: Any) -> None:
    web.pages["/big"] = page(stream=lambda handler: None, headers={"Content-Length": "50000000"})
    with pytest.raises(FetchError, match="found 50000000"):
        fetcher()(web.url("/big"))


@pytest.mark.parametrize("pack", [gzip.compress, zlib.compress])
def test_a_bomb_is_stopped_at_the_limit(
    web: Any, fetcher: Any, page: Any, pack: Callable[[bytes], bytes]
) -> None:
    encoding = "gzip" if pack is gzip.compress else "deflate"
    web.pages["/bomb"] = page(pack(b"\0" * 30_000_000), headers={"Content-Encoding": encoding})
    with pytest.raises(FetchError, match="at most 100000 bytes, found more"):
        fetcher()(web.url("/bomb"))


def test_a_server_that_never_ends_is_left(web: Any, fetcher: Any, page: Any) -> None:
    now_s = [0.0]

    def drip(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(b"x")
        now_s[0] = 12.5  # from here on every further read comes too late
        handler.wfile.write(b"x")

    web.pages["/slow"] = page(stream=drip)
    slow = fetcher(timeout_s=12.0, monotonic=lambda: now_s[0])
    with pytest.raises(FetchError, match="within 12 s") as caught:
        slow(web.url("/slow"))
    assert caught.value.retryable


def test_a_login_in_the_address_is_sent_to_its_host_alone(
    web: Any, fetcher: Any, page: Any
) -> None:
    web.pages["/a"] = page(status=301, headers={"Location": web.url("/b", "other.test")})
    web.pages["/b"] = page(b"here")
    fetcher()(web.url("/a", "user:pass@news.test"))
    sent = {path: headers.get("authorization") for path, headers in web.asked}
    assert sent["/a"] == "Basic dXNlcjpwYXNz"
    assert sent["/b"] is None


@pytest.mark.parametrize(
    ("status", "retryable"), [(404, False), (410, False), (403, False), (429, True), (503, True)]
)
def test_an_error_says_whether_to_try_again(
    web: Any, fetcher: Any, page: Any, status: int, retryable: bool
) -> None:
    web.pages["/feed"] = page(b"secret text of the page", status=status)
    with pytest.raises(FetchError, match=f"found {status} at http://news.test") as caught:
        fetcher()(web.url("/feed"))
    assert caught.value.retryable is retryable
    assert "secret" not in str(caught.value)


def test_a_message_shows_no_login_and_no_query(web: Any, fetcher: Any) -> None:
    url = web.url("/feed?token=hidden", host="user:hidden@news.test")
    with pytest.raises(FetchError) as caught:
        fetcher()(url)
    assert "hidden" not in str(caught.value)


def test_a_host_that_cannot_be_reached_is_an_error(fetcher: Any) -> None:
    with socket.socket() as taken:  # bound and not listening: connecting is refused
        taken.bind(("127.0.0.1", 0))
        url = f"http://news.test:{taken.getsockname()[1]}/feed"
        with pytest.raises(FetchError, match=r"robots\.txt cannot be reached") as caught:
            fetcher()(url)
    assert caught.value.retryable


def test_a_name_that_cannot_be_resolved_is_an_error(fetcher: Any) -> None:
    def unknown(host: str, port: int) -> list[str]:
        raise socket.gaierror("no such name")

    with pytest.raises(FetchError, match="no such name"):
        fetcher(resolve=unknown)("http://nowhere.test/feed")


def test_a_redirect_is_followed_and_relative_ones_too(web: Any, fetcher: Any, page: Any) -> None:
    web.pages["/a"] = page(status=301, headers={"Location": web.url("/b", "other.test")})
    web.pages["/b"] = page(status=302, headers={"Location": "c?x=1"})
    web.pages["/c?x=1"] = page(b"here")
    answer = fetcher()(web.url("/a"))
    assert (answer.body, answer.final_url) == (b"here", web.url("/c?x=1", "other.test"))


def test_redirects_have_an_end(web: Any, fetcher: Any, page: Any) -> None:
    web.pages["/a"] = page(status=307, headers={"Location": "/a"})
    with pytest.raises(FetchError, match="at most 5 redirects"):
        fetcher()(web.url("/a"))
    assert web.paths().count("/a") == 6


@pytest.mark.parametrize("status", [301, 308])
def test_a_redirect_to_nowhere_is_an_error(web: Any, fetcher: Any, page: Any, status: int) -> None:
    web.pages["/a"] = page(status=status)
    with pytest.raises(FetchError, match="without saying where"):
        fetcher()(web.url("/a"))


@pytest.mark.parametrize("location", ["file:///etc/passwd", "ftp://x.org/", "javascript:alert(1)"])
def test_only_the_web_is_fetched(web: Any, fetcher: Any, page: Any, location: str) -> None:
    web.pages["/a"] = page(status=302, headers={"Location": location})
    with pytest.raises(FetchRefused, match="http or https"):
        fetcher()(web.url("/a"))
    with pytest.raises(FetchRefused, match="http or https"):
        fetcher()(location)


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/", "http://localhost/", "http://[::1]/", "http://169.254.169.254/latest",
        "http://10.0.0.1/", "http://0.0.0.0/", "http://2130706433/", "http://[::ffff:10.0.0.1]/",
    ],
)  # fmt: skip
def test_a_private_address_is_refused(clock: ManualClock, url: str) -> None:
    with pytest.raises(FetchRefused, match="expected a public address"):
        Fetcher(clock, user_agent="test")(url)


def test_a_redirect_to_a_private_address_is_refused(
    web: Any, fetcher: Any, page: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    # to this test the loopback address is the public internet
    monkeypatch.setattr("ingest.pinned_transport.is_public", lambda address: address == "127.0.0.1")
    names = {"news.test": ["127.0.0.1"], "inside.test": ["10.0.0.1"]}
    web.pages["/a"] = page(status=302, headers={"Location": "http://inside.test/secrets"})
    strict = fetcher(allow_private_addresses=False, resolve=lambda host, port: names[host])
    with pytest.raises(FetchRefused, match=r"found that inside\.test is a private"):
        strict(web.url("/a"))


def test_a_name_with_one_private_address_is_refused(fetcher: Any) -> None:
    mixed = fetcher(
        allow_private_addresses=False, resolve=lambda host, port: ["93.184.216.34", "10.0.0.1"]
    )
    with pytest.raises(FetchRefused):
        mixed("http://mixed.test/")


def test_the_address_that_was_checked_is_the_one_connected_to(
    web: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ingest.pinned_transport.is_public", lambda address: address == "127.0.0.1")
    answers = iter([["127.0.0.1"], ["10.0.0.1"]])  # rebinding: the second answer is another one
    backend = PinnedBackend(lambda host, port: next(answers), lambda: 5.0, allow_private=False)
    stream = backend.connect_tcp("rebind.test", web.port)
    assert stream.get_extra_info("server_addr") == ("127.0.0.1", web.port)
    stream.close()
    with pytest.raises(FetchRefused):
        backend.connect_tcp("rebind.test", web.port)


def test_tls_is_spoken_with_the_name_not_the_address() -> None:
    class Inner(httpcore.NetworkStream):
        def start_tls(self, context: Any, server_hostname: Any = None, timeout: Any = None) -> Any:
            self.hostname, self.timeout = server_hostname, timeout
            return self

    from ingest.pinned_transport import _DeadlineStream

    inner = Inner()
    _DeadlineStream(inner, lambda: 3.0).start_tls(None, "news.test", 9.0)  # type: ignore[arg-type]
    assert (inner.hostname, inner.timeout) == ("news.test", 3.0)


def test_a_second_address_is_tried(web: Any, fetcher: Any, page: Any) -> None:
    web.pages["/feed"] = page(b"here")
    both = fetcher(resolve=lambda host, port: ["127.0.0.2", "127.0.0.1"])
    assert both(web.url("/feed")).body == b"here"


def test_robots_are_asked_once_and_obeyed(web: Any, fetcher: Any, page: Any) -> None:
    web.pages["/robots.txt"] = page(b"User-agent: *\nDisallow: /private\n")
    web.pages["/open"] = page(b"here")
    fetch = fetcher()
    assert fetch(web.url("/open")).body == b"here"
    with pytest.raises(FetchRefused, match=r"robots\.txt of news\.test does not allow /private"):
        fetch(web.url("/private/feed"))
    assert web.paths() == ["/robots.txt", "/open"]


def test_robots_of_the_host_that_is_redirected_to_are_obeyed(
    web: Any, fetcher: Any, page: Any
) -> None:
    web.pages["/robots.txt"] = page(b"User-agent: *\nDisallow: /b\n")
    web.pages["/a"] = page(status=301, headers={"Location": web.url("/b", "other.test")})
    with pytest.raises(FetchRefused, match=r"robots\.txt of other\.test"):
        fetcher()(web.url("/a"))


@pytest.mark.parametrize("status", [500, 503, 429])
def test_robots_that_cannot_be_had_allow_nothing_for_now(
    web: Any, fetcher: Any, page: Any, clock: ManualClock, status: int
) -> None:
    web.pages["/robots.txt"] = page(status=status)
    web.pages["/feed"] = page(b"here")
    fetch = fetcher()
    with pytest.raises(
        FetchError, match=f"missing, found status {status} at http://news.test"
    ) as caught:
        fetch(web.url("/feed"))
    assert caught.value.retryable
    web.pages["/robots.txt"] = page(b"")
    clock.advance(60_000)
    assert fetch(web.url("/feed")).body == b"here"


def test_robots_that_are_too_long_count_as_far_as_they_are_read(
    web: Any, fetcher: Any, page: Any
) -> None:
    web.pages["/robots.txt"] = page(b"User-agent: *\nDisallow: /feed\n" + b"#" * 1_000_000)
    with pytest.raises(FetchRefused):
        fetcher()(web.url("/feed"))


def test_one_host_is_asked_once_a_second(
    web: Any, fetcher: Any, page: Any, clock: ManualClock
) -> None:
    web.pages["/feed"] = page(b"here")
    fetch = fetcher(gap_s=1.0)
    for _ in range(3):
        fetch(web.url("/feed"))
    assert web.paths() == ["/robots.txt", "/feed", "/feed", "/feed"]
    assert clock.now_ms() == START_MS + 3_000
    fetch(web.url("/feed", "other.test"))
    assert clock.now_ms() == START_MS + 4_000


def test_the_pause_that_a_host_asks_for_is_kept(
    web: Any, fetcher: Any, page: Any, clock: ManualClock
) -> None:
    web.pages["/robots.txt"] = page(b"User-agent: *\nCrawl-delay: 5\n")
    web.pages["/feed"] = page(b"here")
    fetch = fetcher()
    fetch(web.url("/feed"))
    fetch(web.url("/feed"))
    assert clock.now_ms() == START_MS + 6_000


def test_a_host_that_says_later_is_left_alone_until_then(
    web: Any, fetcher: Any, page: Any, clock: ManualClock
) -> None:
    web.pages["/feed"] = page(status=503, headers={"Retry-After": "120"})
    fetch = fetcher()
    with pytest.raises(FetchError) as caught:
        fetch(web.url("/feed"))
    assert caught.value.retry_after_s == 120.0
    asked = len(web.asked)
    with pytest.raises(FetchError, match="asked to be left alone for 120 s"):
        fetch(web.url("/feed"))
    assert len(web.asked) == asked
    web.pages["/feed"] = page(b"here")
    clock.advance(120_000)
    assert fetch(web.url("/feed")).body == b"here"


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("120", 120.0), (" 0 ", 0.0), ("Sun, 13 Sep 2020 12:27:40 GMT", 60.0), ("", None),
        ("Sun, 13 Sep 2010 12:27:40 GMT", 0.0), ("soon", None), ("-5", None),
        ("9" * 30, 999_999_999.0),
    ],
)  # fmt: skip
def test_retry_after_is_a_number_or_a_date(header: str, seconds: float | None) -> None:
    assert retry_after_seconds(header, START_MS) == seconds


@pytest.mark.parametrize("url", ["", "no url", "http://", "http://[::1", "http://x.org:99999999/"])
def test_what_is_no_address_is_an_error(fetcher: Any, url: str) -> None:
    with pytest.raises(FetchError):
        fetcher()(url)
