"""Channels: a form per kind, its health, and two buttons that try it out."""

from __future__ import annotations

import uuid
from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.views.decorators.http import require_POST

from channels_app.adapters import ADAPTERS, adapter_class
from channels_app.errors import SendError
from channels_app.messages import OutboundMessage
from channels_app.models import Channel
from inbox.admin import channel_health
from inbox.admin.channel_form import COMMON, form_of, settings_of
from inbox.models import ChannelPolicy
from inbox.widget import pages


class PolicyInline(admin.StackedInline[ChannelPolicy, Channel]):
    model = ChannelPolicy
    fields = ("team", "join_group", "reopen_days", "join_hours")
    verbose_name = _lazy("What the desk does with it")
    can_delete = False
    min_num = 1


@admin.register(Channel)
class ChannelAdmin(admin.ModelAdmin[Channel]):
    list_display = ("name", "kind", "account", "is_active", "state")
    list_filter = ("is_active", "kind")
    search_fields = ("name", "account")
    inlines: ClassVar = [PolicyInline]
    change_form_template = "admin/channels_app/channel/change_form.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Channel]:
        """The list needs no secrets: one that no key opens any more must not take it down."""
        channels = super().get_queryset(request)
        is_list = getattr(request.resolver_match, "url_name", "").endswith("_changelist")
        return channels.defer("secrets", "settings") if is_list else channels

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Its messages stay readable: a channel is switched off, not deleted."""
        return False

    @admin.display(description="state")
    def state(self, channel: Channel) -> str:
        return channel.broken_reason if channel.broken_since else _("working")

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """First which kind, then the form of that kind."""
        if request.GET.get("kind") in ADAPTERS:
            return super().add_view(request, form_url, extra_context)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("Which kind of channel?"),
            "kinds": [(kind, adapter_class(kind).label) for kind in ADAPTERS],
        }
        return TemplateResponse(request, "admin/channels_app/channel/kinds.html", context)

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        channel = self.get_object(request, unquote(object_id))
        shown: dict[str, Any] = {"health": channel_health.of(channel)} if channel else {}
        if channel and channel.kind == "webchat":
            shown["snippet"] = pages.snippet(channel)
        return super().change_view(request, object_id, form_url, {**shown, **(extra_context or {})})

    def get_form(
        self,
        request: HttpRequest,
        obj: Channel | None = None,
        change: bool = False,  # noqa: FBT001
        **kwargs: Any,
    ) -> type[forms.ModelForm[Channel]]:
        form = form_of(_kind(request, obj))
        return super().get_form(request, obj, change, form=form, **kwargs)

    def get_fieldsets(self, request: HttpRequest, obj: Channel | None = None) -> Any:
        kind = _kind(request, obj)
        return [
            (None, {"fields": COMMON}),
            (adapter_class(kind).label, {"fields": settings_of(kind)}),
        ]

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path(
                "<int:pk>/check/", view(require_POST(self.check_connection)), name="channel_check"
            ),
            path("<int:pk>/test/", view(require_POST(self.send_test)), name="channel_test"),
            *super().get_urls(),
        ]

    def check_connection(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Try the settings against the provider and say what holds."""
        channel = self._channel(request, pk)
        for result in channel.adapter.check():
            level = messages.SUCCESS if result.ok else messages.ERROR
            text = result.label if result.ok else f"{result.label}: {result.advice}"
            self.message_user(request, text, level)
        return _back_to(channel)

    def send_test(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Send a short message to an address of the admin's; it belongs to no ticket."""
        channel = self._channel(request, pk)
        to = request.POST.get("to", "").strip()
        try:
            channel.adapter.send(_test_message(channel, to))
        except SendError as error:
            self.message_user(request, _("Not sent: %s") % error.text, messages.ERROR)
        else:
            self.message_user(request, _("Sent to %s. Has it arrived?") % to, messages.SUCCESS)
        return _back_to(channel)

    def _channel(self, request: HttpRequest, pk: int) -> Channel:
        channel = self.get_object(request, str(pk))
        if channel is None or not self.has_change_permission(request, channel):
            raise Http404
        return channel


def _kind(request: HttpRequest, channel: Channel | None) -> str:
    return channel.kind if channel else request.GET["kind"]


def _test_message(channel: Channel, to: str) -> OutboundMessage:
    return OutboundMessage(
        reference=f"test-{uuid.uuid4()}",
        to=to,
        subject=_("Test of “%s”") % channel.name,
        text=_("This is a test message of the channel “%s”.") % channel.name,
        message_id=f"test.{uuid.uuid4().hex}@{channel.account.rpartition('@')[2]}",
    )


def _back_to(channel: Channel) -> HttpResponse:
    return HttpResponseRedirect(reverse("admin:channels_app_channel_change", args=[channel.pk]))
