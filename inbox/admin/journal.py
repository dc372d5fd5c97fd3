"""The journal of raw events, and the dead letters in it."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import BinaryField, Func, QuerySet
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
    actions = ("replay",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[InboundEvent]:
        events = super().get_queryset(request).select_related("channel")
        return events.defer(
            "body", "headers", "query_string", "channel__secrets", "channel__settings"
        )

    @admin.display(description=gettext_lazy("size in bytes"))
    def size(self, event: InboundEvent) -> int | None:
        length: int | None = _of_body(event, Length("body"))
        return length

    @admin.display(description=gettext_lazy("beginning of its body"))
    def preview(self, event: InboundEvent) -> str:
        """The first 4 KB as text."""
        part = Substr("body", 1, PREVIEW, output_field=BinaryField())
        text = bytes(_of_body(event, part) or b"").decode("utf-8", "replace")
        return text.replace("\0", "\N{REPLACEMENT CHARACTER}")

    @admin.action(description=gettext_lazy("Replay: try to process it again"), permissions=["view"])
    def replay(self, request: HttpRequest, events: QuerySet[InboundEvent]) -> None:
        """Only dead letters move; what was processed stays as it is."""
        count = journal.replay(events.select_related(None).only("pk"))
        for source in ("webhook", "mail"):
            workers.ask(intake.drain_journal, source)
        words = ngettext("%d event is waiting again.", "%d events are waiting again.", count)
        self.message_user(request, words % count)


def _of_body(event: InboundEvent, part: Func[Any]) -> Any:
    """Let the database measure and cut, so that 35 MB stay where they are."""
    return InboundEvent.objects.filter(pk=event.pk).values_list(part, flat=True).get()
