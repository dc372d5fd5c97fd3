"""Pictures that are shown: redrawn ones, and nothing else that a customer sent."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.utils.cache import patch_cache_control
from django.utils.csp import CSP
from django.views.decorators.csp import csp_override
from django.views.decorators.http import conditional_page, require_safe

from inbox import pictures
from inbox.access import messages_visible_to
from inbox.models import Attachment
from inbox.views.entry import DeskRequest, for_agents

PICTURE: dict[str, Any] = {
    "default-src": [CSP.NONE],
    "style-src-attr": [CSP.UNSAFE_INLINE],  # how browsers themselves centre a lone picture
    "sandbox": True,
}


@conditional_page
@for_agents
@require_safe
def picture(request: DeskRequest, number: int) -> HttpResponseBase:
    """A picture among the files of a message: small for the timeline, or `?size=large`."""
    seen = messages_visible_to(request.user)
    files = Attachment.objects.filter(message__in=seen, state=Attachment.State.STORED)
    file = get_object_or_404(files, pk=number)
    is_large = request.GET.get("size") == "large"
    edge = pictures.LARGE if is_large else pictures.THUMBNAIL
    return _shown(pictures.of_attachment(file, max_edge=edge))


@require_safe
def framed(request: HttpRequest, token: str) -> HttpResponseBase:
    """A picture inside an original mail, by an address signed for one agent."""
    asked = pictures.opened(token)
    if asked is None:
        raise Http404
    if asked.attachment:
        response = _shown(pictures.of_attachment(asked.attachment, max_edge=pictures.LARGE))
    else:
        response = _shown(pictures.of_address(asked.url))
    patch_cache_control(response, private=True, no_store=True)
    return response


@csp_override(PICTURE)
def _shown(drawn: bytes | None) -> HttpResponse:
    if drawn is None:
        raise Http404
    response = HttpResponse(drawn, content_type="image/webp")
    response["Content-Disposition"] = 'inline; filename="picture.webp"'
    return response
