"""Keep a secret out of texts and out of the HTTP client's log. Used by `notifiers.posting`."""

from __future__ import annotations

import logging

from pydantic import SecretStr

MASK = "********"


def redact(text: str, secret: SecretStr) -> str:
    """Return `text` with every occurrence of `secret` masked.

    >>> redact("POST https://hooks.example/T0/B1 failed", SecretStr("https://hooks.example/T0/B1"))
    'POST ******** failed'
    """
    value = secret.get_secret_value()
    return text.replace(value, MASK) if value else text


class _Redacting(logging.Filter):
    """Mask a secret in what a logger says. The HTTP client logs the address of every request."""

    def __init__(self, secret: SecretStr) -> None:
        super().__init__()
        self.secret = secret

    def filter(self, record: logging.LogRecord) -> bool:
        text = record.getMessage()
        masked = redact(text, self.secret)
        if masked != text:
            record.msg, record.args = masked, ()
        return True


def keep_out_of_log(secret: SecretStr, logger: str = "httpx") -> None:
    """Mask `secret` in everything that `logger` says from now on. Idempotent."""
    found = logging.getLogger(logger)
    known = (f.secret for f in found.filters if isinstance(f, _Redacting))
    if secret not in known:
        found.addFilter(_Redacting(secret))
