"""An agent's browser tab, as far as its socket goes."""

from __future__ import annotations

import json
from typing import Any

from asgiref.sync import sync_to_async
from asgiref.testing import ApplicationCommunicator
from django.conf import settings
from django.test import Client

from config.asgi import application
from inbox import relay
from inbox.consumers import SIGNED_OUT
from inbox.models import Agent, LiveEvent


class Socket(ApplicationCommunicator):  # type: ignore[misc]
    """A browser tab's socket."""

    async def connect(self) -> bool:
        await self.send_input({"type": "websocket.connect"})
        return (await self.receive_output(3))["type"] == "websocket.accept"

    async def say(self, text: str) -> None:
        await self.send_input({"type": "websocket.receive", "text": text})

    async def hear(self) -> Any:
        return json.loads((await self.receive_output(3))["text"])

    async def hear_of(self, kind: str) -> Any:
        """The next thing of this kind; what comes before it is passed over."""
        while (said := await self.hear())["type"] != kind:
            pass
        return said

    async def is_closed(self, code: int = SIGNED_OUT) -> bool:
        return await self.receive_output(3) == {"type": "websocket.close", "code": code}

    async def disconnect(self) -> None:
        await self.send_input({"type": "websocket.disconnect", "code": 1000})
        await self.wait()

    async def hello(self, last_seq: object) -> list[dict[str, Any]]:
        """What is said until the tab has caught up."""
        await self.say(json.dumps({"type": "hello", "last_seq": last_seq}))
        said = [await self.hear()]
        while said[-1]["type"] != "caught-up":
            said.append(await self.hear())
        return said


def socket_of(agent: Agent | None, *, origin: str = settings.PUBLIC_URL) -> Socket:
    client = Client()
    if agent:
        client.force_login(agent)
    cookies = "; ".join(f"{name}={cookie.value}" for name, cookie in client.cookies.items())
    headers = [(b"origin", origin.encode()), (b"cookie", cookies.encode())]
    scope = {"type": "websocket", "path": "/ws/inbox/", "query_string": b"", "headers": headers}
    return Socket(application, scope | {"subprotocols": []})


async def open_tab(agent: Agent) -> Socket:
    """A tab of this agent that has seen everything up to now."""
    socket = await sync_to_async(socket_of)(agent)
    await socket.connect()
    await socket.hello(None)
    return socket


def event(audience: list[str], *, kind: str = "message", ticket: int = 7) -> LiveEvent:
    return LiveEvent.objects.create(kind=kind, ticket_id=ticket, audience=audience)


async def publish(*audience: str, kind: str = "message", ticket: int = 7) -> None:
    """Something happens, and the relay passes it on."""
    await sync_to_async(event)(list(audience), kind=kind, ticket=ticket)
    await sync_to_async(relay.pass_on)()
