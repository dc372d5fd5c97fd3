"""The door visitors come in by: which chat, from which page, with which token."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt

from channels_app.models import Channel
from inbox.models import Visitor
from inbox.widget import origins, visitors
from inbox.widget.refusals import Refusal

MAX_JSON = 64 * 1024
BEARER = "Bearer "


class ChatRequest(HttpRequest):
    """A request of somebody's widget."""

    channel: Channel


type View[**P] = Callable[Concatenate[ChatRequest, P], HttpResponse]


def for_visitors[**P](view: View[P]) -> Callable[..., HttpResponse]:
    """The view, for widgets of an active web chat on an allowed page; refusals as JSON.

    No cookie is read, so there is nothing another website could ride on: who calls says so with
    a token in a header.
    """

    @csrf_exempt
    @wraps(view)
    def entered(request: Any, key: str, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        try:
            request.channel = open_channel(key)
            origins.check(request.channel, request.headers.get("Origin", ""))
            response = view(request, *args, **kwargs)
        except Refusal as refusal:
            response = refusal.response
        response["Cache-Control"] = "no-store"
        return response

    return entered


def open_channel(key: str) -> Channel:
    """The active web chat of this key. Raises Refusal."""
    channel = Channel.objects.filter(key=key, kind="webchat", is_active=True).first()
    if channel is None:
        raise Refusal(404, "unknown-channel")
    return channel


def token_of(request: HttpRequest) -> str:
    """The visitor's token; "" when the request has none."""
    said = request.headers.get("Authorization", "")
    return said.removeprefix(BEARER) if said.startswith(BEARER) else ""


def known_visitor(request: ChatRequest) -> Visitor:
    """The visitor of the request's token. Raises Refusal: the widget then begins anew, or asks
    its page to sign in again."""
    visitor = visitors.recognise(request.channel, token_of(request))
    if visitor is None:
        raise Refusal(401, "unknown-visitor")
    check_proof(request.channel, visitor)
    return visitor


def check_proof(channel: Channel, visitor: Visitor) -> None:
    """Raises Refusal when a signature is needed that is not there, or not there any more."""
    if not visitor.is_proven(at=timezone.now()):
        raise Refusal(401, "identity-expired")
    if channel.settings.get("identity") == "required" and not visitor.subject:
        raise Refusal(403, "identity-required")


def body_of(request: HttpRequest) -> dict[str, Any]:
    """The JSON object of a request. Raises Refusal."""
    if int(request.headers.get("Content-Length") or 0) > MAX_JSON:
        raise Refusal(413, "too-large")
    try:
        said = json.loads(request.body or b"{}")
    except (ValueError, RecursionError) as error:
        raise Refusal(400, "unreadable") from error
    if not isinstance(said, dict):
        raise Refusal(400, "unreadable")
    return said
