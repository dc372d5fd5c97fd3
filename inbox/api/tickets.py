"""/tickets/: the work, narrowed down, read and changed."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from channels_app.messages import Address
from channels_app.models import Channel
from customers.identify import owner_of
from customers.models import Identity
from inbox import access, contact_details, search
from inbox.api import rows
from inbox.api.messages import LONGEST_TEXT, NewTemplate
from inbox.api.once import HEADER, once
from inbox.api.pages import page_of
from inbox.api.shapes import STATUSES, TicketShape
from inbox.api.strict import AgentField, CustomerField, NewAddress, PageQuery, Row, Strict
from inbox.api.ticket_changes import apply
from inbox.api.view import ApiView
from inbox.models import Agent, Conversation, Team, Ticket
from inbox.models.ticket import TicketQuerySet
from inbox.outreach import Start, address_on, start_ticket
from inbox.replies import Reply, TemplateChoice
from inbox.triage import NotPossible


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
    customer = CustomerField()

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        status, until = attrs.get("status"), attrs.get("snoozed_until")
        if status == "snoozed" and until is None:
            raise serializers.ValidationError({"snoozed_until": ["Say until when."]})
        if status not in (None, "snoozed") and until is not None:
            raise serializers.ValidationError({"status": ["Not together with snoozed_until."]})
        return attrs


class NewTicket(Strict):
    """A ticket that we begin, to a customer or an address on a channel. With `text` or
    `template` its first message is sent at once."""

    customer = CustomerField(required=False)
    identity = NewAddress(required=False, help_text="Instead of `customer`.")
    channel = serializers.SlugRelatedField(
        slug_field="key", queryset=Channel.objects.filter(is_active=True)
    )
    subject = serializers.CharField(max_length=500, allow_blank=True, default="")
    text = serializers.CharField(max_length=LONGEST_TEXT, required=False, trim_whitespace=False)
    template = NewTemplate(required=False, help_text="Instead of `text`.")
    team = serializers.PrimaryKeyRelatedField(queryset=Team.objects.all(), required=False)
    assignee = AgentField(required=False)
    tags = serializers.ListField(
        child=serializers.CharField(max_length=50), max_length=50, default=list
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if ("customer" in attrs) == ("identity" in attrs):
            raise serializers.ValidationError({"customer": ["Send either this or identity."]})
        if "text" in attrs and "template" in attrs:
            raise serializers.ValidationError({"template": ["Not together with text."]})
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

    @extend_schema(
        operation_id="tickets_start",
        request=NewTicket,
        responses={201: TicketShape},
        parameters=[HEADER],
    )
    @once
    def post(self, request: Request) -> Response:
        """Begin a ticket. 422: the address can't be reached on this channel, or not now."""
        wanted = self.sent(NewTicket)
        with transaction.atomic():
            start = self._start(wanted)
            ticket = start_ticket(start, reply=_first_message(wanted), by=self.agent)
        begun = rows.tickets(Ticket.objects.all(), agent=self.agent).get(pk=ticket.pk)
        return Response(TicketShape(begun).data, status=201)

    def _start(self, wanted: dict[str, Any]) -> Start:
        optional = {name: wanted[name] for name in ("team", "assignee") if name in wanted}
        return Start(
            wanted["channel"],
            self._identity(wanted),
            subject=wanted["subject"],
            tags=tuple(wanted["tags"]),
            **optional,
        )

    def _identity(self, wanted: dict[str, Any]) -> Identity:
        """The address to write to; one that is nobody's becomes a new customer's."""
        if "customer" in wanted:
            return address_on(wanted["channel"], wanted["customer"])
        address = wanted["identity"]
        known = owner_of(Address(address["kind"], address["value"]))
        if known is None:
            made = contact_details.introduce([(address["kind"], address["value"])], by=self.agent)
            return made.identities.get()
        if not access.customers_visible_to(self.agent).filter(pk=known.customer_id).exists():
            raise NotPossible("This address belongs to a customer you may not see.")
        return known


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


def _first_message(wanted: dict[str, Any]) -> Reply | None:
    if "template" in wanted:
        named = wanted["template"]
        values = tuple(named["parameters"])
        return Reply("", template=TemplateChoice(named["name"], named["language"], values))
    return Reply(wanted["text"]) if "text" in wanted else None


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
