from __future__ import annotations

from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inbox.markup import TAGS, as_html


@pytest.mark.parametrize(
    ("typed", "html"),
    [
        ("**b** *i* `c`", "<p><strong>b</strong> <em>i</em> <code>c</code></p>\n"),
        ("one\ntwo\n\nthree", "<p>one<br>\ntwo</p>\n<p>three</p>\n"),
        ("- a\n- b", "<ul>\n<li>a</li>\n<li>b</li>\n</ul>\n"),
        ("> quoted", "<blockquote>\n<p>quoted</p>\n</blockquote>\n"),
        (
            "[shop](https://shop.example/?a=1&b=2)",
            '<p><a href="https://shop.example/?a=1&amp;b=2" rel="noopener noreferrer">shop</a></p>\n',
        ),
        ("# 1 reason", "<p># 1 reason</p>\n"),
        ("2 * 3 * 4", "<p>2 * 3 * 4</p>\n"),
    ],
)
def test_a_small_part_of_markdown(typed: str, html: str) -> None:
    assert as_html(typed) == html


@pytest.mark.parametrize(
    "typed",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "[x](javascript:alert(1))",
        "[x](data:text/html,<script>alert(1)</script>)",
        '[x](https://a.example/" onmouseover="alert(1))',
        "<svg/onload=alert(1)>",
    ],
)
def test_nothing_typed_becomes_an_element_of_its_own(typed: str) -> None:
    assert elements(as_html(typed)) in ([("p", [])], [("p", []), ("a", ["rel"])])


def test_an_image_is_only_a_link() -> None:
    typed = "![x](https://tracker.example/x.png)"
    assert elements(as_html(typed)) == [("p", []), ("a", ["href", "rel"])]


@given(st.text(max_size=300))
def test_only_known_elements_come_out(typed: str) -> None:
    for name, attributes in elements(as_html(typed)):
        assert name in TAGS
        assert set(attributes) <= {"href", "rel"}


def elements(html: str) -> list[tuple[str, list[str]]]:
    """The elements of some HTML with the names of their attributes."""
    found: list[tuple[str, list[str]]] = []

    class Reader(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            found.append((tag, [name for name, _ in attrs]))

    Reader().feed(html)
    return found
