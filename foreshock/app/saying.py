"""Lines for the person at the terminal, on standard error."""

from __future__ import annotations

import sys


def say(text: str) -> None:
    """Write one line at once."""
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()
