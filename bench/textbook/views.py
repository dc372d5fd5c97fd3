"""The stock webhook view: check, INSERT, answer; the second one enqueues a task as well."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.csrf import csrf_exempt

from bench.textbook.actors import process
from channels_app import journal
from channels_app.messages import WebhookRequest
from channels_app.models import Channel, InboundEvent


@csrf_exempt
def store(request: HttpRequest, key: str) -> HttpResponse:
    _event(request, key)
    return HttpResponse(status=204)


@csrf_exempt
def store_and_process(request: HttpRequest, key: str) -> HttpResponse:
    process.send(_event(request, key).pk)
    return HttpResponse(status=204)


def _event(request: HttpRequest, key: str) -> InboundEvent:
    channel = get_object_or_404(Channel, key=key, is_active=True)
    call = WebhookRequest(
        method="POST",
        url=f"{settings.PUBLIC_URL}{request.path}",
        query_string="",
        headers=tuple((name.lower(), value) for name, value in request.headers.items()),
        body=request.body,
    )
    channel.adapter.verify(call)
    event = journal.from_webhook(channel, call)
    event.save()
    return event
