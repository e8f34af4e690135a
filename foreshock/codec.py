"""Records to bytes and back: JSON with a `type` and a schema version `v`, in one fixed field order.

Equal records give equal bytes, so exports can be compared byte for byte.
"""

from __future__ import annotations

import msgspec

from foreshock.errors import CodecError, MissingField, UnknownSchemaVersion
from foreshock.records import SCHEMA_VERSION, AnyRecord, Record


class _Header(msgspec.Struct):
    type: str = "?"
    v: int = 0


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(AnyRecord)
_header_decoder = msgspec.json.Decoder(_Header)


def encode(record: Record) -> bytes:
    """Return the record's bytes: one line of UTF-8 JSON without a line end."""
    return _encoder.encode(record)


def decode(data: bytes) -> AnyRecord:
    """Return the record in `data`.

    Raises UnknownSchemaVersion if a newer Foreshock wrote it, MissingField if a required field is
    absent, CodecError for anything else that is not a record.
    """
    try:
        record: AnyRecord = _decoder.decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise _explain(data, error) from error
    if record.v > SCHEMA_VERSION:
        raise _newer(record.v)
    return record


def _explain(data: bytes, error: Exception) -> CodecError:
    try:
        header = _header_decoder.decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return CodecError(f"expected a JSON record, found {len(data)} bytes that are not: {error}")
    if header.v > SCHEMA_VERSION:
        return _newer(header.v)
    if "missing required field" in str(error):
        return MissingField(f"a record of type {header.type!r} is incomplete: {error}")
    return CodecError(f"a record of type {header.type!r} cannot be read: {error}")


def _newer(version: int) -> UnknownSchemaVersion:
    return UnknownSchemaVersion(
        f"expected schema version {SCHEMA_VERSION} or older, found {version}",
        hint="a newer Foreshock wrote this record: upgrade this one",
    )
