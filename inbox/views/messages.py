"""Single messages: trying again, settling, the original of a mail, and files."""

from __future__ import annotations

from typing import Any

from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.utils.csp import CSP
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.csp import csp_override
from django.views.decorators.http import require_POST, require_safe

from inbox import delivery, reactions
from inbox.access import messages_visible_to
from inbox.media import label, shared_file
from inbox.models import Attachment, Message
from inbox.views.entry import DeskRequest, for_agents
from inbox.views.originals import laid_out
from inbox.views.verbs import carry_out

STREAMED = 262_144
ORIGINAL_FRAME: dict[str, Any] = {
    "default-src": [CSP.NONE],
    "img-src": [CSP.SELF],
    "style-src": [CSP.UNSAFE_INLINE],
    "frame-ancestors": [CSP.SELF],
    "sandbox": ["allow-popups", "allow-popups-to-escape-sandbox"],
}
DOWNLOAD: dict[str, Any] = {"default-src": [CSP.NONE], "sandbox": True}


@for_agents
@require_POST
def retry(request: DeskRequest, number: int) -> HttpResponse:
    """Try a failed message again."""
    return carry_out(request, lambda: delivery.retry(_ours(request, number), by=request.user))


@for_agents
@require_POST
def settle(request: DeskRequest, number: int) -> HttpResponse:
    """Say what became of a message nobody heard the answer for: it arrived, or send it again."""
    arrived = request.POST.get("arrived") == "yes"
    message = _ours(request, number)
    return carry_out(request, lambda: delivery.settle(message, arrived=arrived, by=request.user))


@for_agents
@require_POST
def react(request: DeskRequest, number: int) -> HttpResponse:
    """React to what a customer said, or take the reaction back."""
    message = get_object_or_404(messages_visible_to(request.user), pk=number)
    emoji = request.POST.get("emoji", "")
    return carry_out(request, lambda: reactions.react(message, emoji, by=request.user))


@for_agents
@require_safe
@xframe_options_sameorigin
@csp_override(ORIGINAL_FRAME)
def original(request: DeskRequest, number: int) -> HttpResponse:
    """A mail as its sender laid it out: no scripts, no way up to the desk, pictures only from
    us; those that lie elsewhere with `?images=remote` alone."""
    messages = messages_visible_to(request.user).exclude(html="")
    message = get_object_or_404(messages, pk=number)
    with_remote = request.GET.get("images") == "remote"
    html = laid_out(message, by=request.user, with_remote=with_remote)
    return render(request, "inbox/original.html", {"html": html})


@for_agents
@require_safe
def attachment(request: DeskRequest, number: int) -> HttpResponseBase:
    """A file of a message, for an agent to save."""
    seen = messages_visible_to(request.user)
    files = Attachment.objects.filter(message__in=seen, state=Attachment.State.STORED)
    return _as_download(get_object_or_404(files, pk=number), "application/octet-stream")


@require_safe
def shared(request: HttpRequest, link: str, name: str) -> HttpResponseBase:
    """A file of ours that a provider fetches by a signed, short-lived address."""
    file = shared_file(link)
    if file is None:
        raise Http404
    return _as_download(file, file.content_type)


@csp_override(DOWNLOAD)
def _as_download(file: Attachment, content_type: str) -> HttpResponseBase:
    """To be saved, never shown: what a customer sent does not run under our address."""
    try:
        stored = file.file.open("rb")
    except FileNotFoundError as error:
        raise Http404 from error
    response = FileResponse(
        stored, as_attachment=True, filename=label(file.name), content_type=content_type
    )
    response.block_size = STREAMED
    return response


def _ours(request: DeskRequest, number: int) -> Message:
    outbound = messages_visible_to(request.user).filter(direction=Message.Direction.OUTBOUND)
    return get_object_or_404(outbound, pk=number)
