"""Who is let in: the door in front of every screen."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, cast
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.cache import patch_cache_control, patch_vary_headers
from django_htmx.middleware import HtmxDetails

from inbox.access import tickets_visible_to
from inbox.models import Agent, Ticket


class DeskRequest(HttpRequest):
    """A request of a signed-in agent."""

    user: Agent
    htmx: HtmxDetails


type View[**P] = Callable[Concatenate[DeskRequest, P], HttpResponseBase]


def for_agents[**P](view: View[P]) -> Callable[Concatenate[HttpRequest, P], HttpResponseBase]:
    """The view, for signed-in agents alone and in their time zone.

    Others are led to the sign-in page; a script asking for a fragment hears 401, a text with a
    NUL, which no browser sends by itself and PostgreSQL does not keep, 400. What an agent
    saw stays out of shared caches, and a fragment out of every cache: it must never come up
    when the browser goes back to the same address.
    """

    @wraps(view)
    def entered(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return _sign_in_first(request)
        if _holds_nul(request):
            return HttpResponseBadRequest()
        desk_request = cast(DeskRequest, request)
        with timezone.override(zone_of(desk_request.user)):
            return _private(view(desk_request, *args, **kwargs), is_fragment=is_script(request))

    return cast(Callable[Concatenate[HttpRequest, P], HttpResponseBase], entered)


def is_script(request: HttpRequest) -> bool:
    """Whether a script of ours asks, rather than a person following a link."""
    return request.headers.get("HX-Request") == "true"


def zone_of(agent: Agent) -> ZoneInfo:
    """The agent's time zone; UTC when it is one this machine does not know."""
    try:
        return ZoneInfo(agent.timezone)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")


def seen_ticket(request: DeskRequest, number: int) -> Ticket:
    """The ticket, when this agent may see it. Raises Http404 otherwise."""
    tickets = tickets_visible_to(request.user)
    return get_object_or_404(tickets.select_related("customer", "assignee", "team"), pk=number)


def _holds_nul(request: HttpRequest) -> bool:
    return any("\0" in value for _name, values in request.POST.lists() for value in values)


def _sign_in_first(request: HttpRequest) -> HttpResponse:
    if is_script(request):
        return HttpResponse(status=401)
    return redirect_to_login(request.get_full_path() if request.method == "GET" else "/")


def _private(response: HttpResponseBase, *, is_fragment: bool) -> HttpResponseBase:
    rule: dict[str, Any] = {"no_store": True} if is_fragment else {"no_cache": True}
    patch_cache_control(response, private=True, **rule)
    patch_vary_headers(response, ["HX-Request", "Cookie"])
    return response
