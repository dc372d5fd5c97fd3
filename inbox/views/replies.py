"""Answering: a reply to the customer, a note to colleagues, and what may be said before."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from contextlib import suppress
from functools import wraps

from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_POST

from inbox import triage
from inbox.media import keep_upload
from inbox.models import Message, Note, Ticket
from inbox.replies import Reply, StaleReply, send_reply
from inbox.sending import Refused, may_send
from inbox.triage import NotPossible
from inbox.views.composer import point_of, strand_of
from inbox.views.entry import DeskRequest, for_agents, seen_ticket

type Write = Callable[[DeskRequest, Ticket], Message | Note]


def writing(write: Write) -> Callable[[HttpRequest, int], HttpResponseBase]:
    """The act of writing as a view on a ticket the agent sees.

    201 with what was written. 409 with what came since the agent last looked, 422 with the
    reason in plain words: in both cases nothing was written and the browser keeps the text.
    """

    @for_agents
    @require_POST
    @wraps(write)
    def view(request: DeskRequest, number: int) -> HttpResponse:
        ticket = seen_ticket(request, number)
        try:
            written = write(request, ticket)
        except StaleReply as stale:
            return render(request, "inbox/_stale.html", {"since": stale.since}, status=409)
        except Refused as refusal:
            return _refusal(request, refusal.answer.reason)
        except NotPossible as reason:
            return _refusal(request, str(reason))
        return JsonResponse({"position": written.position, "text": written.text}, status=201)

    return view


@writing
def reply(request: DeskRequest, ticket: Ticket) -> Message:
    """Answer on one strand, or on one that is opened by it."""
    uploads = request.FILES.getlist("files")
    said = Reply(
        text=request.POST.get("text", ""),
        client_id=_client_id(request),
        base=_position(request.POST.get("base", "")),
        attachments=tuple(keep_upload(upload, by=request.user) for upload in uploads),
        cc=_copies(request.POST.get("cc")),
    )
    with transaction.atomic():
        strand = strand_of(request.POST.get("conversation", ""), ticket, by=request.user)
        return send_reply(strand, said, by=request.user)


@writing
def note(request: DeskRequest, ticket: Ticket) -> Note:
    """Write something for colleagues only."""
    text = request.POST.get("text", "")
    return triage.add_note(ticket, text=text, by=request.user, client_id=_client_id(request))


@for_agents
@require_POST
def check(request: DeskRequest, number: int) -> JsonResponse:
    """Whether this text may be sent there, before anybody presses Send."""
    ticket = seen_ticket(request, number)
    text = request.POST.get("text", "")
    answer = may_send(point_of(request.POST.get("conversation", ""), ticket), text=text)
    refusal = "" if answer.allowed else answer.reason
    return JsonResponse({"refusal": refusal, "segments": answer.segments, "characters": len(text)})


def _refusal(request: DeskRequest, reason: str) -> HttpResponse:
    return render(request, "inbox/_refused.html", {"reason": reason}, status=422)


def _client_id(request: DeskRequest) -> uuid.UUID:
    """The browser's own name for what is being written: the same again is the same message."""
    with suppress(ValueError):
        return uuid.UUID(request.POST.get("client_id", ""))
    raise Http404


def _position(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else None


def _copies(text: str | None) -> tuple[str, ...] | None:
    """Addresses between commas; None where the form says nothing of copies."""
    if text is None:
        return None
    return tuple(one.strip() for one in text.replace(";", ",").split(",") if one.strip())
