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

from inbox import drafts, triage
from inbox.media import keep_upload
from inbox.models import Attachment, Message, Note, Ticket
from inbox.replies import Reply, StaleReply, TemplateChoice, send_reply
from inbox.sending import Refused, may_send
from inbox.triage import NotPossible
from inbox.views.composer import point_of, strand_of
from inbox.views.entry import DeskRequest, for_agents, seen_ticket
from inbox.views.verbs import number_in

type Write = Callable[[DeskRequest, Ticket], Message | Note]


def writing(mode: str) -> Callable[[Write], Callable[[HttpRequest, int], HttpResponseBase]]:
    """The act of writing in this mode as a view on a ticket the agent sees.

    201 with what was written, which is no draft any more. 409 with what came since the agent
    last looked, 422 with the reason in plain words: in both cases nothing was written and the
    browser keeps the text.
    """

    def wrapped(write: Write) -> Callable[[HttpRequest, int], HttpResponseBase]:
        @for_agents
        @require_POST
        @wraps(write)
        def view(request: DeskRequest, number: int) -> HttpResponse:
            ticket = seen_ticket(request, number)
            try:
                with transaction.atomic():
                    written = write(request, ticket)
                    known = number_in(request.POST.get("draft", ""))
                    drafts.discard(
                        ticket, by=request.user, mode=mode, text=written.text, revision=known
                    )
            except StaleReply as stale:
                return _stale(request, stale)
            except Refused as refusal:
                return _refusal(request, refusal.answer.reason)
            except NotPossible as reason:
                return _refusal(request, str(reason))
            return JsonResponse({"position": written.position, "text": written.text}, status=201)

        return view

    return wrapped


@writing("reply")
def reply(request: DeskRequest, ticket: Ticket) -> Message:
    """Answer on one strand, or on one that is opened by it."""
    uploads = [keep_upload(one, by=request.user) for one in request.FILES.getlist("files")]
    said = Reply(
        text=request.POST.get("text", ""),
        client_id=client_id_in(request),
        base=_position(request.POST.get("base", "")),
        attachments=(*_own_files(request), *uploads),
        cc=_copies(request.POST.get("cc")),
        template=_template(request),
        answers=number_in(request.POST.get("answers", "")) or None,
    )
    strand = strand_of(request.POST.get("conversation", ""), ticket, by=request.user)
    return send_reply(strand, said, by=request.user)


@writing("note")
def note(request: DeskRequest, ticket: Ticket) -> Note:
    """Write something for colleagues only."""
    text = request.POST.get("text", "")
    return triage.add_note(ticket, text=text, by=request.user, client_id=client_id_in(request))


@for_agents
@require_POST
def check(request: DeskRequest, number: int) -> JsonResponse:
    """Whether this text may be sent there, before anybody presses Send."""
    ticket = seen_ticket(request, number)
    text = request.POST.get("text", "")
    answer = may_send(point_of(request.POST.get("conversation", ""), ticket), text=text)
    refusal = "" if answer.allowed else answer.reason
    return JsonResponse({"refusal": refusal, "segments": answer.segments, "characters": len(text)})


def client_id_in(request: DeskRequest) -> uuid.UUID:
    """The browser's own name for what is being written: the same again is the same message."""
    with suppress(ValueError):
        return uuid.UUID(request.POST.get("client_id", ""))
    raise Http404


def _stale(request: DeskRequest, stale: StaleReply) -> HttpResponse:
    """What came, and the position up to which it has been seen by that."""
    context = {"since": stale.since, "base": stale.since[-1].position}
    return render(request, "inbox/_stale.html", context, status=409)


def _refusal(request: DeskRequest, reason: str) -> HttpResponse:
    return render(request, "inbox/_refused.html", {"reason": reason}, status=422)


def _own_files(request: DeskRequest) -> list[Attachment]:
    """The files that were put with the draft. Raises NotPossible when one is gone."""
    numbers = {number_in(one) for one in request.POST.getlist("attachments")}
    found = Attachment.objects.filter(pk__in=numbers, uploaded_by=request.user).order_by("pk")
    if len(found) != len(numbers):
        raise NotPossible("A file is gone. Attach it again.")
    return list(found)


def _template(request: DeskRequest) -> TemplateChoice | None:
    name = request.POST.get("template", "")
    if not name:
        return None
    values = tuple(request.POST.getlist("parameter"))
    return TemplateChoice(name, request.POST.get("language", ""), values)


def _position(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else None


def _copies(text: str | None) -> tuple[str, ...] | None:
    """Addresses between commas; None where the form says nothing of copies."""
    if text is None:
        return None
    return tuple(one.strip() for one in text.replace(";", ",").split(",") if one.strip())
