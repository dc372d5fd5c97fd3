"""`Idempotency-Key`: the same POST again gets the first answer and does nothing."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import Any

from django.db import transaction
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.encoders import JSONEncoder

from inbox.api.problems import Problem
from inbox.api.view import ApiView
from inbox.models import Agent, IdempotencyKey

KEPT = timedelta(hours=24)
LONGEST_KEY = 255

HEADER = OpenApiParameter(
    "Idempotency-Key",
    str,
    OpenApiParameter.HEADER,
    description="Kept for 24 hours: the same call again gets the first answer and does nothing.",
)

Post = Callable[..., Response]


def once(post: Post) -> Post:
    """Make a POST repeatable.

    The key is written in the transaction of what it protects: of two calls at once the second
    waits for the first. A refused call did nothing, so its key is free to be used again. The
    same key with another body is refused with 422.
    """

    @wraps(post)
    def repeatable(view: ApiView, request: Request, *args: Any, **kwargs: Any) -> Response:
        key = request.headers.get("Idempotency-Key")
        if key is None:
            return post(view, request, *args, **kwargs)
        with transaction.atomic():
            kept = _take(key, agent=view.agent, digest=_digest(request))
            if kept.status is None:
                _keep(kept, post(view, request, *args, **kwargs))
            return Response(kept.response, kept.status)

    return repeatable


def _take(key: str, *, agent: Agent, digest: str) -> IdempotencyKey:
    """The row of this key, locked; one without an answer is ours to fill."""
    if not 0 < len(key) <= LONGEST_KEY:
        raise Problem(400, "invalid", f"Idempotency-Key takes 1 to {LONGEST_KEY} characters.")
    rows = IdempotencyKey.objects.filter(agent=agent, key=key)
    rows.filter(created_at__lt=timezone.now() - KEPT).delete()
    fresh = IdempotencyKey(agent=agent, key=key, request_digest=digest)
    IdempotencyKey.objects.bulk_create([fresh], ignore_conflicts=True)
    kept = rows.select_for_update().get()
    if kept.request_digest != digest:
        raise Problem(
            422, "idempotency-key-reused", "This Idempotency-Key was used for another call."
        )
    return kept


def _keep(kept: IdempotencyKey, response: Response) -> None:
    kept.status = response.status_code
    kept.response = _plain(response.data)
    kept.save(update_fields=["status", "response"])


def _plain(data: Any) -> Any:
    return json.loads(json.dumps(data, cls=JSONEncoder))


def _digest(request: Request) -> str:
    call = f"{request.method} {request.path}\n".encode()
    return hashlib.sha256(call + request.body).hexdigest()
