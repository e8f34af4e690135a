"""The feeds file: what ships is sound, what is wrong is named."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from foreshock.errors import SettingsError
from ingest.feeds import build_sources, load_feeds
from ingest.sources.article import ArticleSource
from ingest.sources.rss import RssSource


def write(path: Path, text: str) -> Path:
    (path / "feeds.toml").write_text(text, "utf-8")
    return path / "feeds.toml"


def source(**fields: Any) -> str:
    given = {"name": "wire", "kind": "rss", "url": "https://x.org/rss", **fields}
    rows = (f"{name} = {value!r}" for name, value in given.items() if value is not None)
    return "[[source]]\n" + "\n".join(rows) + "\n"


def test_the_list_that_ships_is_sound() -> None:
    feeds = load_feeds()
    assert len(feeds) >= 25
    assert len({feed.url for feed in feeds}) == len(feeds)
    assert all(feed.url.startswith("https://") and feed.publisher for feed in feeds)


def test_sources_are_what_the_file_says(tmp_path: Path) -> None:
    text = source(publisher="The Wire", watch="eu", poll_seconds=30, language="en")
    text += source(name="page", kind="article", url="http://x.org/a")
    rss, article = build_sources(load_feeds(write(tmp_path, text)), print, watch="main")
    assert isinstance(rss, RssSource)
    assert (rss.name, rss.publisher, rss.watch, rss.poll_seconds) == ("wire", "The Wire", "eu", 30)
    assert isinstance(article, ArticleSource)
    assert (article.watch, article.poll_seconds) == ("main", None)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (source(url="ftp://x.org"), r"source 1 \(wire\): url: .*http or https"),
        (source(url=None), "url: Field required"),
        (source(kind="json"), "kind: "),
        (source(colour="red"), "colour: no such field"),
        (source(poll_seconds=0), "poll_seconds: "),
        (source(name="no spaces please"), "name: "),
        (source() + source(), "wire again"),
        ("source = 3", r"expected \[\[source\]\] tables"),
        ("", r"expected \[\[source\]\] tables"),
        ("[[source", "is not TOML"),
        ("source = [1]", r"source 1 \(without name\)"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, text: str, problem: str) -> None:
    with pytest.raises(SettingsError, match=problem):
        load_feeds(write(tmp_path, text))


def test_a_missing_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="expected a feeds file at"):
        load_feeds(tmp_path / "none.toml")
