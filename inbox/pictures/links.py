"""Addresses of the pictures inside an original mail.

The frame that shows it has no origin, so the browser sends no cookie with what it asks for. The
address itself says, signed and for an hour, which agent may see which picture of which message.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any, NamedTuple

from django.core import signing
from django.urls import reverse

from inbox.access import messages_visible_to
from inbox.models import Agent, Attachment, Message

LIFETIME = timedelta(hours=1)
_SALT = "inbox.pictures.framed"


class Framed(NamedTuple):
    """A picture of a message: one of its files, or one that lies at an address."""

    message: Message
    attachment: Attachment | None = None
    url: str = ""


def framed_link(picture: Framed, *, by: Agent) -> str:
    """The address under which this agent's browser may ask for the picture, for an hour."""
    shown = picture.attachment.pk if picture.attachment else picture.url
    token = signing.dumps([by.pk, picture.message.pk, shown], salt=_SALT, compress=True)
    return reverse("framed_picture", args=[token])


def opened(token: str) -> Framed | None:
    """The picture of such an address; None when it is forged or too old, or when its agent
    left or may no longer see the message."""
    try:
        by, number, shown = signing.loads(token, salt=_SALT, max_age=LIFETIME)
    except signing.BadSignature:
        return None
    agent = Agent.objects.filter(pk=by, is_active=True).first()
    message = messages_visible_to(agent).filter(pk=number).first() if agent else None
    return _framed(message, shown) if message else None


def _framed(message: Message, shown: Any) -> Framed | None:
    if isinstance(shown, str):
        return Framed(message, url=shown)
    stored = message.attachments.filter(pk=shown, state=Attachment.State.STORED).first()
    return Framed(message, attachment=stored) if stored else None
