"""A provider made of memory: what it was told to send, and what it is told to answer."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from typing import ClassVar

from channels_app.adapters.base import Adapter
from channels_app.limits import Limits
from channels_app.messages import Attempt, OutboundMessage, Receipt, Reconciliation

type Behaviour = Callable[[OutboundMessage], Receipt]


class Line(Adapter):
    """A chat-like channel to phones. Class attributes are its memory; `forget` empties it."""

    kind = "line"
    label = "Line"
    identity_kind = "phone"
    is_chat_like = True
    has_webhook = True
    limits = Limits(
        max_text=100,
        max_attachments=2,
        max_attachment_size=1000,
        content_types=frozenset({"image/png"}),
        counts_segments=True,
    )

    sent: ClassVar[list[OutboundMessage]] = []
    asked: ClassVar[list[Attempt]] = []
    behaviour: ClassVar[Behaviour | None] = None
    finding: ClassVar[Reconciliation | Exception] = Reconciliation("unknown")
    media: ClassVar[bytes | BaseException] = b""
    _ids: ClassVar[count[int]] = count(1)

    @classmethod
    def forget(cls) -> None:
        cls.sent, cls.asked, cls.behaviour = [], [], None
        cls.finding, cls.media = Reconciliation("unknown"), b""

    def segments(self, text: str) -> int:
        return -(-len(text) // 50)

    def send(self, message: OutboundMessage) -> Receipt:
        Line.sent.append(message)
        if Line.behaviour is not None:
            return Line.behaviour(message)
        return Receipt(f"id-{next(Line._ids)}")

    def reconcile(self, attempt: Attempt) -> Reconciliation:
        Line.asked.append(attempt)
        if isinstance(Line.finding, Exception):
            raise Line.finding
        return Line.finding

    def fetch_media(self, url: str) -> bytes:
        if isinstance(Line.media, BaseException):
            raise Line.media
        return Line.media


class Post(Line):
    """The same as mail: not chat-like, carries HTML, tells nothing afterwards."""

    kind = "post"
    label = "Post"
    identity_kind = "email"
    is_chat_like = False
    has_webhook = False
    limits = Limits(carries_html=True)


def texts() -> list[str]:
    """What left, in the order in which it left."""
    return [message.text for message in Line.sent]


def raising(error: Exception) -> Behaviour:
    """A provider that answers every call with this error."""

    def behave(message: OutboundMessage) -> Receipt:
        raise error

    return behave
