from __future__ import annotations

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bench.textbook.settings")
pages = get_asgi_application()

from channels.auth import AuthMiddlewareStack  # noqa: E402
from channels.generic.websocket import AsyncWebsocketConsumer  # noqa: E402
from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402
from django.urls import path  # noqa: E402


class Desk(AsyncWebsocketConsumer):
    groups = ["desk"]  # noqa: RUF012 (as Channels' manual has it)

    async def poke(self, message: dict[str, str]) -> None:
        await self.send(message["text"])


application = ProtocolTypeRouter(
    {
        "http": pages,
        "websocket": AuthMiddlewareStack(URLRouter([path("ws/inbox/", Desk.as_asgi())])),
    }
)
