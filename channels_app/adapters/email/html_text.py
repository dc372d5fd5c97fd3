"""HTML to text: all of it, or only what was newly said."""

from __future__ import annotations

from html.parser import HTMLParser

from channels_app.adapters.email.cleaning import structure_of

OUR_MARK = "parley-message"
# A mail program's element around what it quotes …
_QUOTED_CLASSES = (
    OUR_MARK, "gmail_attr", "moz-cite-prefix", "yahoo_quoted", "protonmail_quote",
    "zmail_extra", "tutanota_quote", "gmail_signature", "moz-signature",
)  # fmt: skip
# … or its mark after which all is quoted.
_REST_IDS = (
    "divRplyFwdMsg", "appendonsend", "stopSpelling", "mail-editor-reference-message-container",
    "ms-outlook-mobile-body-separator-line",
)  # fmt: skip
_REST_CLASSES = ("OutlookMessageHeader", "ms-outlook-mobile-reference-message")
_OUTLOOK_LINES = ("border-top:solid #e1e1e1", "border-top:solid #b5c4df")
_STRUCTURE = (*_QUOTED_CLASSES, *_REST_IDS, *_REST_CLASSES, *_OUTLOOK_LINES)
_MARKS = (*(mark.lower() for mark in _STRUCTURE), "gmail_quote", "cite")

_SPACED = frozenset(
    ("blockquote", "dl", "h1", "h2", "h3", "h4", "h5", "h6", "ol", "p", "pre", "table", "ul")
)
_BLOCKS = _SPACED | frozenset(
    (
        "address",
        "caption",
        "center",
        "dd",
        "div",
        "dt",
        "figcaption",
        "figure",
        "hr",
        "li",
        "section",
        "tr",
    )
)
_VOID = frozenset(("br", "col", "hr", "img", "wbr"))


def text_of(html: str) -> str:
    """The text of a whole HTML mail; links that hide where they go say so."""
    return _read(html).everything


def newly_said(html: str) -> str | None:
    """The text outside of what the mail program marked as quoted.

    None when it marked nothing, when nothing else is left, or when answers stand between
    quotes: they make no sense without them.
    """
    lowered = html.lower()
    if not any(mark in lowered for mark in _MARKS):
        return None
    reading = _read(html)
    return reading.new if reading.is_trustworthy else None


def _read(html: str) -> _Reader:
    # The cleaner closes what was left open and escapes what was meant as text, so this
    # parser never meets the markup that makes it slow.
    reader = _Reader()
    reader.feed(structure_of(html))
    reader.close()
    return reader


class _Reader(HTMLParser):
    """Collects text, and apart from it the text that stands in no quote."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._all: list[str] = []
        self._new: list[str] = []
        self._stretches: list[list[str]] = [[]]
        self._open: list[str] = []
        self._quote_depth = 0
        self._link, self._link_text = "", ""

    @property
    def everything(self) -> str:
        return _tidy(self._all)

    @property
    def new(self) -> str:
        return _tidy(self._new)

    @property
    def is_trustworthy(self) -> bool:
        between = self._stretches[1:-1]
        return bool(self.new) and len(self._stretches) > 1 and not any(map(_tidy, between))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        marks = {name: value or "" for name, value in attrs}
        if tag not in _VOID:
            self._open.append(tag)
        if not self._quote_depth:
            self._enter_quote(tag, marks)
        if tag == "a":
            self._link, self._link_text = marks.get("href", ""), ""
        self._break(tag)
        if tag == "li":
            self._add("- ")

    def handle_endtag(self, tag: str) -> None:
        if tag == "a":
            self._tell_link()
        self._break(tag)
        if self._open:
            self._open.pop()
        if len(self._open) < self._quote_depth:
            self._quote_depth = 0

    def handle_data(self, data: str) -> None:
        self._link_text += data
        self._add(data if "pre" in self._open[-3:] else _collapsed(data))

    def _enter_quote(self, tag: str, marks: dict[str, str]) -> None:
        if _rest_is_quoted(marks):
            self._quote_depth = -1
        elif _is_quoted(tag, marks):
            self._quote_depth = len(self._open)
        else:
            return
        self._stretches.append([])

    def _tell_link(self) -> None:
        target = self._link.removeprefix("mailto:").removeprefix("tel:")
        if target and target not in self._link_text and _bare(target) not in self._link_text:
            self._add(f" <{target}>")
        self._link = ""

    def _break(self, tag: str) -> None:
        if tag == "br":
            self._add("\n")
        elif tag in ("td", "th"):
            self._add("\t")
        elif tag in _BLOCKS:
            self._add("\v\f\v" if tag in _SPACED else "\v")

    def _add(self, text: str) -> None:
        self._all.append(text)
        if not self._quote_depth:
            self._new.append(text)
            self._stretches[-1].append(text)


def _is_quoted(tag: str, marks: dict[str, str]) -> bool:
    if tag == "blockquote":
        return marks.get("type", "").lower() == "cite" or "gmail_quote" in marks.get("class", "")
    # Gmail prefixes class names of what it quotes, so ours may stand inside of a longer one.
    return any(name in marks.get("class", "") for name in _QUOTED_CLASSES)


def _rest_is_quoted(marks: dict[str, str]) -> bool:
    style = marks.get("style", "").lower()
    return (
        marks.get("id", "").removeprefix("x_") in _REST_IDS
        or any(name in marks.get("class", "") for name in _REST_CLASSES)
        or any(line in style for line in _OUTLOOK_LINES)
    )


def _collapsed(data: str) -> str:
    words = " ".join(data.split(None))
    lead = " " if data[:1].isspace() else ""
    return f"{lead}{words}{' ' if words and data[-1:].isspace() else ''}"


def _bare(target: str) -> str:
    return target.partition("://")[2].rstrip("/") or target


def _tidy(pieces: list[str]) -> str:
    """Lines trimmed. The edge of a block (\\v) ends a line that has begun, that of a paragraph
    (\\f) leaves one line empty; `<br>` (\\n) ends a line in any case."""
    lines: list[str] = []
    wants_gap = False
    for chunk in "".join(pieces).split("\n"):
        parts = chunk.split("\v")
        for part in parts:
            line = part.strip()
            wants_gap = wants_gap or part == "\f"
            if line:
                lines += [""] if wants_gap and lines and lines[-1] else []
                lines.append(line)
                wants_gap = False
        if not parts[-1].strip() and lines and lines[-1]:
            lines.append("")
    return "\n".join(lines).strip()
