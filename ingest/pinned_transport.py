"""An HTTP transport that checks the very address it connects to, and that always ends.

Called by fetch.

A name is resolved once, at the moment of connecting; every address that it has must be allowed, and
one of these is connected to. A name that answers differently the next time (DNS rebinding) gains
nothing. The name itself stays in the Host header and in TLS. All reading and writing of one fetch,
response head and handshake included, shares one deadline.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import httpcore
import httpx

from foreshock.errors import FetchRefused
from ingest.addresses import is_public

Resolve = Callable[[str, int], list[str]]
"""`resolve(host, port)` gives the addresses of a host. Raises OSError."""
Remaining = Callable[[], float]
"""Seconds until the deadline; not above 0 when it has passed."""

_PER_ADDRESS_S = 10.0
_MAX_ADDRESSES = 6


def system_resolve(host: str, port: int) -> list[str]:
    """Return the addresses of `host` as the system resolves it. Raises OSError."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(info[4][0]) for info in found))


class _DeadlineStream(httpcore.NetworkStream):
    """A connection on which every operation ends at the deadline."""

    def __init__(self, inner: httpcore.NetworkStream, remaining: Remaining) -> None:
        self._inner = inner
        self._remaining = remaining

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, self._left(timeout, httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, self._left(timeout, httpcore.WriteTimeout))

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        left = self._left(timeout, httpcore.ConnectTimeout)
        return _DeadlineStream(
            self._inner.start_tls(ssl_context, server_hostname, left), self._remaining
        )

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)

    def _left(self, timeout: float | None, error: type[Exception]) -> float:
        left = self._remaining()
        if left <= 0:
            raise error("the time for this fetch is up")
        return left if timeout is None else min(left, timeout)


class PinnedBackend(httpcore.NetworkBackend):
    """Opens connections to checked addresses only."""

    def __init__(self, resolve: Resolve, remaining: Remaining, *, allow_private: bool) -> None:
        self._resolve = resolve
        self._remaining = remaining
        self._allow_private = allow_private
        self._inner = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        failure: Exception | None = None
        for address in self._allowed(host, port):
            left = min(self._remaining(), _PER_ADDRESS_S if timeout is None else timeout)
            if left <= 0:
                raise httpcore.ConnectTimeout("the time for this fetch is up")
            try:
                stream = self._inner.connect_tcp(address, port, left, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
            else:
                return _DeadlineStream(stream, self._remaining)
        raise failure or httpcore.ConnectError("the name has no address")

    def _allowed(self, host: str, port: int) -> list[str]:
        try:
            addresses = self._resolve(host, port)
        except (OSError, UnicodeError) as error:
            why = getattr(error, "strerror", None) or error
            raise httpcore.ConnectError(f"the name cannot be resolved: {why}") from error
        if not self._allow_private and not all(is_public(address) for address in addresses):
            raise FetchRefused(
                f"expected a public address, found that {host} is a private or reserved one",
                hint="--set ingest.allow_private_addresses=true fetches from your own network",
            )
        return addresses[:_MAX_ADDRESSES]


class PinnedTransport(httpx.BaseTransport):
    """Carries the requests of one fetch over a `PinnedBackend`; raises httpcore's errors."""

    def __init__(self, backend: PinnedBackend, ssl_context: ssl.SSLContext) -> None:
        self._pool = httpcore.ConnectionPool(
            ssl_context=ssl_context, network_backend=backend, max_keepalive_connections=0
        )

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request and return its response, the body not yet read."""
        url = httpcore.URL(
            scheme=request.url.raw_scheme,
            host=request.url.raw_host,
            port=request.url.port,
            target=request.url.raw_path,
        )
        response = self._pool.handle_request(
            httpcore.Request(
                request.method, url, headers=request.headers.raw, extensions=request.extensions
            )
        )
        return httpx.Response(
            response.status, headers=response.headers, stream=_Stream(response.stream)
        )

    def close(self) -> None:
        self._pool.close()


class _Stream(httpx.SyncByteStream):
    def __init__(self, inner: Any) -> None:
        self._inner = inner

    def __iter__(self) -> Iterator[bytes]:
        yield from self._inner

    def close(self) -> None:
        self._inner.close()
