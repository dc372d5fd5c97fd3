"""Django's admin as this desk has it: its name, its door, and what is not shown there."""

from __future__ import annotations

from typing import Any

from allauth.account.decorators import secure_admin_login
from django.contrib.admin import AdminSite
from django.db.models import Model
from django.http import HttpRequest, HttpResponse

OUR_ROOMS = {"channels_app", "customers", "inbox"}


class DeskSite(AdminSite):
    """Only rows of our own rooms: those of libraries hold sessions and second factors."""

    site_header = site_title = "Parley"
    index_title = "Set up the desk"
    empty_value_display = "–"

    def register(self, model_or_iterable: Any, *args: Any, **options: Any) -> None:
        models = [model_or_iterable] if _is_model(model_or_iterable) else model_or_iterable
        ours = [model for model in models if model._meta.app_label in OUR_ROOMS]
        super().register(ours, *args, **options)

    def login(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Signing in the desk's way: the admin's own form asks nobody for a second factor."""
        guarded: HttpResponse = secure_admin_login(super().login)(  # type: ignore[no-untyped-call]
            request, extra_context
        )
        return guarded


def _is_model(thing: Any) -> bool:
    return isinstance(thing, type) and issubclass(thing, Model)
