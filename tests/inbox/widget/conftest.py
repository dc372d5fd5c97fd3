from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.core.cache import cache

from channels_app.adapters import adapter_class
from channels_app.models import Channel
from inbox.models import ChannelPolicy, Team
from tests.inbox.widget.chat import SECRET, Browser


@pytest.fixture(autouse=True)
def _counts_from_zero() -> None:
    cache.clear()


@pytest.fixture
def make_chat(db: None) -> Callable[..., Channel]:
    """A web chat as the admin's form would make it."""

    def make(**settings: Any) -> Channel:
        form = adapter_class("webchat").settings_form.from_settings(settings)
        assert form.is_valid(), form.problems
        channel = Channel(kind="webchat", name="Shop chat")
        form.apply(channel)
        channel.save()
        team, _ = Team.objects.get_or_create(name="Shop")
        ChannelPolicy.objects.create(channel=channel, team=team)
        return channel

    return make


@pytest.fixture
def chat(make_chat: Callable[..., Channel]) -> Channel:
    return make_chat(allowed_origins="https://shop.example,https://*.shop.example")


@pytest.fixture
def signing_chat(make_chat: Callable[..., Channel]) -> Channel:
    return make_chat(identity="optional", identity_secret=SECRET)


@pytest.fixture
def ada(chat: Channel) -> Browser:
    return Browser(chat)


@pytest.fixture
def eve(chat: Channel) -> Browser:
    return Browser(chat, address="192.0.2.66")
