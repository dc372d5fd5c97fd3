"""Every error as problem JSON (RFC 9457): `code` is for programs, `detail` for people."""

from __future__ import annotations

import logging
from typing import Any

from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.core.signals import got_request_exception
from django.http import Http404
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import set_rollback

from inbox.replies import Refused, StaleReply
from inbox.triage import NotPossible

logger = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"
CODES = {
    400: "invalid",
    401: "not-authenticated",
    403: "not-allowed",
    404: "not-found",
    405: "method-not-allowed",
    406: "not-acceptable",
    413: "too-large",
    415: "unsupported-media-type",
    500: "internal-error",
}
TITLES = {
    400: "Something in this call is wrong",
    401: "Not signed in",
    404: "No such thing",
    409: "Conflict",
    413: "Too large",
    422: "Understood but not done",
    500: "Something broke on our side",
}


class Problem(exceptions.APIException):
    """An error with a code of its own; `more` joins the body."""

    def __init__(self, status: int, code: str, detail: str, **more: Any) -> None:
        super().__init__(detail, code)
        self.status_code = status
        self.problem_code = code
        self.more = more


def answer(error: Exception, context: dict[str, Any]) -> Response:
    """The response to an error that a view let through."""
    set_rollback()
    problem = _known(error)
    if problem is None:
        return _broken(error, context)
    headers = {}
    if getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = error.auth_header  # type: ignore[attr-defined]
    return Response(problem, problem["status"], headers=headers, content_type=MEDIA_TYPE)


def body(status: int, *, code: str, detail: str, **more: Any) -> dict[str, Any]:
    """A problem as JSON."""
    return {
        "type": f"urn:parley:problem:{code}",
        "title": TITLES.get(status, detail),
        "status": status,
        "code": code,
        "detail": detail,
        **more,
    }


def _known(error: Exception) -> dict[str, Any] | None:
    match error:
        case Problem():
            return body(
                error.status_code, code=error.problem_code, detail=str(error.detail), **error.more
            )
        case exceptions.ValidationError():
            detail = "Some fields or query parameters are wrong."
            return body(400, code="invalid", detail=detail, errors=error.detail)
        case Refused():
            return body(422, code=error.answer.code, detail=error.answer.reason)
        case NotPossible():
            return body(422, code="not-possible", detail=str(error))
        case RequestDataTooBig():
            return body(413, code="too-large", detail="The body of this call is too large.")
        case Http404() | PermissionDenied():
            return body(404, code="not-found", detail="There is no such thing here.")
        case exceptions.APIException():
            status = error.status_code
            return body(status, code=CODES.get(status, "error"), detail=str(error.detail))
    return None


def _broken(error: Exception, context: dict[str, Any]) -> Response:
    """A bug of ours: logged and reported like any other, answered in the caller's language."""
    request = context["request"]._request
    logger.exception("api_call_failed")
    got_request_exception.send(sender=None, request=request)
    problem = body(500, code="internal-error", detail="The error was logged.")
    return Response(problem, 500, content_type=MEDIA_TYPE)
