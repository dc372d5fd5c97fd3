"""What a mail says and carries: its text, its HTML, its files."""

from __future__ import annotations

import mimetypes
from collections.abc import Iterable
from dataclasses import dataclass, field
from email.message import Message
from email.utils import collapse_rfc2231_value
from html import escape

from channels_app.adapters.email import flowed
from channels_app.adapters.email.bounds import parts_of
from channels_app.adapters.email.charsets import decode
from channels_app.adapters.email.cleaning import is_showable
from channels_app.adapters.email.headers import one_line, value
from channels_app.adapters.email.html_text import text_of
from channels_app.messages import Attachment

MAX_TEXT = 250_000
MAX_NAME = 255
CUT = "\n\n[The rest is in the attached file.]"
_SAFE_TYPE = frozenset("abcdefghijklmnopqrstuvwxyz0123456789/.+-_")
# The same words once more, for programs that show mail in other ways.
_OTHER_FORMS = frozenset(("text/x-amp-html", "text/watch-html"))

_REPORTS = {
    "message/delivery-status": "delivery-report.txt",
    "message/disposition-notification": "read-receipt.txt",
    "text/rfc822-headers": "headers.txt",
}


@dataclass(slots=True)
class Content:
    """text: the whole of it. html: as it came, not yet cleaned; "" when there is none."""

    text: str = ""
    html: str = ""
    attachments: tuple[Attachment, ...] = ()


@dataclass(slots=True)
class _Section:
    """One thing said, in the forms it was given in."""

    plain: list[str] = field(default_factory=list)
    html: list[str] = field(default_factory=list)


def content_of(message: Message) -> Content:
    """Everything a mail says and carries. What is too long to show becomes a file as well."""
    sections: list[_Section] = []
    files: list[Attachment] = []
    _collect(message, sections, files, into=None)
    html = "\n".join(_html_of(one) for one in sections) if any(s.html for s in sections) else ""
    if not is_showable(html):
        files.append(Attachment("message.html", "text/html", html.encode()))
        html = ""
    text = "\n\n".join(filter(None, (_text_of(one) for one in sections)))
    if len(text) > MAX_TEXT:
        files.append(Attachment("message.txt", "text/plain", text.encode()))
        text = text[:MAX_TEXT] + CUT
    return Content(
        text=text,
        html=html,
        attachments=tuple(_inlined(files, html)),
    )


def type_of(part: Message) -> str:
    """The content type in lower case, of harmless characters only."""
    named = value(part, "content-type").partition(";")[0].strip().lower()
    if named.count("/") != 1 or not _SAFE_TYPE.issuperset(named):
        return part.get_default_type() if not named else "application/octet-stream"
    return named[:100]


def parameter(part: Message, name: str, *, header: str = "content-type") -> str:
    """A parameter of a header, RFC 2231 and RFC 2047 forms decoded; "" when missing or damaged."""
    try:
        found = part.get_param(name, "", header)
        return one_line(collapse_rfc2231_value(found)) if found else ""
    except (ValueError, LookupError, TypeError, AttributeError):
        return ""


def payload_of(part: Message) -> bytes:
    """The decoded bytes of a part; as they came when their encoding is damaged."""
    try:
        data = part.get_payload(decode=True)
    except (ValueError, LookupError, AssertionError):
        data = str(part.get_payload()).encode("utf-8", "surrogateescape")
    return data if isinstance(data, bytes) else b""


def text_of_part(part: Message) -> str:
    """A text part decoded, paragraphs of format=flowed put together again."""
    text = decode(payload_of(part), parameter(part, "charset"))
    if parameter(part, "format").lower() == "flowed":
        return flowed.unfold(text, delsp=parameter(part, "delsp").lower() == "yes")
    return text


def _collect(
    part: Message, sections: list[_Section], files: list[Attachment], *, into: _Section | None
) -> None:
    kind = type_of(part)
    if part.is_multipart() and kind.startswith("multipart/"):
        if kind in ("multipart/alternative", "multipart/related") and into is None:
            into = _Section()
            sections.append(into)
        for child in parts_of(part):
            _collect(child, sections, files, into=into)
    elif _is_body(part, kind):
        section = into or _Section()
        if into is None:
            sections.append(section)
        _forms(section, kind).append(text_of_part(part))
    elif kind not in _OTHER_FORMS:
        files.append(_attachment(part, kind))


def _is_body(part: Message, kind: str) -> bool:
    if part.is_multipart():
        return False
    # A multipart that has no parts after all: its boundary is missing or never comes.
    if kind.startswith("multipart/"):
        return True
    disposition = value(part, "content-disposition").partition(";")[0].strip().lower()
    is_file = disposition == "attachment" or bool(_file_name(part))
    return kind in ("text/plain", "text/html") and not is_file


def _forms(section: _Section, kind: str) -> list[str]:
    return section.html if kind == "text/html" else section.plain


def _html_of(section: _Section) -> str:
    if section.html:
        return "\n".join(section.html)
    return "".join(f"<pre>{escape(text)}</pre>" for text in section.plain if text.strip())


def _text_of(section: _Section) -> str:
    plain = "\n".join(section.plain).strip("\n")
    if plain.strip() or not section.html:
        return plain.rstrip()
    return "\n".join(text_of(html) if is_showable(html) else CUT.strip() for html in section.html)


def _attachment(part: Message, kind: str) -> Attachment:
    content = _inner_bytes(part) if part.is_multipart() else payload_of(part)
    content_id = value(part, "content-id").strip("<> ")
    return Attachment(
        name=_file_name(part) or _made_up_name(part, kind),
        content_type=kind,
        content=content,
        content_id=content_id[:255],
    )


def _inner_bytes(part: Message) -> bytes:
    """A mail inside of this mail, or the blocks of a delivery report, written out again."""
    return b"\n".join(one.as_bytes() for one in parts_of(part))


def _file_name(part: Message) -> str:
    named = parameter(part, "filename", header="content-disposition") or parameter(part, "name")
    return label(named)


def label(name: str) -> str:
    """A file name as a label to show: no folder, no control or direction characters, and its
    end kept when it is too long."""
    last = name.replace("\\", "/").rstrip("/").rpartition("/")[2]
    shown = "".join(letter for letter in last if letter.isprintable()).strip(" .")
    return shown if len(shown) <= MAX_NAME else f"{shown[: MAX_NAME - 20]}{shown[-20:]}"


def _made_up_name(part: Message, kind: str) -> str:
    if kind == "message/rfc822":
        subject = next((value(one, "subject") for one in parts_of(part)), "")
        return f"{label(subject)[:80] or 'message'}.eml"
    if kind in _REPORTS:
        return _REPORTS[kind]
    return f"attachment{mimetypes.guess_extension(kind) or '.bin'}"


def _inlined(files: list[Attachment], html: str) -> Iterable[Attachment]:
    """Files that the HTML shows by their Content-ID are inline, all others are not."""
    for file in files:
        shown = bool(file.content_id) and f"cid:{file.content_id}" in html
        yield Attachment(
            file.name, file.content_type, file.content, "", file.content_id, is_inline=shown
        )
