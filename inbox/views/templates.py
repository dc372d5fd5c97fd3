"""Approved message templates, to be found, filled and looked at before they are sent."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from channels_app.messages import Template
from channels_app.models import MessageTemplate
from channels_app.placeholders import Placeholder, is_fillable, placeholders, text_of
from inbox.models import Ticket
from inbox.views.composer import point_of
from inbox.views.entry import DeskRequest, for_agents, seen_ticket

# Stands around the number of a placeholder; no text of a template holds it.
_EDGE = "\ue000"


@dataclass(frozen=True, slots=True)
class Offer:
    """A template as the picker lists it; `words` is what searching looks through."""

    template: Template
    text: str

    @property
    def words(self) -> str:
        return f"{self.template.name} {self.template.language} {self.text}".casefold()


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of the preview: plain text, or the place of the n-th value."""

    text: str
    slot: int | None = None


@for_agents
@require_safe
def offered(request: DeskRequest, number: int) -> HttpResponse:
    """The templates that can be sent to the chosen address."""
    ticket = seen_ticket(request, number)
    found = _approved(request, ticket).order_by("name", "language")
    offers = [_offer(one.value) for one in found if is_fillable(one.components)]
    return render(request, "inbox/_templates.html", {"offers": offers})


@for_agents
@require_safe
def form(request: DeskRequest, number: int) -> HttpResponseBase:
    """One template: what is to be filled in, and how it will read."""
    ticket = seen_ticket(request, number)
    name, language = request.GET.get("name", ""), request.GET.get("language", "")
    chosen = get_object_or_404(_approved(request, ticket), name=name, language=language)
    slots = placeholders(chosen.components)
    shown = {"template": chosen, "slots": _labelled(slots), "pieces": _pieces(chosen, len(slots))}
    return render(request, "inbox/_template.html", shown)


def _approved(request: HttpRequest, ticket: Ticket) -> QuerySet[MessageTemplate]:
    channel = point_of(request.GET.get("conversation", ""), ticket).channel
    return channel.templates.filter(status=MessageTemplate.APPROVED)


def _offer(template: Template) -> Offer:
    """Placeholders stand there by what their author gave as an example."""
    slots = placeholders(template.components)
    return Offer(template, text_of(template.components, [s.example or s.name for s in slots]))


def _labelled(slots: list[Placeholder]) -> list[tuple[str, Placeholder]]:
    """Each placeholder with what to call its field: numbers alone tell nothing."""
    words = {"header": "Header", "body": "Text", "button": "Button"}
    return [
        (f"{words[slot.part]} {slot.name}" if slot.name.isdecimal() else slot.name, slot)
        for slot in slots
    ]


def _pieces(template: MessageTemplate, count: int) -> list[Piece]:
    marked = text_of(template.components, [f"{_EDGE}{index}{_EDGE}" for index in range(count)])
    found = marked.split(_EDGE)
    return [
        Piece("", int(one)) if position % 2 else Piece(one) for position, one in enumerate(found)
    ]
