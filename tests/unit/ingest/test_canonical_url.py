"""Two spellings of one address are one."""

from __future__ import annotations

import pytest

from ingest.canonical_url import canonical_url


@pytest.mark.parametrize(
    ("url", "canonical"),
    [
        ("HTTP://Example.COM", "http://example.com/"),
        ("http://example.com:80/a", "http://example.com/a"),
        ("https://example.com:443/a", "https://example.com/a"),
        ("https://example.com:8443/a", "https://example.com:8443/a"),
        ("https://example.com./a#part", "https://example.com/a"),
        ("https://example.com/A/b?b=2&a=1&a=0", "https://example.com/A/b?a=0&a=1&b=2"),
        ("https://x.org/?utm_source=a&UTM_Medium=b&fbclid=c&gclid=d", "https://x.org/"),
        ("https://x.org/?id=7&utm_campaign=z", "https://x.org/?id=7"),
        ("https://x.org/?q=a+b&r=a%20b&empty=&flag", "https://x.org/?empty=&flag&q=a+b&r=a%20b"),
        ("https://www.marketwatch.com/s?mod=rss&id=1", "https://www.marketwatch.com/s?id=1"),
        ("https://shop.org/s?mod=rss", "https://shop.org/s?mod=rss"),
        ("https://user:secret@x.org/a", "https://x.org/a"),
        ("  https://x.org/a b\n", "https://x.org/a%20b"),
        ("https://[2001:DB8::1]:443/a", "https://[2001:db8::1]/a"),
    ],
)
def test_it_is_canonical(url: str, canonical: str) -> None:
    assert canonical_url(url) == canonical


@pytest.mark.parametrize(
    "url",
    [
        "", "javascript:alert(1)", "mailto:a@x.org", "/relative", "//x.org/a", "ftp://x.org/",
        "http://", "http://[::1", "http://x.org:port/", "data:text/html,hi",
        "https://x.org/" + "a" * 5_000,
    ],
)  # fmt: skip
def test_what_is_no_web_address_is_none(url: str) -> None:
    assert canonical_url(url) == ""
