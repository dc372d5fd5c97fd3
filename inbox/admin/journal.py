"""The journal of raw events, and the dead letters in it."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import BinaryField, QuerySet, Value
from django.db.models.functions import Length, Substr
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from channels_app import journal
from channels_app.models import InboundEvent
from inbox import intake, workers
from inbox.admin.readonly import ReadOnly

State = InboundEvent.State
PREVIEW = 4096


class StateFilter(admin.SimpleListFilter):
    """The states, and the dead letters: those nobody works on any more."""

    title = gettext_lazy("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("dead", _("dead letters")), *State.choices]

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[InboundEvent]
    ) -> QuerySet[InboundEvent]:
        if self.value() == "dead":
            return queryset.filter(state__in=[State.HELD, State.UNREADABLE])
        return queryset.filter(state=self.value()) if self.value() else queryset


@admin.register(InboundEvent)
class InboundEventAdmin(ReadOnly[InboundEvent]):
    """Neither list nor page reads whole bodies: a mail may have 35 MB."""

    list_display = ("id", "received_at", "channel", "source", "state", "attempts", "error")
    list_filter = (StateFilter, "source", "channel")
    ordering = ("-pk",)
    fields = (
        "channel",
        "source",
        "source_key",
        "received_at",
        "state",
        "attempts",
        "error",
        "processed_at",
        "size",
        "preview",
    )
    readonly_fields = fields
    actions: ClassVar = ["replay"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[InboundEvent]:
        events = super().get_queryset(request).select_related("channel")
        return events.defer(
            "body", "headers", "query_string", "channel__secrets", "channel__settings"
        )

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> InboundEvent | None:
        event = super().get_object(request, object_id, from_field)
        if event is not None:
            event.beginning, event.length = _beginning(event)  # type: ignore[attr-defined]
        return event

    @admin.display(description=gettext_lazy("size in bytes"))
    def size(self, event: InboundEvent) -> int | None:
        return event.length  # type: ignore[attr-defined]

    @admin.display(description=gettext_lazy("beginning of its body"))
    def preview(self, event: InboundEvent) -> str:
        return event.beginning  # type: ignore[attr-defined]

    @admin.action(description=gettext_lazy("Replay: try to process it again"), permissions=["view"])
    def replay(self, request: HttpRequest, events: QuerySet[InboundEvent]) -> None:
        """Only dead letters move; what was processed stays as it is."""
        count = journal.replay(events.select_related(None).only("pk"))
        for source in ("webhook", "mail"):
            workers.ask(intake.drain_journal, source)
        words = ngettext("%d event is waiting again.", "%d events are waiting again.", count)
        self.message_user(request, words % count)


def _beginning(event: InboundEvent) -> tuple[str, int | None]:
    """The first 4 KB of the body as text, and the length of all of it."""
    part = Substr("body", Value(1), Value(PREVIEW), output_field=BinaryField())
    found = InboundEvent.objects.filter(pk=event.pk).values_list(part, Length("body")).get()
    text = bytes(found[0] or b"").decode("utf-8", "replace").replace("\0", "\N{REPLACEMENT CHARACTER}")
    return text, found[1]
