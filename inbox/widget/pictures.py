"""Small pictures in a chat: redrawn ones, by addresses that nobody but its visitor is told."""

from __future__ import annotations

from typing import Any

from django.core import signing
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.csp import CSP
from django.views.decorators.csp import csp_override
from django.views.decorators.http import require_safe

from inbox import pictures
from inbox.media import LINK_LIFETIME
from inbox.models import Attachment, Message
from inbox.widget import limits
from inbox.widget.door import open_channel
from inbox.widget.hearing import AUDIBLE
from inbox.widget.refusals import Refusal

PICTURE: dict[str, Any] = {"default-src": [CSP.NONE], "sandbox": True}
_SALT = "inbox.widget.picture"


def address_of(file: Attachment, message: Message) -> str:
    """Where the picture in a file of this message is, for four hours; "" when it is none. Of
    what a picture tag asks for no header can say who asks, so the address itself is signed."""
    if not pictures.may_show(file):
        return ""
    token = signing.TimestampSigner(salt=_SALT).sign(str(file.pk))
    return reverse("widget_picture", args=[message.channel.key, token])


@require_safe
def picture(request: HttpRequest, key: str, token: str) -> HttpResponse:
    """A picture among the files of a chat, small."""
    try:
        channel = open_channel(key)
        limits.check("read", request=request, channel=channel)
    except Refusal as refusal:
        return refusal.response
    said = Message.objects.filter(channel=channel, status__in=AUDIBLE)
    file = Attachment.objects.filter(pk=_named_by(token), message__in=said).first()
    drawn = pictures.of_attachment(file, max_edge=pictures.THUMBNAIL) if file else None
    if drawn is None:
        raise Http404
    return _shown(drawn)


def _named_by(token: str) -> int:
    try:
        return int(signing.TimestampSigner(salt=_SALT).unsign(token, max_age=LINK_LIFETIME))
    except signing.BadSignature as error:
        raise Http404 from error


@csp_override(PICTURE)
def _shown(drawn: bytes) -> HttpResponse:
    response = HttpResponse(drawn, content_type="image/webp")
    response["Content-Disposition"] = 'inline; filename="picture.webp"'
    response["Cache-Control"] = "private, no-store"
    return response
