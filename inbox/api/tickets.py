"""/tickets/: the work, narrowed down, read and changed."""

from __future__ import annotations

from typing import Any

from django.db.models import Exists, OuterRef, Q
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from inbox import access, search
from inbox.api import rows
from inbox.api.pages import page_of
from inbox.api.shapes import STATUSES, TicketShape
from inbox.api.strict import AgentField, PageQuery, Row, Strict
from inbox.api.ticket_changes import apply
from inbox.api.view import ApiView
from inbox.models import Agent, Conversation, Team, Ticket
from inbox.models.ticket import TicketQuerySet


class TicketQuery(PageQuery):
    """Filters; all of them must hold."""

    status = serializers.ChoiceField(STATUSES, required=False)
    assignee = Row(required=False, may_be_me=True, help_text='An id, "me" or "none".')
    team = Row(required=False, help_text='An id or "none".')
    tag = serializers.CharField(required=False)
    customer = serializers.IntegerField(required=False, min_value=1, max_value=2**63 - 1)
    channel = serializers.CharField(required=False, help_text="A channel's key.")
    q = serializers.CharField(required=False, help_text="Words of messages, notes and subjects.")


class TicketChange(Strict):
    """Only what is to change."""

    status = serializers.ChoiceField(STATUSES)
    priority = serializers.ChoiceField(Ticket.Priority.choices)
    assignee = AgentField(allow_null=True)
    team = serializers.PrimaryKeyRelatedField(queryset=Team.objects.all(), allow_null=True)
    tags = serializers.ListField(child=serializers.CharField(max_length=50), max_length=50)
    subject = serializers.CharField(max_length=500, allow_blank=True)
    snoozed_until = serializers.DateTimeField(allow_null=True)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        status, until = attrs.get("status"), attrs.get("snoozed_until")
        if status == "snoozed" and until is None:
            raise serializers.ValidationError({"snoozed_until": ["Say until when."]})
        if status not in (None, "snoozed") and until is not None:
            raise serializers.ValidationError({"status": ["Not together with snoozed_until."]})
        return attrs


class Tickets(ApiView):
    query = TicketQuery

    @extend_schema(
        operation_id="tickets_list", parameters=[TicketQuery], responses=page_of(TicketShape)
    )
    def get(self, request: Request) -> Response:
        """Tickets you may see, the newest first. Merged ones are left out."""
        found = _found(access.tickets_visible_to(self.agent).living(), self.asked, self.agent)
        return self.page(rows.tickets(found, agent=self.agent), TicketShape, along="-number")


class OneTicket(ApiView):
    @extend_schema(operation_id="tickets_read", responses=TicketShape)
    def get(self, request: Request, number: int) -> Response:
        """One ticket; a merged one says into which."""
        found = rows.tickets(access.tickets_visible_to(self.agent), agent=self.agent)
        return Response(TicketShape(get_object_or_404(found, pk=number)).data)

    @extend_schema(operation_id="tickets_change", request=TicketChange, responses=TicketShape)
    def patch(self, request: Request, number: int) -> Response:
        """Change a ticket: all of it or nothing."""
        ticket = get_object_or_404(access.tickets_visible_to(self.agent), pk=number)
        apply(self.sent(TicketChange, partial=True), to=ticket, by=self.agent)
        changed = rows.tickets(Ticket.objects.all(), agent=self.agent)
        return Response(TicketShape(changed.get(pk=number)).data)


def _found(tickets: TicketQuerySet, asked: dict[str, Any], agent: Agent) -> TicketQuerySet:
    if "status" in asked:
        tickets = _in_status(tickets, asked["status"])
    if "assignee" in asked:
        wanted = agent.pk if asked["assignee"] == "me" else asked["assignee"]
        tickets = tickets.filter(assignee=wanted)
    if "channel" in asked:
        strands = Conversation.objects.filter(contact_point__channel__key=asked["channel"])
        tickets = tickets.filter(Exists(strands.filter(ticket=OuterRef("pk"))))
    plain = {"team": "team", "tag": "tags__name__iexact", "customer": "customer"}
    given = {path: asked[name] for name, path in plain.items() if name in asked}
    tickets = tickets.filter(Q(**given))
    return search.matching(tickets, asked["q"]) if "q" in asked else tickets


def _in_status(tickets: TicketQuerySet, status: str) -> TicketQuerySet:
    now = timezone.now()
    if status == "snoozed":
        return tickets.snoozed(now)
    return tickets.filter(status=status).awake(now)
