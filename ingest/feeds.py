"""Which sources are read: a feeds file to sources. Called by the program's live run.

The list that ships is `feeds.toml` beside this module; `ingest.feeds` names another.
"""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from foreshock.errors import SettingsError
from ingest.sources.article import ArticleSource
from ingest.sources.base import Isolate, Source
from ingest.sources.rss import RssSource

MAX_SOURCES = 1_000


class SourceConfig(BaseModel):
    """One `[[source]]` of a feeds file. A source belongs to one watch."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(min_length=1, max_length=100, pattern=r"^[\w.\-]+$")
    kind: Literal["rss", "article"]
    url: str
    publisher: str = ""
    watch: str | None = None
    poll_seconds: float | None = Field(None, ge=1)
    language: str = ""

    @field_validator("url")
    @classmethod
    def _is_web(cls, url: str) -> str:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("expected an http or https address")
        return url


def load_feeds(path: Path | None = None) -> tuple[SourceConfig, ...]:
    """Return the sources in a feeds file, those of the list that ships if `path` is None.

    Raises SettingsError naming the source and the field that is wrong.
    """
    name, text = _read(path)
    try:
        tables = tomllib.loads(text).get("source", [])
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{name} is not TOML: {error}") from error
    if not isinstance(tables, list) or not tables:
        raise SettingsError(f"{name}: expected [[source]] tables, found none")
    if len(tables) > MAX_SOURCES:
        raise SettingsError(f"{name}: expected at most {MAX_SOURCES} sources, found {len(tables)}")
    configs = tuple(_config(name, number, table) for number, table in enumerate(tables, start=1))
    twice = [found for found, count in Counter(c.name for c in configs).items() if count > 1]
    if twice:
        raise SettingsError(f"{name}: expected each name once, found {', '.join(twice)} again")
    return configs


def build_sources(
    configs: Sequence[SourceConfig], isolate: Isolate, *, watch: str = "main"
) -> list[Source]:
    """Return the sources of a feeds file; `watch` is that of those that name none."""
    kinds: dict[str, Any] = {"rss": RssSource, "article": ArticleSource}
    return [
        kinds[config.kind](
            name=config.name,
            publisher=config.publisher,
            url=config.url,
            isolate=isolate,
            watch=config.watch or watch,
            language=config.language,
            poll_seconds=config.poll_seconds,
        )
        for config in configs
    ]


def _read(path: Path | None) -> tuple[str, str]:
    if path is None:
        return "feeds.toml", files("ingest").joinpath("feeds.toml").read_text("utf-8")
    try:
        return str(path), path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"expected a feeds file at {path}, found: {error}") from error


def _config(file: str, number: int, table: Any) -> SourceConfig:
    try:
        return SourceConfig.model_validate(table)
    except ValidationError as error:
        named = table.get("name", "") if isinstance(table, dict) else ""
        problems = "; ".join(
            f"{'.'.join(str(part) for part in detail['loc'])}: {_problem(detail)}"
            for detail in error.errors()
        )
        raise SettingsError(
            f"{file}: source {number} ({str(named)[:60] or 'without name'}): {problems}",
            hint="docs/add-a-source.md lists the fields",
        ) from error


def _problem(detail: Any) -> str:
    return "no such field" if detail["type"] == "extra_forbidden" else str(detail["msg"])
