"""What messages say, and that nothing from a feed can act in them."""

from __future__ import annotations

import json
from html.parser import HTMLParser

import pytest

from alerts.notifiers.slack import MAX_SECTION, escape_mrkdwn, slack_payload
from alerts.notifiers.webhook import webhook_body
from alerts.rendering import MAX_TEXT, SIMULATED, clean, render, safe_url, to_html, to_text
from alerts.rules import Change
from alerts.titles import alert_title, key_label, window_label

HOSTILE = (
    '<script>alert(1)</script><!channel> <https://evil.example|click> "x" & \x1b[2J\r\nBcc: a@b'
)
URL = "https://dash.example"


def test_text_has_what_an_analyst_needs(make_message):
    text = to_text(render(make_message(simulated=True), URL + "/"))
    assert text.splitlines() == [
        "Alert: Yes Bank: 14 negative stories in an hour",
        "",
        "Yes Bank: 14 negative stories in the last hour; 3.1 is usual.",
        "",
        "Also: Banks",
        "Since: 2023-11-14 22:00 UTC",
        "",
        "- Headline n1",
        "  Wire · 2023-11-14 22:00 UTC · 2 copies",
        "  https://news.example/n1",
        "- Headline n2",
        "  Wire · 2023-11-14 22:00 UTC",
        "  https://news.example/n2",
        "",
        f"Dashboard: https://dash.example/?alert={'a' * 32}",
        "",
        SIMULATED,
    ]


def test_the_end_says_until_when(make_message):
    message = render(make_message(Change.RESOLVED), "")
    assert message.title.startswith("Resolved: ")
    assert message.facts[-1] == "Until: 2023-11-14 23:00 UTC"
    assert (message.link, message.notes) == ("", ())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a\r\nBcc: x", "a Bcc: x"),
        ("a\x00\x1b[31m\x9bb", "a[31mb"),
        ("right\u202eleft", "rightleft"),
        ("lone \ud800 surrogate", "lone surrogate"),
        ("\u2028a\u2029\u00a0 b\t", "a b"),
        ("", ""),
        ("x" * (MAX_TEXT + 1), "x" * (MAX_TEXT - 1) + "…"),
    ],
)
def test_clean(text, expected):
    assert clean(text) == expected


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "data:text/html,x",
        "//example.org/x",
        "https://",
        "http://[::1",
        "",
        "ftp://example.org",
        "https://example.org/" + "x" * 3000,
        "https://example.org/\ud800",
    ],
)
def test_what_is_no_web_address_is_not_linked(url):
    assert safe_url(url) == ""


def test_an_address_ends_where_it_ends():
    assert (
        safe_url('https://e.org/a b"<>|\n\u202e') == "https://e.org/a%20b%22%3C%3E%7C%0A%E2%80%AE"
    )
    assert safe_url("https://e.org/?a=1&b=%20") == "https://e.org/?a=1&b=%20"


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.links: list[str | None] = []

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        assert {name for name, _ in attrs} <= {"href", "charset"}
        self.links += [value for name, value in attrs if name == "href"]


def test_html_holds_no_tag_of_a_feed(make_message, make_evidence):
    evidence = (make_evidence("n1", title=HOSTILE, publisher=HOSTILE, url='https://e.org/"><b>'),)
    html = to_html(render(make_message(title=HOSTILE, reason=HOSTILE, evidence=evidence), URL))
    tags = Tags()
    tags.feed(html)
    assert tags.tags <= {"html", "head", "meta", "body", "h2", "p", "strong", "ul", "li", "br"} | {
        "small",
        "a",
        "em",
    }
    assert tags.links == ["https://e.org/%22%3E%3Cb%3E", f"{URL}/?alert={'a' * 32}"]
    assert "\x1b" not in html


def test_slack_text_can_neither_mention_nor_link(make_message, make_evidence):
    evidence = (
        make_evidence("n1", title=HOSTILE, url="https://e.org/?a=1&b=2|x>"),
        make_evidence("n2", title="*bold* _it_ `code` ~gone~", url="javascript:x"),
    )
    message = make_message(title=HOSTILE, reason=HOSTILE, evidence=evidence)
    payload = slack_payload(render(message, URL), message)
    texts = [payload["text"]]
    for block in payload["blocks"]:
        texts += [block["text"]["text"]] if "text" in block else []
        texts += [element["text"] for element in block.get("elements", ())]
    header, rest = texts[1], [texts[0], *texts[2:]]
    assert payload["blocks"][0]["text"]["type"] == "plain_text"
    assert "\x1b" not in header
    joined = "\n".join(rest)
    opened = [part.split("|")[0].split(">")[0] for part in joined.split("<")[1:]]
    assert opened == ["https://e.org/?a=1&amp;b=2%7Cx%3E", f"{URL}/?alert={'a' * 32}"]
    assert not set("*_`~") & set(joined.replace(URL, ""))


def test_slack_messages_keep_the_limits(make_message, make_evidence):
    long = {"title": "&" * 390, "publisher": "&" * 90, "url": "https://e.org/" + "&" * 150}
    evidence = tuple(make_evidence(f"n{n}", **long) for n in range(50))
    keys = tuple(f"term:&&&&&&&& {n}" for n in range(50))
    message = make_message(evidence=evidence, title="t" * 900, reason="&" * 3000, keys=keys)
    payload = slack_payload(render(message, URL), message)
    assert len(payload["blocks"]) <= 50
    assert len(payload["blocks"][0]["text"]["text"]) <= 150
    sections = [b["text"]["text"] for b in payload["blocks"] if b["type"] == "section"]
    assert sections
    assert max(map(len, sections)) <= MAX_SECTION


def test_escaping_for_slack_is_the_documented_one():
    assert escape_mrkdwn("a & b < c > d") == "a &amp; b &lt; c &gt; d"


def test_the_webhook_body_has_plain_fields(make_message):
    body = webhook_body(make_message(Change.RESOLVED), URL)
    assert json.loads(json.dumps(body)) == body
    assert body["change"] == "resolved"
    assert body["started_at"] == "2023-11-14T22:00:00Z"
    assert body["resolved_at"] == "2023-11-14T23:00:00Z"
    assert body["evidence"][0] == {
        "id": "n1",
        "title": "Headline n1",
        "publisher": "Wire",
        "url": "https://news.example/n1",
        "at": "2023-11-14T22:00:00Z",
        "polarity": -0.8,
        "copies": 2,
    }


def test_titles_and_labels():
    assert key_label("odd:") == "odd:"
    assert key_label("topic:m_a") == "M a"
    assert window_label(90_000) == "90 seconds"
    assert window_label(60_000) == "a minute"
    assert window_label(5_400_000) == "90 minutes"
    assert alert_title("X", 1, 3_600_000) == "X: 1 negative story in an hour"
