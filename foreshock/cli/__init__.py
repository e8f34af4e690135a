"""The program `foreshock`. Nothing heavy is imported until a command runs."""

from __future__ import annotations


def main() -> None:
    """Run the command line; errors of our own end as one sentence and a hint, not a traceback."""
    from foreshock.cli.program import run

    run()


__all__ = ["main"]
