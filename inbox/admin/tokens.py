"""API tokens: made and revoked, never read again."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from inbox.admin import shown_once
from inbox.models import ApiToken
from inbox.models.access_token import digest


@admin.register(ApiToken)
class ApiTokenAdmin(admin.ModelAdmin[ApiToken]):
    """Deleting a token revokes it at once."""

    fields = ("agent",)
    list_display = ("prefix", "agent", "created_at", "last_used_at")
    list_select_related = ("agent",)
    list_filter = ("agent",)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def save_model(
        self,
        request: HttpRequest,
        obj: ApiToken,
        form: ModelForm[ApiToken],
        change: bool,  # noqa: FBT001
    ) -> None:
        token = ApiToken.objects.issue(obj.agent)
        issued = ApiToken.objects.get(digest=digest(token))
        obj.pk, obj.prefix, obj.plain = issued.pk, issued.prefix, token  # type: ignore[attr-defined]

    def response_add(
        self, request: HttpRequest, obj: ApiToken, post_url_continue: str | None = None
    ) -> HttpResponse:
        return shown_once.page(
            request,
            self,
            title=_("New API token"),
            explanation=_("A program that sends it acts as %s. It is not shown again.") % obj.agent,
            secret=obj.plain,  # type: ignore[attr-defined]
        )
