from __future__ import annotations

from collections.abc import Iterator

import pytest

from channels_app import adapters
from channels_app.models import Channel
from inbox.models import Agent, Conversation
from tests.inbox.desk import hear
from tests.inbox.line import Line


@pytest.fixture
def provider(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Line]]:
    """The provider made of memory, as two kinds of channel."""
    monkeypatch.setitem(adapters.ADAPTERS, "line", "tests.inbox.line.Line")
    monkeypatch.setitem(adapters.ADAPTERS, "post", "tests.inbox.line.Post")
    Line.forget()
    yield Line
    Line.forget()


@pytest.fixture
def line(db: None, provider: type[Line]) -> Channel:
    """A chat-like channel."""
    return Channel.objects.create(kind="line", name="Line", account="+447700900999")


@pytest.fixture
def post(db: None, provider: type[Line]) -> Channel:
    """A mail channel."""
    return Channel.objects.create(kind="post", name="Support mail", account="support@desk.example")


@pytest.fixture
def grace(db: None) -> Agent:
    return Agent.objects.create_user("grace@desk.example", "grace-password", name="Grace Hopper")


@pytest.fixture
def heidi(db: None) -> Agent:
    return Agent.objects.create_user("heidi@desk.example", "heidi-password", name="Heidi")


@pytest.fixture
def strand(line: Channel) -> Conversation:
    """Ada wrote on the line."""
    return hear(line).conversation


@pytest.fixture
def mail_strand(post: Channel) -> Conversation:
    """Ada wrote a mail."""
    return hear(post).conversation
