"""POST JSON to an address that is a secret, and say what the answer means for trying again.

Used by the Slack and webhook notifiers. The answer's body is not read (it could be endless), except
for a short error word where the caller asks for it.
"""

from __future__ import annotations

import re
import ssl
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from functools import cache
from typing import Any
from urllib.parse import urlsplit

import httpx
from pydantic import SecretStr

from alerts.notifiers.base import RetryLaterError
from alerts.notifiers.redaction import keep_out_of_log
from foreshock.clock import Clock, SystemClock
from foreshock.errors import NotifierError, SettingsError

DEFAULT_RETRY_AFTER_MS = 60_000
_BUSY = frozenset({429, 503})
_WORTH_RETRYING = frozenset({408, 425, 429})
_WORD = re.compile(r"\A[a-z_]{2,60}\Z")
_MAX_WORD = 64


class Poster:
    """Send JSON to `url` for the notifier called `name`; `timeout_s` bounds each step of it.

    Raises SettingsError, without the address, if `url` is not an http or https address.
    """

    def __init__(
        self, name: str, url: SecretStr, timeout_s: float, clock: Clock | None = None
    ) -> None:
        parts = urlsplit(url.get_secret_value())
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise SettingsError(f"expected an http or https address for {name}, found another")
        self._name = name
        self._url = url
        self._timeout_s = timeout_s
        self._clock = clock if clock is not None else SystemClock()
        keep_out_of_log(url)

    def post(
        self, payload: Mapping[str, Any], headers: Mapping[str, str], *, read_word: bool = False
    ) -> None:
        """POST `payload`; a 2xx answer means that it was taken.

        Raises NotifierError: unreachable, time-out, 408, 425, 429 and 5xx are worth trying again,
        429 and 503 at the time that Retry-After names; everything else is final, a redirect too.
        `read_word`: add the answer's one-word error (Slack: `no_service`) to the text.
        Source: RFC 9110, 10.2.3 (Retry-After).
        """
        try:
            with (
                httpx.Client(
                    timeout=self._timeout_s, follow_redirects=False, verify=_trusted()
                ) as client,
                client.stream(
                    "POST", self._url.get_secret_value(), json=payload, headers=dict(headers)
                ) as response,
            ):
                if not response.is_success:
                    raise self._refused(response, _word(response) if read_word else "")
        except httpx.HTTPError as error:
            # from None: the client's errors carry the request, whose address is the secret
            raise NotifierError(
                f"{self._name} cannot be reached: {type(error).__name__}", retryable=True
            ) from None
        except httpx.InvalidURL:
            raise NotifierError(
                f"the address of {self._name} is not valid", retryable=False
            ) from None

    def _refused(self, response: httpx.Response, word: str) -> NotifierError:
        status = response.status_code
        text = f"{self._name} answered {status}" + (f" ({word})" if word else "")
        wait_ms = self._retry_after_ms(response.headers.get("retry-after"))
        if status == 429 or (status in _BUSY and wait_ms is not None):
            return RetryLaterError(
                text, retry_after_ms=DEFAULT_RETRY_AFTER_MS if wait_ms is None else wait_ms
            )
        return NotifierError(text, retryable=status >= 500 or status in _WORTH_RETRYING)

    def _retry_after_ms(self, value: str | None) -> int | None:
        if value is None:
            return None
        if value.isascii() and value.isdigit():
            return int(value[:9]) * 1000
        try:
            moment = parsedate_to_datetime(value)
        except ValueError:
            return None
        return max(0, round(moment.timestamp() * 1000) - self._clock.now_ms())


@cache
def _trusted() -> ssl.SSLContext:
    """Return whom to trust; reading the certificates takes longer than most requests."""
    return httpx.create_ssl_context()


def _word(response: httpx.Response) -> str:
    first = next(response.iter_bytes(_MAX_WORD), b"")
    text = first[:_MAX_WORD].decode("ascii", "replace").strip()
    return text if _WORD.match(text) else ""
