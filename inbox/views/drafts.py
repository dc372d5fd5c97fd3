"""What an agent has begun to write, kept while they write it."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse, JsonResponse
from django.views.decorators.http import require_POST, require_safe

from inbox import drafts
from inbox.drafts import Begun, NewerDraft
from inbox.media import keep_upload
from inbox.models import Agent, Draft, Ticket
from inbox.triage import NotPossible
from inbox.views.entry import DeskRequest, for_agents, seen_ticket
from inbox.views.replies import client_id_in
from inbox.views.verbs import number_in, problem


@for_agents
@require_safe
def mine(request: DeskRequest, number: int) -> JsonResponse:
    """The agent's drafts in this ticket by mode."""
    return JsonResponse(as_shown(seen_ticket(request, number), request.user))


@for_agents
@require_POST
def save(request: DeskRequest, number: int) -> HttpResponse:
    """Keep what stands in the reply box: 200 with the draft as it is now, 409 with the newer
    one of another tab; then nothing was overwritten."""
    ticket = seen_ticket(request, number)
    if request.POST.get("mode") not in Draft.Mode.values:
        return problem(request, "A draft is a reply or a note.")
    try:
        kept = drafts.save(ticket, _begun(request), by=request.user)
    except NewerDraft as newer:
        return JsonResponse(_shape(newer.draft), status=409)
    return JsonResponse(_shape(kept) if kept else {"revision": 0})


@for_agents
@require_POST
def attach(request: DeskRequest, number: int) -> HttpResponse:
    """Put a file with the reply that is being written; 413 when it is too large."""
    ticket = seen_ticket(request, number)
    upload = request.FILES.get("file")
    if upload is None:
        return problem(request, "There is no file.")
    try:
        kept = drafts.attach(ticket, keep_upload(upload, by=request.user), by=request.user)
    except NotPossible as reason:
        return HttpResponse(str(reason), status=413, content_type="text/plain; charset=utf-8")
    return JsonResponse(_shape(kept), status=201)


@for_agents
@require_POST
def detach(request: DeskRequest, number: int) -> HttpResponse:
    """Take a file back out."""
    ticket = seen_ticket(request, number)
    drafts.detach(ticket, number_in(request.POST.get("file", "")), by=request.user)
    return HttpResponse(status=204)


def as_shown(ticket: Ticket, agent: Agent) -> dict[str, Any]:
    """The agent's drafts in this ticket as the reply box takes them."""
    return {mode: _shape(one) for mode, one in drafts.drafts_of(ticket, agent).items()}


def _begun(request: DeskRequest) -> Begun:
    return Begun(
        mode=request.POST["mode"],
        text=request.POST.get("text", ""),
        client_id=client_id_in(request),
        strand=request.POST.get("strand", "")[:50],
        copies=request.POST.get("copies", "")[:5000],
        base=number_in(request.POST.get("base", "")),
    )


def _shape(draft: Draft) -> dict[str, Any]:
    return {
        "revision": draft.revision,
        "client_id": draft.client_id.hex,
        "text": draft.text,
        "strand": draft.strand,
        "copies": draft.copies,
        "files": [
            {"id": file.pk, "name": file.name, "size": file.size}
            for file in draft.attachments.order_by("pk")
        ],
    }
