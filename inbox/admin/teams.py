"""Teams and who is in them."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import Count, QuerySet
from django.forms import ModelForm
from django.http import HttpRequest

from inbox import staff
from inbox.models import Agent, Team


@admin.register(Team)
class TeamAdmin(admin.ModelAdmin[Team]):
    fields = ("name", "is_members_only", "members")
    filter_horizontal = ("members",)
    list_display = ("name", "is_members_only", "member_count")
    search_fields: ClassVar = ["name"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Team]:
        return super().get_queryset(request).annotate(count=Count("members"))

    @admin.display(description="members", ordering="count")
    def member_count(self, team: Team) -> int:
        count: int = team.count  # type: ignore[attr-defined]
        return count

    def save_related(
        self,
        request: HttpRequest,
        form: ModelForm[Team],
        formsets: Any,
        change: bool,  # noqa: FBT001
    ) -> None:
        """Whoever came or went sees other tickets from now on, without reloading."""
        before = set(form.instance.members.values_list("pk", flat=True))
        super().save_related(request, form, formsets, change)
        after = set(form.instance.members.values_list("pk", flat=True))
        staff.access_changed(Agent.objects.filter(pk__in=before ^ after))
