"""What an agent has read, and what is new to them."""

from __future__ import annotations

from inbox import reading, receipts
from inbox.models import Ticket
from inbox.views.entry import DeskRequest
from inbox.views.verbs import number_in, on_ticket


@on_ticket
def mark_read(request: DeskRequest, ticket: Ticket) -> None:
    """Everything up to the position `upto` was before the agent's eyes."""
    upto = number_in(request.POST.get("upto", ""))
    reading.mark_read(ticket, upto=upto, by=request.user)
    receipts.read(ticket)


@on_ticket
def mark_unread(request: DeskRequest, ticket: Ticket) -> None:
    """The customer's last message is new again."""
    reading.mark_unread(ticket, by=request.user)
