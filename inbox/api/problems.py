"""Every error as problem JSON (RFC 9457): `code` is for programs, `detail` for people."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.core.signals import got_request_exception
from django.http import Http404
from rest_framework import exceptions
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import set_rollback

from inbox.sending import Refused
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
        return _broken(error, context["request"])
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
    for kind, make in BODIES:
        if isinstance(error, kind):
            return make(error)
    return None


def _own(error: Problem) -> dict[str, Any]:
    detail = str(error.detail)
    return body(error.status_code, code=error.problem_code, detail=detail, **error.more)


def _wrong_fields(error: exceptions.ValidationError) -> dict[str, Any]:
    detail = "Some fields or query parameters are wrong."
    return body(400, code="invalid", detail=detail, errors=error.detail)


def _refused(error: Refused) -> dict[str, Any]:
    return body(422, code=error.answer.code, detail=error.answer.reason)


def _not_possible(error: NotPossible) -> dict[str, Any]:
    return body(422, code="not-possible", detail=str(error))


def _too_large(_error: RequestDataTooBig) -> dict[str, Any]:
    return body(413, code="too-large", detail="The body of this call is too large.")


def _missing(_error: Exception) -> dict[str, Any]:
    return body(404, code="not-found", detail="There is no such thing here.")


def _other(error: exceptions.APIException) -> dict[str, Any]:
    status = error.status_code
    return body(status, code=CODES.get(status, "error"), detail=str(error.detail))


BODIES: list[tuple[type[Exception], Callable[[Any], dict[str, Any]]]] = [
    (Problem, _own),
    (exceptions.ValidationError, _wrong_fields),
    (exceptions.NotFound, _missing),
    (exceptions.APIException, _other),
    (Refused, _refused),
    (NotPossible, _not_possible),
    (RequestDataTooBig, _too_large),
    (Http404, _missing),
    (PermissionDenied, _missing),
]
"""Which error becomes which problem; the first that fits."""


def _broken(error: Exception, request: Request) -> Response:
    """A bug of ours: logged and reported like any other, answered in the caller's language."""
    logger.error("api_call_failed", exc_info=error)
    got_request_exception.send(sender=None, request=request)
    problem = body(500, code="internal-error", detail="The error was logged.")
    return Response(problem, 500, content_type=MEDIA_TYPE)
