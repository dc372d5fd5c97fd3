from __future__ import annotations

from datetime import timedelta

import pytest
from django.core import signing
from django.urls import resolve

from channels_app.models import Channel
from inbox.models import Agent, Team
from inbox.pictures import Framed, framed_link, links, opened
from tests.inbox.desk import hear
from tests.inbox.pictures.drawing import attached, drawn

URL = "https://news.example/logo.png"


def token_of(link: str) -> str:
    return str(resolve(link).kwargs["token"])


def test_an_address_opens_what_it_was_made_for(post: Channel, grace: Agent) -> None:
    file = attached(post, drawn())
    assert file.message is not None
    enclosed = Framed(file.message, attachment=file)
    remote = Framed(file.message, url=URL)
    for picture in (enclosed, remote):
        assert opened(token_of(framed_link(picture, by=grace))) == picture


@pytest.mark.parametrize("token", ["", "x", "a:b:c", "../../etc", "é"])
def test_what_we_did_not_sign_opens_nothing(db: None, token: str) -> None:
    assert opened(token) is None


def test_what_we_signed_for_something_else_opens_nothing(post: Channel, grace: Agent) -> None:
    asked = [grace.pk, hear(post).pk, URL]
    assert opened(signing.dumps(asked, salt="inbox.media.link")) is None
    assert opened(signing.dumps(asked)) is None


def test_it_ends_after_an_hour(
    post: Channel, grace: Agent, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = token_of(framed_link(Framed(hear(post), url=URL), by=grace))
    monkeypatch.setattr(links, "LIFETIME", timedelta(seconds=-1))
    assert opened(token) is None


def test_it_ends_when_its_agent_leaves(post: Channel, grace: Agent) -> None:
    token = token_of(framed_link(Framed(hear(post), url=URL), by=grace))
    Agent.objects.filter(pk=grace.pk).update(is_active=False)
    assert opened(token) is None


def test_it_ends_when_its_agent_may_no_longer_see_the_ticket(post: Channel, grace: Agent) -> None:
    message = hear(post)
    token = token_of(framed_link(Framed(message, url=URL), by=grace))
    message.ticket.team = Team.objects.create(name="Vault", is_members_only=True)
    message.ticket.save()
    assert opened(token) is None


def test_a_file_of_another_message_is_not_opened(post: Channel, grace: Agent) -> None:
    file = attached(post, drawn())
    other = Framed(hear(post, "second"), attachment=file)
    assert opened(token_of(framed_link(other, by=grace))) is None
