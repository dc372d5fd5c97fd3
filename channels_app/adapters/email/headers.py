"""Headers of a mail as people and threading need them. Linear in their length; nothing raises."""

from __future__ import annotations

import binascii
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from email.message import Message
from email.utils import parsedate_to_datetime

import re2

from channels_app.adapters.email.bounds import MAX_ADDRESSES
from channels_app.adapters.email.charsets import clean, decode
from channels_app.messages import Envelope, Mailbox

MAX_REFERENCES = 100
MAX_ID = 998
MAX_LINE = 998
_ENCODED_WORD = re2.compile(  # type: ignore[no-untyped-call]
    r"=\?([^?\s=]{1,60})\?([bBqQ])\?([^?\r\n]*)\?="
)
_BASE64 = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_NOT_BASE64 = bytes(set(range(256)) - set(_BASE64))
_CLOSERS = {'"': '"', "(": ")", "<": ">", "[": "]"}


def raw_values(message: Message, name: str) -> list[str]:
    """Every value of a header, unfolded, encoded words still encoded."""
    found = [value for key, value in message.raw_items() if key.lower() == name]
    return [_unfolded(value) for value in found]


def value(message: Message, name: str) -> str:
    """The first value of a header, decoded to one line; "" when it is missing."""
    values = raw_values(message, name)
    return one_line(values[0]) if values else ""


def one_line(raw: str) -> str:
    """Encoded words decoded, white space collapsed."""
    return " ".join(_decoded(raw).split())[:MAX_LINE]


def mailboxes(values: Iterable[str]) -> tuple[Mailbox, ...]:
    """The addresses of these header values, the first 500; groups are taken apart."""
    found: list[Mailbox] = []
    for raw in values:
        for chunk in _split_list(raw):
            box = _mailbox(chunk)
            if box is not None:
                found.append(box)
            if len(found) == MAX_ADDRESSES:
                return tuple(found)
    return tuple(found)


def message_ids(values: Iterable[str]) -> list[str]:
    """Message ids without their angle brackets, in order, each at most 998 bytes in UTF-8;
    commas and bare ids are understood."""
    found: list[str] = []
    for raw in values:
        text = clean(raw)
        ids = _bracketed(text) if "<" in text else text.replace(",", " ").split()
        found.extend(_cut(" ".join(one.split())) for one in ids if one.strip())
    return list(dict.fromkeys(found))


def envelope(message: Message) -> Envelope:
    """From, recipients and threading of a mail."""
    sender = mailboxes(raw_values(message, "from"))
    answered = message_ids(raw_values(message, "in-reply-to"))
    return Envelope(
        sender=sender[0] if sender else None,
        to=mailboxes(raw_values(message, "to")),
        cc=mailboxes(raw_values(message, "cc")),
        reply_to=mailboxes(raw_values(message, "reply-to")),
        message_id=next(iter(message_ids(raw_values(message, "message-id"))), ""),
        in_reply_to=answered[0] if answered else "",
        references=tuple(message_ids(raw_values(message, "references"))[-MAX_REFERENCES:]),
    )


def sent_at(message: Message, *, received_at: datetime) -> datetime:
    """The Date header; the time of arrival when it is missing, damaged or in the future."""
    raw = value(message, "date")
    try:
        said = parsedate_to_datetime(raw)
        said = said.replace(tzinfo=UTC) if said.tzinfo is None else said.astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return received_at
    return received_at if said > received_at + timedelta(minutes=10) else said


def _unfolded(raw: object) -> str:
    data = str(raw).encode("ascii", "surrogateescape")
    return decode(data).replace("\n", "")


def _decoded(text: str) -> str:
    """RFC 2047. Neighbours of one charset are joined before decoding: some senders cut
    characters in two."""
    done: list[str] = []
    waiting, charset, end = b"", "", 0
    for match in _ENCODED_WORD.finditer(text):
        between, end = text[end : match.start()], match.end()
        is_neighbour = bool(waiting) and not between.strip()
        name = match[1].partition("*")[0].lower()
        if not is_neighbour or name != charset:
            done.append(decode(waiting, charset))
            done.append("" if is_neighbour else between)
            waiting, charset = b"", name
        waiting += _word_bytes(match[2], match[3])
    return "".join([*done, decode(waiting, charset), text[end:]])


def _word_bytes(encoding: str, encoded: str) -> bytes:
    data = encoded.encode("ascii", "ignore")
    if encoding in "qQ":
        return binascii.a2b_qp(data, header=True)
    data = data.translate(None, _NOT_BASE64)
    data = data[:-1] if len(data) % 4 == 1 else data
    return binascii.a2b_base64(data + b"=" * (-len(data) % 4))


def _split_list(raw: str) -> Iterator[str]:
    """An address list at its commas, semicolons and group names outside quotes and brackets."""
    start, closer, skip = 0, "", False
    for index, letter in enumerate(raw):
        if skip:
            skip = False
        elif letter == "\\":
            skip = True
        elif closer:
            closer = "" if letter == closer else closer
        elif letter in _CLOSERS:
            closer = _CLOSERS[letter]
        elif letter in ",;:":
            if letter != ":":
                yield raw[start:index]
            start = index + 1
    yield raw[start:]


def _mailbox(chunk: str) -> Mailbox | None:
    opened, closed = chunk.rfind("<"), chunk.rfind(">")
    if opened >= 0:
        address = chunk[opened + 1 : closed if closed > opened else None]
        name = chunk[:opened]
    else:
        address, _, name = chunk.partition("(")
        name = name.rpartition(")")[0]
    address = "".join(_decoded(address).split())[:320].strip("\"'<>,;")
    return Mailbox(address, _name(name)) if address else None


def _name(raw: str) -> str:
    text = raw.strip()
    if len(text) > 1 and text[0] == text[-1] == '"':
        text = text[1:-1].replace('\\"', '"').replace("\\\\", "\\")
    return one_line(text).strip("\"' ")[:200]


def _cut(name: str) -> str:
    """Counted in bytes, as the databases' indexes do."""
    return name.encode("utf-8", "ignore")[:MAX_ID].decode("utf-8", "ignore")


def _bracketed(text: str) -> list[str]:
    return [part.partition(">")[0] for part in text.split("<")[1:]]
