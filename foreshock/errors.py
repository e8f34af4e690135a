"""The one tree of errors. Adapters map third-party errors to these at their boundary.

A message says what was expected, what was found, and the record's id; never a payload at length,
never a secret. The command line prints the message and, where there is one, the hint.
"""

from __future__ import annotations


class ForeshockError(Exception):
    """Base of every error that Foreshock raises on purpose.

    `hint` says what the user can do next; the command line prints it under the message.
    """

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class SettingsError(ForeshockError):
    """A setting is unknown, of the wrong type or out of range."""


class CodecError(ForeshockError):
    """Bytes are not a record that this version can read."""


class UnknownSchemaVersion(CodecError):
    """A record was written by a newer Foreshock."""


class MissingField(CodecError):
    """A record lacks a field that its schema requires."""


class BusError(ForeshockError):
    """The bus refused an operation."""


class BusUnavailable(BusError):
    """The bus cannot be reached. Unreachable is not empty."""


class CommitConflict(BusError):
    """Another member of the group has committed what this one was about to: rewind and go on."""


class StoreError(ForeshockError):
    """The store refused an operation."""


class StoreUnavailable(StoreError):
    """The store cannot be reached."""


class SourceError(ForeshockError):
    """A source gave something that cannot be read. `retryable` says whether to try again."""

    def __init__(self, message: str, *, hint: str = "", retryable: bool = False) -> None:
        super().__init__(message, hint=hint)
        self.retryable = retryable


class FetchError(SourceError):
    """An HTTP fetch failed or answered with an error.

    `retry_after_s`: try again not before so many seconds, None where nobody said.
    """

    def __init__(
        self,
        message: str,
        *,
        hint: str = "",
        retryable: bool = False,
        retry_after_s: float | None = None,
    ) -> None:
        super().__init__(message, hint=hint, retryable=retryable)
        self.retry_after_s = retry_after_s


class FetchRefused(FetchError):
    """A policy forbids the fetch: a private address, another scheme, robots.txt."""


class EntryRejected(SourceError):
    """One entry of a source cannot become an item. `reason` is a short fixed code."""

    def __init__(self, message: str, *, reason: str) -> None:
        super().__init__(message)
        self.reason = reason


class ModelError(ForeshockError):
    """A model folder or checkpoint cannot be used."""


class CorpusError(ForeshockError):
    """A labelled data file cannot be used."""


class DetectorError(ForeshockError):
    """The detector's configuration, threshold file or snapshot cannot be used."""


class NotifierError(ForeshockError):
    """A notification could not be delivered. `retryable` says whether to try again."""

    def __init__(self, message: str, *, hint: str = "", retryable: bool = True) -> None:
        super().__init__(message, hint=hint)
        self.retryable = retryable


class ReplayError(ForeshockError):
    """A replay cannot start or go on."""
