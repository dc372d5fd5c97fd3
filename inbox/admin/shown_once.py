"""A page with something that is shown this once: a new token, an invitation."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.views.decorators.cache import never_cache


@never_cache
def page(
    request: HttpRequest,
    model_admin: admin.ModelAdmin[Any],
    *,
    title: str,
    explanation: str,
    secret: str,
) -> HttpResponse:
    """The page; it is the answer to the POST that made the secret, so no cookie and no log
    ever holds it."""
    context = {
        **model_admin.admin_site.each_context(request),
        "opts": model_admin.opts,
        "title": title,
        "explanation": explanation,
        "secret": secret,
    }
    return TemplateResponse(request, "admin/shown_once.html", context)
