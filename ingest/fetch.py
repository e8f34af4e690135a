"""The only HTTP in Foreshock's ingest: polite, bounded, and never to a private address.

Called by the sources through the worker. One fetch: robots.txt is asked first, one request per host
at a time; at most five redirects, each checked like the first address; the body is read to a limit;
everything within one time limit. docs/fetching.md has the why.
"""

from __future__ import annotations

import ssl
import threading
import time
from base64 import b64encode
from collections.abc import Callable, Mapping
from contextlib import closing
from email.utils import parsedate_to_datetime

import httpcore
import httpx

from foreshock.clock import Clock
from foreshock.errors import FetchError, FetchRefused
from ingest.host_turns import HostTurns
from ingest.pinned_transport import PinnedBackend, PinnedTransport, Resolve, system_resolve
from ingest.response_body import ACCEPTED, read_body
from ingest.robots import MAX_ROBOTS_BYTES, Robots
from ingest.sources.base import Fetched

MAX_REDIRECTS = 5
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_RETRYABLE = frozenset({408, 425, 429})
_RAW_CHUNK = 65_536
_ACCEPT = (
    "application/rss+xml, application/atom+xml, application/xml;q=0.9, text/html;q=0.8, */*;q=0.5"
)


class Fetcher:
    """Fetches urls. Safe from several threads.

    `resolve` and `monotonic` are the system's; tests give their own. `gap_s` is the least pause
    between two requests to one host.
    """

    def __init__(
        self,
        clock: Clock,
        *,
        user_agent: str,
        timeout_s: float = 20.0,
        max_bytes: int = 10_000_000,
        allow_private_addresses: bool = False,
        gap_s: float = 1.0,
        resolve: Resolve = system_resolve,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._user_agent = user_agent
        self._timeout_s = timeout_s
        self._max_bytes = max_bytes
        self._allow_private = allow_private_addresses
        self._resolve = resolve
        self._monotonic = monotonic
        self._clock = clock
        self._turns = HostTurns(clock, gap_s)
        self._robots = Robots(self._get_robots, user_agent, clock)
        self._ssl_context: ssl.SSLContext | None = None
        self._ssl_lock = threading.Lock()

    def __call__(self, url: str, *, etag: str = "", last_modified: str = "") -> Fetched:
        """Return the answer to a GET of `url`; see `sources.base.Fetch`.

        Raises FetchRefused where a policy forbids it, FetchError for everything else; a message
        names the host and path, never a query or a login.
        """
        validators = {"If-None-Match": etag, "If-Modified-Since": last_modified}
        headers = {"Accept": _ACCEPT} | {
            name: value
            for name, value in validators.items()
            if value and value.isascii() and value.isprintable()
        }
        answer = self._follow(_parse(url), headers, self._max_bytes, robots=True)
        self._raise_for_status(answer)
        return answer

    def _get_robots(self, url: str) -> Fetched:
        return self._follow(_parse(url), {"Accept": "text/plain"}, MAX_ROBOTS_BYTES, robots=False)

    def _follow(
        self, url: httpx.URL, headers: Mapping[str, str], max_bytes: int, *, robots: bool
    ) -> Fetched:
        for _ in range(MAX_REDIRECTS + 1):
            _require_web(url)
            gap_s = 0.0
            if robots:
                if not self._robots.allows(url):
                    raise FetchRefused(f"robots.txt of {url.host} does not allow {url.path}")
                gap_s = self._robots.gap_s(url)
            with self._turns.turn(_host(url), gap_s):
                answer = self._get_once(url, headers, max_bytes, truncate=not robots)
            if answer.status not in _REDIRECTS:
                return answer
            url = _redirected(url, answer)
        raise FetchError(f"expected at most {MAX_REDIRECTS} redirects, found more at {_shown(url)}")

    def _get_once(
        self, url: httpx.URL, headers: Mapping[str, str], max_bytes: int, *, truncate: bool
    ) -> Fetched:
        ends = self._monotonic() + self._timeout_s
        backend = PinnedBackend(
            self._resolve, lambda: ends - self._monotonic(), allow_private=self._allow_private
        )
        sent = {"User-Agent": self._user_agent, "Accept-Encoding": ACCEPTED, **headers}
        if url.userinfo:
            sent["Authorization"] = f"Basic {b64encode(url.userinfo).decode('ascii')}"
        # the transport alone: a client would follow a redirect's address before it is checked
        transport = PinnedTransport(backend, self._tls())
        try:
            with closing(transport):
                response = transport.handle_request(httpx.Request("GET", url, headers=sent))
                with closing(response):
                    return _answer(url, response, max_bytes, truncate=truncate)
        except (httpcore.TimeoutException, httpx.TimeoutException) as error:
            raise FetchError(
                f"no answer from {_shown(url)} within {self._timeout_s:g} s", retryable=True
            ) from error
        except (httpcore.NetworkError, httpcore.ProtocolError, httpx.HTTPError, OSError) as error:
            raise FetchError(f"{_shown(url)} cannot be reached: {error}", retryable=True) from error

    def _tls(self) -> ssl.SSLContext:
        with self._ssl_lock:
            if self._ssl_context is None:
                self._ssl_context = httpx.create_ssl_context(trust_env=False)
            return self._ssl_context

    def _raise_for_status(self, answer: Fetched) -> None:
        if answer.not_modified or 200 <= answer.status < 300:
            return
        url = httpx.URL(answer.final_url)
        retry_after_s = retry_after_seconds(
            answer.headers.get("retry-after", ""), self._clock.now_ms()
        )
        if retry_after_s is not None:
            self._turns.hold_off(_host(url), retry_after_s)
        raise FetchError(
            f"expected status 200, found {answer.status} at {_shown(url)}",
            retryable=answer.status in _RETRYABLE or answer.status >= 500,
            retry_after_s=retry_after_s,
        )


def retry_after_seconds(header: str, now_ms: int) -> float | None:
    """Return the seconds that a Retry-After header asks for, None if it says nothing.

    Source: RFC 9110 section 10.2.3 (a number of seconds, or a date).

    >>> retry_after_seconds("120", 0), retry_after_seconds("Thu, 01 Jan 1970 00:01:00 GMT", 0)
    (120.0, 60.0)
    """
    text = header.strip()
    if not text:
        return None
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        at_ms = parsedate_to_datetime(text).timestamp() * 1000
    except ValueError:
        return None
    return max(0.0, (at_ms - now_ms) / 1000)


def _answer(url: httpx.URL, response: httpx.Response, max_bytes: int, *, truncate: bool) -> Fetched:
    headers = {name.lower(): value for name, value in response.headers.items()}
    status = response.status_code
    body = b""
    # what a redirect or an error says is not read
    if 200 <= status < 300:
        length = headers.get("content-length", "")
        if not truncate and length.isdigit() and int(length) > max_bytes:
            raise FetchError(f"expected at most {max_bytes} bytes, found {length} at {_shown(url)}")
        encoding = headers.get("content-encoding", "")
        try:
            body = read_body(response.iter_raw(_RAW_CHUNK), encoding, max_bytes, truncate=truncate)
        except FetchError as error:
            raise FetchError(f"{_shown(url)}: {error}", retryable=error.retryable) from error
    return Fetched(status, body, headers, str(url), not_modified=status == 304)


def _parse(url: str) -> httpx.URL:
    try:
        return httpx.URL(url)
    except httpx.InvalidURL as error:
        raise FetchError(f"expected a url, found one that is none: {error}") from error


def _require_web(url: httpx.URL) -> None:
    if url.scheme not in ("http", "https") or not url.host:
        raise FetchRefused(f"expected an http or https url, found scheme {url.scheme[:20]!r}")


def _redirected(url: httpx.URL, answer: Fetched) -> httpx.URL:
    location = answer.headers.get("location", "")
    if not location:
        raise FetchError(f"{_shown(url)} redirects without saying where")
    try:
        return url.join(location)
    except httpx.InvalidURL as error:
        raise FetchError(f"{_shown(url)} redirects to what is no url: {error}") from error


def _host(url: httpx.URL) -> str:
    return f"{url.host}:{url.port}" if url.port is not None else url.host


def _shown(url: httpx.URL) -> str:
    return f"{url.scheme}://{_host(url)}{url.path[:200]}"
