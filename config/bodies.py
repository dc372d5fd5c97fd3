"""How large the body of a call may be, asked before any of it is kept.

Django lays a whole body on disk before a view sees it, and asks only bodies that say how long
they are whether that is too long.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from django.conf import settings

from inbox.api import problems
from inbox.media import MAX_UPLOAD
from inbox.webhooks import Receive, Scope, Send

Application = Callable[[Any, Any, Any], Awaitable[None]]

FIELDS = 1024 * 1024
"""What a form may say besides its file."""


class TooLarge(Exception):
    """More came than may come: the call is answered with 413."""


def bounded(application: Application) -> Application:
    """The application, for bodies of at most 101 MB when they carry files, else of
    DATA_UPLOAD_MAX_MEMORY_SIZE. Larger ones: 413, at once where their length is told."""

    async def door(scope: Scope, receive: Receive, send: Send) -> None:
        headers = dict(scope["headers"])
        most = _most(scope["path"], headers.get(b"content-type", b""))
        if int(headers.get(b"content-length", b"0")) > most:
            return await _refuse(send)
        try:
            await application(scope, _counted(receive, most), send)
        except TooLarge:
            await _refuse(send)

    return door


def _most(path: str, content_type: bytes) -> int:
    carries_files = content_type.lower().startswith(b"multipart/") and not path.startswith("/api/")
    return MAX_UPLOAD + FIELDS if carries_files else settings.DATA_UPLOAD_MAX_MEMORY_SIZE


def _counted(receive: Receive, most: int) -> Receive:
    came = 0

    async def counting() -> MutableMapping[str, Any]:
        nonlocal came
        message = await receive()
        came += len(message.get("body", b""))
        if came > most:
            raise TooLarge
        return message

    return counting


async def _refuse(send: Send) -> None:
    problem = problems.body(413, code="too-large", detail="The body of this call is too large.")
    headers = [(b"content-type", problems.MEDIA_TYPE.encode())]
    await send({"type": "http.response.start", "status": 413, "headers": headers})
    await send({"type": "http.response.body", "body": json.dumps(problem).encode()})
