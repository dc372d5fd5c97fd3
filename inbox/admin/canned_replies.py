"""Texts agents insert."""

from __future__ import annotations

from django.contrib import admin

from inbox.models import CannedReply


@admin.register(CannedReply)
class CannedReplyAdmin(admin.ModelAdmin[CannedReply]):
    fields = ("title", "shortcut", "text", "team", "owner")
    list_display = ("title", "shortcut", "team", "owner")
    list_filter = ("team",)
    list_select_related = ("team", "owner")
    search_fields = ("title", "shortcut", "text")
