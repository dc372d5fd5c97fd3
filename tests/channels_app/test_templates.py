"""Our copy of a provider's templates."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from channels_app import templates
from channels_app.errors import SendError
from channels_app.messages import Template, TemplateUpdate
from channels_app.models import Channel, MessageTemplate

pytestmark = pytest.mark.django_db

OFFERED: list[Template] = []


@pytest.fixture
def channel(monkeypatch: pytest.MonkeyPatch) -> Channel:
    OFFERED.clear()
    monkeypatch.setattr(
        "channels_app.adapters.whatsapp.adapter.WhatsAppAdapter.templates", lambda _: OFFERED
    )
    return Channel.objects.create(
        kind="whatsapp",
        name="WhatsApp",
        account="1",
        settings={"waba_id": "100"},
        secrets={"app_secret": "s"},
    )


def template(name: str = "hello", status: str = "APPROVED", text: str = "Hello") -> Template:
    return Template(name, "en", status, "UTILITY", ({"type": "BODY", "text": text},))


def known(channel: Channel) -> dict[str, tuple[str, str]]:
    return {one.name: (one.status, one.components[0]["text"]) for one in channel.templates.all()}


def test_our_copy_becomes_what_the_provider_has(channel):
    OFFERED.extend([template(), template("bye")])
    templates.sync(channel)
    OFFERED[:] = [template(status="PAUSED", text="Hi"), template("new"), template("new")]
    templates.sync(channel)
    assert known(channel) == {"hello": ("PAUSED", "Hi"), "new": ("APPROVED", "Hello")}


def test_a_channel_is_looked_at_every_six_hours(channel):
    assert list(templates.due()) == [channel]
    templates.refresh(channel)
    assert list(templates.due()) == []
    long_ago = timezone.now() - timedelta(hours=6, minutes=1)
    Channel.objects.update(templates_synced_at=long_ago)
    assert list(templates.due()) == [channel]


def test_a_provider_that_is_away_keeps_what_we_know_and_is_asked_again_soon(channel, monkeypatch):
    OFFERED.append(template())
    templates.sync(channel)

    def away(_: object) -> list[Template]:
        raise SendError("away", code="1")

    monkeypatch.setattr("channels_app.adapters.whatsapp.adapter.WhatsAppAdapter.templates", away)
    Channel.objects.update(templates_synced_at=None)
    templates.refresh(channel)
    assert known(channel) == {"hello": ("APPROVED", "Hello")}
    assert list(templates.due()) == []
    channel.refresh_from_db()
    asked_again_at = channel.templates_synced_at + templates.SYNC_EVERY
    assert asked_again_at < timezone.now() + timedelta(minutes=2)


def test_news_reaches_every_channel_of_the_account_that_shares_the_secret(channel):
    same = Channel.objects.create(
        kind="whatsapp",
        name="EU",
        account="2",
        settings={"waba_id": "100"},
        secrets={"app_secret": "new,s"},
    )
    foreign = Channel.objects.create(
        kind="whatsapp",
        name="Else",
        account="3",
        settings={"waba_id": "100"},
        secrets={"app_secret": "other"},
    )
    for one in (channel, same, foreign):
        MessageTemplate.objects.create(channel=one, name="hello", language="en", status="APPROVED")
    templates.note(channel, TemplateUpdate("100", "hello", "en", "DISABLED"))
    found = {one.channel.name: one.status for one in MessageTemplate.objects.all()}
    assert found == {"WhatsApp": "DISABLED", "EU": "DISABLED", "Else": "APPROVED"}


def test_news_without_a_status_only_has_the_list_looked_at_again(channel):
    OFFERED.append(template())
    templates.sync(channel)
    templates.note(channel, TemplateUpdate("100", "hello", "en", ""))
    assert known(channel) == {"hello": ("APPROVED", "Hello")}
    assert list(templates.due()) == [channel]


def test_news_that_comes_while_the_list_is_read_is_not_overwritten(channel, monkeypatch):
    """The list may be older than the news: it is read once more."""

    def changing(_: object) -> list[Template]:
        templates.note(channel, TemplateUpdate("100", "hello", "en", "PAUSED"))
        return OFFERED

    OFFERED.append(template())
    monkeypatch.setattr(
        "channels_app.adapters.whatsapp.adapter.WhatsAppAdapter.templates", changing
    )
    templates.refresh(channel)
    assert list(templates.due()) == [channel]


def test_a_list_that_is_being_read_is_not_read_by_another_worker(channel, monkeypatch):
    seen = []
    monkeypatch.setattr(
        "channels_app.adapters.whatsapp.adapter.WhatsAppAdapter.templates",
        lambda _: seen.append(list(templates.due())) or OFFERED,
    )
    templates.refresh(channel)
    assert seen == [[]]
