"""Messages that did not leave, or may not have."""

from __future__ import annotations

from typing import Any, cast

from django.contrib import admin, messages
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from inbox import delivery
from inbox.admin.readonly import ReadOnly
from inbox.models import Agent, Message
from inbox.sending import Refused
from inbox.triage import NotPossible

Status = Message.Status


@admin.register(Message)
class TroubledMessageAdmin(ReadOnly[Message]):
    """Only failed and uncertain ones; an uncertain one is settled by an agent in its ticket."""

    list_display = ("id", "created_at", "ticket_link", "channel", "status", "error_text", "agent")
    list_display_links = None
    list_filter = (("status", admin.ChoicesFieldListFilter), "channel")
    ordering = ("-pk",)
    actions = ("retry",)

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        title = _("Messages that did not leave, or may not have")
        return super().changelist_view(request, {"title": title} | (extra_context or {}))

    def get_queryset(self, request: HttpRequest) -> QuerySet[Message]:
        troubled = (
            super().get_queryset(request).filter(status__in=[Status.FAILED, Status.UNCERTAIN])
        )
        return troubled.select_related("channel", "agent").defer(
            "text", "full_text", "html", "words", "channel__secrets", "channel__settings"
        )

    @admin.display(description=gettext_lazy("ticket"))
    def ticket_link(self, message: Message) -> str:
        address = reverse("ticket", args=[message.ticket_id])
        return format_html('<a href="{}">#{}</a>', address, message.ticket_id)

    @admin.action(description=gettext_lazy("Send failed ones again"), permissions=["view"])
    def retry(self, request: HttpRequest, troubled: QuerySet[Message]) -> None:
        """One that may not be sent is named with its reason and holds up nobody."""
        sent = [self._retry(request, message) for message in troubled.filter(status=Status.FAILED)]
        words = ngettext("%d message is on its way.", "%d messages are on their way.", sum(sent))
        self.message_user(request, words % sum(sent))

    def _retry(self, request: HttpRequest, message: Message) -> bool:
        try:
            with transaction.atomic():
                delivery.retry(message, by=cast(Agent, request.user))
        except (NotPossible, Refused) as error:
            self.message_user(request, f"#{message.ticket_id}: {error}", messages.ERROR)
            return False
        return True
