"""The process that speaks HTTP: who answers which kind of connection."""

from __future__ import annotations

import os
from typing import Any

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
pages = get_asgi_application()

from channels.routing import URLRouter  # noqa: E402  (needs the apps)
from channels.security.websocket import OriginValidator  # noqa: E402
from channels.sessions import CookieMiddleware  # noqa: E402
from django.conf import settings  # noqa: E402

from config.bodies import bounded  # noqa: E402
from config.patience import seen_through  # noqa: E402
from inbox.routing import visitor_urlpatterns, websocket_urlpatterns  # noqa: E402
from inbox.webhooks import door  # noqa: E402

paths = URLRouter(websocket_urlpatterns)  # type: ignore[arg-type]  # its stub wants its own class
sockets = OriginValidator(CookieMiddleware(paths), settings.SOCKET_ORIGINS)
bounded_pages = bounded(seen_through(pages))
visitors = URLRouter(visitor_urlpatterns)  # type: ignore[arg-type]


async def application(scope: Any, receive: Any, send: Any) -> None:
    """Webhooks go through their own door, sockets to the consumers, all else to the pages."""
    if scope["type"] == "websocket" and scope["path"].startswith("/ws/widget/"):
        await visitors(scope, receive, send)
    elif scope["type"] == "websocket":
        await sockets(scope, receive, send)
    elif scope["path"].startswith("/webhooks/"):
        await door(scope, receive, send)
    else:
        await bounded_pages(scope, receive, send)
