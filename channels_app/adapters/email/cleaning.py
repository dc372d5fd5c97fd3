"""Customer HTML made inert: what is not on these lists does not get through."""

from __future__ import annotations

import nh3
import re2

MAX_HTML = 1_500_000
# The cleaner's time grows with the square of it: 20,000 cost a second, 2,000 nothing.
MAX_NESTING = 2_000
URL_SCHEMES = {"http", "https", "mailto", "tel", "cid"}
# Dropped with what they contain; any other tag that is not allowed leaves its text behind.
DROPPED = {
    "script", "style", "title", "template", "noscript", "iframe", "object", "embed", "svg", "math",
    "select", "textarea", "audio", "video",
}  # fmt: skip
TAGS = {
    "a", "abbr", "address", "b", "bdi", "bdo", "big", "blockquote", "br", "caption", "center",
    "cite", "code", "col", "colgroup", "dd", "del", "dfn", "div", "dl", "dt", "em", "figcaption",
    "figure", "font", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "i", "img", "ins", "kbd", "li",
    "mark", "ol", "p", "pre", "q", "s", "samp", "section", "small", "span", "strike", "strong",
    "sub", "sup", "table", "tbody", "td", "tfoot", "th", "thead", "time", "tr", "tt", "u", "ul",
    "var", "wbr",
}  # fmt: skip
ATTRIBUTES = {
    "*": {"dir", "lang"},
    "a": {"href", "title"},
    "col": {"span"},
    "font": {"color"},
    "img": {"alt", "height", "src", "title", "width"},
    "ol": {"start"},
    "td": {"align", "colspan", "rowspan", "valign"},
    "th": {"align", "colspan", "rowspan", "valign"},
    "time": {"datetime"},
}
# Where mail programs leave word of what they quote. Never stored, never shown.
STRUCTURE = {"*": {"class", "id", "style"}, "a": {"href"}, "blockquote": {"cite", "type"}}

# Tags that nothing closes but themselves.
_NESTING = re2.compile(  # type: ignore[no-untyped-call]
    r"(?i)<(/?)(?:b|big|blockquote|center|code|div|dl|em|font|i|ol|s|section|small|span|strong"
    r"|table|u|ul)\b"
)

_shown = nh3.Cleaner(
    tags=TAGS,
    clean_content_tags=DROPPED,
    attributes=ATTRIBUTES,
    url_schemes=URL_SCHEMES,
    url_relative="deny",  # they would lead into the desk itself
)
_structure = nh3.Cleaner(
    tags=TAGS - {"font", "span"},
    clean_content_tags=DROPPED,
    attributes=STRUCTURE,
    url_schemes=URL_SCHEMES,
    url_relative="deny",
)


def clean_html(html: str) -> str:
    """HTML that runs nothing, styles nothing, submits nothing and only links to what may be
    linked. Addresses of images stay: showing them is the screen's decision."""
    return str(_shown.clean(html)).strip()


def is_showable(html: str) -> bool:
    """Whether it is small and flat enough to be cleaned in no time."""
    if len(html) > MAX_HTML:
        return False
    if html.count("<") <= MAX_NESTING:
        return True
    depth = 0
    for tag in _NESTING.finditer(html):
        depth = max(depth - 1, 0) if tag[1] else depth + 1
        if depth > MAX_NESTING:
            return False
    return True


def structure_of(html: str) -> str:
    """Well-formed HTML with the marks of quoting left in, for our own reading only."""
    return str(_structure.clean(html))
