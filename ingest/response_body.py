"""The body of a response, decoded as far as a limit allows. Called by fetch. Pure.

Decoding is bounded piece by piece, so that a small answer that unpacks to gigabytes is stopped at
the limit like a large one.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator

from foreshock.errors import FetchError

ACCEPTED = "gzip, deflate"
_PIECE = 65_536
_GZIP = 16 + zlib.MAX_WBITS


def read_body(
    chunks: Iterable[bytes], encoding: str, max_bytes: int, *, truncate: bool = False
) -> bytes:
    """Return the decoded body of at most `max_bytes` bytes.

    `encoding` is the Content-Encoding header. What is longer raises FetchError, or with `truncate`
    is cut. Raises FetchError for an encoding that was not asked for and for data that break off.
    """
    body = bytearray()
    for piece in _decoded(chunks, encoding.strip().lower()):
        body += piece
        if len(body) > max_bytes:
            if truncate:
                return bytes(body[:max_bytes])
            raise FetchError(f"expected at most {max_bytes} bytes, found more")
    return bytes(body)


def _decoded(chunks: Iterable[bytes], encoding: str) -> Iterator[bytes]:
    if encoding in ("", "identity"):
        yield from chunks
    elif encoding in ("gzip", "x-gzip", "deflate"):
        yield from _inflated(chunks, _GZIP if encoding != "deflate" else None)
    else:
        raise FetchError(f"expected an answer in {ACCEPTED}, found {encoding[:40]!r}")


def _inflated(chunks: Iterable[bytes], wbits: int | None) -> Iterator[bytes]:
    decoder = None if wbits is None else zlib.decompressobj(wbits)
    begun = False
    for chunk in chunks:
        waiting = chunk
        while waiting:
            if decoder is None:
                # "deflate" means zlib's format; some servers send the bare one
                decoder = zlib.decompressobj(_deflate_bits(waiting))
            if decoder.eof:  # a further gzip member; anything else is padding
                if wbits is None or not waiting.startswith(b"\x1f\x8b"):
                    return
                decoder = zlib.decompressobj(wbits)
            begun = True
            try:
                yield decoder.decompress(waiting, _PIECE)
            except zlib.error as error:
                raise FetchError(f"the compressed answer is damaged: {error}") from error
            waiting = decoder.unused_data if decoder.eof else decoder.unconsumed_tail
    if begun and decoder is not None and not decoder.eof:
        yield from _rest(decoder)


def _rest(decoder: zlib._Decompress) -> Iterator[bytes]:
    while piece := decoder.decompress(decoder.unconsumed_tail, _PIECE):
        yield piece
    if not decoder.eof:
        raise FetchError("the compressed answer breaks off", retryable=True)


def _deflate_bits(start: bytes) -> int:
    # RFC 1950: the low nibble of a zlib stream is 8, and its first two bytes a multiple of 31
    is_zlib = start[0] & 0x0F == 8 and (
        len(start) < 2 or int.from_bytes(start[:2], "big") % 31 == 0
    )
    return zlib.MAX_WBITS if is_zlib else -zlib.MAX_WBITS
