"""A browser with a chat in it, without the browser."""

from __future__ import annotations

import time
import uuid
from typing import Any

import jwt
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from channels_app.models import Channel
from inbox.models import Agent, Conversation, Message
from inbox.replies import Reply, send_reply

SECRET = "a-secret-of-the-website-and-the-desk"


class Browser:
    """One visitor's browser: it keeps the token it is given, as the widget does."""

    def __init__(self, channel: Channel, *, address: str = "192.0.2.1") -> None:
        self.channel = channel
        self.token = ""
        self.client = Client(REMOTE_ADDR=address)

    def call(self, method: str, path: str, **more: Any) -> Any:
        if self.token:
            more.setdefault("HTTP_AUTHORIZATION", f"Bearer {self.token}")
        return getattr(self.client, method)(f"/widget/{self.channel.key}/{path}", **more)

    def post(self, path: str, said: Any = None, **more: Any) -> Any:
        return self.call("post", path, data=said or {}, content_type="application/json", **more)

    def begin(self, **said: Any) -> Any:
        answer = self.post("visitor", said)
        if answer.status_code == 200 and answer.json()["token"]:
            self.token = answer.json()["token"]
        return answer

    def say(self, text: str, *, client_id: str = "", file: SimpleUploadedFile | None = None) -> Any:
        if not self.token:
            self.begin()
        form: dict[str, Any] = {"id": client_id or str(uuid.uuid4()), "text": text}
        return self.call("post", "messages", data=form | ({"file": file} if file else {}))

    def hear(self, **query: int) -> Any:
        return self.call("get", "messages", data=query)

    def texts(self) -> list[str]:
        return [one["text"] for one in self.hear().json()["messages"]]


def signed(channel: Channel, subject: str, *, secret: str = SECRET, **claims: Any) -> str:
    """What the website's server makes for a signed-in user."""
    said = {"sub": subject, "aud": channel.key, "exp": int(time.time()) + 600, **claims}
    return jwt.encode({k: v for k, v in said.items() if v is not None}, secret, algorithm="HS256")


def answer(text: str, *, by: Agent, ticket: int | None = None) -> Message:
    """An agent answers in the newest chat, or in that of a ticket."""
    strands = Conversation.objects.filter(contact_point__channel__kind="webchat")
    if ticket:
        strands = strands.filter(ticket=ticket)
    return send_reply(strands.latest("pk"), Reply(text=text), by=by)
