"""One address for one page: what makes two spellings of a url equal. Called by normalize.

Pure: nothing is resolved or fetched.
"""

from __future__ import annotations

from urllib.parse import SplitResult, urlsplit, urlunsplit

MAX_URL = 4_096

_DEFAULT_PORTS = {"http": 80, "https": 443}
_TRACKING_PREFIXES = ("utm_", "at_", "ns_", "mc_", "guce_", "soc_")
_TRACKING_NAMES = (
    "fbclid gclid gclsrc dclid gbraid wbraid msclkid yclid twclid ttclid igshid _ga _gl _hsenc"
    " _hsmi ref_src ref_url cmpid cmp ocid ncid ito ftag taid guccounter wt.mc_id mkt_tok s_cid"
    " srnd siteid yptr feedref partner"
)
_TRACKING = frozenset(_TRACKING_NAMES.split())
# a parameter that tracks on these hosts and means something elsewhere
_TRACKING_AT = {
    "marketwatch.com": frozenset({"mod"}),
    "wsj.com": frozenset({"mod"}),
    "barrons.com": frozenset({"mod"}),
}


def canonical_url(url: str) -> str:
    """Return the url in canonical form, "" if it is not an absolute http(s) url.

    Scheme and host in lower case; default port, login, fragment and tracking parameters dropped;
    parameters sorted. Applying it twice changes nothing.
    Source: RFC 3986 section 6.2 (the rules on case, port and empty path).

    >>> canonical_url("HTTPS://Example.COM:443/a?utm_source=rss&b=2&a=1#top")
    'https://example.com/a?a=1&b=2'
    >>> canonical_url("javascript:alert(1)")
    ''
    """
    try:
        parts = urlsplit(_without_blanks(url))
        scheme, host, port = parts.scheme, _host(parts), parts.port
    except ValueError:  # a broken IPv6 address or port
        return ""
    if scheme not in _DEFAULT_PORTS or not host:
        return ""
    netloc = host if port in (None, _DEFAULT_PORTS[scheme]) else f"{host}:{port}"
    result = urlunsplit((scheme, netloc, parts.path or "/", _query(parts.query, host), ""))
    return result if len(result) <= MAX_URL else ""


def _without_blanks(url: str) -> str:
    # spaces inside are written as the escape that a browser would send
    kept = "".join(c for c in url.strip() if c.isprintable())
    return "%20".join(kept.split())


def _host(parts: SplitResult) -> str:
    host = (parts.hostname or "").lower().rstrip(".")
    if any(c in host for c in "/?#@\\ %") or (":" in host and not _is_ipv6(parts)):
        return ""
    return f"[{host}]" if ":" in host else host


def _is_ipv6(parts: SplitResult) -> bool:
    return "[" in parts.netloc


def _query(query: str, host: str) -> str:
    kept = (part for part in query.split("&") if part and not _tracks(part, host))
    return "&".join(sorted(kept))


def _tracks(parameter: str, host: str) -> bool:
    name = parameter.partition("=")[0].lower()
    if name in _TRACKING or name.startswith(_TRACKING_PREFIXES):
        return True
    return any(
        name in names and (host == site or host.endswith("." + site))
        for site, names in _TRACKING_AT.items()
    )
