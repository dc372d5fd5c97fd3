"""Sounds that are played where they stand: whole, or the stretch a player asks for."""

from __future__ import annotations

import re

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.csp import csp_override
from django.views.decorators.http import require_safe

from inbox.access import messages_visible_to
from inbox.models import Attachment
from inbox.views.entry import DeskRequest, for_agents
from inbox.views.messages import DOWNLOAD

# Types that browsers play and never take for a page, whatever the bytes are.
PLAYABLE = frozenset(
    {"audio/ogg", "audio/mpeg", "audio/mp4", "audio/aac", "audio/wav", "audio/webm", "audio/opus"}
)
STRETCH = re.compile(r"bytes=(\d{1,12})-(\d{0,12})", re.ASCII)


@for_agents
@require_safe
@csp_override(DOWNLOAD)
def sound(request: DeskRequest, number: int) -> HttpResponse:
    """A voice message or another sound, for the player in its bubble."""
    seen = messages_visible_to(request.user)
    sounds = Attachment.objects.filter(
        message__in=seen, state=Attachment.State.STORED, content_type__in=PLAYABLE
    )
    file = get_object_or_404(sounds, pk=number)
    start, end = _stretch(request, file.size)
    if start >= file.size:
        return HttpResponse(status=416, headers={"Content-Range": f"bytes */{file.size}"})
    headers = {"Accept-Ranges": "bytes", "Content-Disposition": "attachment"}
    is_part = "range" in request.headers
    if is_part:
        headers["Content-Range"] = f"bytes {start}-{end}/{file.size}"
    content, status = _read(file, start, end), 206 if is_part else 200
    return HttpResponse(content, content_type=file.content_type, status=status, headers=headers)


def _stretch(request: HttpRequest, size: int) -> tuple[int, int]:
    """First and last byte that are asked for; all of them unless a stretch is."""
    asked = STRETCH.fullmatch(request.headers.get("range", ""))
    if asked is None:
        return 0, size - 1
    return int(asked[1]), min(int(asked[2] or size - 1), size - 1)


def _read(file: Attachment, start: int, end: int) -> bytes:
    try:
        with file.file.open("rb") as stored:
            stored.seek(start)
            return bytes(stored.read(max(0, end - start + 1)))
    except FileNotFoundError as error:
        raise Http404 from error
