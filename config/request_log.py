"""One line per request: the route, never the path, because paths can carry single-use keys."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable

import structlog
from django.http import HttpRequest, HttpResponse

logger = structlog.get_logger("request")
QUIET = ("healthz", "readyz")


class RequestLog:
    """Binds a request id to every log line within the request, and says how the request ended."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        started = time.monotonic()
        with structlog.contextvars.bound_contextvars(request_id=uuid.uuid4().hex[:12]):
            response = self.get_response(request)
            self._say(request, response, milliseconds=round((time.monotonic() - started) * 1000))
        return response

    def _say(self, request: HttpRequest, response: HttpResponse, *, milliseconds: int) -> None:
        match = request.resolver_match
        if match is None or match.route in QUIET:
            return
        logger.info(
            "request",
            method=request.method,
            route=match.route,
            status=response.status_code,
            milliseconds=milliseconds,
        )
