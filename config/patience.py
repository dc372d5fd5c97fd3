"""Requests are seen through to their end, whether or not somebody still waits for the answer.

Django cancels the request of a caller who has left. A view in a thread runs on all the same, and
now and then it opens its database connection only after Django has already tidied up behind it:
that connection never comes back, and after 16 of them the pool is empty for good.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from inbox.webhooks import Receive, Scope, Send

Application = Callable[[Any, Any, Any], Awaitable[None]]


def seen_through(application: Application) -> Application:
    """The application, which is not told that its caller has left once the request is whole."""

    async def door(scope: Scope, receive: Receive, send: Send) -> None:
        await application(scope, _until_whole(receive), send)

    return door


def _until_whole(receive: Receive) -> Receive:
    is_whole = False

    async def hearing() -> MutableMapping[str, Any]:
        nonlocal is_whole
        if is_whole:
            await asyncio.Future()  # whoever waits here is let go when the answer is out
        message = await receive()
        is_whole = message["type"] == "http.request" and not message.get("more_body", False)
        return message

    return hearing
