"""What was said and done, in one order over every ticket and channel."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self, cast

from django.db.models import Q, QuerySet
from django.utils.dateparse import parse_datetime
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.utils.urls import replace_query_param

from inbox.access import hide_unseen_tickets
from inbox.api import rows
from inbox.api.shapes import MessageShape, NoteShape
from inbox.models import Activity, Agent, Message, Note, Ticket

Entry = Message | Note | Activity
Place = tuple[datetime, int, int]
"""When, in which ticket, at which position."""


class ActivityShape(serializers.ModelSerializer[Activity]):
    agent = serializers.IntegerField(source="agent_id", allow_null=True)

    class Meta:
        model = Activity
        fields = ("id", "verb", "agent", "data", "created_at")


class TimelineItem(serializers.Serializer[Any]):
    """The fields of the message, note or activity stand beside these."""

    type = serializers.ChoiceField(["message", "note", "activity"])
    ticket = serializers.IntegerField()
    position = serializers.IntegerField()
    at = serializers.DateTimeField()


SHAPES: dict[type[Entry], type[serializers.BaseSerializer[Any]]] = {
    Message: MessageShape,
    Note: NoteShape,
    Activity: ActivityShape,
}


@dataclass(frozen=True, slots=True)
class Cursor:
    """Go on after this place, or before it."""

    place: Place
    is_backwards: bool = False

    @classmethod
    def read(cls, text: str) -> Self:
        """A cursor from a link of ours. Raises ValidationError."""
        try:
            is_backwards, at, ticket, position = json.loads(base64.urlsafe_b64decode(text))
            return cls((_moment(at), int(ticket), int(position)), bool(is_backwards))
        except (ValueError, TypeError) as error:
            raise serializers.ValidationError({"cursor": ["Not one of ours."]}) from error

    def __str__(self) -> str:
        at, ticket, position = self.place
        parts = [self.is_backwards, at.isoformat(), ticket, position]
        return base64.urlsafe_b64encode(json.dumps(parts).encode()).decode()

    @property
    def beyond(self) -> Q:
        """Rows on the far side of the place."""
        way = "lt" if self.is_backwards else "gt"
        at, ticket, position = self.place
        return (
            Q(**{f"created_at__{way}": at})
            | Q(**{"created_at": at, f"ticket__{way}": ticket})
            | Q(**{"created_at": at, "ticket": ticket, f"position__{way}": position})
        )


def item(entry: Entry, request: Request) -> dict[str, Any]:
    """One thing said or done."""
    shown = SHAPES[type(entry)](entry, context={"request": request}).data
    head = {"type": entry._meta.model_name, "ticket": entry.ticket_id}
    return {**head, "position": entry.position, "at": shown["created_at"], **shown}


def page(tickets: QuerySet[Ticket], request: Request, asked: dict[str, Any]) -> dict[str, Any]:
    """A page of what was said and done in these tickets, the oldest first."""
    cursor = Cursor.read(asked["cursor"]) if "cursor" in asked else None
    size, is_backwards = asked["page_size"], bool(cursor and cursor.is_backwards)
    found = sorted(_window(tickets, cursor, size + 1), key=_place, reverse=is_backwards)
    has_more = len(found) > size
    shown = sorted(found[:size], key=_place)
    acts = (entry for entry in shown if isinstance(entry, Activity))
    hide_unseen_tickets(acts, reader=cast(Agent, request.user))
    has_next = has_more or is_backwards
    has_previous = has_more if is_backwards else cursor is not None
    return {
        "next": _link(request, shown[-1:]) if has_next else None,
        "previous": _link(request, shown[:1], is_backwards=True) if has_previous else None,
        "results": [item(entry, request) for entry in shown],
    }


def _window(tickets: QuerySet[Ticket], cursor: Cursor | None, limit: int) -> Iterator[Entry]:
    """Enough of each kind for a page of any mixture."""
    way = "-" if cursor and cursor.is_backwards else ""
    for entries in (
        rows.messages(Message.objects.all()),
        Note.objects.all(),
        Activity.objects.all(),
    ):
        inside = entries.filter(cursor.beyond if cursor else Q(), ticket__in=tickets)
        yield from inside.order_by(f"{way}created_at", f"{way}ticket", f"{way}position")[:limit]


def _place(entry: Entry) -> Place:
    return entry.created_at, entry.ticket_id, entry.position


def _link(request: Request, edge: list[Entry], *, is_backwards: bool = False) -> str | None:
    if not edge:
        return None
    cursor = Cursor(_place(edge[0]), is_backwards)
    return str(replace_query_param(request.build_absolute_uri(), "cursor", str(cursor)))


def _moment(text: Any) -> datetime:
    moment = parse_datetime(text)
    if moment is None or moment.tzinfo is None:
        raise ValueError(text)
    return moment
